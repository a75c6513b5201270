"""What is read out of answers that are relayed, the table of shapes, and forms as members."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import Operation, RequestRefused, Usage
from uniapi.errors import WireError
from uniapi.operations import (
    OperationRequest,
    UploadedFile,
    codec_for,
    decode_usage,
    error_message,
    field_changes,
    is_empty,
    is_relayed,
    members_of_form,
    uploaded_file,
    usage_of_headers,
    with_verb,
)
from uniapi.operations.codecs import OPERATION_SHAPES
from uniapi.wire import FormPart

O = Operation  # noqa: E741 - the tables below are read by column


@pytest.mark.parametrize(
    "operation, body, expected",
    [
        (O.EMBED, {"usage": {"prompt_tokens": 8, "total_tokens": 8}}, Usage(input_tokens=8)),
        (O.EMBED, {"usage": {"total_tokens": 3}}, Usage(input_tokens=3)),
        (
            O.EMBED,
            {"usage": {"prompt_tokens": 7, "total_tokens": 7, "cost": {"total_cost": 2.8e-08}}},
            Usage(input_tokens=7, cost=2.8e-08),
        ),
        (O.RERANK, {"usage": {"total_tokens": 12}}, Usage(input_tokens=12)),
        (O.RERANK, {"meta": {"billed_units": {"search_units": 1}}}, Usage(search_units=1)),
        (
            O.EMBED,
            {"meta": {"billed_units": {"input_tokens": 4, "image_tokens": 6}}},
            Usage(input_tokens=10),
        ),
        (O.EMBED, {"usageMetadata": {"promptTokenCount": 261}}, 261),
        (O.EMBED, {"embedding": [1], "inputTextTokenCount": 5}, Usage(input_tokens=5)),
        (
            O.EMBED,
            {
                "predictions": [
                    {"embeddings": {"statistics": {"token_count": 5}}},
                    {"embeddings": {"statistics": {"token_count": 6}}},
                ]
            },
            Usage(input_tokens=11),
        ),
        (
            O.IMAGE,
            {"usage": {"input_tokens": 76, "output_tokens": 120, "total_tokens": 196}},
            Usage(input_tokens=76, output_tokens=120),
        ),
        (O.IMAGE_EDIT, {"usage": {"cost_in_usd_ticks": 700000000}}, Usage(cost=0.07)),
        (
            O.IMAGE,
            {
                "type": "image_generation.completed",
                "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
            },
            Usage(input_tokens=1, output_tokens=2),
        ),
        (
            O.SPEECH,
            {
                "type": "speech.audio.done",
                "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
            },
            Usage(input_tokens=1, output_tokens=2),
        ),
        (
            O.TRANSCRIBE,
            {
                "type": "transcript.text.done",
                "usage": {
                    "type": "tokens",
                    "total_tokens": 182,
                    "input_tokens": 37,
                    "input_token_details": {"audio_tokens": 37},
                    "output_tokens": 145,
                },
            },
            Usage(input_tokens=37, output_tokens=145, input_audio_tokens=37),
        ),
        (
            O.TRANSCRIBE,
            {
                "usage": {
                    "prompt_tokens": 5,
                    "total_tokens": 391,
                    "completion_tokens": 11,
                    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 375},
                }
            },
            Usage(input_tokens=380, output_tokens=11, input_audio_tokens=375, cache_read_tokens=0),
        ),
        (O.TRANSCRIBE, {"usage": {"type": "duration", "seconds": 4}}, Usage(audio_seconds=4.0)),
        (O.TRANSCRIBE, {"text": "x", "duration": 2.5, "segments": []}, Usage(audio_seconds=2.5)),
        (
            O.IMAGE,
            {"data": [{"url": "a"}, {"b64_json": "b"}], "usage": {"cost": 0.08}},
            Usage(images=2, cost=0.08),
        ),
        (O.MODERATE, {"results": []}, None),
        (O.TRANSCRIBE, {"text": "x", "x_groq": {"id": "req"}}, None),
        (O.IMAGE, {"usage": {"cost": 10**400, "cost_in_usd_ticks": 10**400}}, None),
        (O.EMBED, {"usage": {"prompt_tokens": -1, "total_tokens": True}}, None),
        (O.EMBED, [1], None),
    ],
)
def test_usage_is_read_from_every_shape(
    operation: Operation, body: Any, expected: Usage | int | None
) -> None:
    """Whole answers and stream frames, OpenAI's three spellings and the vendors' own."""
    usage = decode_usage(operation, body)
    assert expected == (usage.input_tokens if isinstance(expected, int) and usage else usage)


def test_bedrocks_headers_state_what_bodies_leave_out() -> None:
    """Nothing but digits is a count."""
    assert usage_of_headers({"x-amzn-bedrock-input-token-count": "17"}) == Usage(input_tokens=17)
    assert usage_of_headers({"x-amzn-bedrock-input-token-count": "many"}) is None
    assert usage_of_headers({}) is None


@pytest.mark.parametrize(
    "operation, body, expected",
    [
        (O.EMBED, {"data": [{"embedding": [1]}]}, False),
        (O.EMBED, {"data": []}, True),
        (O.EMBED, {"code": 30001, "message": "no money", "data": None}, True),
        (O.EMBED, {"embeddings": {"float": [[1]]}}, False),
        (O.RERANK, {"results": []}, True),
        (O.RERANK, [{"index": 0, "score": 1}], False),
        (O.RERANK, [], True),
        (O.IMAGE, {"created": 1, "data": []}, True),
        (O.IMAGE_VARIATION, {"data": [{"url": "x"}]}, False),
        (O.MODERATE, {"results": [{"flagged": False}]}, False),
        (O.TRANSCRIBE, {"text": ""}, False),
        (O.TRANSCRIBE, {}, True),
        (O.TRANSLATE_AUDIO, None, True),
        (O.SPEECH, b"", True),
        (O.SPEECH, b"ID3", False),
    ],
)
def test_an_empty_answer_is_told(operation: Operation, body: Any, expected: bool) -> None:
    """A silent recording is no empty answer."""
    assert expected == is_empty(operation, body)


@pytest.mark.parametrize(
    "body, expected",
    [
        ({"error": {"message": "overloaded", "code": 503}}, "overloaded"),
        ({"error": "overloaded"}, "overloaded"),
        ({"error": {"code": 503}}, "the provider answered with an error and no message"),
        ({"type": "error", "message": "overloaded"}, "overloaded"),
        ({"type": "error", "error": {"message": "overloaded"}}, "overloaded"),
        ({"error": None, "data": []}, None),
        ({"error": {}, "data": []}, None),
        ({"data": []}, None),
        ([], None),
        (None, None),
    ],
)
def test_an_error_in_a_200_is_told(body: Any, expected: str | None) -> None:
    """Objects, plain texts, and stream frames of type error."""
    assert expected == error_message(body)


def test_the_table_says_what_is_carried_and_what_is_relayed() -> None:
    """Same shapes are relayed, known pairs have a codec, all others are impossible."""
    assert is_relayed(O.EMBED, "openai", "openai")
    assert is_relayed(O.EMBED, "gemini", "gemini")
    assert not is_relayed(O.EMBED, "openai", "voyage")
    assert is_relayed(O.RERANK, "openai", "openai")
    assert is_relayed(O.MODERATE, "openai", "openai")
    assert not is_relayed(O.MODERATE, "openai", "gemini")
    assert codec_for(O.MODERATE, "openai", "gemini") is None
    assert codec_for(O.IMAGE_VARIATION, "openai", "gemini") is None
    assert {client for _, client, _ in OPERATION_SHAPES} == {"openai", "gemini"}


def test_a_verb_is_put_into_googles_address() -> None:
    """Query and everything before the verb stay."""
    assert (
        with_verb("https://h:1/v1/models/a:b:predict?alt=x:y", "embedContent")
        == "https://h:1/v1/models/a:b:embedContent?alt=x:y"
    )


def part(name: str, value: bytes | None, filename: str | None = None) -> FormPart:
    return FormPart(name, filename, "audio/wav" if filename else "", 10, 20, value)


def test_a_form_reads_like_the_body_that_says_the_same() -> None:
    """Repeated names and `name[]` are lists; files are apart."""
    parts = [
        part("model", b"m"),
        part("file", None, "a.wav"),
        part("x[]", b"1"),
        part("x[]", b"2"),
        part("y[]", b"1"),
        part("z", b"1"),
        part("z", "ü".encode()),
    ]
    assert members_of_form(parts) == {"model": "m", "x": ["1", "2"], "y": ["1"], "z": ["1", "ü"]}
    expected = UploadedFile(
        field="image", filename="a.png", content_type="audio/wav", data=b"bytes"
    )
    assert expected == uploaded_file(part("image[]", None, "a.png"), b"bytes")


@pytest.mark.parametrize("value, message", [(None, "too large: 10 bytes"), (b"\xff", "no UTF-8")])
def test_a_field_that_cannot_be_read_is_refused_by_name(value: bytes | None, message: str) -> None:
    """Too large, or no text."""
    with pytest.raises(RequestRefused, match=message) as refused:
        members_of_form([part("prompt", value)])
    assert refused.value.error.param == "prompt"


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["data:image/png;base64,AA", "2x2", "word", "pcm", "sse"])
)
NAMES = st.sampled_from(
    [
        "input",
        "content",
        "requests",
        "parts",
        "text",
        "query",
        "documents",
        "prompt",
        "size",
        "n",
        "image",
        "images",
        "image_url",
        "url",
        "voice",
        "id",
        "instructions",
        "response_format",
        "stream_format",
        "speed",
        "dimensions",
        "encoding_format",
        "task",
        "taskType",
        "outputDimensionality",
        "embedContentConfig",
        "user",
        "data",
        "embedding",
        "embeddings",
        "values",
        "float",
        "predictions",
        "statistics",
        "token_count",
        "index",
        "relevance_score",
        "results",
        "score",
        "candidates",
        "inlineData",
        "mimeType",
        "finishReason",
        "usageMetadata",
        "promptTokenCount",
        "promptTokensDetails",
        "usage",
        "prompt_tokens",
        "meta",
        "billed_units",
        "error",
        "type",
        "message",
        "top_n",
        "output_format",
        "output_compression",
        "timestamp_granularities",
        "language",
        "temperature",
        "audioTranscription",
        "words",
        "startOffset",
    ]
)
HOSTILE = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
OBJECTS = st.dictionaries(NAMES, HOSTILE, max_size=8)
SOUND = UploadedFile(field="file", filename="a.wav", content_type="", data=b"RIFF....WAVE")
MODELS = (
    "m",
    "gemini-3.8-flash",
    "imagen-4",
    "cohere.embed",
    "amazon.titan-embed-text-v2:0",
    "amazon.nova-embed",
    "gemini-3.5-transcribe",
)


@settings(max_examples=40, deadline=None)
@given(body=OBJECTS, answer=HOSTILE, model=st.sampled_from(MODELS))
def test_whatever_comes_only_the_documented_happens(
    body: dict[str, Any], answer: Any, model: str
) -> None:
    """Requests are encoded or refused by name, answers decoded or a WireError (or a refusal for
    what was withheld), readers never raise.
    """
    raw = json.dumps(answer).encode()
    for (operation, _, _), codec in OPERATION_SHAPES.items():
        request = OperationRequest(operation=operation, model=model, body=body, files=(SOUND,))
        try:
            encoded = codec.encode_request(request)
        except RequestRefused:
            continue
        json.dumps(encoded.bodies)
        try:
            decoded = codec.decode_response(request, [raw] * len(encoded.bodies))
        except (WireError, RequestRefused):
            continue
        assert isinstance(decoded.body, bytes)
    for operation in Operation:
        decode_usage(operation, answer)
        is_empty(operation, answer)
        error_message(answer)


def test_a_form_is_changed_where_it_says_something_else():
    """By the names it has; lists are repeated fields, other things JSON; what is said already is
    left alone.
    """
    parts = [
        part("model", b"m"),
        part("x[]", b"1"),
        part("x[]", b"2"),
        part("y", b"1"),
        part("z[]", b"1"),
        part("gone", b"1"),
    ]
    members = {
        "model": "up",
        "x": ["1", "2"],
        "y": "1",
        "z": ["1", "2"],
        "new": [1, True],
        "object": {"a": None},
        "null": None,
    }
    assert field_changes(parts, members) == {
        "model": [b"up"],
        "z[]": [b"1", b"2"],
        "gone": [],
        "new[]": [b"1", b"true"],
        "object": [b'{"a":null}'],
        "null": [],
    }
