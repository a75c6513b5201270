"""What limits, rules and moderation read from a call's JSON."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import TOKENS_PER_IMAGE, Call, Operation, Principal
from uniapi.gateway.call_facts import (
    estimate_call_tokens,
    last_user_text,
    reasoning_effort,
)
from uniapi.operations import SERVICES

PICTURE = base64.b64encode(bytes(range(256)) * 400).decode()


def call(body, operation=Operation.GENERATE):
    return Call(
        request_id="r",
        dialect="openai_chat",
        operation=operation,
        principal=Principal(key_id="k", label="k"),
        requested_model="m",
        stream=False,
        body=json.dumps(body).encode(),
        json=body,
        path="/v1/chat/completions",
    )


PICTURES = {
    "chat": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}
                ],
            }
        ]
    },
    "anthropic": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image", "source": {"type": "base64", "data": PICTURE}}],
            }
        ]
    },
    "gemini": {
        "contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": PICTURE}}]}]
    },
}


@pytest.mark.parametrize("body", PICTURES.values(), ids=PICTURES)
def test_a_picture_counts_as_a_picture_whatever_its_bytes(body):
    """100 kB of base64 are not 25,000 tokens."""
    assert TOKENS_PER_IMAGE <= estimate_call_tokens(call(body)) < TOKENS_PER_IMAGE + 50


def test_text_counts_and_signatures_do_not():
    """Four characters to a token, of every text in the body; what a model signed is not the
    client's text.
    """
    words = "some words " * 1000
    assert (
        2700 < estimate_call_tokens(call({"messages": [{"role": "user", "content": words}]})) < 2900
    )
    signed = {"type": "thinking", "thinking": "hm", "signature": PICTURE}
    assert (
        estimate_call_tokens(call({"messages": [{"role": "assistant", "content": [signed]}]})) < 50
    )
    assert (
        900
        < estimate_call_tokens(call({"messages": [{"role": "user", "content": "\u4f60" * 900}]}))
        < 950
    )


WORDS = "some words " * 10_000


@pytest.mark.parametrize(
    "part",
    [
        {"content": "A" * 1024 + WORDS},
        {"content": "data:image/png;base64," + WORDS},
        {"content": "A" * len(WORDS)},
        {"content": [{"type": "text", "text": "A" * len(WORDS)}]},
        {"content": [{"type": "document", "source": {"type": "text", "data": "A" * 1024 + WORDS}}]},
        {"content": [{"type": "input_file", "file_data": "data:text/plain;base64," + WORDS}]},
        {"content": [{"type": "image_url", "image_url": {"url": "A" * 1024 + WORDS}}]},
    ],
)
def test_a_text_that_looks_like_a_picture_counts_as_the_text_it_is(part):
    """Else whoever begins a prompt so has no limit and no budget."""
    message = {"role": "user", **part}
    assert estimate_call_tokens(call({"messages": [message]})) > len(WORDS) // 5


def test_a_body_of_very_many_values_is_counted_by_its_bytes():
    """The cost is bounded, and what is not looked at still counts."""
    body = {"input": [1234567] * 500_000}
    assert estimate_call_tokens(call(body)) > 500_000


@pytest.mark.parametrize(
    "body, effort",
    [
        ({"reasoning_effort": "high"}, "high"),
        ({"reasoning": {"effort": "Low"}}, "low"),
        ({"output_config": {"effort": "max"}}, "max"),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}}}, "high"),
        ({"reasoning": "high"}, None),
        ({}, None),
    ],
)
def test_the_effort_is_found_in_every_dialect(body, effort):
    """One word for rules, wherever the client writes it."""
    assert effort == reasoning_effort(call(body))


def test_compaction_is_a_type_of_its_own():
    """`exclude_request_types` has this one value."""
    assert SERVICES[Operation.COMPACT].request_type == "compaction"
    assert SERVICES[Operation.GENERATE].request_type is None


@pytest.mark.parametrize(
    "body, text",
    [
        (
            {
                "messages": [
                    {"role": "user", "content": "first"},
                    {"role": "assistant", "content": "no"},
                    {"role": "user", "content": "last"},
                ]
            },
            "last",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": "asks"},
                    {"role": "user", "content": [{"type": "tool_result", "content": "out"}]},
                ]
            },
            "asks",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "a"},
                            {"type": "image_url"},
                            {"type": "text", "text": "b"},
                        ],
                    }
                ]
            },
            "a\nb",
        ),
        (
            {
                "contents": [
                    {"parts": [{"text": "gemini"}]},
                    {"role": "model", "parts": [{"text": "answer"}]},
                ]
            },
            "gemini",
        ),
        (
            {
                "input": [
                    {"role": "user", "content": [{"type": "input_text", "text": "responses"}]},
                    {"type": "reasoning"},
                ]
            },
            "responses",
        ),
        ({"input": "plain"}, "plain"),
        ({"input": ["one", "two"]}, "one\ntwo"),
        ({"prompt": "a picture"}, "a picture"),
        ({"content": {"parts": [{"text": "embed me"}]}}, "embed me"),
        (
            {
                "requests": [
                    {"content": {"parts": [{"text": "x"}]}},
                    {"content": {"parts": [{"text": "y"}]}},
                ]
            },
            "x\ny",
        ),
        ({"messages": [{"role": "system", "content": "only rules"}]}, ""),
        ({}, ""),
    ],
)
def test_the_last_words_of_the_user(body, text):
    """In every dialect and operation that is moderated."""
    assert text == last_user_text(call(body))


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "messages",
                    "input",
                    "role",
                    "content",
                    "parts",
                    "text",
                    "reasoning",
                    "requests",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "messages",
                "input",
                "contents",
                "content",
                "prompt",
                "requests",
                "reasoning",
                "generationConfig",
            ]
        ),
        HOSTILE,
    )
)
def test_no_body_makes_them_fail(body):
    """Text, a number, and a word or none, whatever is sent."""
    asked = call(body)
    assert isinstance(last_user_text(asked), str)
    assert estimate_call_tokens(asked) >= 0
    assert reasoning_effort(asked) is None or isinstance(reasoning_effort(asked), str)


def test_what_was_let_go_is_read_again():
    asked = call(PICTURES["chat"])
    before = estimate_call_tokens(asked), asked.json
    asked.let_go()
    assert (estimate_call_tokens(asked), asked.json) == before


def test_a_call_is_found_at_once_what_it_holds_until_it_lets_go():
    """A class that looks for what is missing takes ten times as long for what is there."""
    asked = call(PICTURES["chat"])
    assert not hasattr(type(asked), "__getattr__")
    asked.let_go()
    with pytest.raises(AttributeError, match="colour"):
        _ = asked.colour
