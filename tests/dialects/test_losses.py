"""What a client says that a wire has no place for is named, the same on every wire."""

from __future__ import annotations

import pytest

from uniapi.canonical import Media, Message, Request, Text
from uniapi.dialects import UPSTREAM_DIALECTS, Quirk

DOCUMENT = Media(
    kind="file",
    mime="application/pdf",
    data="JVBERi0xLjQK",
    filename="a.pdf",
    context="from 1998",
    citations_enabled=True,
)


def losses(dialect: str, request: Request, quirk: Quirk | None = None) -> tuple[str, ...]:
    return UPSTREAM_DIALECTS[dialect].encode_request(request, quirk or Quirk()).losses


@pytest.mark.parametrize("dialect", sorted(UPSTREAM_DIALECTS))
def test_a_speakers_name(dialect: str) -> None:
    """Only chat knows who is speaking."""
    request = Request(
        model="m", messages=(Message(role="user", name="bob", parts=(Text(text="hi"),)),)
    )
    assert (() if dialect == "openai_chat" else ("messages[0].name",)) == losses(dialect, request)


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "gemini", "cohere"])
def test_words_about_a_document(dialect: str) -> None:
    """Claude takes a document's context, at Anthropic and by Converse."""
    request = Request(
        model="m", messages=(Message(role="user", parts=(Text(text="hi"), DOCUMENT)),)
    )
    assert "documents.context" in losses(dialect, request)
    assert "documents.context" not in losses("anthropic", request)


def test_citations_by_converse_are_for_models_that_cite() -> None:
    """Llama and others refuse the member."""
    request = Request(
        model="m", messages=(Message(role="user", parts=(Text(text="hi"), DOCUMENT)),)
    )
    plain = UPSTREAM_DIALECTS["bedrock_converse"].encode_request(
        request, Quirk(converse_fields="none")
    )
    assert "citations" not in plain.body["messages"][0]["content"][1]["document"]
    assert plain.losses == ("citations",)
    assert losses("bedrock_converse", request) == ()
