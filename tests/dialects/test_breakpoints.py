"""OpenAI's mark for the prompt cache, `prompt_cache_breakpoint`, and Claude's, `cache_control`:
each becomes the other where the model behind knows that one, and what has no place is told.
"""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.canonical import Request
from uniapi.dialects import Quirk, UpstreamDialect
from uniapi.dialects.anthropic import CLIENT as CLAUDE_CLIENT
from uniapi.dialects.anthropic import UPSTREAM as CLAUDE
from uniapi.dialects.bedrock_converse import UPSTREAM as BEDROCK
from uniapi.dialects.openai_chat import CLIENT as CHAT_CLIENT
from uniapi.dialects.openai_chat import UPSTREAM as CHAT
from uniapi.dialects.openai_responses import CLIENT as RESPONSES_CLIENT
from uniapi.dialects.openai_responses import UPSTREAM as RESPONSES

MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
BREAKPOINT = {"prompt_cache_breakpoint": {"mode": "explicit"}}
HALF_AN_HOUR = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}
LONG = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}
TAKES = Quirk(cache_breakpoints=True, cache_control=False)
REFUSES = Quirk(cache_breakpoints=False, cache_control=False)
UNKNOWN = Quirk()
ROUTER = Quirk(cache_control=True)


def sent(upstream: UpstreamDialect, request: Request, quirk: Quirk) -> tuple[Any, tuple[str, ...]]:
    """The body as it leaves, and all that got lost."""
    encoded = upstream.encode_request(request, quirk)
    body, losses = upstream.fit(encoded.body, quirk, encoded.beside)
    return body, (*encoded.losses, *losses)


def claudes(**more: Any) -> Request:
    """An agent's request with marks on instructions, on a question and on a tool's result."""
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "42", **MARK}
    body = {
        "max_tokens": 9,
        "system": [{"type": "text", "text": "A."}, {"type": "text", "text": "B.", **MARK}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Ask.", **MARK}]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        **more,
    }
    return CLAUDE_CLIENT.decode_request(body, "m", False)


def test_claudes_marks_become_breakpoints_in_responses() -> None:
    encoded, lost = sent(RESPONSES, claudes(), TAKES)
    items = encoded["input"]
    assert lost == ()
    assert "instructions" not in encoded
    assert items[0] == {
        "type": "message",
        "role": "developer",
        "content": [
            {"type": "input_text", "text": "A."},
            {"type": "input_text", "text": "B.", **BREAKPOINT},
        ],
    }
    assert items[1]["content"] == [{"type": "input_text", "text": "Ask.", **BREAKPOINT}]
    assert items[-1]["output"] == [{"type": "input_text", "text": "42", **BREAKPOINT}]


@pytest.mark.parametrize("quirk", [REFUSES, UNKNOWN, Quirk(keeps_cache_marks=False)])
def test_a_model_without_breakpoints_gets_a_plain_body(quirk: Quirk) -> None:
    """As if nothing had been marked; that is told, once."""
    encoded, lost = sent(RESPONSES, claudes(), quirk)
    bare = claudes(
        system=[{"type": "text", "text": "A."}, {"type": "text", "text": "B."}],
        messages=[
            {"role": "user", "content": "Ask."},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t", "content": "42"}],
            },
        ],
    )
    assert lost == ("cache_control",)
    assert encoded == sent(RESPONSES, bare, quirk)[0]


def test_claudes_marks_become_breakpoints_in_chat() -> None:
    encoded, lost = sent(CHAT, claudes(), TAKES)
    system, question, _, result = encoded["messages"]
    assert lost == ()
    assert system["content"][1] == {"type": "text", "text": "B.", **BREAKPOINT}
    assert question["content"] == [{"type": "text", "text": "Ask.", **BREAKPOINT}]
    assert result["content"] == [{"type": "text", "text": "42", **BREAKPOINT}]
    assert "cache_control" not in repr(encoded)


@pytest.mark.parametrize("upstream", [CHAT, RESPONSES])
@pytest.mark.parametrize(
    ("more", "losses"),
    [
        ({"cache_control": {"type": "ephemeral"}}, ()),
        ({"tools": [{"name": "f", "input_schema": {}, **MARK}]}, ("cache_control",)),
        ({"system": [{"type": "text", "text": "A.", **HOUR}]}, ("cache_control.ttl",)),
        (
            {
                "messages": [
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": [{"type": "text", "text": "b", **MARK}]},
                    {"role": "user", "content": "c"},
                ]
            },
            ("cache_control",),
        ),
    ],
    ids=["on the body, which happens anyway", "on a tool", "for an hour", "on an answer"],
)
def test_what_has_no_place_is_told(upstream: Any, more: Any, losses: tuple[str, ...]) -> None:
    encoded, lost = sent(upstream, claudes(**more), TAKES)
    assert lost == losses
    assert "cache_control" not in repr(encoded)


def test_a_relayed_chat_body_gets_breakpoints_for_its_marks() -> None:
    """Those of turns at their last part; what is marked already stays."""
    image = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    body = {
        "messages": [
            {"role": "system", "content": "S", **MARK},
            {"role": "user", "content": [{"type": "text", "text": "a", **LONG}, image], **MARK},
        ]
    }
    fitted, losses = CHAT.fit(body, TAKES)
    assert losses == ()
    assert fitted["messages"] == [
        {"role": "system", "content": [{"type": "text", "text": "S", **BREAKPOINT}]},
        {"role": "user", "content": [{"type": "text", "text": "a", **LONG}, image | BREAKPOINT]},
    ]


CHAT_BODY = {
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "S", **BREAKPOINT}]},
        {"role": "user", "content": [{"type": "text", "text": "a", **LONG}]},
    ]
}
RESULTS = {"type": "function_call_output", "call_id": "c"}
RESPONSES_BODY = {
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "a", **BREAKPOINT}]},
        {**RESULTS, "output": [{"type": "input_text", "text": "b", **BREAKPOINT}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    ]
}


@pytest.mark.parametrize(
    ("upstream", "body"),
    [(CHAT, CHAT_BODY), (RESPONSES, RESPONSES_BODY)],
    ids=["chat", "responses"],
)
def test_a_relayed_breakpoint_stays_unless_it_is_refused(upstream: Any, body: Any) -> None:
    for quirk in (TAKES, UNKNOWN):
        fitted, losses = upstream.fit(body, quirk)
        assert repr(fitted).count("explicit") == 2
        assert losses == ()
    for quirk in (REFUSES, Quirk(keeps_cache_marks=False)):
        fitted, losses = upstream.fit(body, quirk)
        assert "prompt_cache_breakpoint" not in repr(fitted)
        assert losses == ("prompt_cache_breakpoint",)


def test_a_breakpoint_in_a_result_alone_is_found() -> None:
    fitted, losses = RESPONSES.fit({"input": RESPONSES_BODY["input"][1:]}, REFUSES)
    assert fitted["input"][0]["output"] == [{"type": "input_text", "text": "b"}]
    assert losses == ("prompt_cache_breakpoint",)


def test_a_router_to_claude_gets_marks_for_breakpoints() -> None:
    """OpenRouter takes Claude's in chat; of two lifetimes the long one is Claude's hour."""
    fitted, losses = CHAT.fit(CHAT_BODY, ROUTER)
    assert losses == ()
    assert fitted["messages"] == [
        {"role": "system", "content": [{"type": "text", "text": "S", **MARK}]},
        {"role": "user", "content": [{"type": "text", "text": "a", **HOUR}]},
    ]


def chats(options: Any = None) -> Request:
    body = {**CHAT_BODY, **({} if options is None else {"prompt_cache_options": options})}
    return CHAT_CLIENT.decode_request(body, "m", False)


def responses(options: Any = None) -> Request:
    said = [
        {"role": "system", "content": [{"type": "input_text", "text": "S", **BREAKPOINT}]},
        {"role": "user", "content": [{"type": "input_text", "text": "a", **LONG}]},
    ]
    more = {} if options is None else {"prompt_cache_options": options}
    return RESPONSES_CLIENT.decode_request({"input": said, **more}, "m", False)


@pytest.mark.parametrize("client", [chats, responses])
def test_breakpoints_become_claudes_marks(client: Any) -> None:
    """With the one that OpenAI sets by itself, on the newest turn."""
    encoded, lost = sent(CLAUDE, client(), Quirk())
    assert lost == ()
    assert encoded["system"] == [{"type": "text", "text": "S", **MARK}]
    assert encoded["messages"][0]["content"] == [{"type": "text", "text": "a", **HOUR}]
    assert encoded["cache_control"] == {"type": "ephemeral"}
    alone, alone_lost = sent(CLAUDE, client({"mode": "explicit"}), Quirk())
    assert "cache_control" not in alone
    assert alone_lost == ("prompt_cache_options",)


@pytest.mark.parametrize("client", [chats, responses])
def test_breakpoints_become_cache_points_at_bedrock(client: Any) -> None:
    encoded, lost = sent(BEDROCK, client(), Quirk(converse_fields="claude"))
    assert lost == ()
    assert encoded["system"] == [{"text": "S"}, {"cachePoint": {"type": "default"}}]
    assert encoded["messages"][0]["content"][1] == {"cachePoint": {"type": "default", "ttl": "1h"}}


@pytest.mark.parametrize("quirk", [UNKNOWN, REFUSES])
def test_a_breakpoint_is_not_written_where_nobody_says_that_it_is_known(quirk: Quirk) -> None:
    encoded, lost = sent(CHAT, responses(), quirk)
    assert lost == ("prompt_cache_breakpoint", "cache_control")
    assert "cache" not in repr(encoded)


def test_the_mark_of_a_body_stands_on_its_newest_turn_at_vertex_and_bedrock() -> None:
    """«cache_control: Extra inputs are not permitted»"""
    result = {"type": "tool_result", "tool_use_id": "t", "content": "42"}
    body = {
        **HOUR,
        "max_tokens": 9,
        "messages": [
            {"role": "user", "content": "a"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}],
            },
            {"role": "user", "content": [result]},
        ],
    }
    fitted, losses = CLAUDE.fit(body, Quirk(anthropic_body_mark=False))
    assert losses == ()
    assert "cache_control" not in fitted
    assert fitted["messages"][-1]["content"] == [{**result, **HOUR}]
    assert CLAUDE.fit(body, Quirk())[0] is body
    odd, _ = CLAUDE.fit({**body, "cache_control": None}, Quirk(anthropic_body_mark=False))
    assert "cache_control" not in repr(odd)
