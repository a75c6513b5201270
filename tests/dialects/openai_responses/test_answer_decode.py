"""An upstream's Response, whole or streamed, becomes the same canonical answer; deltas may be
missing, items interleaved, bytes hostile.
"""

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
    FoldError,
    Grammar,
    Media,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Response,
    ResponseFailed,
    Search,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    Usage,
    checked,
    fold,
    is_commit,
)
from uniapi.dialects import Quirk, UpstreamContext
from uniapi.dialects.openai_responses import UPSTREAM
from uniapi.errors import WireError
from uniapi.wire import SseDecoder

NAME = "openai_responses"


def own(**members: Any) -> Opaque:
    return Opaque(family="openai", value=members)


def body(*items: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 17.0,
        "model": "gpt-x",
        "status": "completed",
        "output": list(items),
        **members,
    }


def decode_stream(
    events: list[dict[str, Any]], context: UpstreamContext | None = None
) -> list[Event]:
    raw = b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    )
    return decode_bytes([raw], context)


def decode_bytes(pieces: list[bytes], context: UpstreamContext | None = None) -> list[Event]:
    framer, decoder = SseDecoder(), UPSTREAM.stream_decoder(context or UpstreamContext())
    events: list[Event] = []
    for piece in pieces:
        for frame in framer.feed(piece):
            events += decoder.feed(frame)
    for frame in framer.eof():
        events += decoder.feed(frame)
    return list(checked(events + decoder.eof()))


def frames_of(items: list[dict[str, Any]], telling: str, **members: Any) -> list[dict[str, Any]]:
    """A stream that tells `items`: `full` with deltas and dones, `deltas` without the texts' dones,
    `items` only whole, `end` only in the last event.
    """
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": body(status="in_progress")}
    ]
    for index, item in enumerate(items):
        if telling == "end":
            break
        place = {"output_index": index, "item_id": item.get("id")}
        bare = {
            name: value
            for name, value in item.items()
            if name
            not in ("content", "summary", "encrypted_content", "arguments", "input", "result")
        }
        events.append(
            {
                "type": "response.output_item.added",
                "output_index": index,
                "item": {**bare, "arguments": "", "input": "", "content": [], "summary": []},
            }
        )
        if telling != "items":
            events += _pieces(item, place, telling)
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    last = body(*items, **members)
    return [*events, {"type": f"response.{last['status']}", "response": last}]


def _pieces(item: dict[str, Any], place: dict[str, Any], telling: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []

    def tell(kind: str, text: str, member: str = "text", **where: Any) -> None:
        half = len(text) // 2
        events.extend(
            {"type": f"{kind}.delta", **place, **where, "delta": piece}
            for piece in (text[:half], text[half:])
        )
        if telling == "full":
            events.append({"type": f"{kind}.done", **place, **where, member: text})

    for number, piece in enumerate(item.get("summary", ())):
        tell("response.reasoning_summary_text", piece["text"], summary_index=number)
    for number, piece in enumerate(item.get("content", ())):
        events.append(
            {
                "type": "response.content_part.added",
                **place,
                "content_index": number,
                "part": {"type": piece["type"]},
            }
        )
        match piece["type"]:
            case "output_text":
                tell("response.output_text", piece["text"], content_index=number)
                for annotation in piece.get("annotations", ()):
                    events.append(
                        {
                            "type": "response.output_text.annotation.added",
                            **place,
                            "content_index": number,
                            "annotation": annotation,
                        }
                    )
            case "reasoning_text":
                tell("response.reasoning_text", piece["text"], content_index=number)
            case "refusal":
                tell("response.refusal", piece["refusal"], "refusal", content_index=number)
    if item["type"] == "function_call":
        tell("response.function_call_arguments", item["arguments"], "arguments")
    if item["type"] == "custom_tool_call":
        tell("response.custom_tool_call_input", item["input"], "input")
    return events


URL = {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0, "end_index": 2}
CONTAINER = {
    "type": "container_file_citation",
    "container_id": "cntr_1",
    "file_id": "cfile_1",
    "filename": "plot.png",
    "start_index": 0,
    "end_index": 2,
}
MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "phase": "final_answer",
    "content": [
        {"type": "output_text", "text": "Hello", "annotations": [URL, CONTAINER], "logprobs": []}
    ],
}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [
        {"type": "summary_text", "text": "First."},
        {"type": "summary_text", "text": "Second."},
    ],
    "encrypted_content": "gAAA+/==",
}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "look",
    "arguments": '{"a":1}',
    "status": "completed",
}
CUSTOM = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "call_id": "call_2",
    "name": "exec",
    "input": "ls -l",
    "namespace": "functions",
}
RAW_REASONING = {
    "type": "reasoning",
    "id": "rs_2",
    "summary": [],
    "content": [{"type": "reasoning_text", "text": "raw thought"}],
}
REFUSAL = {
    "type": "message",
    "id": "msg_2",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "refusal", "refusal": "Not this."}],
}
IMAGE = {
    "type": "image_generation_call",
    "id": "ig_1",
    "status": "completed",
    "output_format": "jpeg",
    "result": "QUJD",
}
SEARCH = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "q"},
}


def without_type(item: dict[str, Any]) -> Opaque:
    return own(**{name: value for name, value in item.items() if name != "type"})


CITED = Text(
    text="Hello",
    citations=(
        Citation(url="https://a", title="A", start=0, end=2, dialect=NAME, raw=URL),
        Citation(title="plot.png", start=0, end=2, dialect=NAME, raw=CONTAINER),
    ),
    opaque=own(id="msg_1", phase="final_answer"),
)
CASES: dict[str, tuple[list[dict[str, Any]], tuple[Part, ...], str]] = {
    "text with citations": ([MESSAGE], (CITED,), "stop"),
    "reasoning, text, call": (
        [REASONING, MESSAGE, CALL],
        (
            Reasoning(text="First.\n\nSecond.", opaque=without_type(REASONING)),
            CITED,
            ToolCall(call_id="call_1", name="look", arguments='{"a":1}', opaque=own(id="fc_1")),
        ),
        "tool_calls",
    ),
    "raw reasoning": (
        [RAW_REASONING, REFUSAL],
        (
            Reasoning(text="raw thought", opaque=without_type(RAW_REASONING)),
            Refusal(text="Not this."),
        ),
        "stop",
    ),
    "a freeform call": (
        [CUSTOM],
        (
            ToolCall(
                call_id="call_2",
                name="exec",
                arguments="ls -l",
                kind="custom",
                namespace="functions",
                opaque=own(id="ctc_1"),
            ),
        ),
        "tool_calls",
    ),
    "hosted items": (
        [SEARCH, IMAGE],
        (
            Search(queries=("q",), dialect=NAME, raw=SEARCH),
            Media(
                kind="image",
                mime="image/jpeg",
                data="QUJD",
                opaque=own(id="ig_1", status="completed", output_format="jpeg"),
            ),
        ),
        "stop",
    ),
    "nothing": ([], (), "stop"),
}


@pytest.mark.parametrize("name", CASES)
def test_whole(name: str) -> None:
    """Items become parts, in order."""
    items, parts, reason = CASES[name]
    response = UPSTREAM.decode_response(body(*items), UpstreamContext())
    assert (response.response_id, response.model, response.created_s) == ("resp_1", "gpt-x", 17)
    assert parts == response.choices[0].parts
    assert Finish(reason=reason, native="completed", dialect=NAME) == response.choices[0].finish  # type: ignore[arg-type]


@pytest.mark.parametrize("telling", ["full", "deltas", "items", "end"])
@pytest.mark.parametrize("name", CASES)
def test_stream_tells_what_the_whole_tells(name: str, telling: str) -> None:
    """Whatever of its three tellings a stream leaves out, the answer is the same."""
    items, _, _ = CASES[name]
    usage = {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8}
    assert UPSTREAM.decode_response(body(*items, usage=usage), UpstreamContext()) == fold(
        decode_stream(frames_of(items, telling, usage=usage))
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_any_split_gives_the_same_events(sizes: list[int]) -> None:
    """Bytes may be cut anywhere."""
    items, _, _ = CASES["reasoning, text, call"]
    raw = b"".join(
        f"data: {json.dumps(event)}\r\n\r\n".encode() for event in frames_of(items, "full")
    )
    pieces, start = [], 0
    while start < len(raw):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(raw[start : start + size])
        start += size
    assert decode_bytes([raw]) == decode_bytes(pieces)


def test_interleaved_items() -> None:
    """Items are told apart by `output_index`, even when their deltas alternate."""
    added = [
        {
            "type": "response.output_item.added",
            "output_index": i,
            "item": {**CALL, "id": f"fc_{i}", "call_id": f"c{i}", "arguments": ""},
        }
        for i in (0, 1)
    ]
    deltas = [
        {
            "type": "response.function_call_arguments.delta",
            "output_index": index,
            "item_id": f"fc_{index}",
            "delta": text,
        }
        for index, text in ((0, "{"), (1, "["), (0, "}"), (1, "]"))
    ]
    events = decode_stream(
        [
            {"type": "response.created", "response": body()},
            *added,
            *deltas,
            {"type": "response.completed", "response": body()},
        ]
    )
    assert [
        (part.call_id, part.arguments)
        for part in fold(events).choices[0].parts
        if isinstance(part, ToolCall)
    ] == [("c0", "{}"), ("c1", "[]")]


def test_vendor_habits() -> None:
    """One `output_index` for several items, content that is numbered from 1, late deltas,
    keep-alives: all survive.
    """
    events = decode_stream(
        [
            {"type": "response.created", "response": body()},
            {"type": "keepalive", "sequence_number": 1},
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": {"type": "reasoning", "id": "r"},
            },
            {
                "type": "response.reasoning_text.delta",
                "output_index": 0,
                "content_index": 1,
                "delta": "hm",
            },
            {
                "type": "response.output_item.done",
                "output_index": 0,
                "item": {
                    "type": "reasoning",
                    "content": [{"type": "reasoning_text", "text": "hm"}],
                },
            },
            {
                "type": "response.output_text.delta",
                "output_index": 0,
                "content_index": 1,
                "delta": "Hi",
            },
            {
                "type": "response.output_item.done",
                "output_index": 0,
                "item": {
                    "type": "message",
                    "id": "m",
                    "content": [{"type": "output_text", "text": "Hi"}],
                },
            },
            {
                "type": "response.output_text.delta",
                "output_index": 0,
                "content_index": 1,
                "delta": "late",
            },
            {"type": "response.completed", "response": body(status=None, output=None)},
        ]
    )
    assert [
        (type(part).__name__, getattr(part, "text", "")) for part in fold(events).choices[0].parts
    ] == [("Reasoning", "hm"), ("Text", "Hi")]


def test_nothing_commits_before_output() -> None:
    """Envelopes, empty items and content parts are no output; the first text is."""
    decoded = decode_stream(frames_of([MESSAGE], "full"))
    first = next(index for index, event in enumerate(decoded) if is_commit(event))
    assert getattr(decoded[first], "text", None) == "He"


def test_logprobs_are_told_once() -> None:
    """Logprobs come with the deltas or, when they do not, with the finished item."""
    entry = {
        "token": "Hi",
        "logprob": -0.5,
        "bytes": [72, 105],
        "top_logprobs": [{"token": "Ho", "logprob": -2}],
    }
    item = {
        **MESSAGE,
        "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": [entry]}],
    }
    expected = (
        TokenLogprob(
            token="Hi",
            logprob=-0.5,
            utf8=(72, 105),
            alternatives=(TokenLogprob(token="Ho", logprob=-2),),
        ),
    )
    late = fold(decode_stream(frames_of([item], "deltas")))
    delta = {
        "type": "response.output_text.delta",
        "output_index": 0,
        "content_index": 0,
        "delta": "Hi",
        "logprobs": [entry],
    }
    early = fold(
        decode_stream([frames_of([item], "items")[0], delta, *frames_of([item], "items")[2:]])
    )
    for response in (late, early):
        part = response.choices[0].parts[0]
        assert isinstance(part, Text)
        assert expected == part.logprobs


@pytest.mark.parametrize(
    "why, reason",
    [("max_output_tokens", "length"), ("content_filter", "content_filter"), (None, "length")],
)
def test_incomplete(why: str | None, reason: str) -> None:
    """An incomplete answer says why; without a reason it was cut by length."""
    details = {"status": "incomplete", "incomplete_details": {"reason": why}}
    for response in (
        UPSTREAM.decode_response(body(MESSAGE, **details), UpstreamContext()),
        fold(decode_stream(frames_of([MESSAGE], "full", **details))),
    ):
        assert reason == response.choices[0].finish.reason


def test_usage() -> None:
    """Cache writes, reasoning and cost are read; the vendor's object is kept."""
    raw = {
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "output_tokens_details": {"reasoning_tokens": 3},
        "cost_in_usd_ticks": 20_000_000_000,
    }
    response = UPSTREAM.decode_response(
        body(usage=raw, service_tier="flex", tool_usage={"web_search": {"num_requests": 2}}),
        UpstreamContext(),
    )
    assert (
        Usage(
            input_tokens=10,
            output_tokens=5,
            cache_read_tokens=4,
            cache_write_tokens=2,
            reasoning_tokens=3,
            cost=2.0,
            service_tier="flex",
            web_searches=2,
            raw=raw,
            dialect=NAME,
        )
        == response.usage
    )


ERRORS: list[tuple[dict[str, Any], FailureKind, str]] = [
    (
        {
            "type": "error",
            "code": "rate_limit_exceeded",
            "message": "slow down",
            "param": None,
            "sequence_number": 1,
        },
        FailureKind.RATE_LIMITED,
        "slow down",
    ),
    (
        {
            "type": "error",
            "error": {
                "type": "insufficient_quota",
                "code": "insufficient_quota",
                "message": "no money",
            },
        },
        FailureKind.QUOTA,
        "no money",
    ),
    (
        {
            "type": "response.failed",
            "response": body(status="failed", error={"code": "server_error", "message": "oops"}),
        },
        FailureKind.SERVER_ERROR,
        "oops",
    ),
    (
        {
            "type": "response.completed",
            "response": body(error={"code": "server_error", "message": "oops"}),
        },
        FailureKind.SERVER_ERROR,
        "oops",
    ),
]


@pytest.mark.parametrize("event, kind, message", ERRORS)
def test_stream_errors(event: dict[str, Any], kind: FailureKind, message: str) -> None:
    """Flat and nested error events and failed responses are failures of their kind."""
    last = decode_stream([{"type": "response.created", "response": body()}, event])[-1]
    assert isinstance(last, ResponseFailed)
    assert (kind, message) == (last.failure.kind, last.failure.message)


def test_cut_and_done_marker() -> None:
    """A stream that just ends is broken; one that a gateway ended with `[DONE]` is whole."""
    raw = b"".join(
        f"data: {json.dumps(event)}\n\n".encode() for event in frames_of([MESSAGE], "full")[:-1]
    )
    assert isinstance(decode_bytes([raw])[-1], ResponseFailed)
    assert fold(decode_bytes([raw, b"data: [DONE]\n\n"])).choices[0].parts == (CITED,)


def test_a_summary_that_is_finished_as_content_is_one_text() -> None:
    """Streamed as a summary, the finished item holding the same words as content (gpt-oss behind
    several hosts).
    """
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "Hm."}],
    }
    events = [
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"type": "reasoning", "id": "rs_1", "summary": []},
        },
        {
            "type": "response.reasoning_summary_text.delta",
            "output_index": 0,
            "item_id": "rs_1",
            "summary_index": 0,
            "delta": "Hm.",
        },
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": body(item)},
    ]
    part = (
        fold(
            decode_bytes([b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events)])
        )
        .choices[0]
        .parts[0]
    )
    assert isinstance(part, Reasoning)
    assert part.text == "Hm."


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "x",
        {},
        {"output": {}},
        {"output": [3]},
        {"output": [{"type": "message", "content": 3}]},
        body(status="queued"),
    ],
)
def test_malformed_answers(value: Any) -> None:
    """What is no finished Response is malformed upstream bytes."""
    with pytest.raises(WireError):
        UPSTREAM.decode_response(value, UpstreamContext())


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (body(status="failed"), FailureKind.SERVER_ERROR),
        (
            body(
                status="failed",
                error={"code": "rate_limit_exceeded", "message": "Rate limit reached"},
            ),
            FailureKind.RATE_LIMITED,
        ),
        (
            {"status": "failed", "error": {"code": "insufficient_quota", "message": "no"}},
            FailureKind.QUOTA,
        ),
        ({"error": {"message": "no", "code": "context_length_exceeded"}}, FailureKind.TOO_LONG),
        ({"message": "model overloaded"}, FailureKind.OVERLOADED),
    ],
)
def test_an_error_with_status_200_is_a_failure_of_its_kind(value: Any, kind: FailureKind) -> None:
    """Routing is told what it was."""
    with pytest.raises(FoldError) as raised:
        UPSTREAM.decode_response(value, UpstreamContext())
    assert kind is raised.value.failure.kind


def test_names_and_families() -> None:
    """A tool's name that had to be changed for the wire is restored; tokens carry the family of the
    quirk row.
    """
    context = UpstreamContext(
        request=Request(model="m", tools=(Tool(name="a.b"),)), quirk=Quirk(opaque_family="xai")
    )
    sent = UPSTREAM.encode_request(context.request or Request(model="m"), Quirk()).body["tools"][0][
        "name"
    ]
    part = UPSTREAM.decode_response(body({**CALL, "name": sent}), context).choices[0].parts[0]
    assert isinstance(part, ToolCall)
    assert ("a.b", Opaque(family="xai", value={"id": "fc_1"})) == (part.name, part.opaque)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "id",
                    "item",
                    "content",
                    "text",
                    "delta",
                    "response",
                    "output",
                    "error",
                    "status",
                    "summary",
                    "name",
                    "call_id",
                    "usage",
                    "part",
                    "logprobs",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
KINDS = [
    event["type"]
    for event in frames_of([REASONING, MESSAGE, CALL, CUSTOM, REFUSAL, RAW_REASONING], "full")
] + [
    "error",
    "response.failed",
    "response.done",
]
HOSTILE = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(set(KINDS)))},
    optional=dict.fromkeys(
        (
            "item",
            "delta",
            "text",
            "output_index",
            "content_index",
            "summary_index",
            "item_id",
            "response",
            "error",
            "part",
            "annotation",
            "logprobs",
        ),
        JSON,
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(HOSTILE | JSON, max_size=6))
def test_hostile_streams_keep_the_grammar(values: list[Any]) -> None:
    """Whatever the frames say, the events obey the grammar and end in one terminal."""
    events = decode_bytes([f"data: {json.dumps(value)}\n\n".encode() for value in values])
    grammar = Grammar()
    for event in events:
        grammar.check(event)
    grammar.finish()
    assert events


@settings(max_examples=40, deadline=None)
@given(JSON, st.lists(JSON | st.sampled_from([MESSAGE, REASONING, CALL]), max_size=3))
def test_hostile_answers(value: Any, items: list[Any]) -> None:
    """Whatever the JSON, the outcome is an answer, a failure or WireError."""
    for candidate in (
        value,
        {"output": items},
        {
            "output": [
                {"type": kind, "content": items, "summary": items, "name": value}
                for kind in ("message", "reasoning", "function_call")
            ]
        },
    ):
        try:
            response = UPSTREAM.decode_response(candidate, UpstreamContext())
        except (WireError, FoldError):
            continue
        assert isinstance(response, Response)


def test_a_call_of_a_tool_offered_without_a_namespace_has_none() -> None:
    """The API puts a deferred tool that its search found into a namespace named after it; a client
    of another dialect would not know the joined name.
    """
    body = {
        "id": "r",
        "status": "completed",
        "output": [
            {
                "type": "function_call",
                "call_id": "c",
                "name": "f",
                "namespace": "f",
                "arguments": "{}",
            }
        ],
    }
    for tools in ((Tool(name="f"),), ()):
        part = (
            UPSTREAM.decode_response(body, UpstreamContext(request=Request(model="m", tools=tools)))
            .choices[0]
            .parts[0]
        )
        assert isinstance(part, ToolCall)
        assert part.namespace is None
        assert part.opaque == Opaque(family="openai", value={"namespace": "f"})


@pytest.mark.parametrize("name", ["functions.look", "look<|channel|>commentary", "look"])
def test_a_call_has_the_name_that_was_offered(name: str) -> None:
    """gpt-oss behind several hosts writes its own namespace or channel around it."""
    context = UpstreamContext(request=Request(model="m", tools=(Tool(name="look"),)))
    item = {"type": "function_call", "call_id": "c", "name": name, "arguments": "{}"}
    call = UPSTREAM.decode_response(body(item), context).choices[0].parts[0]
    assert isinstance(call, ToolCall)
    assert call.name == "look"


def test_calls_without_an_id_get_one_each() -> None:
    """A result must be able to name its call."""
    item = {"type": "function_call", "call_id": "", "name": "f", "arguments": "{}"}
    response = UPSTREAM.decode_response(body(item, item), UpstreamContext(id_seed="ab"))
    ids = [part.call_id for part in response.choices[0].parts if isinstance(part, ToolCall)]
    assert ids == ["call_ab01", "call_ab02"]


def test_an_end_for_an_unknown_reason_is_a_failure() -> None:
    """Never a clean end."""
    response = UPSTREAM.decode_response(
        body(status="incomplete", incomplete_details={"reason": "server_gone"}), UpstreamContext()
    )
    assert response.choices[0].finish == Finish(reason="error", native="server_gone", dialect=NAME)
