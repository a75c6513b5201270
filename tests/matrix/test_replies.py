"""The fakes speak the vendors' formats: their own models read every answer, whole and as
a stream.
"""

import json

import botocore.session
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from botocore.eventstream import EventStreamBuffer
from botocore.parsers import create_parser
from cohere.types import AssistantMessageResponse, Usage
from google.genai import types as genai
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter
from replies import OUTPUT, RENDERERS, Reply

REPLY = Reply(
    reasoning="Hm.",
    text="Hello there.",
    calls=(("c1", "look", {"city": "Oslo"}),),
    finish="tool_calls",
)


class CohereAnswer(BaseModel):
    """The SDK's own answer type leaves the finish reason open; its parts are what is checked."""

    id: str
    message: AssistantMessageResponse
    finish_reason: str
    usage: Usage


MODELS = {
    "chat": (ChatCompletion, ChatCompletionChunk),
    "responses": (Response, ResponseStreamEvent),
    "anthropic": (Message, RawMessageStreamEvent),
    "gemini": (genai.GenerateContentResponse, genai.GenerateContentResponse),
    "cohere": (CohereAnswer, None),
}


@pytest.mark.parametrize("upstream", MODELS)
def test_a_fake_answer_is_the_vendors(upstream):
    """Whole answers and every stream event validate."""
    answer_model, event_model = MODELS[upstream]
    TypeAdapter(answer_model).validate_json(RENDERERS[upstream](REPLY, False).pieces[0])
    frames = [
        line[6:]
        for piece in RENDERERS[upstream](REPLY, True).pieces
        for line in piece.splitlines()
        if line.startswith(b"data: {")
    ]
    assert len(frames) > 5
    for frame in frames:
        if event_model is not None and json.loads(frame).get("type") != "ping":
            TypeAdapter(event_model).validate_json(frame)


def test_a_fake_converse_answer_is_awss():
    """The whole answer by botocore's parser, the stream by its own event-stream buffer."""
    model = (
        botocore.session.get_session()
        .get_service_model("bedrock-runtime")
        .operation_model("Converse")
    )
    body = RENDERERS["converse"](REPLY, False).pieces[0]
    parsed = create_parser("rest-json").parse(
        {"status_code": 200, "headers": {}, "body": body}, model.output_shape
    )
    assert parsed["usage"]["outputTokens"] == OUTPUT
    assert parsed["output"]["message"]["content"][2]["toolUse"] == {
        "toolUseId": "c1",
        "name": "look",
        "input": {"city": "Oslo"},
    }
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(RENDERERS["converse"](REPLY, True).pieces))
    assert [event.headers[":event-type"] for event in buffer][-2:] == ["messageStop", "metadata"]
