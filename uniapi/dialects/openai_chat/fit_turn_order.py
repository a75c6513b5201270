"""Messages in an order that stricter upstreams take: most read any sequence of roles, Mistral and
Perplexity answer 400 to some.

Written for both ways of a request: a translated body is put in order, a relayed one only where the
row says so. What is said stays; neighbours are joined, and a bridge is put where two roles may not
meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.quirk import Quirk

BRIDGE = "OK."
"""What the assistant is made to say between a tool's result and the user's next words; an empty
turn is refused.
"""

_Message = dict[str, Any]


def in_order(messages: Sequence[Json], quirk: Quirk) -> Sequence[Json]:
    """The messages as the upstream takes them: the same object when nothing has to change."""
    ordered: Sequence[Json] = messages
    if not all(isinstance(message, dict) for message in messages):
        return messages
    if quirk.turn_order == "assistant_after_tool":
        ordered = _bridged(ordered)
    elif quirk.turn_order == "alternating":
        ordered = _alternating(ordered)
    if quirk.prefix_member and ordered and _is_prefill(ordered[-1]):
        ordered = [*ordered[:-1], {**ordered[-1], "prefix": True}]
    return messages if list(ordered) == list(messages) else ordered


def _bridged(messages: Sequence[_Message]) -> list[_Message]:
    """«Unexpected role 'user' after role 'tool'»: an assistant's turn between the two."""
    bridged: list[_Message] = []
    for message in messages:
        if message.get("role") == "user" and bridged and bridged[-1].get("role") == "tool":
            bridged.append({"role": "assistant", "content": BRIDGE})
        bridged.append(message)
    return bridged


def _alternating(messages: Sequence[_Message]) -> list[_Message]:
    """«After the (optional) system message(s), user or tool message(s) should alternate with
    assistant message(s)»: instructions first, neighbours of one role joined.
    """
    merged: list[_Message] = []
    for message in messages:
        if message.get("role") == "system":
            continue
        if (
            merged
            and merged[-1].get("role") == message.get("role")
            and message.get("role") in ("user", "assistant")
            and not message.get("tool_calls")
        ):
            merged[-1] = {
                **merged[-1],
                "content": _joined(merged[-1].get("content"), message.get("content")),
            }
        else:
            merged.append(message)
    return [*(message for message in messages if message.get("role") == "system"), *merged]


def _joined(first: Json, second: Json) -> Json:
    if not first or not second:
        return first or second
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [
        part
        for content in (first, second)
        for part in ([{"type": "text", "text": content}] if isinstance(content, str) else content)
    ]


def _is_prefill(message: _Message) -> bool:
    """«Expected last role User or Tool (or Assistant with prefix True) for serving but got
    assistant».
    """
    return (
        message.get("role") == "assistant"
        and not message.get("tool_calls")
        and bool(message.get("content"))
        and "prefix" not in message
    )
