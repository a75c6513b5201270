"""A Messages stream becomes events: every block kind, the end, failures, any split of the bytes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import (
    Event,
    FailureKind,
    OutputFormat,
    PartDelta,
    PartStart,
    Reasoning,
    Request,
    ResponseEnd,
    ResponseFailed,
    Text,
    Tool,
    ToolCall,
    Unknown,
    checked,
    fold,
)
from uniapi.dialects import Quirk, UpstreamContext
from uniapi.dialects.anthropic import UPSTREAM
from uniapi.wire import SseDecoder

START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 1},
    },
}
STOP = {"type": "message_stop"}


def begin(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **members: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}


def end(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def finished(stop_reason: str | None = "end_turn", **members: Any) -> dict[str, Any]:
    return {
        "type": "message_delta",
        "delta": {"stop_reason": stop_reason, "stop_sequence": None},
        "usage": {"output_tokens": 9},
        **members,
    }


def spelled(*bodies: Any) -> bytes:
    out = b""
    for body in bodies:
        out += (
            b"event: "
            + str(body["type"]).encode()
            + b"\ndata: "
            + json.dumps(body).encode()
            + b"\n\n"
        )
    return out


def events(
    stream: bytes, context: UpstreamContext | None = None, cuts: tuple[int, ...] = ()
) -> list[Event]:
    decoder, frames = (
        UPSTREAM.stream_decoder(context or UpstreamContext(id_seed="5eed")),
        SseDecoder(),
    )
    found: list[Event] = []
    places = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    for first, last in pairwise(places):
        for frame in frames.feed(stream[first:last]):
            found += decoder.feed(frame)
    for frame in frames.eof():
        found += decoder.feed(frame)
    found += decoder.eof()
    return list(checked(found))


TOOL = begin(0, {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}})
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [{"type": "web_search_result", "url": "https://x"}],
}
CITATION = {
    "type": "web_search_result_location",
    "url": "https://x",
    "title": "T",
    "cited_text": "c",
    "encrypted_index": "e",
}

FULL = spelled(
    START,
    {"type": "ping"},
    begin(0, {"type": "thinking", "thinking": "", "signature": ""}),
    delta(0, "thinking_delta", thinking="let me "),
    delta(0, "thinking_delta", thinking="see"),
    delta(0, "signature_delta", signature="sig=="),
    end(0),
    begin(1, {"type": "redacted_thinking", "data": "secret"}),
    end(1),
    begin(2, SEARCH),
    delta(2, "input_json_delta", partial_json='{"query":'),
    delta(2, "input_json_delta", partial_json='"q"}'),
    end(2),
    begin(3, FOUND),
    end(3),
    {"type": "brand_new_event", "x": 1},
    begin(4, {"type": "text", "text": ""}),
    delta(4, "text_delta", text="Füß"),
    delta(4, "brand_new_delta", x=1),
    delta(4, "citations_delta", citation=CITATION),
    delta(4, "text_delta", text="e"),
    end(4),
    begin(5, {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}),
    delta(5, "input_json_delta", partial_json=""),
    delta(5, "input_json_delta", partial_json='{"a":'),
    delta(5, "input_json_delta", partial_json="1}"),
    end(5),
    finished("tool_use", context_management={"applied_edits": []}),
    STOP,
)


def test_a_full_stream_says_what_the_whole_message_says() -> None:
    """fold(decode(stream)) is decode(message): thinking, redacted data, server tools, cited text, a
    call, usage.
    """
    whole = {
        **START["message"],  # type: ignore[dict-item]
        "content": [
            {"type": "thinking", "thinking": "let me see", "signature": "sig=="},
            {"type": "redacted_thinking", "data": "secret"},
            {**SEARCH, "input": {"query": "q"}},
            FOUND,
            {"type": "text", "text": "Füße", "citations": [CITATION]},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 9},
        "context_management": {"applied_edits": []},
    }
    expected = UPSTREAM.decode_response(whole, UpstreamContext())
    streamed = fold(events(FULL))
    call = streamed.choices[0].parts[-1]
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"a": 1}
    assert expected.choices[0].parts[:-1] == streamed.choices[0].parts[:-1]
    assert (expected.choices[0].finish, expected.usage, expected.extensions) == (
        streamed.choices[0].finish,
        streamed.usage,
        streamed.extensions,
    )


def test_deltas_arrive_as_they_come() -> None:
    """Text and arguments are not held back."""
    texts = [event.text for event in events(FULL) if isinstance(event, PartDelta) and event.text]
    assert texts == ["let me ", "see", "Füß", "e", '{"a":', "1}"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, len(FULL)), max_size=12))
def test_any_split_of_the_bytes_gives_the_same_events(cuts: list[int]) -> None:
    """The framing keeps the rest of a cut frame."""
    assert events(FULL) == events(FULL, cuts=tuple(cuts))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(FULL) - 1))
def test_a_stream_cut_anywhere_is_broken_unless_its_end_was_seen(length: int) -> None:
    """Never whole, never an exception."""
    last = events(FULL[:length])[-1]
    if isinstance(last, ResponseFailed):
        assert last.failure.kind is FailureKind.BROKEN
    else:
        assert b'"stop_reason": "' in FULL[:length]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(FULL) - 1), st.binary(min_size=1, max_size=4))
def test_corrupted_bytes_keep_the_grammar(place: int, noise: bytes) -> None:
    """Whatever is read obeys the event grammar and ends once."""
    assert isinstance(
        events(FULL[:place] + noise + FULL[place + len(noise) :])[-1], ResponseEnd | ResponseFailed
    )


VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        "text",
        "tool_use",
        [],
        {},
        [[]],
        {"type": "text"},
        {"type": []},
        {"type": "tool_use", "input": [1]},
    ]
)
BODIES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                "message_start",
                "content_block_start",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop",
                "error",
            ]
        )
    },
    optional=dict.fromkeys(
        ("index", "message", "content_block", "delta", "usage", "error"), VALUES
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(BODIES, max_size=6))
def test_hostile_events_keep_the_grammar(bodies: list[dict[str, Any]]) -> None:
    """Wrong types anywhere end in a failure, never in an exception."""
    assert isinstance(events(spelled(START, *bodies))[-1], ResponseEnd | ResponseFailed)


def test_blocks_may_be_there_from_the_start() -> None:
    """Programmatic tool calls stand in message_start."""
    message = {
        **START["message"],
        "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}],
    }  # type: ignore[dict-item]
    response = fold(
        events(spelled({"type": "message_start", "message": message}, finished("tool_use"), STOP))
    )
    assert (ToolCall(call_id="t", name="f", arguments='{"a": 1}'),) == response.choices[0].parts
    assert response.choices[0].finish.reason == "tool_calls"


def test_input_that_comes_with_the_start_is_used_when_no_delta_does() -> None:
    """Some hosts send the whole call at once."""
    block = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
    alone = fold(events(spelled(START, begin(0, block), end(0), finished(), STOP)))
    both = fold(
        events(
            spelled(
                START,
                begin(0, block),
                delta(0, "input_json_delta", partial_json="{}"),
                end(0),
                finished(),
                STOP,
            )
        )
    )
    assert [r.choices[0].parts[0].arguments for r in (alone, both)] == ['{"a": 1}', "{}"]  # type: ignore[union-attr]


def test_a_block_left_open_is_closed_by_the_end() -> None:
    """And text without a start is taken as text."""
    response = fold(events(spelled(START, delta(0, "text_delta", text="hi"), finished(), STOP)))
    assert (Text(text="hi"),) == response.choices[0].parts


def test_an_answer_that_said_why_it_ended_is_whole_without_its_last_event() -> None:
    """Relays leave `message_stop` out; before the reason the stream is broken."""
    told = (START, begin(0, {"type": "text", "text": ""}), delta(0, "text_delta", text="hi"))
    assert fold(events(spelled(*told, end(0), finished()))).choices[0].parts == (Text(text="hi"),)
    assert isinstance(events(spelled(*told, end(0)))[-1], ResponseFailed)


def test_a_call_is_why_the_turn_ended() -> None:
    """Vendors of this format say `end_turn` beside one."""
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    told = spelled(START, begin(0, call), end(0), finished("end_turn"), STOP)
    assert fold(events(told)).choices[0].finish.reason == "tool_calls"


def test_signed_but_empty_thinking_is_a_part() -> None:
    """Thinking with `display: omitted` must survive the round trip."""
    stream = spelled(
        START,
        begin(0, {"type": "thinking", "thinking": "", "signature": ""}),
        delta(0, "signature_delta", signature="s"),
        end(0),
        finished(),
        STOP,
    )
    part = fold(events(stream)).choices[0].parts[0]
    assert isinstance(part, Reasoning)
    assert part.opaque is not None
    assert (part.text, part.opaque.value) == ("", "s")


def test_a_compaction_block_is_carried() -> None:
    """Its delta sets the content."""
    stream = spelled(
        START,
        begin(0, {"type": "compaction", "content": None}),
        delta(0, "compaction_delta", content="sum"),
        end(0),
        finished("compaction"),
        STOP,
    )
    assert (
        Unknown(
            dialect="anthropic", name="compaction", raw={"type": "compaction", "content": "sum"}
        ),
    ) == fold(events(stream)).choices[0].parts


@pytest.mark.parametrize(
    "schema, pieces, text",
    [
        ({"type": "object", "properties": {}}, ['{"n":', "1}"], '{"n":1}'),
        ({"type": "array"}, ['{"value":', "[1]}"], "[1]"),
    ],
)
def test_the_stand_in_tool_streams_as_text(
    schema: dict[str, Any], pieces: list[str], text: str
) -> None:
    """Live where the input is the answer itself, at its end where it must be unwrapped."""
    request = Request(model="m", output_format=OutputFormat(kind="json_schema", schema=schema))
    context = UpstreamContext(quirk=Quirk(anthropic_structured=False), request=request)
    block = {"type": "tool_use", "id": "t", "name": "json_response", "input": {}}
    deltas = [delta(0, "input_json_delta", partial_json=piece) for piece in pieces]
    response = fold(
        events(
            spelled(START, begin(0, block), *deltas, end(0), finished("tool_use"), STOP),
            context,
        )
    )
    assert (Text(text=text),) == response.choices[0].parts
    assert response.choices[0].finish.reason == "stop"


def test_a_freeform_call_is_unwrapped() -> None:
    """Two of them at once stay two."""
    context = UpstreamContext(request=Request(model="m", tools=(Tool(name="exec", kind="custom"),)))
    stream = [START]
    for index, text in enumerate(("a()", "b()")):
        stream += [
            begin(index, {"type": "tool_use", "id": f"t{index}", "name": "exec", "input": {}}),
            delta(index, "input_json_delta", partial_json=json.dumps({"input": text})),
            end(index),
        ]
    parts = fold(events(spelled(*stream, finished("tool_use"), STOP), context)).choices[0].parts
    assert [(p.call_id, p.arguments, p.kind) for p in parts if isinstance(p, ToolCall)] == [
        ("t0", "a()", "custom"),
        ("t1", "b()", "custom"),
    ]


@pytest.mark.parametrize(
    "error, kind, status",
    [
        ({"type": "overloaded_error", "message": "busy"}, FailureKind.OVERLOADED, 529),
        ({"type": "rate_limit_error", "message": "slow"}, FailureKind.RATE_LIMITED, 429),
        ({"type": "api_error", "message": "oops"}, FailureKind.SERVER_ERROR, 500),
        (
            {"type": "invalid_request_error", "message": "prompt is too long: 3 > 2"},
            FailureKind.TOO_LONG,
            400,
        ),
    ],
)
def test_an_error_event_is_a_failure_of_its_kind(
    error: dict[str, str], kind: FailureKind, status: int
) -> None:
    """Its body is kept for a client of the same dialect; nothing follows."""
    body = {"type": "error", "error": error}
    last = events(
        spelled(
            START,
            begin(0, {"type": "text", "text": ""}),
            body,
            delta(0, "text_delta", text="x"),
            STOP,
        )
    )[-1]
    assert isinstance(last, ResponseFailed)
    failure = last.failure
    assert (kind, status, error["message"], "anthropic") == (
        failure.kind,
        failure.status,
        failure.message,
        failure.dialect,
    )
    assert json.loads(failure.body or b"") == body


def test_usage_is_cumulative_and_keeps_the_start() -> None:
    """message_delta states the output; the input of message_start stays."""
    usage = fold(events(FULL)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (12, 9, 7)


def test_the_first_tool_event_names_the_call() -> None:
    """So that a client sees the call begin."""
    starts = [
        event.part
        for event in events(spelled(START, TOOL, end(0), finished("tool_use"), STOP))
        if isinstance(event, PartStart)
    ]
    assert [ToolCall(call_id="toolu_1", name="f")] == starts


def test_a_source_stands_for_the_whole_text_of_its_block() -> None:
    """It comes before the text; clients whose citations have offsets are told them when the block
    is whole.
    """
    stream = spelled(
        {
            "type": "message_start",
            "message": {"id": "m", "model": "c", "usage": {"input_tokens": 1}},
        },
        begin(0, {"type": "text", "text": ""}),
        delta(0, "citations_delta", citation=CITATION),
        delta(0, "text_delta", text="Moss "),
        delta(0, "text_delta", text="is green"),
        end(0),
        begin(1, {"type": "text", "text": ""}),
        delta(1, "text_delta", text="."),
        end(1),
        finished(),
        {"type": "message_stop"},
    )
    parts = fold(events(stream)).choices[0].parts
    assert [
        [(citation.start, citation.end) for citation in part.citations]
        for part in parts
        if isinstance(part, Text)
    ] == [[(0, 13)], []]
