"""Paths → what is asked for. The forgiveness of URLs is here: `/v1` missing or doubled, doubled and
trailing slashes, and Gemini's model in the path.

`find_route` is total: it gives a Route, or None for a path that nothing serves. Which dialect an
error is written in follows from the path where it belongs to one, else from what the client sent
(`dialect_of`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import islice
from urllib.parse import unquote

from uniapi.canonical import Operation
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.near import near_words
from uniapi.operations import SERVICES
from uniapi.values import dataclass, replace

PLAIN_DIALECT = "openai_chat"
"""What is spoken where neither path nor client tells."""
REQUESTS = "/v1/requests"
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

    @property
    def is_report(self) -> bool:
        """Whether it is of the admin surface, which `admin.REPORTS` answers."""
        return self.kind not in _NO_REPORTS


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
        Route(kind="search", methods=("POST",), path="/v1/alpha/search"),
        Route(kind="stats", methods=("GET",), path="/v1/stats"),
        Route(kind="generate_key", methods=("GET",), path="/v1/generate-api-key"),
        Route(kind="health", methods=("GET", "HEAD"), path="/healthz"),
        Route(
            kind="billing_subscription",
            methods=("GET",),
            path="/v1/dashboard/billing/subscription",
        ),
        Route(kind="billing_usage", methods=("GET",), path="/v1/dashboard/billing/usage"),
        Route(kind="token_usage", methods=("GET",), path="/v1/token_usage"),
        Route(kind="key_rankings", methods=("GET",), path="/v1/channel_key_rankings"),
        Route(kind="key_states", methods=("GET",), path="/v1/api_keys_states"),
        Route(kind="clear_rests", methods=("POST",), path="/v1/rests/clear"),
        Route(kind="add_credits", methods=("POST",), path="/v1/add_credits"),
        Route(kind="test_key", methods=("POST",), path="/v1/keys/test"),
        Route(kind="requests", methods=("GET",), path=REQUESTS),
        Route(kind="api_config", methods=("GET",), path="/v1/api_config"),
        Route(kind="status", methods=("GET",), path="/v1/status"),
        Route(kind="series", methods=("GET",), path="/v1/status/series"),
        Route(kind="connect", methods=("GET",), path="/v1/connect"),
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
_CLIENTS_KINDS = ("inference", "models", "search", "billing_subscription", "billing_usage")
"""What clients ask for below their address, whatever that has before it."""
_NO_REPORTS = frozenset(
    {"inference", "stored", "models", "model", "search", "health", "page", "root"}
)
"""All other kinds are the admin surface."""
_MODELS = ("/v1/models/", "/v1beta/models/")
_SLASHES = re.compile(r"/{2,}")
_VERSIONS = ("/v1", "/v1beta")
_VERSION = re.compile(r"/v\d[a-z\d]*(?=/)")
_MOST_VERSIONS = 8
"""More of them stand in no address that anybody means."""
_DEPLOYMENTS = "/deployments/"
"""Azure's clients name the model in the path: `/openai/deployments/NAME/chat/completions`."""


def tidy(path: str) -> str:
    """The canonical form of a path: one slash each, no trailing one, `/v1` exactly once where it
    belongs, and nothing before it.
    """
    path = _SLASHES.sub("/", path)
    if len(path) > 1:
        path = path.rstrip("/") or "/"
    if path in _ROUTES or path.startswith(_MODELS) or _DEPLOYMENTS in path:
        return path
    meant = _without_prefix(path)
    return path if meant is None else meant


def _without_prefix(path: str) -> str | None:
    """The path of a call behind whatever a client's address has before it: `/api/v1/…`,
    `/openai/v1/…`, `/anthropic/v1/messages`, or, without a version of ours, `/openai/…`,
    `/api/paas/v4/…`. Where no version ends what stands before, an endpoint of one word is taken
    behind one segment at most: deeper it may be anything of anybody's (`/threads/ID/messages`).
    """
    return next((meant for meant in _meanings(path) if _is_of_a_call(meant)), None)


def _meanings(path: str) -> Iterator[str]:
    versions = list(islice(_VERSION.finditer(path), _MOST_VERSIONS))
    for version in versions:
        is_ours = version[0] in _VERSIONS
        yield path[version.start() :] if is_ours else f"/v1{path[version.end() :]}"
    if not versions:
        yield f"/v1{path}"
        yield f"/v1/{path[1:].partition('/')[2]}"
    above, _, last = path.rpartition("/")
    two_words = f"/v1/{above.rpartition('/')[2]}/{last}"
    if two_words in _ROUTES or (two_words.startswith(_MODELS) and ":" in last):
        yield two_words


def _is_of_a_call(path: str) -> bool:
    route = _ROUTES.get(path)
    if route is not None:
        return route.kind in _CLIENTS_KINDS
    return path.startswith((*_MODELS, _STORED))


def find_route(raw_path: str, method: str = "GET") -> Route | None:
    """What a path (percent-encoded, without query) asks for, or None.

    The method decides one thing: what is posted to `…/models/NAME:verb` is never the name of a
    model.
    """
    route = _ROUTES.get(raw_path)
    if route is not None:
        return route
    path = tidy(raw_path)
    route = _ROUTES.get(path) or _deployment_route(path)
    if route is not None:
        return route
    if path.startswith(_STORED):
        return _stored_route(path)
    if path.startswith(f"{REQUESTS}/"):
        return Route(
            kind="request",
            methods=("GET",),
            path=f"{REQUESTS}/*",
            argument=path[len(REQUESTS) + 1 :],
        )
    for prefix in _MODELS:
        if path.startswith(prefix):
            return _model_route(prefix, unquote(path[len(prefix) :]), method)
    return None


def _deployment_route(path: str) -> Route | None:
    """The deployment is the model, whatever the body says:
    learn.microsoft.com/azure/ai-services/openai/reference (2026-11-30). Its name may have slashes.
    """
    _, found, rest = path.partition(_DEPLOYMENTS)
    for service in SERVICES.values() if found else ():
        ending = f"/{service.openai_path}"
        if service.openai_path is not None and rest.endswith(ending) and rest != ending:
            route = _ROUTES[f"/v1{ending}"]
            return replace(route, model=unquote(rest[: -len(ending)]))
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
            f"{model}:{near}" for near in near_words(verb, _GEMINI_VERBS, n=1, cutoff=MIN_LIKENESS)
        ]
    below = (
        [known for known in _ROUTES if known.startswith(path + "/")]
        if path not in ("/", "/v1")
        else []
    )
    return (below or near_words(path, _ROUTES, n=3, cutoff=MIN_LIKENESS))[:3]
