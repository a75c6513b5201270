"""Hostile input: wrong types anywhere, deep nesting, broken bytes.

Only the documented outcomes follow.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import FoldError, Request, RequestRefused, Response, checked, unfold
from uniapi.dialects import Quirk, ReplyContext, UpstreamContext
from uniapi.dialects.gemini import CLIENT, UPSTREAM
from uniapi.errors import WireError
from uniapi.wire import Frame, dump_json

MEMBERS = [
    "contents",
    "role",
    "parts",
    "text",
    "thought",
    "thoughtSignature",
    "inlineData",
    "fileData",
    "mimeType",
    "data",
    "fileUri",
    "functionCall",
    "functionResponse",
    "name",
    "id",
    "args",
    "response",
    "partialArgs",
    "jsonPath",
    "stringValue",
    "willContinue",
    "candidates",
    "content",
    "index",
    "finishReason",
    "usageMetadata",
    "promptTokenCount",
    "candidatesTokenCount",
    "totalTokenCount",
    "groundingMetadata",
    "groundingChunks",
    "groundingSupports",
    "segment",
    "startIndex",
    "endIndex",
    "groundingChunkIndices",
    "web",
    "uri",
    "citationMetadata",
    "citations",
    "logprobsResult",
    "chosenCandidates",
    "promptFeedback",
    "blockReason",
    "error",
    "tools",
    "functionDeclarations",
    "parameters",
    "toolConfig",
    "functionCallingConfig",
    "mode",
    "generationConfig",
    "thinkingConfig",
    "systemInstruction",
    "createTime",
    "executableCode",
    "codeExecutionResult",
    "responseSchema",
    "type",
    "properties",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", "x", "STOP", "$.a[3].b", "[", "AAAA", "user", "model", "\ud800", "9" * 30]
    )
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5)
    ),
    max_leaves=30,
)
OBJECTS = st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6)
QUIRKS = (
    Quirk(),
    Quirk(
        has_tools=False,
        has_images=False,
        gemini_thinking="none",
        function_call_ids=False,
        json_schema_members=False,
    ),
)
REPLY = ReplyContext(requested_model="m", id_seed="s", created_s=1)


def decoded_request(body: dict[str, Any]) -> Request | str:
    """The request, or the member it was refused for."""
    try:
        return CLIENT.decode_request(body, "m", False)
    except RequestRefused as refused:
        return refused.error.param or ""


ERROR_OBJECT = "expected a GenerateContentResponse, found an error"


def decoded_answer(body: Any) -> Response | str:
    """The answer, or why it is none."""
    try:
        return UPSTREAM.decode_response(body, UpstreamContext())
    except (WireError, FoldError) as error:
        return str(error) if isinstance(error, WireError) else ERROR_OBJECT


@settings(max_examples=40, deadline=None)
@given(body=OBJECTS, parts=st.lists(OBJECTS, max_size=3), role=st.sampled_from(["user", "model"]))
def test_requests(body: dict[str, Any], parts: list[Any], role: str) -> None:
    """A request is decoded and encoded, or refused with the member's name; it is repaired in every
    case.
    """
    for wanted in (body, {**body, "contents": [{"role": role, "parts": parts}]}):
        for quirk in QUIRKS:
            assert isinstance(UPSTREAM.fit(wanted, quirk)[0], dict)
        request = decoded_request(wanted)
        if isinstance(request, str):
            assert request
            continue
        for quirk in QUIRKS:
            encoded = UPSTREAM.encode_request(request, quirk)
            assert encoded.body["contents"][0]["role"] == "user"
            assert dump_json(encoded.body)


@settings(max_examples=40, deadline=None)
@given(body=OBJECTS, parts=st.lists(OBJECTS, max_size=4), grounding=JSON)
def test_answers(body: dict[str, Any], parts: list[Any], grounding: Any) -> None:
    """An answer is decoded or is a WireError, a stream keeps the grammar, and what was decoded can
    be told to a client.
    """
    shaped = {**body, "candidates": [{"content": {"parts": parts}, "groundingMetadata": grounding}]}
    for answer in (body, shaped):
        response = decoded_answer(answer)
        if isinstance(response, Response):
            assert list(checked(unfold(response)))
            assert dump_json(CLIENT.encode_response(response, REPLY).body)
        else:
            assert (
                "expected a GenerateContentResponse" in response
                or "candidate" in response
                or "partialArgs" in response
                or "base64" in response
            )
        data = json.dumps(answer).encode()
        decoder, encoder = UPSTREAM.stream_decoder(UpstreamContext()), CLIENT.stream_encoder(REPLY)
        events = list(
            checked(
                [
                    *decoder.feed(Frame(None, data, data)),
                    *decoder.feed(Frame(None, b"{}", b"")),
                    *decoder.eof(),
                ]
            )
        )
        assert b"".join(piece for event in events for piece in encoder.feed(event)).endswith(
            b"}\r\n\r\n"
        )


def nested(depth: int, leaf: Any = 1) -> Any:
    value = leaf
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("depth", [50, 400, 5000])
def test_deep_nesting(depth: int) -> None:
    """Depth is refused or carried; it never breaks anything else."""
    deep = nested(depth)
    turns = [
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": deep}}]},
        {"parts": [{"functionResponse": {"name": "f", "response": deep}}]},
    ]
    request = decoded_request({"contents": turns})
    assert request == "contents" or (
        isinstance(request, Request) and UPSTREAM.encode_request(request, Quirk()).body["contents"]
    )
    wanted = {
        "contents": "a",
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "f", "parametersJsonSchema": {"properties": deep, "not": deep}}
                ]
            }
        ],
    }
    for quirk in QUIRKS:
        request = decoded_request(wanted)
        assert isinstance(request, Request)
        assert UPSTREAM.encode_request(request, quirk).body["contents"]
    answer = decoded_answer(
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": deep}}]}}]}
    )
    assert isinstance(answer, Response) or "nested too deep" in answer


def test_broken_bytes_in_a_stream() -> None:
    """They are a failure at the end of a stream that keeps the grammar."""
    for data in (b"\xff\xfe", b"{", b"[" * 100_000, b'{"candidates": 5}', b"null"):
        decoder = UPSTREAM.stream_decoder(UpstreamContext())
        assert len(list(checked([*decoder.feed(Frame(None, data, data)), *decoder.eof()]))) <= 2
