"""Paths: the forgiveness of sloppy URLs, Gemini's models in the path, and whose dialect an error is written in."""

import pytest

from uniapi.canonical import Operation
from uniapi.server.paths import dialect_of, find_route, near_paths, tidy


@pytest.mark.parametrize(
    "path, expected",
    [
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/chat/completions", "/v1/chat/completions"),
        ("//v1///messages//", "/v1/messages"),
        ("/v1/v1beta/models", "/v1beta/models"),
        ("/models", "/v1/models"),
        ("/", "/"),
        ("/v1", "/v1"),
    ],
)
def test_sloppy_paths_are_tidied(path, expected):
    """`/v1` missing or doubled, doubled and trailing slashes."""
    assert tidy(path) == expected


@pytest.mark.parametrize(
    "path, model, stream",
    [
        ("/v1beta/models/gemini-2.5-flash:generateContent", "gemini-2.5-flash", False),
        ("/v1/models/gemini-2.5-flash:streamGenerateContent", "gemini-2.5-flash", True),
        ("/v1beta/models/a/b:c:generateContent", "a/b:c", False),
        ("/v1beta/models/a%2Fb:generateContent", "a/b", False),
        ("/v1beta/models/models/x:generateContent", "x", False),
    ],
)
def test_geminis_model_is_everything_up_to_the_last_colon(path, model, stream):
    """Slashes, colons and %2F included."""
    route = find_route(path)
    assert (route.dialect, route.operation, route.model, route.stream) == ("gemini", Operation.GENERATE, model, stream)


def test_an_unknown_verb_is_nothing_and_a_colon_in_a_model_is_fine():
    """404 for the one, a model for the other."""
    assert find_route("/v1beta/models/x:explode") is None
    assert find_route("/v1/models/ft:gpt-4o:me").argument == "ft:gpt-4o:me"


@pytest.mark.parametrize(
    "path, dialect",
    [
        ("/v1/chat/completions", "openai_chat"),
        ("/nothing", "openai_chat"),
        ("/v1/messages?x", "anthropic"),
        ("/messages", "anthropic"),
        ("/v1/responses/abc", "openai_responses"),
        ("/v1beta/nothing", "gemini"),
        ("/v1/models/x:generateContent", "gemini"),
    ],
)
def test_errors_are_written_in_the_dialect_of_the_path(path, dialect):
    """Also where nothing is served."""
    assert dialect_of(path.partition("?")[0]) == dialect


def test_near_paths_are_named():
    """The typo most people make."""
    assert "/v1/chat/completions" in near_paths("/v1/chat/completion")
