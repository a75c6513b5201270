"""Paths: what is served where, what is forgiven, and in which dialect an error is written."""

import pytest

from uniapi.canonical import Operation
from uniapi.server.paths import dialect_of, find_route

SERVED = [
    ("/v1/chat/completions", "openai_chat", Operation.GENERATE),
    ("/v1/completions", "openai_chat", Operation.COMPLETE),
    ("/completions/", "openai_chat", Operation.COMPLETE),
    ("/v1/responses", "openai_responses", Operation.GENERATE),
    ("/responses/compact", "openai_responses", Operation.COMPACT),
    ("/v1/v1/responses/input_tokens", "openai_responses", Operation.COUNT_TOKENS),
    ("//v1//messages/count_tokens", "anthropic", Operation.COUNT_TOKENS),
    ("/v1beta/models/a%2Fb:countTokens", "gemini", Operation.COUNT_TOKENS),
]


@pytest.mark.parametrize("path, dialect, operation", SERVED)
def test_operations_are_found_under_sloppy_paths(path, dialect, operation):
    """`/v1` missing or doubled, slashes doubled or trailing."""
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
    assert (route.kind, route.methods, route.path, route.argument) == ("stored", methods, canonical, "resp_1")


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
