"""Paths → what is asked for. The forgiveness of URLs is here: `/v1` missing or doubled, doubled and
trailing slashes, and Gemini's model in the path.

`find_route` is total: it gives a Route, or None for a path that nothing serves. Which dialect an
error is written in follows from the path where it belongs to one, else from what the client sent
(`dialect_of`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Container
from dataclasses import dataclass
from urllib.parse import unquote

from uniapi.canonical import Operation


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
    dialect: str = "openai_chat"
    operation: Operation = Operation.GENERATE
    model: str | None = None
    stream: bool | None = None
    argument: str | None = None


def _inference(path: str, dialect: str, operation: Operation) -> Route:
    return Route(
        kind="inference", methods=("POST",), path=path, dialect=dialect, operation=operation
    )


_ROUTES = {
    route.path: route
    for route in (
        _inference("/v1/chat/completions", "openai_chat", Operation.GENERATE),
        _inference("/v1/completions", "openai_chat", Operation.COMPLETE),
        _inference("/v1/responses", "openai_responses", Operation.GENERATE),
        _inference("/v1/responses/compact", "openai_responses", Operation.COMPACT),
        _inference("/v1/responses/input_tokens", "openai_responses", Operation.COUNT_TOKENS),
        _inference("/v1/messages", "anthropic", Operation.GENERATE),
        _inference("/v1/messages/count_tokens", "anthropic", Operation.COUNT_TOKENS),
        _inference("/v1/embeddings", "openai_chat", Operation.EMBED),
        _inference("/v1/rerank", "openai_chat", Operation.RERANK),
        _inference("/v1/moderations", "openai_chat", Operation.MODERATE),
        _inference("/v1/images/generations", "openai_chat", Operation.IMAGE),
        _inference("/v1/images/edits", "openai_chat", Operation.IMAGE_EDIT),
        _inference("/v1/images/variations", "openai_chat", Operation.IMAGE_VARIATION),
        _inference("/v1/audio/speech", "openai_chat", Operation.SPEECH),
        _inference("/v1/audio/transcriptions", "openai_chat", Operation.TRANSCRIBE),
        _inference("/v1/audio/translations", "openai_chat", Operation.TRANSLATE_AUDIO),
        Route(kind="models", methods=("GET", "HEAD"), path="/v1/models"),
        Route(kind="models", methods=("GET", "HEAD"), path="/v1beta/models", dialect="gemini"),
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
    "generateContent": (Operation.GENERATE, False),
    "streamGenerateContent": (Operation.GENERATE, True),
    "countTokens": (Operation.COUNT_TOKENS, None),
    "embedContent": (Operation.EMBED, False),
    "batchEmbedContents": (Operation.EMBED, False),
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
        operation, stream = _GEMINI_VERBS[verb]
        return Route(
            kind="inference",
            methods=("POST",),
            path=f"/v1beta/models/*:{verb}",
            dialect="gemini",
            operation=operation,
            model=model.removeprefix("models/"),
            stream=stream,
        )
    if colon and method == "POST":
        return None
    dialect = "gemini" if prefix == "/v1beta/models/" else "openai_chat"
    return Route(
        kind="model", methods=("GET", "HEAD"), path=prefix + "*", dialect=dialect, argument=rest
    )


def dialect_of(raw_path: str, headers: Container[str] = ()) -> str:
    """The dialect in which an error on this path is written. Where the path does not tell (model
    lists, which everybody asks for, and what nobody serves), `headers` does, the lower-case names
    of what the client sent; then the path that was probably meant.
    """
    path = tidy(raw_path)
    dialect = _dialect_of_path(path)
    route = _ROUTES.get(path)
    if dialect is not None or (route is not None and route.kind != "models"):
        return dialect or "openai_chat"
    if "anthropic-version" in headers:
        return "anthropic"
    if "x-goog-api-key" in headers:
        return "gemini"
    near = near_paths(raw_path) if route is None and not path.startswith("/v1/models/") else []
    return (_dialect_of_path(near[0]) if near else None) or "openai_chat"


def _dialect_of_path(path: str) -> str | None:
    if path.startswith("/v1/messages"):
        return "anthropic"
    if path.startswith("/v1/responses"):
        return "openai_responses"
    if path.startswith("/v1beta") or (path.startswith("/v1/models/") and ":" in path):
        return "gemini"
    return None


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
