"""The official client's own models accept what we write."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from uniapi.canonical import (
    Choice,
    Citation,
    Finish,
    Media,
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    ReasoningSettings,
    Request,
    Response,
    Sampling,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
    unfold,
)
from uniapi.dialects import Quirk, ReplyContext
from uniapi.dialects.gemini import CLIENT, UPSTREAM
from uniapi.wire import SseDecoder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    types = pytest.importorskip("google.genai.types")

SIGNED = Opaque(family="gemini", value="QUJD")
RESPONSE = Response(
    choices=(
        Choice(
            parts=(
                Reasoning(text="hm", opaque=SIGNED),
                Text(
                    text="word",
                    citations=(Citation(url="https://a.example", start=0, end=4),),
                    logprobs=(TokenLogprob(token="word", logprob=-0.1),),
                ),
                ToolCall(call_id="x", name="f", arguments='{"a": 1}', opaque=SIGNED),
                Media(kind="image", mime="image/png", data="AAAA"),
            ),
            finish=Finish(reason="tool_calls"),
        ),
    ),
    usage=Usage(input_tokens=1, output_tokens=3, reasoning_tokens=1),
)
REPLY = ReplyContext(requested_model="m", id_seed="s", created_s=1)


def assert_told(chunks: list[Any]) -> None:
    answers = [types.GenerateContentResponse.model_validate(chunk) for chunk in chunks]
    parts = [part for answer in answers for part in answer.candidates[0].content.parts]
    assert "".join(part.text for part in parts if part.text and not part.thought) == "word"
    assert "".join(part.text for part in parts if part.text and part.thought) == "hm"
    assert [
        (part.function_call.name, part.function_call.args) for part in parts if part.function_call
    ] == [("f", {"a": 1})]
    assert [part.thought_signature for part in parts if part.thought_signature] == [b"ABC", b"ABC"]
    last = answers[-1]
    assert last.candidates[0].finish_reason == types.FinishReason.STOP
    assert last.candidates[0].grounding_metadata.grounding_chunks[0].web.uri == "https://a.example"
    assert (last.usage_metadata.total_token_count, last.model_version) == (4, "m")


def test_answers() -> None:
    """google-genai reads the same answer from a whole body and from a stream."""
    assert_told([CLIENT.encode_response(RESPONSE, REPLY).body])
    encoder = CLIENT.stream_encoder(REPLY)
    raw = b"".join(piece for event in unfold(RESPONSE) for piece in encoder.feed(event))
    assert_told([json.loads(frame.data) for frame in SseDecoder().feed(raw)])


@pytest.mark.parametrize(
    "quirk",
    [Quirk(safety_threshold="OFF"), Quirk(gemini_thinking="budget", json_schema_members=False)],
)
def test_requests(quirk: Quirk) -> None:
    """Every object of a full request fits the client's models, which know no other members."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": ["string", "null"], "format": "uri"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    request = Request(
        model="m",
        messages=(
            Message(role="system", parts=(Text(text="s"),)),
            Message(
                role="user",
                parts=(
                    Text(text="a"),
                    Media(kind="image", mime="image/png", data="AAAA"),
                    Media(kind="file", url="gs://a/b.pdf"),
                ),
            ),
            Message(
                role="assistant",
                parts=(
                    Reasoning(text="hm", opaque=SIGNED),
                    ToolCall(call_id="1", name="f", arguments="{}"),
                ),
            ),
            Message(
                role="user",
                parts=(
                    ToolResult(
                        call_id="1",
                        content=(
                            Text(text="r"),
                            Media(kind="image", mime="image/png", data="AAAA"),
                        ),
                    ),
                ),
            ),
        ),
        tools=(Tool(name="f", parameters=schema),),
        sampling=Sampling(temperature=1, top_k=3, stop=("x",), logprobs=True, top_logprobs=2),
        reasoning=ReasoningSettings(effort="high"),
        output_format=OutputFormat(kind="json_schema", schema=schema),
    )
    body = UPSTREAM.encode_request(request, quirk).body
    for turn in [*body["contents"], body["systemInstruction"]]:
        assert types.Content.model_validate(turn).parts
    for each in body["tools"]:
        assert types.Tool.model_validate(each).function_declarations[0].name == "f"
    assert types.GenerationConfig.model_validate(
        body["generationConfig"]
    ).thinking_config.include_thoughts
    assert len(
        [types.SafetySetting.model_validate(each) for each in body.get("safetySettings", [])]
    ) in (0, 4)
