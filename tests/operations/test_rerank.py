"""Rerank toward Cohere, Bedrock, Voyage and NVIDIA; the answer always in one shape."""

from __future__ import annotations

import json
from typing import Any

import cohere
import pytest

from uniapi.canonical import Operation, RequestRefused
from uniapi.errors import WireError
from uniapi.operations import EncodedOperation, OperationAnswer, OperationRequest, codec_for

DOCUMENTS = ["Paris is in France.", {"text": "Lima is in Peru.", "id": 7}, {"title": "no text"}]
BODY = {"model": "alias", "query": "Where is Lima?", "documents": DOCUMENTS, "top_n": 2}
UPSTREAMS = ("cohere", "bedrock", "voyage", "nvidia")


def asked(body: Any, model: str) -> OperationRequest:
    return OperationRequest(
        operation=Operation.RERANK, model=model, requested_model="alias", body=body
    )


def encode(body: Any, upstream: str, model: str = "ranker") -> EncodedOperation:
    codec = codec_for(Operation.RERANK, "openai", upstream)
    assert codec is not None
    return codec.encode_request(asked(body, model))


def decode(body: Any, upstream: str, answer: Any) -> OperationAnswer:
    codec = codec_for(Operation.RERANK, "openai", upstream)
    assert codec is not None
    return codec.decode_response(asked(body, "ranker"), [json.dumps(answer).encode()])


TEXTS = ["Paris is in France.", "Lima is in Peru.", '{"title":"no text"}']


@pytest.mark.parametrize(
    "upstream, model, expected",
    [
        (
            "cohere",
            "rerank-v4.0-pro",
            {"model": "rerank-v4.0-pro", "query": "Where is Lima?", "documents": TEXTS, "top_n": 2},
        ),
        (
            "bedrock",
            "cohere.rerank-v3-5:0",
            {"api_version": 2, "query": "Where is Lima?", "documents": TEXTS, "top_n": 2},
        ),
        (
            "bedrock",
            "amazon.rerank-v1:0",
            {"query": "Where is Lima?", "documents": TEXTS, "top_n": 2},
        ),
        (
            "voyage",
            "rerank-2.5",
            {"model": "rerank-2.5", "query": "Where is Lima?", "documents": TEXTS, "top_k": 2},
        ),
        (
            "nvidia",
            "nvidia/llama-3.2-nv-rerankqa-1b-v2",
            {
                "model": "nvidia/llama-3.2-nv-rerankqa-1b-v2",
                "query": {"text": "Where is Lima?"},
                "passages": [{"text": text} for text in TEXTS],
            },
        ),
    ],
)
def test_a_request_is_said_in_the_upstreams_words(
    upstream: str, model: str, expected: dict[str, Any]
) -> None:
    """Objects become texts, and the limit has each vendor's name."""
    encoded = encode(BODY, upstream, model)
    assert (expected,) == encoded.bodies
    assert encoded.losses == ()


@pytest.mark.parametrize(
    "upstream, answer, tokens",
    [
        (
            "cohere",
            {
                "id": "r1",
                "results": [
                    {"index": 1, "relevance_score": 0.9},
                    {"index": 0, "relevance_score": 0.1},
                ],
                "meta": {"billed_units": {"search_units": 1}},
            },
            None,
        ),
        (
            "bedrock",
            {
                "results": [
                    {"index": 1, "relevance_score": 0.9},
                    {"index": 0, "relevance_score": 0.1},
                ]
            },
            None,
        ),
        (
            "voyage",
            {
                "object": "list",
                "data": [
                    {"relevance_score": 0.9, "index": 1},
                    {"relevance_score": 0.1, "index": 0},
                ],
                "usage": {"total_tokens": 12},
            },
            12,
        ),
        (
            "nvidia",
            {
                "rankings": [
                    {"index": 2, "logit": -3.5},
                    {"index": 0, "logit": 0.1},
                    {"index": 1, "logit": 0.9},
                ]
            },
            None,
        ),
    ],
)
def test_every_answer_has_one_shape(upstream: str, answer: Any, tokens: int | None) -> None:
    """Best first, no more than asked for, under the client's model; documents only when
    asked for.
    """
    decoded = decode(BODY, upstream, answer)
    written = json.loads(decoded.body)
    assert written["results"] == [
        {"index": 1, "relevance_score": 0.9},
        {"index": 0, "relevance_score": 0.1},
    ]
    assert written["model"] == "alias"
    assert tokens == (decoded.usage.input_tokens if decoded.usage else None)
    assert tokens == written.get("usage", {}).get("total_tokens")
    assert [row.index for row in cohere.V2RerankResponse.model_validate(written).results] == [1, 0]


def test_documents_come_back_when_asked_for() -> None:
    """They are the client's own, whether the upstream returns them or not."""
    answer = {
        "results": [
            {"index": 1, "relevance_score": 0.9, "document": {"text": "…"}},
            {"index": 0, "relevance_score": 0.1},
        ]
    }
    written = json.loads(decode({**BODY, "return_documents": True}, "cohere", answer).body)
    assert [DOCUMENTS[1], {"text": DOCUMENTS[0]}] == [row["document"] for row in written["results"]]


@pytest.mark.parametrize(
    "upstream, body, losses",
    [
        ("cohere", {**BODY, "max_tokens_per_doc": 9, "rank_fields": ["a"]}, ("rank_fields",)),
        ("bedrock", {**BODY, "truncation": True}, ("truncation",)),
        ("voyage", {**BODY, "truncation": True}, ()),
        ("nvidia", {**BODY, "truncate": "END", "user": "u", "x": None}, ("user",)),
    ],
)
def test_what_cannot_be_carried_is_listed(
    upstream: str, body: dict[str, Any], losses: tuple[str, ...]
) -> None:
    """Losses name the client's members; null says nothing."""
    assert losses == encode(body, upstream).losses


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize(
    "body, member",
    [
        ({}, "query"),
        ({"query": "", "documents": ["a"]}, "query"),
        ({"query": ["q"], "documents": ["a"]}, "query"),
        ({"query": "q"}, "documents"),
        ({"query": "q", "documents": []}, "documents"),
        ({"query": "q", "documents": "a"}, "documents"),
        ({"query": "q", "documents": ["a", 3]}, "documents[1]"),
        ({"query": "q", "documents": [{"image": "https://x/y.png"}]}, "documents[0].image"),
        ({"query": "q", "documents": ["a"], "top_n": 0}, "top_n"),
        ({"query": "q", "documents": ["a"], "top_n": 1.5}, "top_n"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(
    upstream: str, body: dict[str, Any], member: str
) -> None:
    """400 naming the member, toward every upstream."""
    with pytest.raises(RequestRefused) as refused:
        encode(body, upstream)
    assert (refused.value.error.status, refused.value.error.param) == (400, member)


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize(
    "answer",
    [
        None,
        3,
        {},
        {"results": None},
        {"results": {}},
        {"results": [None]},
        {"results": [{"index": 3, "relevance_score": 1}]},
        {"results": [{"index": -1, "relevance_score": 1}]},
        {"results": [{"index": True, "relevance_score": 1}]},
        {"results": [{"index": 10**400, "relevance_score": 1}]},
        {"results": [{"index": 0}]},
        {"results": [{"index": 0, "relevance_score": "1"}]},
        {"results": [{"index": 0, "relevance_score": float("nan")}]},
        {"results": [{"index": 0, "relevance_score": 10**400}]},
    ],
    ids=lambda answer: json.dumps(answer)[:50],
)
def test_a_malformed_answer_is_a_wire_error(upstream: str, answer: Any) -> None:
    """An index outside the request, no score, or no list at all."""
    with pytest.raises(WireError):
        decode(BODY, upstream, answer)


def test_an_answer_nested_too_deep_is_a_wire_error() -> None:
    """Whether it is reading or writing that gives up, the failure is the documented one."""
    codec = codec_for(Operation.RERANK, "openai", "cohere")
    assert codec is not None
    for depth in (*range(900, 1000, 3), 200_000):
        answer = b'{"results":[],"meta":{"a":' + b"[" * depth + b"]" * depth + b"}}"
        try:
            codec.decode_response(asked(BODY, "ranker"), [answer])
        except WireError as error:
            message = str(error)
    assert "too deep" in message
