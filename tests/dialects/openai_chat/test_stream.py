"""Streamed chunks: every vendor's spelling in, under the event grammar; OpenAI's out, as its own
client reads them.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib.streaming.chat._completions import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from uniapi.canonical import (
    Citation,
    Event,
    Failure,
    FailureKind,
    Finish,
    FoldError,
    Media,
    Message,
    Opaque,
    Part,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    Refusal,
    Request,
    Response,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    Unknown,
    Usage,
    UsageReport,
    checked,
    fold,
)
from uniapi.dialects import Quirk, ReplyContext, UpstreamContext
from uniapi.dialects.openai_chat import CLIENT, UPSTREAM
from uniapi.wire import Frame, SseDecoder

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 5, "model": "up"}
DONE = b"data: [DONE]\n\n"


def chunk(
    delta: Any = None, finish_reason: Any = None, index: Any = 0, **more: Any
) -> dict[str, Any]:
    return {
        **HEAD,
        "choices": [
            {
                "index": index,
                "delta": delta if delta is not None else {},
                "finish_reason": finish_reason,
            }
        ],
        **more,
    }


def sse(*chunks: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in chunks)


def decode(
    stream: bytes,
    quirk: Quirk | None = None,
    request: Request | None = None,
    cuts: tuple[int, ...] = (),
) -> list[Event]:
    decoder = UPSTREAM.stream_decoder(
        UpstreamContext(quirk=quirk or Quirk(), id_seed="s", request=request)
    )
    framer = SseDecoder()
    events: list[Event] = []
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for start, stop in itertools.pairwise(places):
        for frame in framer.feed(stream[start:stop]):
            events += decoder.feed(frame)
    for frame in framer.eof():
        events += decoder.feed(frame)
    events += decoder.eof()
    return list(checked(events))


def parts_of(
    *deltas: Any, finish: Any = "stop", quirk: Quirk | None = None, request: Request | None = None
) -> tuple[Part, ...]:
    stream = sse(*(chunk(delta) for delta in deltas), chunk({}, finish)) + DONE
    return fold(decode(stream, quirk, request)).choices[0].parts


def piece(
    index: Any = 0, call_id: Any = None, name: Any = None, arguments: Any = None, **more: Any
) -> dict[str, Any]:
    entry: dict[str, Any] = {"function": {}, **more}
    if index is not None:
        entry["index"] = index
    if call_id is not None:
        entry["id"] = call_id
    if name is not None:
        entry["function"]["name"] = name
    if arguments is not None:
        entry["function"]["arguments"] = arguments
    return entry


def calls(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {"tool_calls": list(pieces)}


F = ToolCall(call_id="c1", name="f", arguments='{"a":1}')
G = ToolCall(call_id="c2", name="g", arguments="{}")

DELTAS: dict[str, tuple[list[Any], tuple[Part, ...]]] = {
    "text": (
        [{"role": "assistant", "content": ""}, {"content": "H"}, {"content": "i"}],
        (Text(text="Hi"),),
    ),
    "reasoning then text": (
        [{"reasoning_content": "H"}, {"reasoning_content": "m."}, {"content": "Hi"}],
        (Reasoning(text="Hm."), Text(text="Hi")),
    ),
    "reasoning beside empty content": (
        [{"content": "", "reasoning": "Hm."}, {"content": "Hi", "reasoning": ""}],
        (Reasoning(text="Hm."), Text(text="Hi")),
    ),
    "interleaved": (
        [{"reasoning": "a"}, {"content": "b"}, {"reasoning": "c"}, {"content": "d"}],
        (Reasoning(text="a"), Text(text="b"), Reasoning(text="c"), Text(text="d")),
    ),
    "mistral parts": (
        [
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
            {"content": "Hi"},
        ],
        (Reasoning(text="Hm."), Text(text="Hi")),
    ),
    "signed details": (
        [
            {
                "reasoning": "H",
                "reasoning_details": [
                    {
                        "type": "reasoning.text",
                        "text": "H",
                        "signature": "",
                        "format": "anthropic-claude-v1",
                        "index": 0,
                    }
                ],
            },
            {
                "reasoning": "m.",
                "reasoning_details": [
                    {
                        "type": "reasoning.text",
                        "text": "m.",
                        "format": "anthropic-claude-v1",
                        "index": 0,
                    }
                ],
            },
            {
                "reasoning_details": [
                    {
                        "type": "reasoning.text",
                        "signature": "sig",
                        "format": "anthropic-claude-v1",
                        "index": 0,
                    }
                ]
            },
            {"content": "Hi"},
        ],
        (Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="sig")), Text(text="Hi")),
    ),
    "details alone": (
        [
            {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm.", "index": 0}]},
            {"content": "Hi"},
        ],
        (
            Reasoning(
                text="Hm.",
                opaque=Opaque(
                    family="openrouter",
                    value=[{"type": "reasoning.summary", "summary": "Hm.", "index": 0}],
                ),
            ),
            Text(text="Hi"),
        ),
    ),
    "late encrypted details": (
        [
            {"content": "Hi"},
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": "xx", "index": 0}]},
        ],
        (
            Text(text="Hi"),
            Reasoning(
                opaque=Opaque(
                    family="openrouter",
                    value=[{"type": "reasoning.encrypted", "data": "xx", "index": 0}],
                )
            ),
        ),
    ),
    "litellm blocks": (
        [
            {
                "reasoning_content": "Hm.",
                "thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": None}],
            },
            {
                "reasoning_content": "",
                "thinking_blocks": [{"type": "thinking", "thinking": "", "signature": "sig"}],
            },
            {"thinking_blocks": [{"type": "redacted_thinking", "data": "xx"}]},
            {"content": "Hi"},
        ],
        (
            Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="sig")),
            Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="xx")),
            Text(text="Hi"),
        ),
    ),
    "refusal": ([{"refusal": "N"}, {"refusal": "o."}], (Refusal(text="No."),)),
    "image": (
        [{"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}],
        (Media(kind="image", mime="image/png", data="AA=="),),
    ),
    "audio": (
        [
            {"audio": {"id": "a1", "transcript": "H"}},
            {"audio": {"data": "AA=="}},
            {"audio": {"data": "AQ==", "transcript": "i"}},
            {"audio": {"expires_at": 9}},
        ],
        (
            Media(
                kind="audio",
                data="AAE=",
                text="Hi",
                opaque=Opaque(family="openai", value={"id": "a1", "expires_at": 9}),
            ),
        ),
    ),
    "one call": (
        [
            calls(piece(0, "c1", "f", "")),
            calls(piece(0, None, None, '{"a"')),
            calls(piece(0, None, None, ":1}")),
        ],
        (F,),
    ),
    "text and call": (
        [{"content": "Hi"}, calls(piece(0, "c1", "f", '{"a":1}'))],
        (Text(text="Hi"), F),
    ),
    "parallel": ([calls(piece(0, "c1", "f", '{"a":1}')), calls(piece(1, "c2", "g", "{}"))], (F, G)),
    "parallel in one chunk, interleaved": (
        [
            calls(piece(0, "c1", "f", '{"a"'), piece(1, "c2", "g", "{")),
            calls(piece(0, arguments=":1}"), piece(1, arguments="}")),
        ],
        (F, G),
    ),
    "every index 0": (
        [calls(piece(0, "c1", "f", '{"a":1}')), calls(piece(0, "c2", "g", "{}"))],
        (F, G),
    ),
    "no index": (
        [
            calls(piece(None, "c1", "f", '{"a"')),
            calls(piece(None, None, None, ":1}")),
            calls(piece(None, "c2", "g", "{}")),
        ],
        (F, G),
    ),
    "no index, id on each piece": (
        [calls(piece(None, "c1", "f", '{"a"')), calls(piece(None, "c1", None, ":1}"))],
        (F,),
    ),
    "name on each piece": (
        [calls(piece(0, "c1", "f", '{"a"')), calls(piece(0, "c1", "f", ":1}"))],
        (F,),
    ),
    "pieces numbered anew": (
        [calls(piece(0, "c1", "f", '{"a"')), calls(piece(1, arguments=":1}"))],
        (F,),
    ),
    "one id for two": (
        [
            calls(piece(0, "c1", "f", '{"a"'), piece(0, "", "", ":1}")),
            calls(piece(1, "c1", "g", "{")),
            calls(piece(1, "c1", None, "}")),
        ],
        (F, ToolCall(call_id="call_s02", name="g", arguments="{}")),
    ),
    "id before name": ([calls(piece(0, "c1")), calls(piece(0, None, "f", '{"a":1}'))], (F,)),
    "arguments before name": (
        [calls(piece(0, "c1", None, '{"a"')), calls(piece(0, None, "f", ":1}"))],
        (F,),
    ),
    "object arguments": ([calls(piece(0, "c1", "f", {"a": 1}))], (F,)),
    "no arguments": ([calls(piece(0, "c1", "f"))], (ToolCall(call_id="c1", name="f"),)),
    "legacy function_call": (
        [
            {"function_call": {"name": "f", "arguments": ""}},
            {"function_call": {"arguments": '{"a":1}'}},
        ],
        (ToolCall(call_id="call_s01", name="f", arguments='{"a":1}'),),
    ),
    "gemini signature": (
        [
            calls(
                piece(0, "c1", "f", '{"a":1}', extra_content={"google": {"thought_signature": "g"}})
            )
        ],
        (
            ToolCall(
                call_id="c1",
                name="f",
                arguments='{"a":1}',
                opaque=Opaque(family="gemini", value="g"),
            ),
        ),
    ),
    "annotations": (
        [
            {"content": "Hi"},
            {"annotations": [{"type": "url_citation", "url_citation": {"url": "https://x.test"}}]},
            {"annotations": [{"type": "url_citation", "url_citation": {"url": "https://x.test"}}]},
        ],
        (
            Text(
                text="Hi",
                citations=(
                    Citation(
                        url="https://x.test",
                        dialect="openai_chat",
                        raw={"type": "url_citation", "url_citation": {"url": "https://x.test"}},
                    ),
                ),
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", DELTAS)
def test_deltas_become_parts(name: str) -> None:
    """Each vendor's deltas become the parts they mean."""
    deltas, parts = DELTAS[name]
    assert parts == parts_of(*deltas)


@pytest.mark.parametrize("name", DELTAS)
def test_a_client_reads_what_the_upstream_said(name: str) -> None:
    """Written for a client and read again the parts are the same, and OpenAI's own accumulator
    takes every chunk.
    """
    deltas, parts = DELTAS[name]
    written = encode(decode(sse(*(chunk(delta) for delta in deltas), chunk({}, "stop")) + DONE))
    seen = fold(decode(written)).choices[0].parts
    # Arguments that are empty become an empty object on the way out; the text of details is told
    # once, in `reasoning_content`.
    expected = tuple(_as_written(part) for part in parts)
    assert expected == seen


def _as_written(part: Part) -> Part:
    match part:
        case ToolCall(arguments=""):
            return ToolCall(call_id=part.call_id, name=part.name, arguments="{}")
        case Reasoning(opaque=Opaque(family="openrouter", value=[{"type": "reasoning.summary"}])):
            return Reasoning(text=part.text)
        case Text(citations=(citation,)):
            annotation = {
                "index": 0,
                "type": "url_citation",
                "url_citation": {
                    "url": citation.url,
                    "title": citation.url,
                    "start_index": 0,
                    "end_index": 0,
                },
            }
            return Text(
                text=part.text,
                citations=(
                    Citation(
                        url=citation.url,
                        title=citation.url,
                        start=0,
                        end=0,
                        dialect="openai_chat",
                        raw=annotation,
                    ),
                ),
            )
        case _:
            return part


def encode(
    events: list[Event], include_usage: bool = True, request: Request | None = None
) -> bytes:
    encoder = CLIENT.stream_encoder(
        ReplyContext(
            requested_model="asked",
            id_seed="5eed",
            created_s=9,
            include_usage=include_usage,
            request=request,
        )
    )
    stream = b"".join(out for event in events for out in encoder.feed(event)) + b"".join(
        encoder.eof()
    )
    state = ChatCompletionStreamState()
    for value in chunks_of(stream):
        if "error" not in value:
            state.handle_chunk(ChatCompletionChunk.model_validate(value))
    return stream


def chunks_of(stream: bytes) -> list[Any]:
    frames = SseDecoder().feed(stream)
    assert frames[-1].data == b"[DONE]"
    return [json.loads(frame.data) for frame in frames[:-1]]


def test_events_of_a_plain_answer() -> None:
    """Envelope first, one part, usage as it comes, one end."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    stream = (
        sse(
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": "Hi"}),
            chunk({}, "stop"),
            {**HEAD, "choices": [], "usage": usage},
        )
        + DONE
    )
    assert [
        ResponseStart(response_id="chatcmpl-1", model="up", created_s=5),
        PartStart(index=0, part=Text(text="")),
        PartDelta(index=0, text="Hi"),
        UsageReport(
            usage=Usage(
                input_tokens=3, output_tokens=2, total_tokens=5, raw=usage, dialect="openai_chat"
            )
        ),
        PartEnd(index=0),
        ResponseEnd(finishes=(Finish(reason="stop", native="stop", dialect="openai_chat"),)),
    ] == decode(stream)


@pytest.mark.parametrize(
    "ending",
    [
        sse(chunk({}, "stop"), {**HEAD, "choices": [], "usage": {"prompt_tokens": 3}}) + DONE,
        sse(chunk({}, "stop"), {**HEAD, "choices": [], "usage": {"prompt_tokens": 3}}),
        sse(chunk({}, "stop", usage={"prompt_tokens": 3})) + DONE,
        sse(chunk({}, "stop", x_groq={"usage": {"prompt_tokens": 3}})) + DONE,
        sse(chunk({"content": ""}, None, usage={"prompt_tokens": 3})) + DONE,
        sse(
            chunk({"content": ""}, "", usage={"prompt_tokens": 1}),
            chunk({}, "eos", usage={"prompt_tokens": 3}),
        ),
        b": keep-alive\n\n" + sse(chunk({}, "stop", usage={"prompt_tokens": 3})) + b"data: [DONE]",
    ],
)
def test_every_proper_end(ending: bytes) -> None:
    """`[DONE]`, or a finish reason and then nothing more, is an end; usage is found
    wherever it is.
    """
    response = fold(decode(sse(chunk({"content": "Hi"})) + ending))
    assert response.text == "Hi"
    assert response.choices[0].finish.reason == "stop"
    assert response.usage is not None
    assert response.usage.input_tokens == 3


@pytest.mark.parametrize(
    "stream, kind",
    [
        (sse(chunk({"content": "Hi"})), FailureKind.BROKEN),
        (b"", FailureKind.BROKEN),
        (sse(chunk({"content": "Hi"})) + b'data: {"choices": [{"del', FailureKind.BROKEN),
        (sse(chunk({"content": "Hi"})) + b"data: <html>\n\n", FailureKind.BROKEN),
        (sse([]), FailureKind.BROKEN),
        (sse(chunk({"content": "Hi"}, index=-1)), FailureKind.BROKEN),
        (
            sse(chunk({"content": "a"}, "stop"), chunk({"content": "b"}, index=1)),
            FailureKind.BROKEN,
        ),
        (
            sse(
                {
                    "error": {
                        "message": "Rate limit reached",
                        "type": "tokens",
                        "code": "rate_limit_exceeded",
                    }
                }
            ),
            FailureKind.RATE_LIMITED,
        ),
        (sse(chunk({"content": "Hi"}), {"error": "it broke"}) + DONE, FailureKind.SERVER_ERROR),
        (
            sse(
                {
                    **HEAD,
                    "error": {"code": 502, "message": "no"},
                    "choices": [{"index": 0, "delta": {}, "finish_reason": "error"}],
                }
            ),
            FailureKind.SERVER_ERROR,
        ),
        (
            sse({**HEAD, "choices": [{"index": 0, "error": {"code": 429, "message": "slow"}}]}),
            FailureKind.RATE_LIMITED,
        ),
        (
            (
                b"event: error\n"
                b"data: "
                b'{"error":{"message":"Tool choice is required","code":"tool_use_failed","status_code":400}}\n'  # noqa: E501
                b"\n"
            ),
            FailureKind.MODEL_FAULT,
        ),
        (b'event: error\ndata: {"message":"overloaded"}\n\n', FailureKind.OVERLOADED),
        (sse({"message": "boom", "type": "server_error"}), FailureKind.SERVER_ERROR),
    ],
)
def test_every_improper_end(stream: bytes, kind: FailureKind) -> None:
    """A cut stream, nonsense, or an error object ends in a failure of its kind."""
    last = decode(stream)[-1]
    assert isinstance(last, ResponseFailed)
    assert kind == last.failure.kind


def test_a_message_object_in_a_stream() -> None:
    """Upstreams that wrap a whole answer into one chunk, and Perplexity, which repeats the message
    so far beside each delta.
    """
    whole = {
        **HEAD,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
        ],
    }
    assert fold(decode(sse(whole) + DONE)).text == "Hi"
    repeated = [
        {
            **HEAD,
            "choices": [{"index": 0, "delta": {"content": "H"}, "message": {"content": "H"}}],
            "citations": ["https://x.test"],
        },
        {
            **HEAD,
            "choices": [{"index": 0, "delta": {"content": "i"}, "message": {"content": "Hi"}}],
            "citations": ["https://x.test"],
        },
        {
            **HEAD,
            "choices": [
                {
                    "index": 0,
                    "delta": {"content": ""},
                    "message": {"content": "Hi"},
                    "finish_reason": "stop",
                }
            ],
            "citations": ["https://x.test"],
        },
    ]
    assert (Text(text="Hi", citations=(Citation(url="https://x.test"),)),) == fold(
        decode(sse(*repeated))
    ).choices[0].parts


def test_choices_stream_side_by_side() -> None:
    """`n` of 2: parts belong to their choice, and each has its own end."""
    stream = (
        sse(
            chunk({"content": "a"}),
            chunk({"content": "x"}, index=1),
            chunk({"content": "b"}),
            chunk({}, "length", 1),
            chunk({}, "stop"),
        )
        + DONE
    )
    response = fold(decode(stream))
    assert [(Text(text="ab"),), (Text(text="x"),)] == [choice.parts for choice in response.choices]
    assert [choice.finish.reason for choice in response.choices] == ["stop", "length"]
    assert response.choices == fold(decode(encode(decode(stream)))).choices


def test_a_freeform_tool_is_told_apart_again() -> None:
    """The stand-in function's `input` is the client's free text."""
    request = Request(
        model="m",
        messages=(Message(role="user", parts=(Text(text="x"),)),),
        tools=(Tool(name="exec", kind="custom"),),
    )
    parts = parts_of(
        calls(piece(0, "c1", "exec", '{"inp')),
        calls(piece(0, None, None, 'ut":"ls"}')),
        request=request,
    )
    assert (ToolCall(call_id="c1", name="exec", arguments="ls", kind="custom"),) == parts


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=6), st.sampled_from(sorted(DELTAS)))
def test_events_do_not_depend_on_the_split(cuts: list[int], name: str) -> None:
    """The bytes may come in any pieces."""
    stream = sse(*(chunk(delta) for delta in DELTAS[name][0]), chunk({}, "stop")) + DONE
    assert decode(stream) == decode(stream, cuts=tuple(cuts))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=6), st.booleans())
def test_think_tags_are_found_at_any_split(cuts: list[int], is_closed: bool) -> None:
    """A tag cut anywhere is still a tag, and no character is lost or told twice."""
    text = (
        " <think>Hm < </thin k>.</think>\n\nHi </think> you" if is_closed else "<think>never </thi"
    )
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    deltas = [{"content": text[start:stop]} for start, stop in itertools.pairwise(places)]
    expected = (
        (Reasoning(text="Hm < </thin k>."), Text(text="Hi </think> you"))
        if is_closed
        else (Reasoning(text="never </thi"),)
    )
    finish = "stop" if is_closed else "length"
    assert (
        expected
        == fold(
            decode(
                sse(*(chunk(delta) for delta in deltas), chunk({}, finish)), Quirk(think_tags=True)
            )
        )
        .choices[0]
        .parts
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "reasoning",
                    "reasoning_details",
                    "audio",
                    "images",
                    "annotations",
                    "type",
                    "text",
                    "index",
                    "id",
                    "delta",
                    "choices",
                    "usage",
                    "error",
                    "citations",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(JSON, max_size=4), st.lists(JSON, max_size=3))
def test_hostile_streams_keep_the_grammar(deltas: list[Any], frames: list[Any]) -> None:
    """Any JSON, as a delta or as a frame, gives events under the grammar that can be written; never
    an exception.
    """
    events = decode(
        sse(
            chunk({"content": "Hi"}),
            *(chunk(delta) for delta in deltas),
            *frames,
            chunk({}, "stop"),
        ),
        Quirk(think_tags=True),
    )
    encoder = CLIENT.stream_encoder(ReplyContext(requested_model="m", id_seed="0", created_s=0))
    assert b"".join(out for event in events for out in encoder.feed(event)).endswith(DONE)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 700), st.binary(max_size=3))
def test_a_stream_cut_or_garbled_anywhere_keeps_the_grammar(cut: int, garbage: bytes) -> None:
    """Half a stream, or one with foreign bytes in it, ends in exactly one terminal."""
    stream = (
        sse(
            chunk({"reasoning": "a"}),
            chunk({"content": "b"}),
            chunk(calls(piece(0, "c1", "f", "{}"))),
            chunk({}, "tool_calls"),
        )
        + DONE
    )
    assert isinstance(decode(stream[:cut])[-1], ResponseEnd | ResponseFailed)
    assert isinstance(
        decode(stream[:cut] + garbage + stream[cut:])[-1], ResponseEnd | ResponseFailed
    )


def test_deep_nesting_is_a_failure() -> None:
    """JSON deeper than the interpreter can follow is malformed, not a crash."""
    last = decode(b"data: " + b"[" * 100_000 + b"\n\n")[-1]
    assert isinstance(last, ResponseFailed)
    assert last.failure.kind == FailureKind.BROKEN


# What a client reads


def events_of(
    *body: Event, finish: str = "stop", start: ResponseStart | None = None
) -> list[Event]:
    return [
        start or ResponseStart(response_id="msg_1"),
        *body,
        ResponseEnd(finishes=(Finish(reason=finish),)),
    ]  # type: ignore[arg-type]


def test_chunks_of_a_plain_answer() -> None:
    """One id, the model that was asked for, the role first, a finish chunk, the usage chunk without
    choices, `[DONE]`.
    """
    usage = Usage(input_tokens=3, output_tokens=2)
    events = events_of(
        PartStart(index=0, part=Text(text="")),
        PartDelta(index=0, text='"é"\n'),
        PartEnd(index=0),
        UsageReport(usage=usage),
    )
    head = {
        "id": "chatcmpl-5eed",
        "object": "chat.completion.chunk",
        "created": 9,
        "model": "asked",
    }
    expected = [
        {
            **head,
            "choices": [
                {
                    "index": 0,
                    "delta": {"role": "assistant", "content": ""},
                    "logprobs": None,
                    "finish_reason": None,
                }
            ],
        },
        {
            **head,
            "choices": [
                {"index": 0, "delta": {"content": '"é"\n'}, "logprobs": None, "finish_reason": None}
            ],
        },
        {**head, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]},
    ]
    counts = {
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "total_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    assert [*expected, {**head, "choices": [], "usage": counts}] == chunks_of(encode(events))
    assert expected == chunks_of(encode(events, include_usage=False))


def test_calls_are_told_as_they_come() -> None:
    """Index, id and name first, then the arguments piece by piece; a call without arguments gets an
    empty object.
    """
    events = events_of(
        PartStart(index=0, part=ToolCall(call_id="c1", name="f")),
        PartStart(index=1, part=ToolCall(call_id="c2", name="g")),
        PartDelta(index=0, text='{"a"'),
        PartDelta(index=0, text=":1}"),
        PartEnd(index=0),
        PartEnd(index=1),
        finish="tool_calls",
    )
    deltas = [value["choices"][0]["delta"] for value in chunks_of(encode(events))]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": ""},
                }
            ]
        },
        {
            "tool_calls": [
                {
                    "index": 1,
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "g", "arguments": ""},
                }
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]


def test_tokens_for_replay_are_carried_out() -> None:
    """Anthropic's signature with the whole text of its block, redacted data, Gemini's signature on
    its call.
    """
    events = events_of(
        PartStart(index=0, part=Reasoning()),
        PartDelta(index=0, text="H"),
        PartDelta(index=0, text="m."),
        PartDelta(index=0, opaque=Opaque(family="anthropic", value="sig")),
        PartEnd(index=0),
        PartStart(
            index=1, part=Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="xx"))
        ),
        PartEnd(index=1),
        PartStart(
            index=2,
            part=ToolCall(call_id="c1", name="f", opaque=Opaque(family="gemini", value="g")),
        ),
        PartEnd(index=2),
    )
    deltas = [value["choices"][0]["delta"] for value in chunks_of(encode(events))]
    assert {
        "thinking_blocks": [{"index": 0, "type": "thinking", "thinking": "Hm.", "signature": "sig"}]
    } in deltas
    assert {"thinking_blocks": [{"index": 1, "type": "redacted_thinking", "data": "xx"}]} in deltas
    assert deltas[-3]["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "g"}}


def test_legacy_clients_stream_function_calls() -> None:
    """Who offered `functions` gets `function_call` deltas and that finish."""
    request = CLIENT.decode_request(
        {"messages": [{"role": "user", "content": "x"}], "functions": [{"name": "f"}]}, "m", True
    )
    events = events_of(
        PartStart(index=0, part=ToolCall(call_id="c1", name="f")),
        PartDelta(index=0, text="{}"),
        PartEnd(index=0),
        finish="tool_calls",
    )
    choices = [value["choices"][0] for value in chunks_of(encode(events, request=request))]
    assert [choice["delta"] for choice in choices[1:3]] == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
    ]
    assert choices[-1]["finish_reason"] == "function_call"


def test_logprobs_and_growing_media() -> None:
    """Probabilities ride on a chunk of their own; media that grows is told when it is whole."""
    entry = TokenLogprob(token="Hi", logprob=-0.5)
    events = events_of(
        PartStart(index=0, part=Text(text="")),
        PartDelta(index=0, text="Hi", logprobs=(entry,)),
        PartEnd(index=0),
        PartStart(index=1, part=Media(kind="image", mime="image/png")),
        PartDelta(index=1, text="AA"),
        PartDelta(index=1, text="=="),
        PartEnd(index=1),
    )
    parts = fold(decode(encode(events))).choices[0].parts
    assert (
        Text(text="Hi", logprobs=(entry,)),
        Media(kind="image", mime="image/png", data="AA=="),
    ) == parts


def test_half_a_surrogate_pair_is_escaped() -> None:
    """A vendor that cuts a character in two does not break the stream."""
    stream = encode(
        events_of(
            PartStart(index=0, part=Text(text="")),
            PartDelta(index=0, text="\ud83d"),
            PartEnd(index=0),
        )
    )
    assert b"\\ud83d" in stream


@pytest.mark.parametrize("begun", [True, False])
def test_a_failure_is_told_and_ended_properly(begun: bool) -> None:
    """An error object, which OpenAI's client raises on, and `[DONE]`; nothing after it."""
    encoder = CLIENT.stream_encoder(ReplyContext(requested_model="asked", id_seed="0", created_s=9))
    if begun:
        encoder.join_midway()
    out = b"".join(
        encoder.feed(ResponseFailed(failure=Failure(kind=FailureKind.OVERLOADED, message="busy")))
    )
    frames = SseDecoder().feed(out)
    assert json.loads(frames[-2].data) == {
        "error": {"message": "busy", "type": "server_error", "param": None, "code": "overloaded"}
    }
    assert frames[-1].data == b"[DONE]"
    assert (2 if begun else 3) == len(frames)
    assert encoder.feed(ResponseEnd(finishes=())) == []
    assert encoder.eof() == []


def test_a_stream_without_a_terminal_never_looks_whole() -> None:
    """The end of the events without an end of the answer is written as an error."""
    stream = encode([ResponseStart(), PartStart(index=0, part=Text(text="Hi"))])
    assert "error" in chunks_of(stream)[-1]
    with pytest.raises(FoldError):
        fold(decode(stream))


def test_members_of_the_envelope() -> None:
    """`system_fingerprint` is on every chunk; what came late is on the finish chunk."""
    start = ResponseStart(
        response_id="gen-1",
        extensions={"openai_chat": {"system_fingerprint": "fp", "provider": "P"}},
    )
    end = ResponseEnd(
        finishes=(Finish(reason="stop"),),
        extensions={"openai_chat": {"system_fingerprint": "fp", "service_tier": "flex"}},
    )
    values = chunks_of(
        encode([start, PartStart(index=0, part=Text(text="Hi")), PartEnd(index=0), end])
    )
    assert [value["system_fingerprint"] for value in values] == ["fp"] * 3
    assert values[0]["provider"] == "P"
    assert values[-1]["service_tier"] == "flex"
    assert {"gen-1"} == {value["id"] for value in values}


def test_what_a_client_cannot_be_told_is_a_loss() -> None:
    """Named once, in `losses`."""
    encoder = CLIENT.stream_encoder(ReplyContext(requested_model="m", id_seed="0", created_s=0))
    unknown = Unknown(dialect="anthropic", name="server_tool_use", raw={})
    for event in events_of(
        PartStart(index=0, part=unknown),
        PartEnd(index=0),
        PartStart(index=1, part=unknown),
        PartEnd(index=1),
    ):
        encoder.feed(event)
    assert encoder.losses == ["server_tool_use"]
    encoder = CLIENT.stream_encoder(ReplyContext(requested_model="m", id_seed="0", created_s=0))
    encoder.feed(
        ResponseStart(extensions={"anthropic": {"container": {}}, "openai_chat": {"x": 1}})
    )
    encoder.feed(
        ResponseEnd(finishes=(Finish(reason="stop"),), extensions={"gemini": {"candidates": []}})
    )
    assert encoder.losses == ["container", "candidates"]


def test_frames_are_read_by_data_alone() -> None:
    """Frames that hold no data, or padding members only, say nothing."""
    decoder = UPSTREAM.stream_decoder(UpstreamContext())
    assert decoder.feed(Frame(None, b"", b": OPENROUTER PROCESSING\n\n")) == []
    assert (
        decoder.feed(Frame(None, b'{"id":"","choices":[],"prompt_filter_results":[]}', b"")) == []
    )
    assert isinstance(
        decoder.feed(Frame(None, json.dumps(chunk({"content": "Hi"})).encode(), b""))[0],
        ResponseStart,
    )
    assert isinstance(fold([*decode(sse(chunk({"content": "x"}, "stop")))]), Response)


PADDED = st.sampled_from(
    [
        {"content": "a"},
        {"content": 'q"\\'},
        {"content": "\u00e9\n"},
        {"content": ""},
        {"role": "assistant", "content": "r"},
        {"content": "b", "reasoning": "c"},
        {"content": None},
        {"content": 'x","finish_reason":"stop"'},
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            PADDED,
            st.sampled_from([None, "length"]),
            st.integers(0, 1),
            st.sampled_from([{}, {"usage": {"prompt_tokens": 1}}, {"x": 1}]),
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_remembering_a_chunk_changes_nothing(
    deltas: list[tuple[dict[str, Any], str | None, int, dict[str, Any]]], has_tags: bool
) -> None:
    """The short way for chunks that only differ in their text tells what the long way tells."""
    chunks = [chunk(delta, finish, index, **more) for delta, finish, index, more in deltas]
    quirk = Quirk(think_tags=has_tags)
    compact = (
        b"".join(
            b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"
            for value in [chunk({"content": "<think>"}), *chunks]
        )
        + DONE
    )
    # Spaces keep a chunk from being remembered.
    assert decode(sse(chunk({"content": "<think>"}), *chunks) + DONE, quirk) == decode(
        compact, quirk
    )


def test_a_piece_without_name_and_arguments_is_no_call() -> None:
    """Some vendors close with an empty entry, numbered although the calls before it were not; it
    neither makes a call nor a finish of one.
    """
    empty = {"index": 0, "function": {"name": "", "arguments": ""}}
    stream = (
        sse(
            chunk(calls({"function": {"name": "f", "arguments": {"x": 1}}})),
            chunk(calls(empty), "tool_calls"),
        )
        + DONE
    )
    parts = fold(decode(stream)).choices[0].parts
    assert [(part.name, part.arguments) for part in parts if isinstance(part, ToolCall)] == [
        ("f", '{"x":1}')
    ]
    alone = fold(
        decode(sse(chunk({"content": "a"}), chunk(calls(empty), "tool_calls")) + DONE)
    ).choices[0]
    assert (alone.parts, alone.finish.reason) == ((Text(text="a"),), "stop")


def test_arguments_that_were_encoded_twice_are_told_as_the_object() -> None:
    """A JSON string that holds the object, in pieces (several local servers)."""
    first = calls(piece(call_id="c1", name="Bash", arguments='"{\\"comm'))
    rest = (calls(piece(arguments=text)) for text in ('and\\": ', '\\"ls\\"}"'))
    (call,) = parts_of(first, *rest, finish="tool_calls")
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"command": "ls"}


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        (('{"q":', "1}", '{"q":1}'), '{"q":1}'),
        (('{"q":', "1}", json.dumps('{"q":1}')), '{"q":1}'),
        (("{}", '{"q":', "1}"), '{"q":1}'),
        (('{"q":', "1}", "\n"), '{"q":1}'),
    ],
)
def test_a_call_that_is_told_once_more_is_one_call(pieces: tuple[str, ...], told: str) -> None:
    """LiteLLM repeats the whole call behind its pieces, id and name on each."""
    chunks = [
        chunk(
            {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": text}}]}
        )
        for text in pieces
    ]
    decoder = UPSTREAM.stream_decoder(UpstreamContext())
    frames = SseDecoder().feed(sse(*chunks, chunk(finish_reason="tool_calls")) + DONE)
    events = [event for frame in frames for event in decoder.feed(frame)]
    response = fold([*events, *decoder.eof()])
    assert response.choices[0].parts == (ToolCall(call_id="c", name="f", arguments=told),)


@pytest.mark.parametrize("rest", [b'{"usa', b"nothing", b"[1"])
def test_what_is_cut_behind_the_reason_of_the_end_breaks_nothing(rest):
    """A proxy that cuts the last frame has taken nothing away."""
    cut = b"data: %b\n\n" % rest
    events = decode(sse(chunk({"content": "Hi"}), chunk({}, "stop")) + cut)
    assert isinstance(events[-1], ResponseEnd)
    broken = decode(sse(chunk({"content": "Hi"})) + cut)
    assert isinstance(broken[-1], ResponseFailed)


def test_usage_may_stand_in_the_last_choice():
    """Moonshot's place for it."""
    last = chunk({}, "stop")
    last["choices"][0]["usage"] = {"prompt_tokens": 20, "completion_tokens": 7, "cached_tokens": 8}
    (report,) = [one for one in decode(sse(last)) if isinstance(one, UsageReport)]
    assert (report.usage.input_tokens, report.usage.cache_read_tokens) == (20, 8)
