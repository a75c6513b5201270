"""Model lists in the four shapes, and which shape a client reads."""

import pytest

from uniapi.canonical import RequestRefused
from uniapi.config import ModelInfo
from uniapi.server.models import find_model, list_shape, model_entry, model_list

KNOWN = ModelInfo(
    context_length=1000,
    max_output_tokens=100,
    input_modalities=("text", "image"),
    output_modalities=("text",),
)
ALIASES = ("m", "some-embedding")

ORDER = [
    ("gemini", {"anthropic-version": "1"}, {"client_version": "1"}, "gemini"),
    (
        "openai_chat",
        {"anthropic-version": "1", "x-goog-api-key": "k"},
        {"client_version": "1", "key": "k"},
        "codex",
    ),
    ("openai_chat", {"anthropic-version": "1", "x-goog-api-key": "k"}, {"key": "k"}, "anthropic"),
    ("openai_chat", {"x-goog-api-key": "k", "authorization": "Bearer k"}, {}, "gemini"),
    ("openai_chat", {"authorization": "Bearer k"}, {"key": "k"}, "gemini"),
    ("openai_chat", {"x-api-key": "k"}, {}, "openai_chat"),
]


@pytest.mark.parametrize("dialect, headers, query, shape", ORDER)
def test_path_then_codex_then_anthropic_then_google_then_openai(dialect, headers, query, shape):
    """A header of Anthropic's, then Google's key or path; everybody else is OpenAI's."""
    assert list_shape(dialect, headers, query) == shape


def test_openais_list():
    """What is known beside what every client reads; what is not known is absent."""
    plain = {"id": "m", "object": "model", "created": 1720524448858, "owned_by": "uni-api"}
    assert model_list("openai_chat", ALIASES, {}) == {
        "object": "list",
        "data": [plain, {**plain, "id": "some-embedding"}],
    }
    architecture = {"input_modalities": ["text", "image"], "output_modalities": ["text"]}
    assert model_entry("openai_chat", "m", KNOWN) == {
        **plain,
        "context_length": 1000,
        "max_output_tokens": 100,
        "architecture": architecture,
    }


def test_anthropics_list():
    """One page, with its ends named."""
    plain = {"type": "model", "id": "m", "display_name": "m", "created_at": "1970-01-01T00:00:00Z"}
    listed = model_list("anthropic", ALIASES, {})
    assert (listed["data"][0], listed["has_more"], listed["first_id"], listed["last_id"]) == (
        plain,
        False,
        "m",
        "some-embedding",
    )
    assert model_list("anthropic", (), {}) == {
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }
    assert model_entry("anthropic", "m", KNOWN) == {
        **plain,
        "max_input_tokens": 1000,
        "max_tokens": 100,
    }


def test_geminis_list():
    """What a model is offered for, by its name; limits only where known."""
    chat, embedding = model_list("gemini", ALIASES, {"m": KNOWN})["models"]
    assert (chat["name"], chat["inputTokenLimit"], chat["outputTokenLimit"]) == (
        "models/m",
        1000,
        100,
    )
    assert "generateContent" in chat["supportedGenerationMethods"]
    assert embedding["supportedGenerationMethods"] == ["embedContent", "batchEmbedContents"]
    assert "inputTokenLimit" not in embedding


def test_codexs_list_is_its_catalogue():
    """Under another member, with the context window where known."""
    assert [
        model["context_window"] for model in model_list("codex", ALIASES, {"m": KNOWN})["models"]
    ] == [1000]


@pytest.mark.parametrize(
    "argument, alias",
    [("m", "m"), ("models/m", "m"), ("m[1m]", "m"), ("vendor/m", "vendor/m"), ("x[1m]", "x[1m]")],
)
def test_a_model_is_found_by_its_name(argument, alias):
    """With Google's collection before it, and with the suffix that routing ignores."""
    assert find_model(argument, ("m", "vendor/m", "x[1m]"), ()) == alias


def test_a_model_is_found_whatever_the_case_of_its_letters():
    """As routing finds it; OpenCode looks models up in small letters."""
    assert find_model("models/MiniMax-m3", ("minimax-M3", "MiniMax-M3"), ()) == "minimax-M3"
    assert find_model("MiniMax-M3", ("minimax-M3", "MiniMax-M3"), ()) == "MiniMax-M3"


def test_a_model_that_is_not_there_is_404_with_what_is_near():
    """Also one of another key."""
    with pytest.raises(RequestRefused) as refused:
        find_model("gpt-5", ("m",), ("gpt-4",))
    assert (
        refused.value.error.status,
        refused.value.error.code,
        "gpt-4" in refused.value.error.message,
    ) == (404, "model_not_found", True)


@pytest.mark.parametrize(
    "query, listed, has_more",
    [
        ({}, ["a", "b", "c"], False),
        ({"limit": "2"}, ["a", "b"], True),
        ({"limit": "2", "after_id": "b"}, ["c"], False),
        ({"limit": "0"}, ["a"], True),
        ({"limit": "many", "after_id": "z"}, ["a", "b", "c"], False),
    ],
)
def test_an_anthropic_client_gets_the_page_it_asks_for(query, listed, has_more):
    value = model_list("anthropic", ("a", "b", "c"), {}, query)
    assert [one["id"] for one in value["data"]] == listed
    assert value["has_more"] is has_more
