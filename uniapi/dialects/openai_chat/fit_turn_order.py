"""Rules over the order of turns: most upstreams read any sequence of roles, Mistral and Perplexity
answer 400 to some.

What is said stays; neighbours are joined, and a bridge is put where two roles may not meet.
"""

from __future__ import annotations

from collections.abc import Sequence

from uniapi.dialects.fitting import TURN_OF, Body, Fitting, minds

from .fit_messages import Turn
from .fit_system import joined

BRIDGE = "OK."
"""What the assistant is made to say between a tool's result and the user's next words; an empty
turn is refused.
"""


@minds("turn_order")
def ordered_turns(body: Body, fitting: Fitting) -> Body:
    messages = _turns_of(body)
    is_alternating = fitting.quirk.turn_order == "alternating"
    ordered = _alternating(messages) if is_alternating else _bridged(messages)
    return body if ordered == messages else {**body, "messages": ordered}


@minds("prefix_member", where=(TURN_OF["assistant"],))
def marked_prefix(body: Body, fitting: Fitting) -> Body:
    messages = _turns_of(body)
    if not messages or not _is_prefill(messages[-1]):
        return body
    return {**body, "messages": [*messages[:-1], {**messages[-1], "prefix": True}]}


def _turns_of(body: Body) -> list[Turn]:
    """The messages; none when one of them is no message."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return []
    return messages if all(isinstance(message, dict) for message in messages) else []


def _bridged(messages: Sequence[Turn]) -> list[Turn]:
    """«Unexpected role 'user' after role 'tool'»: an assistant's turn between the two."""
    bridged: list[Turn] = []
    for message in messages:
        if message.get("role") == "user" and bridged and bridged[-1].get("role") == "tool":
            bridged.append({"role": "assistant", "content": BRIDGE})
        bridged.append(message)
    return bridged


def _alternating(messages: Sequence[Turn]) -> list[Turn]:
    """«After the (optional) system message(s), user or tool message(s) should alternate with
    assistant message(s)»: instructions first, neighbours of one role joined.
    """
    merged: list[Turn] = []
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
                "content": joined(merged[-1].get("content"), message.get("content")),
            }
        else:
            merged.append(message)
    return [*(message for message in messages if message.get("role") == "system"), *merged]


def _is_prefill(message: Turn) -> bool:
    """«Expected last role User or Tool (or Assistant with prefix True) for serving but got
    assistant».
    """
    return (
        message.get("role") == "assistant"
        and not message.get("tool_calls")
        and bool(message.get("content"))
        and "prefix" not in message
    )
