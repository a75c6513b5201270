"""Legacy completions: a prompt is a chat of one message, and every answer is text."""

import json

import pytest

from uniapi.canonical import (
    Choice,
    Failure,
    Finish,
    Message,
    Reasoning,
    Refusal,
    RequestRefused,
    Response,
    ResponseFailed,
    Text,
    ToolCall,
    Usage,
    unfold,
)
from uniapi.dialects import COMPLETIONS, ReplyContext

CONTEXT = ReplyContext(requested_model="m", id_seed="abc", created_s=5)


def test_a_request_keeps_its_settings_and_reports_what_a_chat_lacks():
    """Sampling is shared with chat; the four members of old, where they ask for something, are
    extensions of this dialect alone; unknown ones are chat's.
    """
    body = {
        "prompt": ["hi"],
        "max_tokens": 3,
        "stop": "x",
        "n": 2,
        "seed": 1,
        "suffix": "s",
        "best_of": 1,
        "echo": False,
        "logprobs": 0,
        "min_p": 0.1,
    }
    request = COMPLETIONS.decode_request(body, "m", True)
    assert request.messages == (Message(role="user", parts=(Text(text="hi"),)),)
    assert (
        request.sampling.max_output_tokens,
        request.sampling.stop,
        request.sampling.choices,
        request.sampling.seed,
    ) == (3, ("x",), 2, 1)
    assert request.sampling.logprobs is None
    assert request.extensions == {
        "openai_chat": {"min_p": 0.1},
        "openai_completions": {"logprobs": 0, "suffix": "s"},
    }


@pytest.mark.parametrize("prompt", [None, 7, {"a": 1}, [], ["a", "b"], [1, 2], [[1]]])
def test_what_is_no_single_text_is_refused_by_name(prompt):
    """Several prompts and tokens need the endpoint itself."""
    with pytest.raises(RequestRefused) as refused:
        COMPLETIONS.decode_request({"prompt": prompt}, "m", False)
    assert (refused.value.error.status, refused.value.error.param) == (400, "prompt")


ANSWER = Response(
    choices=(
        Choice(
            parts=(Reasoning(text="hm"), Text(text="one "), Refusal(text="no")),
            finish=Finish(reason="length"),
        ),
        Choice(
            parts=(Text(text="two"), ToolCall(call_id="1", name="f", arguments="{}")),
            finish=Finish(reason="tool_calls"),
        ),
    ),
    usage=Usage(input_tokens=1, output_tokens=2),
)


def test_whole_and_streamed_answers_say_the_same():
    """The texts of both choices, how they ended, the usage, and what was lost."""
    whole = COMPLETIONS.encode_response(ANSWER, CONTEXT)
    assert [(choice["text"], choice["finish_reason"]) for choice in whole.body["choices"]] == [
        ("one no", "length"),
        ("two", "tool_calls"),
    ]
    assert (whole.body["id"], whole.body["object"], whole.body["model"], whole.body["created"]) == (
        "cmpl-abc",
        "text_completion",
        "m",
        5,
    )
    encoder = COMPLETIONS.stream_encoder(CONTEXT)
    data = b"".join(piece for event in unfold(ANSWER) for piece in encoder.feed(event))
    chunks = [
        json.loads(line[6:]) for line in data.decode().splitlines() if line.startswith("data: {")
    ]
    texts = {0: "", 1: ""}
    for chunk in chunks:
        for choice in chunk["choices"]:
            texts[choice["index"]] += choice["text"]
    assert texts == {0: "one no", 1: "two"}
    assert chunks[-1]["usage"] == whole.body["usage"]
    assert data.endswith(b"data: [DONE]\n\n")
    assert tuple(encoder.losses) == whole.losses == ("reasoning", "tool_calls")


def test_a_failure_in_the_stream_is_an_error_chunk():
    """And nothing comes after the end."""
    encoder = COMPLETIONS.stream_encoder(CONTEXT)
    encoder.join_midway()
    data = b"".join(encoder.feed(ResponseFailed(failure=Failure.cut("gone"))))
    assert json.loads(data.split(b"\n")[0][6:])["error"]["message"] == "gone"
    assert encoder.eof() == []
