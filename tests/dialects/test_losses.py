"""What a client says that a wire has no place for is named, the same on every wire."""

from __future__ import annotations

import pytest

from uniapi.canonical import CacheHint, Media, Message, Request, Sampling, Text
from uniapi.dialects import UPSTREAM_DIALECTS, Quirk
from uniapi.dialects.losses import SETTINGS, unsaid

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


@pytest.mark.parametrize(
    ("name", "asking"),
    [
        ("n", Request(model="m", sampling=Sampling(choices=2))),
        ("seed", Request(model="m", sampling=Sampling(seed=0))),
        ("presence_penalty", Request(model="m", sampling=Sampling(presence_penalty=1))),
        ("frequency_penalty", Request(model="m", sampling=Sampling(frequency_penalty=1))),
        ("logprobs", Request(model="m", sampling=Sampling(top_logprobs=0))),
        ("logprobs", Request(model="m", sampling=Sampling(logprobs=True))),
        ("top_logprobs", Request(model="m", sampling=Sampling(top_logprobs=1))),
        ("logit_bias", Request(model="m", sampling=Sampling(logit_bias={"1": 1}))),
        ("modalities", Request(model="m", output_modalities=("audio",))),
        ("audio", Request(model="m", audio_output={})),
        ("verbosity", Request(model="m", verbosity="low")),
        ("user", Request(model="m", user="u")),
        ("metadata", Request(model="m", metadata={"a": 1})),
        ("prompt_cache_key", Request(model="m", prompt_cache_key="k")),
        ("store", Request(model="m", store=True)),
        ("previous_response_id", Request(model="m", previous_response_id="r")),
        ("cache_control", Request(model="m", cache=CacheHint())),
        ("citations", Request(model="m", messages=(Message(role="user", parts=(DOCUMENT,)),))),
        (
            "documents.context",
            Request(model="m", messages=(Message(role="user", parts=(DOCUMENT,)),)),
        ),
    ],
)
def test_each_setting_is_missed_alone(name: str, asking: Request) -> None:
    assert unsaid(asking, {name}) == [name]
    assert unsaid(Request(model="m"), SETTINGS) == []
