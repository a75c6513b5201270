"""Paths → what is asked for. The forgiveness of URLs is here: `/v1` missing or doubled, doubled and
trailing slashes, and Gemini's model in the path.

`find_route` is total: it gives a Route, or None for a path that nothing serves. Which dialect an
error is written in follows from the path where it belongs to one, else from what the client sent
(`dialect_of`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from uniapi.canonical import Operation
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.operations import SERVICES

PLAIN_DIALECT = "openai_chat"
"""What is spoken where neither path nor client tells."""
_GEMINI = "gemini"
"""The dialect whose paths hold the model and a verb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One thing the server does. `kind`: `inference` and `stored` (then `dialect` and `operation`
    are set), `models`, `model`, `admin`, or a name of its own.

    `path` is the canonical path; `model` and `stream` what the path itself says (Gemini);
    `argument` the last segment where one is variable.
    """

    kind: str
    methods: tuple[str, ...]
    path: str
    dialect: str = PLAIN_DIALECT
    operation: Operation = Operation.GENERATE
    model: str | None = None
    stream: bool | None = None
    argument: str | None = None


def _inference() -> Iterator[Route]:
    for operation, service in SERVICES.items():
        for path, dialect in service.paths.items():
            yield Route(
                kind="inference", methods=("POST",), path=path, dialect=dialect, operation=operation
            )


_ROUTES = {
    route.path: route
    for route in (
        *_inference(),
        Route(kind="models", methods=("GET", "HEAD"), path="/v1/models"),
        Route(kind="models", methods=("GET", "HEAD"), path="/v1beta/models", dialect=_GEMINI),
        Route(kind="stats", methods=("GET",), path="/v1/stats"),
        Route(kind="generate_key", methods=("GET",), path="/v1/generate-api-key"),
        Route(kind="health", methods=("GET", "HEAD"), path="/healthz"),
        Route(kind="token_usage", methods=("GET",), path="/v1/token_usage"),
        Route(kind="key_rankings", methods=("GET",), path="/v1/channel_key_rankings"),
        Route(kind="key_states", methods=("GET",), path="/v1/api_keys_states"),
        Route(kind="add_credits", methods=("POST",), path="/v1/add_credits"),
        Route(kind="api_config", methods=("GET",), path="/v1/api_config"),
        Route(kind="status", methods=("GET",), path="/v1/status"),
        Route(kind="metrics", methods=("GET",), path="/metrics"),
        Route(kind="page", methods=("GET", "HEAD"), path="/status"),
        Route(kind="root", methods=("GET", "HEAD"), path="/"),
    )
}
_GEMINI_VERBS = {
    verb: operation for operation, service in SERVICES.items() for verb in service.verbs
}
MIN_LIKENESS = 0.75
"""Below it a path is another, not a slip."""
_STORED = "/v1/responses/"
_STORED_METHODS = {"": ("GET", "DELETE"), "cancel": ("POST",), "input_items": ("GET",)}
"""What may be done with a stored response, by what stands below its id."""
_SLASHES = re.compile(r"/{2,}")
_DOUBLED_VERSION = re.compile(r"^(?:/v1(?:beta)?)+(?=/v1(?:beta)?(?:/|$))")


def tidy(path: str) -> str:
    """The canonical form of a path: one slash each, no trailing one, `/v1` exactly once where it
    belongs.
    """
    path = _SLASHES.sub("/", path)
    if len(path) > 1:
        path = path.rstrip("/") or "/"
    path = _DOUBLED_VERSION.sub("", path)
    if (
        path not in _ROUTES
        and not path.startswith(("/v1/", "/v1beta/"))
        and ("/v1" + path in _ROUTES or path.startswith(("/models/", "/responses/")))
    ):
        path = "/v1" + path
    return path


def find_route(raw_path: str, method: str = "GET") -> Route | None:
    """What a path (percent-encoded, without query) asks for, or None.

    The method decides one thing: what is posted to `…/models/NAME:verb` is never the name of a
    model.
    """
    path = tidy(raw_path)
    route = _ROUTES.get(path)
    if route is not None:
        return route
    if path.startswith(_STORED):
        return _stored_route(path)
    for prefix in ("/v1beta/models/", "/v1/models/"):
        if path.startswith(prefix):
            return _model_route(prefix, unquote(path[len(prefix) :]), method)
    return None


def _stored_route(path: str) -> Route | None:
    """`/v1/responses/{id}` and what is below it.

    An id is taken as it is written; nothing that needs decoding is one.
    """
    response_id, _, below = path[len(_STORED) :].partition("/")
    methods = _STORED_METHODS.get(below)
    if methods is None or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,511}", response_id):
        return None
    return Route(
        kind="stored",
        methods=methods,
        path=f"{_STORED}*/{below}" if below else f"{_STORED}*",
        dialect="openai_responses",
        operation=Operation.STORED,
        argument=response_id,
    )


def _model_route(prefix: str, rest: str, method: str) -> Route | None:
    """`…/models/NAME` or `…/models/NAME:verb`; NAME may hold slashes and colons, the verb follows
    the last colon.
    """
    model, colon, verb = rest.rpartition(":")
    if colon and verb in _GEMINI_VERBS:
        return Route(
            kind="inference",
            methods=("POST",),
            path=f"/v1beta/models/*:{verb}",
            dialect=_GEMINI,
            operation=_GEMINI_VERBS[verb],
            model=model.removeprefix("models/"),
            stream=verb.startswith("stream"),
        )
    if colon and method == "POST":
        return None
    dialect = _GEMINI if prefix == "/v1beta/models/" else PLAIN_DIALECT
    return Route(
        kind="model", methods=("GET", "HEAD"), path=prefix + "*", dialect=dialect, argument=rest
    )


def told_dialect(headers: Container[str], query: Container[str] = ()) -> str | None:
    """The dialect that a client tells by what only its clients send, lower-case names of headers
    and names in the query; None when it tells none.
    """
    for name, dialect in CLIENT_DIALECTS.items():
        if any(header in headers for header in dialect.own_headers):
            return name
        if any(member in query for member in dialect.own_query):
            return name
    return None


def dialect_of(raw_path: str, headers: Container[str] = ()) -> str:
    """The dialect in which an error on this path is written. Where the path does not tell (model
    lists, which everybody asks for, and what nobody serves), `headers` does, the lower-case names
    of what the client sent; then the path that was probably meant.
    """
    path = tidy(raw_path)
    dialect = _dialect_of_path(path)
    route = _ROUTES.get(path)
    if dialect is not None or (route is not None and route.kind != "models"):
        return dialect or PLAIN_DIALECT
    told = told_dialect(headers)
    if told is not None:
        return told
    near = near_paths(raw_path) if route is None and not path.startswith("/v1/models/") else []
    return (_dialect_of_path(near[0]) if near else None) or PLAIN_DIALECT


def _dialect_of_path(path: str) -> str | None:
    if path.startswith("/v1beta") or (path.startswith("/v1/models/") and ":" in path):
        return _GEMINI
    generation = SERVICES[Operation.GENERATE].paths
    return next((generation[served] for served in generation if path.startswith(served)), None)


def near_paths(raw_path: str) -> list[str]:
    """What this path was probably meant to be, the likeliest first: a verb of Gemini's, what stands
    below it, or a path that is spelled much like it.
    """
    path = tidy(raw_path)
    model, colon, verb = path.rpartition(":")
    if colon and model.startswith(("/v1beta/models/", "/v1/models/")):
        return [
            f"{model}:{near}"
            for near in difflib.get_close_matches(verb, _GEMINI_VERBS, n=1, cutoff=MIN_LIKENESS)
        ]
    below = (
        [known for known in _ROUTES if known.startswith(path + "/")]
        if path not in ("/", "/v1")
        else []
    )
    return (below or difflib.get_close_matches(path, _ROUTES, n=3, cutoff=MIN_LIKENESS))[:3]
