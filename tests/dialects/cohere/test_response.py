"""Whole v2 chat answers, and the same answers streamed: one table, both must tell the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import (
    Citation,
    Event,
    FailureKind,
    Finish,
    FinishReason,
    FoldError,
    Reasoning,
    Request,
    Response,
    ResponseEnd,
    ResponseFailed,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    Usage,
    checked,
    fold,
    unfold,
)
from uniapi.dialects import UpstreamContext
from uniapi.dialects.cohere import UPSTREAM
from uniapi.errors import WireError
from uniapi.wire import Frame, SseDecoder

PLAIN = UpstreamContext()
USAGE = {
    "billed_units": {"input_tokens": 5.0, "output_tokens": 4},
    "tokens": {"input_tokens": 70.0, "output_tokens": 9, "reasoning_tokens": 3},
    "cached_tokens": 16,
}
CITED = {
    "start": 0,
    "end": 4,
    "text": "Ruby",
    "sources": [
        {
            "type": "document",
            "id": "doc:0",
            "document": {
                "id": "doc:0",
                "title": "facts",
                "text": "Ruby was created.",
                "url": "https://x.example/",
            },
        }
    ],
    "content_index": 1,
    "type": "TEXT_CONTENT",
}
PLANNED = {"start": 0, "end": 1, "text": "I", "sources": [], "type": "PLAN"}


def sse(*events: dict[str, Any]) -> bytes:
    return (
        b"".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
        )
        + b"data: [DONE]\n\n"
    )


def start(index: int, **content: Any) -> dict[str, Any]:
    return {"type": "content-start", "index": index, "delta": {"message": {"content": content}}}


def delta(index: int, **content: Any) -> dict[str, Any]:
    return {"type": "content-delta", "index": index, "delta": {"message": {"content": content}}}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content-end", "index": index}


def plan(text: str) -> dict[str, Any]:
    return {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": text}}}


def call(index: int, call_id: str, name: str, *pieces: str) -> list[dict[str, Any]]:
    begun = {"id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
    return [
        {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": begun}}},
        *(
            {
                "type": "tool-call-delta",
                "index": index,
                "delta": {"message": {"tool_calls": {"function": {"arguments": piece}}}},
            }
            for piece in pieces
        ),
        {"type": "tool-call-end", "index": index},
    ]


def cite(citation: Any) -> list[dict[str, Any]]:
    return [
        {"type": "citation-start", "index": 0, "delta": {"message": {"citations": citation}}},
        {"type": "citation-end", "index": 0},
    ]


def events_of(
    stream: bytes, context: UpstreamContext = PLAIN, sizes: list[int] | None = None
) -> list[Event]:
    framer, decoder = SseDecoder(), UPSTREAM.stream_decoder(context)
    events: list[Event] = []
    at = 0
    for size in [*(sizes or []), len(stream)]:
        for frame in framer.feed(stream[at : at + size]):
            events += decoder.feed(frame)
        at += size
    for frame in framer.eof():
        events += decoder.feed(frame)
    return list(checked(events + decoder.eof()))


def framed(events: list[dict[str, Any]], reason: str = "COMPLETE") -> bytes:
    begin = {
        "type": "message-start",
        "id": "r1",
        "delta": {
            "message": {
                "role": "assistant",
                "content": [],
                "tool_plan": "",
                "tool_calls": [],
                "citations": [],
            }
        },
    }
    return sse(
        begin, *events, {"type": "message-end", "delta": {"finish_reason": reason, "usage": USAGE}}
    )


def streamed(
    events: list[dict[str, Any]], context: UpstreamContext = PLAIN, reason: str = "COMPLETE"
) -> Response:
    return fold(events_of(framed(events, reason), context))


def decoded(
    message: dict[str, Any], context: UpstreamContext = PLAIN, reason: str = "COMPLETE"
) -> Response:
    response = UPSTREAM.decode_response(
        {
            "id": "r1",
            "message": {"role": "assistant", **message},
            "finish_reason": reason,
            "usage": USAGE,
        },
        context,
    )
    assert fold(checked(unfold(response))) == response
    return response


def tool_call(call_id: str, name: str, arguments: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


CITATION = Citation(
    url="https://x.example/",
    title="facts",
    cited_text="Ruby was created.",
    start=0,
    end=4,
    dialect="cohere",
    raw=CITED,
)
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], tuple[Any, ...]]] = {
    "text": (
        {"content": [{"type": "text", "text": "Hello"}]},
        [start(0, type="text", text=""), delta(0, text="Hel"), delta(0, text="lo"), stop(0)],
        (Text(text="Hello"),),
    ),
    "thinking and citations": (
        {
            "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Ruby."}],
            "citations": [CITED],
        },
        [
            *(start(0, type="thinking", thinking=""), delta(0, thinking="Hm."), stop(0)),
            *(start(1, type="text", text=""), delta(1, text="Ruby."), *cite(CITED), stop(1)),
        ],
        (Reasoning(text="Hm."), Text(text="Ruby.", citations=(CITATION,))),
    ),
    "a citation behind its text": (
        {
            "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Ruby."}],
            "citations": [CITED],
        },
        [
            start(0, type="thinking", thinking="Hm."),
            stop(0),
            start(1, type="text", text="Ruby."),
            stop(1),
            *cite([CITED]),
        ],
        (Reasoning(text="Hm."), Text(text="Ruby.", citations=(CITATION,))),
    ),
    "plan and calls": (
        {
            "tool_plan": "I will look.",
            "tool_calls": [
                tool_call("c1", "f", '{"a": 1}'),
                tool_call("c2", "g", "null"),
                tool_call("c3", "h", None),
            ],
        },
        [
            plan("I will "),
            plan("look."),
            *call(0, "c1", "f", '{"', 'a": 1}'),
            *call(1, "c2", "g"),
            *call(2, "c3", "h", "nu", "ll"),
        ],
        (
            Reasoning(text="I will look."),
            ToolCall(call_id="c1", name="f", arguments='{"a": 1}'),
            ToolCall(call_id="c2", name="g", arguments="{}"),
            ToolCall(call_id="c3", name="h", arguments="{}"),
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_whole_and_streamed_tell_the_same(name: str) -> None:
    """Each kind of content, as a whole and in pieces."""
    message, events, parts = CASES[name]
    for response in (decoded(message), streamed(events)):
        assert parts == response.choices[0].parts
        assert response.response_id == "r1"
        assert (
            Usage(
                input_tokens=70,
                output_tokens=9,
                cache_read_tokens=16,
                reasoning_tokens=3,
                billed_tokens=(5, 4),
                raw=USAGE,
                dialect="cohere",
            )
            == response.usage
        )


def test_calls_side_by_side() -> None:
    """Calls that are open together keep their own arguments."""
    first, second = call(0, "a", "f", '{"x"', ": 1}"), call(1, "b", "g", '{"y"', ": 2}")
    mixed = [frame for pair in zip(first, second, strict=True) for frame in pair]
    assert (
        ToolCall(call_id="a", name="f", arguments='{"x": 1}'),
        ToolCall(call_id="b", name="g", arguments='{"y": 2}'),
    ) == streamed(mixed).choices[0].parts


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("TOOL_CALL", "tool_calls"),
        ("NEW", "stop"),
    ],
)
def test_finish_reasons(native: str, reason: FinishReason) -> None:
    """The vendor's words and what they mean."""
    message, events, _ = CASES["text"]
    expected = Finish(reason=reason, native=native, dialect="cohere")
    assert expected == decoded(message, reason=native).choices[0].finish
    assert expected == streamed(events, reason=native).choices[0].finish


@pytest.mark.parametrize("native", ["ERROR", "TIMEOUT", "USER_CANCEL"])
def test_a_finish_that_is_a_failure(native: str) -> None:
    """It is no clean end, whole or streamed."""
    message, events, _ = CASES["text"]
    with pytest.raises(FoldError, match=native):
        decoded(message, reason=native)
    with pytest.raises(FoldError, match=native):
        streamed(events, reason=native)


def test_citations_that_have_no_text_are_kept_aside() -> None:
    """Those of a plan, and of a block that is not there."""
    message, events, parts = CASES["plan and calls"]
    for response in (
        decoded({**message, "citations": [PLANNED]}),
        streamed([*events[:2], *cite(PLANNED), *events[2:]]),
    ):
        assert parts == response.choices[0].parts
        assert response.extensions["cohere"] == {"citations": [PLANNED]}


def test_a_citation_of_several_sources_is_several() -> None:
    """Each source is a citation of the same stretch; without a block's index it is of the last
    text.
    """
    citation = {
        "start": 1,
        "end": 2,
        "sources": [
            {"type": "tool", "id": "t:0", "tool_output": {"a": 1}},
            {"type": "document", "id": "d:1"},
        ],
    }
    response = decoded({"content": [{"type": "text", "text": "Yes."}], "citations": [citation]})
    (part,) = response.choices[0].parts
    assert isinstance(part, Text)
    assert [(found.title, found.start, found.end) for found in part.citations] == [
        ("t:0", 1, 2),
        ("d:1", 1, 2),
    ]


def test_log_probabilities() -> None:
    """One entry for each chunk; the probability of several tokens together is their product."""
    items = [
        {"text": "Hel", "token_ids": [1], "logprobs": [-0.5]},
        {"text": "lo!", "token_ids": [2, 3], "logprobs": [-0.25, -0.5]},
    ]
    expected = (TokenLogprob(token="Hel", logprob=-0.5), TokenLogprob(token="lo!", logprob=-0.75))
    whole = UPSTREAM.decode_response(
        {"message": {"content": [{"text": "Hello!"}]}, "logprobs": items}, PLAIN
    )
    pieces = [
        start(0, type="text", text=""),
        *({**delta(0, text=str(item["text"])), "logprobs": item} for item in items),
        stop(0),
    ]
    for response in (whole, streamed(pieces)):
        assert (Text(text="Hello!", logprobs=expected),) == response.choices[0].parts


def test_calls_come_back_under_the_clients_names() -> None:
    """Namespaces, ours and the model's own, and freeform tools are undone."""
    context = UpstreamContext(
        request=Request(
            model="m", tools=(Tool(name="go", namespace="box"), Tool(name="run", kind="custom"))
        )
    )
    expected = (
        ToolCall(call_id="1", name="go", namespace="box", arguments="{}"),
        ToolCall(call_id="2", name="run", kind="custom", arguments="ls"),
    )
    message = {
        "tool_calls": [
            tool_call("1", "box__go", "{}"),
            tool_call("2", "functions.run", '{"input": "ls"}'),
        ]
    }
    assert expected == decoded(message, context).choices[0].parts
    assert (
        expected
        == streamed(
            [*call(0, "1", "box__go", "{}"), *call(1, "2", "run", '{"input"', ': "ls"}')], context
        )
        .choices[0]
        .parts
    )


def test_billed_units_stand_in_for_tokens() -> None:
    """Where there is nothing else."""
    response = UPSTREAM.decode_response(
        {
            "message": {"content": "Hi"},
            "usage": {"billed_units": {"input_tokens": 5, "output_tokens": 4}},
        },
        PLAIN,
    )
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens, response.text) == (
        5,
        4,
        "Hi",
    )


@pytest.mark.parametrize(
    ("end", "kind", "message"),
    [
        (
            {
                "finish_reason": "ERROR",
                "error": "invalid tool generation",
                "error_type": "INVALID_TOOL_GENERATION",
                "usage": {},
            },
            FailureKind.MODEL_FAULT,
            "invalid tool generation",
        ),
        (
            {"finish_reason": "ERROR", "error": "internal error"},
            FailureKind.SERVER_ERROR,
            "internal error",
        ),
        (
            {"finish_reason": "ERROR", "error": "too many tokens: 9 > 8"},
            FailureKind.TOO_LONG,
            "too many tokens: 9 > 8",
        ),
    ],
)
def test_an_error_at_the_end_is_a_failure(
    end: dict[str, Any], kind: FailureKind, message: str
) -> None:
    """A stream that says what went wrong did not end well."""
    last = events_of(sse(start(0, type="text", text="H"), {"type": "message-end", "delta": end}))[
        -1
    ]
    assert isinstance(last, ResponseFailed)
    assert (kind, message) == (last.failure.kind, last.failure.message)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        framed(CASES["text"][1])[:150],
        b'data: {"message": "internal server error"}\n\n',
        b"data: <html>\n\n",
    ],
)
def test_a_stream_without_its_end_is_a_failure(stream: bytes) -> None:
    """Cut streams, bare error objects and bytes that are no JSON."""
    assert isinstance(events_of(stream)[-1], ResponseFailed)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 90), max_size=20), st.sampled_from(sorted(CASES)))
def test_any_split_gives_the_same_events(sizes: list[int], name: str) -> None:
    """Events do not depend on how the bytes come."""
    stream = framed(CASES[name][1])
    assert events_of(stream) == events_of(stream, sizes=sizes)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"message": {"content": [1]}},
        {"message": {"tool_calls": [{}]}},
        {"message": {"citations": [1]}},
        {"message": {"content": [{"text": 1}]}},
    ],
)
def test_what_is_no_answer_is_a_wire_error(body: Any) -> None:
    """Malformed answers are refused in one way."""
    with pytest.raises(WireError):
        UPSTREAM.decode_response(body, PLAIN)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"message": "internal server error"}, FailureKind.SERVER_ERROR),
        ({"message": "too many tokens: the prompt has 300000"}, FailureKind.TOO_LONG),
        ({"message": "You are past the rate limit: please wait"}, FailureKind.RATE_LIMITED),
        ({"error": {"message": "invalid api token"}}, FailureKind.CREDENTIAL_REFUSED),
    ],
)
def test_an_error_with_status_200_is_a_failure_of_its_kind(body: Any, kind: FailureKind) -> None:
    """Routing is told what it was."""
    with pytest.raises(FoldError) as raised:
        UPSTREAM.decode_response(body, PLAIN)
    assert kind is raised.value.failure.kind


members = [
    "type",
    "index",
    "delta",
    "message",
    "content",
    "text",
    "thinking",
    "tool_calls",
    "function",
    "id",
    "name",
    "arguments",
    "citations",
    "sources",
    "usage",
]
hostile = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(members), inner, max_size=4)
    ),
    max_leaves=10,
)
types = st.sampled_from(
    [
        "message-start",
        "content-start",
        "content-delta",
        "content-end",
        "tool-plan-delta",
        "tool-call-start",
        "tool-call-delta",
        "tool-call-end",
        "citation-start",
        "message-end",
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(types, hostile, hostile), max_size=6), hostile)
def test_hostile_answers_keep_the_grammar(frames: list[tuple[str, Any, Any]], body: Any) -> None:
    """Wrong types anywhere end in a failure or a WireError, never in another exception."""
    decoder = UPSTREAM.stream_decoder(PLAIN)
    events: list[Event] = []
    for kind, index, content in frames:
        events += decoder.feed(
            Frame(
                kind,
                json.dumps({"type": kind, "index": index, "delta": {"message": content}}).encode(),
                b"",
            )
        )
        events += decoder.feed(Frame(kind, json.dumps(content).encode(), b""))
    last = list(checked(events + decoder.eof()))[-1]
    assert isinstance(last, ResponseFailed | ResponseEnd)
    try:
        response = UPSTREAM.decode_response({"message": body}, PLAIN)
    except (WireError, FoldError):
        return
    assert fold(checked(unfold(response))).choices == response.choices
