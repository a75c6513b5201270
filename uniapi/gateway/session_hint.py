"""Which conversation a call belongs to, read from its body without decoding it: a name the client
gives, else its system text and first user message.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from uniapi.canonical import Call
from uniapi.operations import SERVICES
from uniapi.routing import NO_SESSION, SessionHint, name_session
from uniapi.wire import dump_json

_ANSWER_ROLES = frozenset({"assistant", "model", "tool", "function"})
_ANSWER_ITEMS = frozenset(
    {
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "reasoning",
    }
)
MOST_TURNS = 500
"""How many are looked at, from the beginning and from the end."""
_MOST_TEXT = 16 * 1024
_MOST_PARTS = 1000
"""Characters of a text, and texts and parts of all, that tell a conversation from others."""
SESSION_HEADERS = ("x-claude-code-session-id", "x-session-id")


def session_hint(call: Call) -> SessionHint:
    """The hint routing needs to keep a conversation with the key that holds its prompt cache
    (docs/design.md, Keys and prompt caches). Never raises, whatever the body.
    """
    if SERVICES[call.operation].is_carried:
        return NO_SESSION
    body = call.json
    metadata = body.get("metadata")
    given = [
        _text(body.get("prompt_cache_key")),
        *(call.headers.get(name) for name in SESSION_HEADERS),
        _text(metadata.get("user_id")) if isinstance(metadata, dict) else None,
    ]
    turns = next(
        (
            value
            for name in ("messages", "contents", "input")
            if isinstance(value := body.get(name), list)
        ),
        [],
    )
    continues = any(
        isinstance(turn, dict)
        and (turn.get("role") in _ANSWER_ROLES or turn.get("type") in _ANSWER_ITEMS)
        for turn in turns[:-MOST_TURNS:-1]
        if _is_plain(turn)
    )
    return name_session(
        given=given,
        opening="" if any(given) else _opening(body, turns[:MOST_TURNS]),
        continues=continues,
    )


def _opening(body: Any, turns: list[Any]) -> str:
    """System text and first user message as one text; empty when there is neither."""
    system = [
        body.get(name)
        for name in ("system", "instructions", "systemInstruction", "system_instruction")
        if body.get(name)
    ]
    system += [
        turn.get("content")
        for turn in turns
        if isinstance(turn, dict) and turn.get("role") in ("system", "developer")
    ]
    first = next(
        (turn for turn in turns if isinstance(turn, dict) and turn.get("role", "user") == "user"),
        body.get("input"),
    )
    if not system and first is None:
        return ""
    try:
        return dump_json(_beginning([system, first])).decode()
    except (TypeError, ValueError, RecursionError):
        return ""


def _is_plain(turn: Any) -> bool:
    """Whether role and type can be looked up at all (a hostile body may have anything there)."""
    return (
        isinstance(turn, dict)
        and isinstance(turn.get("role", ""), str)
        and isinstance(turn.get("type", ""), str)
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _beginning(value: Any) -> Any:
    """A value without what is beyond the beginnings of its texts and lists, with their lengths."""
    left = _MOST_PARTS

    def cut(value: Any) -> Any:
        nonlocal left
        left -= 1
        if isinstance(value, str):
            return value if len(value) <= _MOST_TEXT else [value[:_MOST_TEXT], len(value)]
        if not isinstance(value, list | dict):
            return value
        kept = list(islice(value.items() if isinstance(value, dict) else value, max(0, left)))
        return [len(value), *map(cut, kept)]

    return cut(value)
