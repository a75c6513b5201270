"""`<think>` in the text of an answer becomes reasoning, in every dialect that is spoken
upstream.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from uniapi.canonical import (
    Choice,
    Citation,
    Event,
    Finish,
    Opaque,
    Part,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    Response,
    ResponseEnd,
    ResponseStart,
    Text,
    TokenLogprob,
    ToolCall,
    checked,
    fold,
    unfold,
)
from uniapi.dialects import UPSTREAM_DIALECTS, Quirk, UpstreamContext
from uniapi.dialects.think_tags import ThinkTagFilter, without_think_tags
from uniapi.wire import Frame

TAGGED = "\n<think>Hm.</think>\n\nHi <think>"
TOLD = (Reasoning(text="Hm."), Text(text="Hi <think>"))
CONTEXT = UpstreamContext(quirk=Quirk(think_tags=True))


def whole_answers(text: str) -> dict[str, Any]:
    return {
        "openai_chat": {
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "finish_reason": "stop",
                }
            ]
        },
        "openai_responses": {
            "status": "completed",
            "output": [{"type": "message", "content": [{"type": "output_text", "text": text}]}],
        },
        "anthropic": {
            "type": "message",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
        },
        "gemini": {
            "candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]
        },
        "bedrock_converse": {
            "output": {"message": {"content": [{"text": text}]}},
            "stopReason": "end_turn",
        },
        "cohere": {
            "id": "1",
            "message": {"content": [{"type": "text", "text": text}]},
            "finish_reason": "COMPLETE",
        },
    }


def streamed_answers(pieces: list[str]) -> dict[str, list[tuple[str | None, Any]]]:
    return {
        "openai_chat": [
            *((None, {"choices": [{"index": 0, "delta": {"content": piece}}]}) for piece in pieces),
            (None, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
        ],
        "openai_responses": [
            *(
                (
                    None,
                    {
                        "type": "response.output_text.delta",
                        "output_index": 0,
                        "content_index": 0,
                        "delta": piece,
                    },
                )
                for piece in pieces
            ),
            (None, {"type": "response.completed", "response": {"status": "completed"}}),
        ],
        "anthropic": [
            (
                None,
                {
                    "type": "content_block_start",
                    "index": 0,
                    "content_block": {"type": "text", "text": ""},
                },
            ),
            *(
                (
                    None,
                    {
                        "type": "content_block_delta",
                        "index": 0,
                        "delta": {"type": "text_delta", "text": piece},
                    },
                )
                for piece in pieces
            ),
            (None, {"type": "content_block_stop", "index": 0}),
            (None, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
            (None, {"type": "message_stop"}),
        ],
        "gemini": [
            *(
                (None, {"candidates": [{"content": {"parts": [{"text": piece}]}}]})
                for piece in pieces
            ),
            (None, {"candidates": [{"finishReason": "STOP"}]}),
        ],
        "bedrock_converse": [
            *(
                ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
                for piece in pieces
            ),
            ("contentBlockStop", {"contentBlockIndex": 0}),
            ("messageStop", {"stopReason": "end_turn"}),
        ],
        "cohere": [
            *(
                (
                    None,
                    {
                        "type": "content-delta",
                        "index": 0,
                        "delta": {"message": {"content": {"text": piece}}},
                    },
                )
                for piece in pieces
            ),
            (None, {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}),
        ],
    }


@pytest.mark.parametrize("dialect", sorted(UPSTREAM_DIALECTS))
def test_every_upstream_dialect_has_them_told_apart_whole(dialect: str) -> None:
    """Whatever wire the model is behind, where its row says so."""
    body = whole_answers(TAGGED)[dialect]
    assert UPSTREAM_DIALECTS[dialect].decode_response(body, CONTEXT).choices[0].parts == TOLD
    assert (Text(text=TAGGED),) == UPSTREAM_DIALECTS[dialect].decode_response(
        body, UpstreamContext()
    ).choices[0].parts


@pytest.mark.parametrize("dialect", sorted(UPSTREAM_DIALECTS))
def test_every_upstream_dialect_has_them_told_apart_streamed(dialect: str) -> None:
    """As the text comes, a tag cut between two frames included."""
    decoder = UPSTREAM_DIALECTS[dialect].stream_decoder(CONTEXT)
    events: list[Event] = []
    for name, value in streamed_answers(["\n<th", "ink>Hm.</thi", "nk>\n", "\nHi ", "<think>"])[
        dialect
    ]:
        events += decoder.feed(Frame(name, json.dumps(value).encode(), b""))
    assert fold(checked([*events, *decoder.eof()])).choices[0].parts == TOLD


def of(*parts: Part, reason: Any = "stop") -> Response:
    return Response(choices=(Choice(parts=parts, finish=Finish(reason=reason)),))


def told(*parts: Part, reason: Any = "stop") -> tuple[Part, ...]:
    response = of(*parts, reason=reason)
    assert list(checked(ThinkTagFilter().feed(unfold(response))))
    return without_think_tags(response).choices[0].parts


CALL = ToolCall(call_id="c", name="f", arguments="{}")
SOURCE = Citation(url="https://a.test")
TOKEN = Opaque(family="gemini", value="sig")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((Text(text="<think>Hm.</think>"),), (Reasoning(text="Hm."),)),
        ((Text(text="<think></think>Hi"),), (Text(text="Hi"),)),
        ((Text(text=""),), (Text(text=""),)),
        ((Text(text="  "), CALL), (Text(text="  "), CALL)),
        ((Text(text="a<think>b</think>c"),), (Text(text="a<think>b</think>c"),)),
        ((Text(text="Hm.</think>\n\nHi"),), (Reasoning(text="Hm."), Text(text="Hi"))),
        ((Text(text="Hm.</think>"),), (Reasoning(text="Hm."),)),
        ((Text(text="<thin"), CALL), (Text(text="<thin"), CALL)),
        (
            (Reasoning(text="r"), Text(text="<think>Hm.</think>Hi")),
            (Reasoning(text="r"), Reasoning(text="Hm."), Text(text="Hi")),
        ),
        (
            (Text(text="<think>Hm.</think>Hi"), CALL, Text(text="<think>no")),
            (Reasoning(text="Hm."), Text(text="Hi"), CALL, Text(text="<think>no")),
        ),
        (
            (Text(text="<think>a"), CALL, Text(text="b</think>c")),
            (Reasoning(text="a"), CALL, Reasoning(text="b"), Text(text="c")),
        ),
        (
            (Text(text="<think>Hm.</think>Hi", citations=(SOURCE,), opaque=TOKEN),),
            (Reasoning(text="Hm."), Text(text="Hi", citations=(SOURCE,), opaque=TOKEN)),
        ),
        (
            (Text(text="<think>Hm.</think>", opaque=TOKEN),),
            (Reasoning(text="Hm."), Text(text="", opaque=TOKEN)),
        ),
    ],
)
def test_what_is_reasoning_and_what_is_not(
    parts: tuple[Part, ...], expected: tuple[Part, ...]
) -> None:
    """Only a tag that opens the text counts; what rides on a text stays with the text."""
    assert expected == told(*parts)


def streamed_open(*pieces: str, reason: Any = "stop", before: tuple[Event, ...] = ()) -> Any:
    """A stream of a model whose template opens the tag, piece by piece."""
    tags = ThinkTagFilter(is_open=True)
    events: list[Event] = [ResponseStart(), *before, PartStart(index=1, part=Text(text=""))]
    events += [PartDelta(index=1, text=piece) for piece in pieces]
    events += [PartEnd(index=1), ResponseEnd(finishes=(Finish(reason=reason),))]
    return fold(checked([event for each in events for event in tags.feed([each])])).choices[0].parts


def test_a_stream_whose_prompt_opened_the_tag_begins_with_reasoning() -> None:
    """DeepSeek R1, Qwen 3 Thinking: the answer holds the closing tag alone. Where the server parted
    reasoning itself the text is text, and an answer without any tag is not lost.
    """
    assert (Reasoning(text="Hm. So"), Text(text="Hi")) == streamed_open(
        "Hm.", " So</th", "ink>\n\n", "Hi"
    )
    assert (Reasoning(text="Hm."), Text(text="Hi")) == streamed_open("<think>Hm.", "</think>Hi")
    assert (Reasoning(text="Hi"), Text(text="Hi")) == streamed_open("Hi")
    parted = (
        PartStart(index=0, part=Reasoning()),
        PartDelta(index=0, text="Hm."),
        PartEnd(index=0),
    )
    assert (Reasoning(text="Hm."), Text(text="Hi")) == streamed_open("H", "i", before=parted)


def test_a_whole_answer_needs_no_template() -> None:
    """All of it is seen at once, and one without a closing tag is text."""
    tags = ThinkTagFilter(is_open=True)
    told_whole = fold(checked(tags.feed(unfold(of(Text(text="Hi"))))))
    assert told_whole.choices[0].parts == (Text(text="Hi"),)


def test_tokens_of_the_reasoning_are_not_tokens_of_the_text() -> None:
    """Log probabilities stay beside the text they are of."""
    tokens = tuple(
        TokenLogprob(token=token, logprob=-1.0)
        for token in ("<think>", "Hm.", "</think>", "\n", "Hi", "!")
    )
    assert (Reasoning(text="Hm."), Text(text="Hi!", logprobs=tokens[4:])) == told(
        Text(text="<think>Hm.</think>\nHi!", logprobs=tokens)
    )


def test_a_tag_that_never_closes_leaves_no_answer_empty() -> None:
    """What a stream has told as reasoning is told again as the text it was, when the model ended by
    itself and said nothing else.
    """
    assert (Reasoning(text=" 30°C."), Text(text=" <think> 30°C.")) == told(
        Text(text=" <think> 30°C.")
    )
    assert (Reasoning(text="cut"),) == told(Text(text="<think>cut"), reason="length")
    assert (Reasoning(text="I call."), CALL) == told(Text(text="<think>I call."), CALL)


def test_choices_do_not_mix() -> None:
    """Each answer has a beginning of its own."""
    events: list[Event] = [
        ResponseStart(),
        PartStart(index=0, part=Text(text=""), choice=0),
        PartStart(index=1, part=Text(text=""), choice=1),
        PartDelta(index=0, text="<think>a"),
        PartDelta(index=1, text="b"),
        PartDelta(index=0, text="</think>c"),
        PartEnd(index=0),
        PartEnd(index=1),
        ResponseEnd(finishes=(Finish(reason="stop"), Finish(reason="stop"))),
    ]
    choices = fold(checked(ThinkTagFilter().feed(events))).choices
    assert [(Reasoning(text="a"), Text(text="c")), (Text(text="b"),)] == [
        choice.parts for choice in choices
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["<think>", "</think>", "<", "/", "t", " ", "\n", "x"]), max_size=8
    ).map("".join),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_a_stream_cut_anywhere_tells_what_the_whole_tells(text: str, cuts: list[int]) -> None:
    """Tags are found at any split, and no character is told twice or lost; that a closing tag
    stands alone is seen in one piece only.
    """
    assume("</think>" not in text or text.lstrip().startswith("<think>"))
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    events: list[Event] = [ResponseStart(), PartStart(index=0, part=Text(text=""))]
    events += [
        PartDelta(index=0, text=text[start:stop]) for start, stop in itertools.pairwise(places)
    ]
    events += [PartEnd(index=0), ResponseEnd(finishes=(Finish(reason="stop"),))]
    streamed = ThinkTagFilter()
    assert (
        told(Text(text=text))
        == fold(checked([event for each in events for event in streamed.feed([each])]))
        .choices[0]
        .parts
    )
