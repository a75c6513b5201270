"""Events become a Messages stream: the order of events, one block at a time, and what the SDK makes
of it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types.beta import BetaRawMessageStreamEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from uniapi.canonical import (
    Choice,
    Citation,
    Event,
    Failure,
    FailureKind,
    Finish,
    Media,
    Opaque,
    Part,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    Refusal,
    Response,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    Search,
    Text,
    ToolCall,
    Unknown,
    Usage,
    UsageReport,
    fold,
    unfold,
)
from uniapi.dialects import ReplyContext, UpstreamContext
from uniapi.dialects.anthropic import CLIENT, UPSTREAM
from uniapi.wire import SseDecoder

CONTEXT = ReplyContext(
    requested_model="claude-alias", id_seed="0abc", created_s=1, input_tokens_estimate=11
)
EVENT: TypeAdapter[Any] = TypeAdapter(BetaRawMessageStreamEvent)
END = ResponseEnd(finishes=(Finish(reason="stop"),))


def encode(*events: Event) -> tuple[list[dict[str, Any]], list[str]]:
    """The event bodies, each checked against the SDK's model and its own name, and the losses."""
    encoder, frames = CLIENT.stream_encoder(CONTEXT), SseDecoder()
    raw = b"".join([chunk for event in events for chunk in encoder.feed(event)] + encoder.eof())
    bodies = []
    for frame in frames.feed(raw) + frames.eof():
        body = json.loads(frame.data)
        assert frame.event == body["type"]
        if body["type"] != "error":
            EVENT.validate_python(body)
        bodies.append(body)
    return bodies, encoder.losses


def brief(bodies: list[dict[str, Any]]) -> list[str]:
    """Each event as a word, block events with their index, deltas with their content."""
    words = []
    for body in bodies:
        word = body["type"].removeprefix("content_block_").removeprefix("message_")
        if "index" in body:
            word = f"{word} {body['index']}"
        if body["type"] == "content_block_start":
            word += f" {body['content_block']['type']}"
        if body["type"] == "content_block_delta":
            word += " " + next(
                str(value) for name, value in body["delta"].items() if name != "type"
            )
        words.append(word)
    return words


def test_text_streams_in_the_documented_order() -> None:
    """message_start with an estimate, one block, the reason with the exact figures,
    message_stop.
    """
    bodies, losses = encode(
        ResponseStart(response_id="chatcmpl-1", model="gpt-x"),
        PartStart(index=0, part=Text(text="")),
        PartDelta(index=0, text="Hé"),
        PartDelta(index=0, text='"\n'),
        PartEnd(index=0),
        UsageReport(usage=Usage(input_tokens=20, output_tokens=2, cache_read_tokens=8)),
        END,
    )
    assert brief(bodies) == [
        "start",
        "start 0 text",
        "delta 0 Hé",
        'delta 0 "\n',
        "stop 0",
        "delta",
        "stop",
    ]
    message = bodies[0]["message"]
    assert (message["id"], message["model"], message["usage"]["input_tokens"]) == (
        "msg_0abc",
        "claude-alias",
        11,
    )
    assert bodies[-2] == {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {
            "input_tokens": 12,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 8,
            "output_tokens": 2,
        },
    }
    assert losses == []


def test_parallel_parts_come_one_after_the_other() -> None:
    """The first call's arguments stream live, the second's follow when its turn comes, then live
    too.
    """
    bodies, _ = encode(
        ResponseStart(),
        PartStart(index=0, part=ToolCall(call_id="a", name="f")),
        PartStart(index=1, part=ToolCall(call_id="b", name="g")),
        PartDelta(index=1, text="{1"),
        PartDelta(index=0, text="{0"),
        PartStart(index=2, part=ToolCall(call_id="", name="h", arguments="{2}")),
        PartEnd(index=2),
        PartEnd(index=0),
        PartDelta(index=1, text="1}"),
        PartEnd(index=1),
        ResponseEnd(finishes=(Finish(reason="tool_calls"),)),
    )
    assert brief(bodies) == [
        "start",
        "start 0 tool_use",
        "delta 0 {0",
        "stop 0",
        "start 1 tool_use",
        "delta 1 {1",
        "delta 1 1}",
        "stop 1",
        "start 2 tool_use",
        "delta 2 {2}",
        "stop 2",
        "delta",
        "stop",
    ]
    assert bodies[8]["content_block"] == {
        "type": "tool_use",
        "id": "toolu_0abc02",
        "name": "h",
        "input": {},
    }
    assert bodies[-2]["delta"]["stop_reason"] == "tool_use"


def test_the_first_call_is_written_while_it_grows() -> None:
    """Claude Code shows arguments as they come."""
    encoder = CLIENT.stream_encoder(CONTEXT)
    encoder.feed(ResponseStart())
    assert encoder.feed(PartStart(index=0, part=ToolCall(call_id="a", name="f")))
    assert b'"partial_json":"{\\"a"' in b"".join(encoder.feed(PartDelta(index=0, text='{"a')))


def test_empty_parts_make_no_block() -> None:
    """Clients would send an empty text back, and the API refuses it; indexes stay dense."""
    bodies, _ = encode(
        ResponseStart(),
        PartStart(index=0, part=Text(text="")),
        PartEnd(index=0),
        PartStart(index=1, part=Reasoning()),
        PartDelta(index=1, opaque=Opaque(family="gemini", value="g")),
        PartEnd(index=1),
        PartStart(index=2, part=Text(text="x")),
        PartEnd(index=2),
        END,
    )
    assert brief(bodies) == ["start", "start 0 text", "delta 0 x", "stop 0", "delta", "stop"]


@pytest.mark.parametrize(
    "part, deltas, expected",
    [
        (
            Reasoning(),
            [
                PartDelta(index=0, text="hm"),
                PartDelta(index=0, opaque=Opaque(family="anthropic", value="s")),
            ],
            ["thinking", "hm", "s"],
        ),
        (
            Reasoning(),
            [PartDelta(index=0, opaque=Opaque(family="anthropic", value="s"))],
            ["thinking", "s"],
        ),
        (
            Reasoning(),
            [
                PartDelta(index=0, text="hm"),
                PartDelta(index=0, opaque=Opaque(family="openai", value="e")),
            ],
            ["thinking", "hm"],
        ),
        (
            Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="d")),
            [],
            ["redacted_thinking"],
        ),
        (Reasoning(is_redacted=True, opaque=Opaque(family="openai", value="d")), [], []),
        (Refusal(text=""), [PartDelta(index=0, text="no")], ["text", "no"]),
        (
            ToolCall(call_id="a", name="exec", kind="custom"),
            [PartDelta(index=0, text='say "x"')],
            ["tool_use", '{"input": "', 'say \\"x\\"', '"}'],
        ),
        (
            Media(kind="image", mime="image/png"),
            [PartDelta(index=0, text="AA"), PartDelta(index=0, text="==")],
            ["text", "![image](data:image/png;base64,AA==)"],
        ),
        (
            Unknown(
                dialect="anthropic",
                name="server_tool_use",
                raw={
                    "type": "server_tool_use",
                    "id": "s",
                    "name": "web_search",
                    "input": {"query": "q"},
                },
            ),
            [],
            ["server_tool_use", '{"query": "q"}'],
        ),
        (
            Search(queries=("a", "b"), sources=(Citation(url="https://a.example"),)),
            [],
            ["server_tool_use", '{"query": "a, b"}'],
        ),
        (Unknown(dialect="openai_responses", name="x", raw={}), [], []),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
def test_each_kind_of_part_has_its_block(
    part: Part, deltas: list[PartDelta], expected: list[str], waits: bool
) -> None:
    """The same whether it is written live or waited behind another part."""
    events: list[Event] = [PartStart(index=0, part=part), *deltas, PartEnd(index=0)]
    if waits:
        shifted = [
            PartStart(index=1, part=part),
            *(PartDelta(index=1, text=d.text, opaque=d.opaque) for d in deltas),
            PartEnd(index=1),
        ]
        events = [PartStart(index=0, part=Text(text="first")), *shifted, PartEnd(index=0)]
    bodies, _ = encode(ResponseStart(), *events, END)
    place = 1 if waits else 0
    written = [body for body in bodies if body.get("index") == place]
    words = [body["content_block"]["type"] for body in written if "content_block" in body]
    words += [
        next(str(value) for name, value in body["delta"].items() if name != "type")
        for body in written
        if "delta" in body
    ]
    assert expected == words


def test_foreign_citations_become_search_results() -> None:
    """This dialect's own go back as they came."""
    raw = {
        "type": "page_location",
        "cited_text": "c",
        "document_index": 0,
        "document_title": None,
        "start_page_number": 1,
        "end_page_number": 2,
    }
    citations = (Citation(dialect="anthropic", raw=raw), Citation(url="https://x", title="T"))
    bodies, losses = encode(
        ResponseStart(),
        PartStart(index=0, part=Text(text="x")),
        PartDelta(index=0, citations=(*citations, Citation(title="Doc"), Citation())),
        PartEnd(index=0),
        END,
    )
    cited = [
        body["delta"]["citation"]
        for body in bodies
        if body["type"] == "content_block_delta" and "citation" in body["delta"]
    ]
    assert [raw, "https://x", "Doc"] == [cited[0], cited[1]["url"], cited[2]["source"]]
    assert losses == ["citations"]


def test_other_choices_are_a_loss() -> None:
    """A message has one answer."""
    bodies, losses = encode(
        ResponseStart(),
        PartStart(index=0, part=Text(text="a")),
        PartStart(index=1, part=Text(text="b"), choice=1),
        PartDelta(index=1, text="b"),
        PartEnd(index=1),
        PartEnd(index=0),
        ResponseEnd(finishes=(Finish(reason="length"), Finish(reason="stop"))),
    )
    assert brief(bodies) == ["start", "start 0 text", "delta 0 a", "stop 0", "delta", "stop"]
    assert (losses, bodies[-2]["delta"]["stop_reason"]) == (["choices"], "max_tokens")


@pytest.mark.parametrize(
    "failure, error",
    [
        (
            Failure(kind=FailureKind.OVERLOADED, message="busy"),
            {"type": "overloaded_error", "message": "busy"},
        ),
        (
            Failure(kind=FailureKind.TIMEOUT, message="slow"),
            {"type": "timeout_error", "message": "slow"},
        ),
        (
            Failure(kind=FailureKind.QUOTA, message="paid out"),
            {"type": "billing_error", "message": "paid out"},
        ),
        (Failure.cut("cut"), {"type": "api_error", "message": "cut"}),
        (
            Failure(
                kind=FailureKind.OVERLOADED,
                message="m",
                dialect="anthropic",
                body=b'{"type":"error","error":{"type":"overloaded_error","message":"own"}}',
            ),
            {"type": "overloaded_error", "message": "own"},
        ),
    ],
)
def test_a_failure_is_an_error_event_and_nothing_after_it(
    failure: Failure, error: dict[str, str]
) -> None:
    """Half a tool call must not look whole, so its block stays open."""
    bodies, _ = encode(
        ResponseStart(),
        PartStart(index=0, part=ToolCall(call_id="a", name="f")),
        ResponseFailed(failure=failure),
        END,
    )
    assert brief(bodies) == ["start", "start 0 tool_use", "error"]
    assert error == bodies[-1]["error"]


def test_a_stream_that_just_ends_says_so() -> None:
    """Never a bare cut; and a failure before anything has its message_start."""
    assert brief(encode(ResponseStart())[0]) == ["start", "error"]
    assert brief(encode()[0]) == ["start", "error"]


def test_lone_surrogates_do_not_break_the_stream() -> None:
    """Half an emoji from a vendor's escape goes on as an escape."""
    bodies, _ = encode(
        ResponseStart(),
        PartStart(index=0, part=Text(text="")),
        PartDelta(index=0, text="\ud83d"),
        PartEnd(index=0),
        END,
    )
    assert bodies[2]["delta"]["text"] == "\ud83d"


OPAQUE = Opaque(family="anthropic", value="s")
PARTS = st.one_of(
    st.builds(Text, text=st.text(min_size=1, max_size=5)),
    st.builds(Reasoning, text=st.text(min_size=1, max_size=5), opaque=st.just(OPAQUE)),
    st.builds(
        ToolCall,
        call_id=st.uuids().map(str),
        name=st.just("f"),
        arguments=st.sampled_from(['{"a":1}', "{}"]),
    ),
    st.just(
        Unknown(
            dialect="anthropic",
            name="container_upload",
            raw={"type": "container_upload", "file_id": "f"},
        )
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(PARTS, max_size=4))
def test_what_is_encoded_is_decoded_again(parts: list[Part]) -> None:
    """Encoder and decoder agree on every part this dialect can say."""
    finish = Finish(
        reason="tool_calls" if any(isinstance(part, ToolCall) for part in parts) else "stop"
    )
    response = Response(
        choices=(Choice(parts=tuple(parts), finish=finish),),
        usage=Usage(input_tokens=1, output_tokens=2),
    )
    encoder, frames, decoder = (
        CLIENT.stream_encoder(CONTEXT),
        SseDecoder(),
        UPSTREAM.stream_decoder(UpstreamContext()),
    )
    raw = b"".join(chunk for event in unfold(response) for chunk in encoder.feed(event))
    decoded = fold([event for frame in frames.feed(raw) for event in decoder.feed(frame)])
    assert decoded.choices[0].parts == tuple(parts)
    assert decoded.choices[0].finish.reason == finish.reason
