"""Canonical answers become Response objects and event streams that the openai SDK accepts; streamed
and whole tell the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from uniapi.canonical import (
    Choice,
    Citation,
    Event,
    Failure,
    FailureKind,
    Finish,
    HostedTool,
    Media,
    Message,
    Opaque,
    OutputFormat,
    Part,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    ReasoningSettings,
    Refusal,
    Request,
    Response,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    Sampling,
    Search,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolChoice,
    Unknown,
    Usage,
    UsageReport,
    unfold,
)
from uniapi.dialects import ReplyContext
from uniapi.dialects.openai_responses import CLIENT

NAME = "openai_responses"
Reader = Callable[[list[bytes]], list[dict[str, Any]]]
Checker = Callable[[Any], Any]

REQUEST = Request(
    model="gpt-x",
    messages=(Message(role="system", parts=(Text(text="S"),)),),
    tools=(
        Tool(name="look", parameters={"type": "object", "properties": {}}, dialect=NAME),
        Tool(
            name="exec",
            kind="custom",
            namespace="functions",
            dialect=NAME,
            origin={"namespace_description": "Local"},
        ),
        HostedTool(kind="web_search", dialect=NAME, raw={"type": "web_search"}),
    ),
    tool_choice=ToolChoice(mode="auto", allowed=("look",)),
    sampling=Sampling(temperature=0.5, max_output_tokens=50),
    reasoning=ReasoningSettings(effort="low", visibility="auto"),
    output_format=OutputFormat(kind="json_schema", name="a", schema={"type": "object"}),
    verbosity="low",
    metadata={"k": "v"},
)


def context(request: Request | None = REQUEST) -> ReplyContext:
    return ReplyContext(
        requested_model="my-model", id_seed="ab12", created_s=1700000000, request=request
    )


def answer(*parts: Part, reason: Any = "stop", usage: Usage | None = None) -> Response:
    return Response(choices=(Choice(parts=parts, finish=Finish(reason=reason)),), usage=usage)


def stream(events: list[Event], request: Request | None = REQUEST) -> list[bytes]:
    encoder = CLIENT.stream_encoder(context(request))
    frames = [frame for event in events for frame in encoder.feed(event)]
    return frames + encoder.eof()


def whole(response: Response, request: Request | None = REQUEST) -> Any:
    return CLIENT.encode_response(response, context(request)).body


CITED = Text(
    text="Rain.",
    citations=(
        Citation(url="https://a", title="A"),
        Citation(url="https://b", start=0, end=2),
        Citation(title="Doc"),
    ),
)
SCORED = Text(
    text="Hi",
    logprobs=(
        TokenLogprob(
            token="Hi", logprob=-0.1, alternatives=(TokenLogprob(token="Ho", logprob=-3),)
        ),
    ),
)
SIGNED = Reasoning(text="think", opaque=Opaque(family="anthropic", value="sig+/="))

ANSWERS: dict[str, tuple[Response, list[str]]] = {
    "text": (answer(Text(text="Hello")), ["message"]),
    "two texts are one message": (answer(Text(text="a"), Text(text="b")), ["message"]),
    "citations": (answer(CITED), ["message"]),
    "logprobs": (answer(SCORED), ["message"]),
    "refusal": (answer(Refusal(text="No.")), ["message"]),
    "reasoning, text, calls": (
        answer(
            SIGNED,
            Text(text="I look."),
            ToolCall(call_id="c1", name="look", arguments='{"a":1}'),
            ToolCall(call_id="c2", name="look"),
            reason="tool_calls",
        ),
        ["reasoning", "message", "function_call", "function_call"],
    ),
    "redacted reasoning": (
        answer(
            Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="data")),
            Text(text="x"),
        ),
        ["reasoning", "message"],
    ),
    "a signed call": (
        answer(
            ToolCall(
                call_id="c1",
                name="look",
                arguments="{}",
                opaque=Opaque(family="gemini", value="sig"),
            )
        ),
        ["reasoning", "function_call"],
    ),
    "a signed text": (
        answer(Text(text="x", opaque=Opaque(family="gemini", value="sig")), Text(text="y")),
        ["message", "reasoning", "message"],
    ),
    "a signed empty text": (
        answer(Text(text="x"), Text(text="", opaque=Opaque(family="gemini", value="sig"))),
        ["message", "reasoning"],
    ),
    "a freeform call": (
        answer(
            ToolCall(call_id="c", name="exec", namespace="functions", arguments="ls", kind="custom")
        ),
        ["custom_tool_call"],
    ),
    "images": (
        answer(
            Media(kind="image", mime="image/png", data="QUJD"),
            Media(kind="image", url="https://x/y.png"),
        ),
        ["image_generation_call", "message"],
    ),
    "an item of ours": (
        answer(
            Unknown(
                dialect=NAME,
                name="web_search_call",
                raw={
                    "id": "ws_1",
                    "type": "web_search_call",
                    "status": "completed",
                    "action": {"type": "search"},
                },
            )
        ),
        ["web_search_call"],
    ),
    "a search of another vendor": (
        answer(Search(queries=("q", "r"), sources=(Citation(url="https://a.example"),))),
        ["web_search_call"],
    ),
    "a search of ours": (
        answer(
            Search(
                dialect=NAME,
                raw={
                    "id": "ws_1",
                    "type": "web_search_call",
                    "status": "completed",
                    "action": {"type": "search", "query": "q"},
                },
            )
        ),
        ["web_search_call"],
    ),
    "cut by length": (answer(Text(text="Hel"), reason="length"), ["message"]),
    "blocked": (answer(Text(text="He"), reason="content_filter"), ["message"]),
    "nothing": (answer(), []),
    "usage": (
        answer(
            Text(text="x"),
            usage=Usage(
                input_tokens=9,
                output_tokens=4,
                cache_read_tokens=3,
                cache_write_tokens=2,
                reasoning_tokens=1,
            ),
        ),
        ["message"],
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_streamed_and_whole_are_valid_and_the_same(
    name: str, read_events: Reader, valid_response: Checker
) -> None:
    """Every event and the whole object pass the SDK's models, and the last event repeats the whole
    object.
    """
    response, kinds = ANSWERS[name]
    body = valid_response(whole(response))
    events = read_events(stream(unfold(response)))
    assert kinds == [item["type"] for item in body["output"]]
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    assert body == events[-1]["response"]
    assert body["output"] == [
        event["item"] for event in events if event["type"] == "response.output_item.done"
    ]


def test_envelope_echoes_the_request(valid_response: Checker) -> None:
    """Model as requested, settings and tools as sent."""
    body = valid_response(
        whole(answer(Text(text="x"), usage=Usage(input_tokens=1, output_tokens=2)))
    )
    assert tuple(
        body[name] for name in ("id", "created_at", "model", "status", "instructions")
    ) == (
        "resp_ab12",
        1700000000,
        "my-model",
        "completed",
        "S",
    )
    assert tuple(
        body[name] for name in ("temperature", "top_p", "max_output_tokens", "metadata")
    ) == (0.5, 1.0, 50, {"k": "v"})
    assert body["reasoning"] == {"effort": "low", "summary": "auto"}
    assert " ".join(tool["type"] for tool in body["tools"]) == "function namespace web_search"
    assert body["usage"] == {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 3,
    }


@pytest.mark.parametrize(
    "reason, status, why",
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("length", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
    ],
)
def test_finish(reason: str, status: str, why: str | None, read_events: Reader) -> None:
    """A finish reason is a status, with details when the answer is not whole."""
    body = whole(answer(Text(text="x"), reason=reason))
    assert (status, None if why is None else {"reason": why}) == (
        body["status"],
        body["incomplete_details"],
    )
    assert (
        f"response.{status}"
        == read_events(stream(unfold(answer(Text(text="x"), reason=reason))))[-1]["type"]
    )


def test_events_of_a_text(read_events: Reader) -> None:
    """The full sequence for one streamed text, as the API documents it."""
    events = read_events(
        stream(
            [
                ResponseStart(),
                PartStart(index=0, part=Text(text="")),
                PartDelta(index=0, text="He"),
                PartDelta(index=0, text='l"\n'),
                PartEnd(index=0),
                ResponseEnd(finishes=(Finish(reason="stop"),)),
            ]
        )
    )
    assert [event["type"] for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event["delta"] for event in events if "delta" in event] == ["He", 'l"\n']
    assert events[6]["text"] == 'Hel"\n'
    assert {"msg_ab120000"} == {event["item_id"] for event in events if "item_id" in event}


def test_parallel_calls_keep_their_places(read_events: Reader) -> None:
    """Two calls open at once write to two items; deltas are told as they come."""
    events = read_events(
        stream(
            [
                ResponseStart(),
                PartStart(index=0, part=ToolCall(call_id="c1", name="look")),
                PartStart(index=1, part=ToolCall(call_id="c2", name="look")),
                PartDelta(index=1, text='{"b"'),
                PartDelta(index=0, text='{"a":1}'),
                PartDelta(index=1, text=":2}"),
                PartEnd(index=0),
                PartEnd(index=1),
                ResponseEnd(finishes=(Finish(reason="tool_calls"),)),
            ]
        )
    )
    assert [(event["output_index"], event["delta"]) for event in events if "delta" in event] == [
        (1, '{"b"'),
        (0, '{"a":1}'),
        (1, ":2}"),
    ]
    assert [(item["call_id"], item["arguments"]) for item in events[-1]["response"]["output"]] == [
        ("c1", '{"a":1}'),
        ("c2", '{"b":2}'),
    ]


def test_text_open_beside_a_call(read_events: Reader) -> None:
    """A text that ends only after a call has begun still ends its own message; text after the call
    is a new one.
    """
    events = read_events(
        stream(
            [
                ResponseStart(),
                PartStart(index=0, part=Text(text="a")),
                PartStart(index=1, part=ToolCall(call_id="c", name="look")),
                PartDelta(index=0, text="b"),
                PartEnd(index=0),
                PartEnd(index=1),
                PartStart(index=2, part=Text(text="c")),
                PartEnd(index=2),
                ResponseEnd(finishes=(Finish(reason="tool_calls"),)),
            ]
        )
    )
    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call", "message"]
    assert [item["content"][0]["text"] for item in output if item["type"] == "message"] == [
        "ab",
        "c",
    ]


@pytest.mark.parametrize(
    "name, namespace", [("exec", None), ("exec", "functions"), ("functions__exec", None)]
)
def test_freeform_call_from_a_function_upstream(
    name: str, namespace: str | None, read_events: Reader
) -> None:
    """A call of the stand-in function is unwrapped into the freeform call that the client offered,
    under its own name and namespace.
    """
    call = ToolCall(call_id="c", name=name, namespace=namespace)
    pieces = ['{"inp', 'ut": "a\\n', 'b"}']
    events = read_events(
        stream(
            [
                ResponseStart(),
                PartStart(index=0, part=call),
                *(PartDelta(index=0, text=piece) for piece in pieces),
                PartEnd(index=0),
                ResponseEnd(finishes=(Finish(reason="tool_calls"),)),
            ]
        )
    )
    item = events[-1]["response"]["output"][0]
    assert (item["type"], item["name"], item["namespace"], item["input"]) == (
        "custom_tool_call",
        "exec",
        "functions",
        "a\nb",
    )
    assert [
        event["delta"]
        for event in events
        if event["type"] == "response.custom_tool_call_input.delta"
    ] == ["a\nb"]
    whole_call = ToolCall(call_id="c", name=name, namespace=namespace, arguments="".join(pieces))
    assert item == whole(answer(whole_call, reason="tool_calls"))["output"][0]


@pytest.mark.parametrize(
    "arguments, text",
    [
        ('{"code": "x"}', "x"),
        ("no json", "no json"),
        ('{"a":"x","b":"y"}', '{"a":"x","b":"y"}'),
        ('{"input":3}', '{"input":3}'),
    ],
)
def test_freeform_input_is_never_lost(arguments: str, text: str) -> None:
    """One text member is the input; whatever else the model wrote is handed on as it is."""
    assert (
        text
        == whole(answer(ToolCall(call_id="c", name="exec", arguments=arguments)))["output"][0][
            "input"
        ]
    )


TOKENS: list[tuple[tuple[Part, ...], str]] = [
    ((SIGNED, Text(text="x")), "reasoning"),
    (
        (
            Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="data==")),
            Text(text="x"),
        ),
        "redacted",
    ),
    (
        (
            Text(text="x"),
            ToolCall(
                call_id="c1",
                name="look",
                arguments="{}",
                opaque=Opaque(family="gemini", value="s+/="),
            ),
        ),
        "call",
    ),
    ((Text(text="x", opaque=Opaque(family="gemini", value="s")), Text(text="y")), "text"),
    ((Text(text="x"), Text(text="", opaque=Opaque(family="gemini", value="s"))), "empty text"),
    (
        (
            Reasoning(
                text="a\n\nb",
                opaque=Opaque(family="openrouter", value=[{"type": "reasoning.text", "text": "é"}]),
            ),
        ),
        "structured",
    ),
]


@pytest.mark.parametrize("parts", [case[0] for case in TOKENS], ids=[case[1] for case in TOKENS])
def test_foreign_tokens_come_back(parts: tuple[Part, ...]) -> None:
    """What a client echoes of an answer is, next turn, the same parts with the same tokens of the
    same family.
    """
    for output in (
        whole(answer(*parts))["output"],
        json.loads(stream(unfold(answer(*parts)))[-1].split(b"data: ")[1])["response"]["output"],
    ):
        back = CLIENT.decode_request({"input": output}, "m", False)
        texts = [part for message in back.messages for part in message.parts]
        assert [_without_ids(part) for part in parts] == [_without_ids(part) for part in texts]


def _without_ids(part: Part) -> Any:
    opaque = getattr(part, "opaque", None)
    kept = opaque if opaque is not None and opaque.family != "openai" else None
    return (
        type(part).__name__,
        getattr(part, "text", None),
        getattr(part, "call_id", None),
        getattr(part, "is_redacted", None),
        kept,
    )


def test_own_reasoning_goes_out_as_it_came(read_events: Reader) -> None:
    """OpenAI's encrypted reasoning reaches the client byte for byte."""
    value = {
        "id": "rs_up",
        "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
        "encrypted_content": "gAAA+/==",
    }
    response = answer(
        Reasoning(text="a\n\nb", opaque=Opaque(family="openai", value=value)), Text(text="x")
    )
    item = read_events(stream(unfold(response)))[-1]["response"]["output"][0]
    assert {"type": "reasoning", **value, "id": "rs_uab120000"} == item


FAILURES = [
    (FailureKind.RATE_LIMITED, "rate_limit_exceeded"),
    (FailureKind.SERVER_ERROR, "server_error"),
    (FailureKind.BROKEN, "server_error"),
    (FailureKind.BAD_REQUEST, "invalid_prompt"),
]


@pytest.mark.parametrize("kind, code", FAILURES)
@pytest.mark.parametrize("begun", [True, False])
def test_failure_ends_the_stream_properly(
    kind: FailureKind, code: str, begun: bool, read_events: Reader
) -> None:
    """A failed stream ends with `response.failed`, whether or not it had begun; nothing follows."""
    events: list[Event] = (
        [ResponseStart(), PartStart(index=0, part=Text(text="He"))] if begun else []
    )
    told = read_events(
        stream([*events, ResponseFailed(failure=Failure(kind=kind, message="broke"))])
    )
    assert (told[0]["type"], told[-1]["type"]) == ("response.created", "response.failed")
    assert ("failed", {"code": code, "message": "broke"}) == (
        told[-1]["response"]["status"],
        told[-1]["response"]["error"],
    )


def test_cut_stream_does_not_look_whole(read_events: Reader) -> None:
    """Without a terminal event the encoder writes a failure itself."""
    assert read_events(stream([ResponseStart()]))[-1]["type"] == "response.failed"


def test_terminal_after_a_relay() -> None:
    """Joined midway, only the terminal is written, numbered behind everything relayed."""
    encoder = CLIENT.stream_encoder(context())
    encoder.join_midway()
    frames = encoder.eof()
    assert [frame.split(b"\n")[0] for frame in frames] == [b"event: response.failed"]
    assert json.loads(frames[0].split(b"data: ")[1])["sequence_number"] > 100_000


def test_losses_of_an_answer() -> None:
    """What a Responses client cannot be told is listed, once."""
    parts: tuple[Part, ...] = (
        Text(text="x", citations=(Citation(cited_text="q"), Citation(cited_text="r"))),
        Media(kind="audio", data="QUJD"),
        Unknown(dialect="anthropic", name="server_tool_use", raw={}),
    )
    finish = Finish(reason="stop")
    response = Response(
        choices=(Choice(parts=parts, finish=finish), Choice(parts=(Text(text="y"),), finish=finish))
    )
    expected = {"citations", "audio", "server_tool_use", "n"}
    assert expected == set(CLIENT.encode_response(response, context()).losses)
    encoder = CLIENT.stream_encoder(context())
    for event in unfold(response):
        encoder.feed(event)
    assert sorted(expected) == sorted(encoder.losses)


def test_usage_in_instalments(read_events: Reader) -> None:
    """Figures of the start and of later reports are joined; the vendor's own members go back to its
    dialect.
    """
    raw = {"input_tokens": 5, "cost": 0.5, "input_tokens_details": {"x": 1}}
    events = stream(
        [
            ResponseStart(usage=Usage(input_tokens=5)),
            UsageReport(usage=Usage(output_tokens=2, raw=raw, dialect=NAME)),
            ResponseEnd(finishes=(Finish(reason="stop"),)),
        ]
    )
    usage = json.loads(events[-1].split(b"data: ")[1])["response"]["usage"]
    assert (
        usage["input_tokens"],
        usage["output_tokens"],
        usage["total_tokens"],
        usage["cost"],
        usage["input_tokens_details"]["x"],
    ) == (
        5,
        2,
        7,
        0.5,
        1,
    )


def test_without_a_request(read_events: Reader, valid_response: Checker) -> None:
    """An envelope without a request to echo has the API's defaults."""
    body = valid_response(whole(answer(Text(text="x")), None))
    assert (
        body["tools"],
        body["tool_choice"],
        body["parallel_tool_calls"],
        body["instructions"],
    ) == ([], "auto", True, None)


def test_a_sound_is_said_in_its_words() -> None:
    """This API has no place for a sound in a message; its transcript is text, whole and
    streamed.
    """
    sound = Media(kind="audio", data="QUJD", text="Hello")
    response = Response(choices=(Choice(parts=(sound,), finish=Finish(reason="stop")),))
    whole = CLIENT.encode_response(response, context())
    assert (whole.body["output"][0]["content"][0]["text"], whole.losses) == ("Hello", ("audio",))
    encoder = CLIENT.stream_encoder(context())
    assert b'"delta":"Hello"' in b"".join(
        frame for event in unfold(response) for frame in encoder.feed(event)
    )
    assert encoder.losses == ["audio"]
