"""Paths: what is served where, what is forgiven, and in which dialect an error is written."""

import pytest

from uniapi.canonical import Operation
from uniapi.server.admin import REPORTS
from uniapi.server.paths import _ROUTES, Route, dialect_of, find_route, near_paths

SERVED = [
    ("/v1/chat/completions", "openai_chat", Operation.GENERATE),
    ("/v1/completions", "openai_chat", Operation.COMPLETE),
    ("/completions/", "openai_chat", Operation.COMPLETE),
    ("/v1/responses", "openai_responses", Operation.GENERATE),
    ("/responses/compact", "openai_responses", Operation.COMPACT),
    ("/v1/v1/responses/input_tokens", "openai_responses", Operation.COUNT_TOKENS),
    ("//v1//messages/count_tokens", "anthropic", Operation.COUNT_TOKENS),
    ("/v1beta/models/a%2Fb:countTokens", "gemini", Operation.COUNT_TOKENS),
    ("/v2/rerank", "openai_chat", Operation.RERANK),
    ("/v1/v2/rerank", "openai_chat", Operation.RERANK),
    ("/v2/v2/rerank", "openai_chat", Operation.RERANK),
    ("/api/v1/chat/completions", "openai_chat", Operation.GENERATE),
    ("/openai/v1/audio/speech", "openai_chat", Operation.SPEECH),
    ("/openai/responses", "openai_responses", Operation.GENERATE),
    ("/anthropic/v1/messages", "anthropic", Operation.GENERATE),
    ("/anthropic/messages/count_tokens", "anthropic", Operation.COUNT_TOKENS),
    ("/api/paas/v4/embeddings", "openai_chat", Operation.EMBED),
    ("/v1beta/openai/chat/completions", "openai_chat", Operation.GENERATE),
    ("/gemini/v1beta/models/m:embedContent", "gemini", Operation.EMBED),
    (
        "/v1beta1/projects/p/publishers/google/models/m:countTokens",
        "gemini",
        Operation.COUNT_TOKENS,
    ),
]


@pytest.mark.parametrize("path, dialect, operation", SERVED)
def test_operations_are_found_under_sloppy_paths(path, dialect, operation):
    """`/v1` missing or doubled, slashes doubled or trailing, something unknown before it."""
    route = find_route(path)
    assert (route.kind, route.dialect, route.operation) == ("inference", dialect, operation)


@pytest.mark.parametrize(
    "path, methods, canonical",
    [
        ("/v1/responses/resp_1", ("GET", "DELETE"), "/v1/responses/*"),
        ("/responses/resp_1/cancel", ("POST",), "/v1/responses/*/cancel"),
        ("/v1/v1/responses/resp_1/input_items/", ("GET",), "/v1/responses/*/input_items"),
    ],
)
def test_a_stored_response_is_an_argument_not_a_path(path, methods, canonical):
    """The canonical path has no id in it: statistics are kept by it."""
    route = find_route(path)
    assert (route.kind, route.methods, route.path, route.argument) == (
        "stored",
        methods,
        canonical,
        "resp_1",
    )


@pytest.mark.parametrize(
    "path, model, canonical",
    [
        ("/openai/deployments/gpt/chat/completions", "gpt", "/v1/chat/completions"),
        ("/openai/deployments/a%2Fb/embeddings/", "a/b", "/v1/embeddings"),
        ("/v1/openai/deployments/a/b/images/edits", "a/b", "/v1/images/edits"),
    ],
)
def test_azures_clients_name_the_model_in_the_path(path, model, canonical):
    """The deployment is the model, slashes included."""
    route = find_route(path, "POST")
    assert (route.kind, route.model, route.path) == ("inference", model, canonical)


@pytest.mark.parametrize(
    "path",
    [
        "/openai/threads/t_1/messages",
        "/v1/threads/t_1/messages",
        "/a/b/c/embeddings",
        "/api/v1/stats",
        "/api/healthz",
        "/x/metrics",
        "/openai/deployments//files",
        "/v1/x/responses/resp_1",
    ],
)
def test_what_may_be_anything_of_anybodys_is_not_served(path):
    """A prefix is forgiven before what is asked of a model, and only where nothing else is
    meant."""
    assert find_route(path, "POST") is None


@pytest.mark.parametrize(
    "path",
    [
        "/v1/responses/..",
        "/v1/responses/%2e%2e",
        "/v1/responses/a%2Fb",
        "/v1/responses/resp_1/other",
        "/v1/responses/resp_1/cancel/x",
        f"/v1/responses/{'x' * 600}",
    ],
)
def test_what_is_no_id_is_not_served(path):
    """Nothing that could leave the provider's address of responses."""
    assert find_route(path) is None


@pytest.mark.parametrize(
    "path, dialect",
    [
        ("/v1/messages/nothing", "anthropic"),
        ("/v1/responses/resp_1/nothing", "openai_responses"),
        ("/v1beta/nothing", "gemini"),
        ("/v1/models/m:countTokens", "gemini"),
        ("/v1/completions", "openai_chat"),
    ],
)
def test_errors_speak_the_dialect_of_the_path(path, dialect):
    """Also where nothing is served."""
    assert dialect == dialect_of(path)


@pytest.mark.parametrize(
    "path, headers, dialect",
    [
        ("/v1/models", {"anthropic-version"}, "anthropic"),
        ("/v1/models/nope", {"anthropic-version"}, "anthropic"),
        ("/v1/models/nope", {"x-goog-api-key"}, "gemini"),
        ("/v1/models/nope", {"x-api-key"}, "openai_chat"),
        ("/v1/message", set(), "anthropic"),
        ("/v1/response", set(), "openai_responses"),
        ("/anything", {"anthropic-version"}, "anthropic"),
        ("/anything", set(), "openai_chat"),
        ("/v1/embeddings", {"anthropic-version"}, "openai_chat"),
        ("/v1beta/nothing", {"anthropic-version"}, "gemini"),
    ],
)
def test_where_the_path_does_not_tell_the_dialect_the_client_does(path, headers, dialect):
    """By its headers, else by the path that it probably meant."""
    assert dialect == dialect_of(path, headers)


@pytest.mark.parametrize(
    "path, near",
    [
        ("/v1/embedding", ["/v1/embeddings"]),
        ("/v1/chat", ["/v1/chat/completions"]),
        ("/v1/audio/", ["/v1/audio/speech", "/v1/audio/transcriptions", "/v1/audio/translations"]),
        ("/v1/message", ["/v1/messages"]),
        ("/v1beta/models/a/b:generateContents", ["/v1beta/models/a/b:generateContent"]),
        ("/v1/models/m:countToken", ["/v1/models/m:countTokens"]),
        ("/v1beta/models/m:transmogrify", []),
        ("/v1/files", []),
        ("/v1", []),
        ("/foo", []),
    ],
)
def test_only_what_was_probably_meant_is_proposed(path, near):
    """A slip of the pen, a path that goes on, a verb of Gemini's."""
    assert near == near_paths(path)


def test_an_unknown_verb_is_nothing_but_a_colon_may_stand_in_a_models_name():
    """What is posted there is a verb; what is got is a model such as `deepseek:free`."""
    for prefix in ("/v1/models/", "/v1beta/models/"):
        assert find_route(f"{prefix}m:transmogrify", "POST") is None
        route = find_route(f"{prefix}vendor/m:free", "GET")
        assert (route.kind, route.argument) == ("model", "vendor/m:free")
        assert find_route(f"{prefix}m:free:generateContent", "POST").model == "m:free"


@pytest.mark.parametrize(
    "path", ["/v1beta/v1beta/models", "/v1/v1beta/models", "//v1beta//v1beta/models/"]
)
def test_a_doubled_v1beta_is_forgiven_too(path):
    """Google's client adds its version to a base URL that has one already."""
    assert find_route(path).path == "/v1beta/models"


def test_what_is_no_call_is_a_report_that_the_admin_surface_has():
    kinds = {route.kind for route in _ROUTES.values()} | {"request", "stored", "model"}
    reports = {kind for kind in kinds if Route(kind=kind, methods=(), path="/").is_report}
    assert reports == set(REPORTS)
