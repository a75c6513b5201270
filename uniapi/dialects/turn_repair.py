"""The words put into a conversation where an API refuses it as it is (roles alternate, the user
begins, every tool call is answered), and what several wires do alike for it: system text, JSON that
only words can ask for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from uniapi.canonical import Json, Message, Part, Request, Role, Text, ToolResult, Unknown

OPENING = "."
"""What the user says in a conversation that begins with the assistant: the API wants something."""
REASONING_STAND_IN = "(reasoning omitted)"
"""An empty text, or white space, counts as missing at DeepSeek and Kimi."""
NO_RESULT = "No result was returned for this tool call."


def says_nothing(request: Request) -> bool:
    """Whether there are turns, and nothing but empty text in them: such a request is asked as it
    is, where one that lost its content must not be.
    """
    return bool(request.messages) and all(
        isinstance(part, Text) and not part.text
        for message in request.messages
        for part in message.parts
    )


def json_in_words(schema: Mapping[str, Json] | None) -> str:
    """How the system text asks for JSON where neither the wire nor a forced tool can: any object,
    or one that fits `schema`.
    """
    words = (
        "Answer with one valid JSON object and nothing else: no prose around it and no code fence."
    )
    return (
        words
        if schema is None
        else f"{words} It must fit this JSON schema: {json.dumps(schema, ensure_ascii=False)}"
    )


def behind_note(call: str) -> str:
    """What a result says that shows something which has to stand behind it."""
    return f"(what this call also returned follows: {call})"


def behind_label(call: str) -> str:
    """What stands before that."""
    return f"Returned by the tool call {call}:"


def call_in_words(name: str | None) -> str:
    """How the system text asks for a call of the tool `name` (None: of any) where no choice can
    force it.
    """
    wanted = f"the tool `{name}`" if name else "one of the tools"
    return f"Answer by calling {wanted}, not with text."


def orphan_label(result: ToolResult) -> str:
    """What stands before a result whose call is not in the turn before, which becomes text."""
    named = f"{result.name} ({result.call_id})" if result.name else result.call_id
    return f"[{'Error' if result.is_error else 'Result'} of tool call {named}]"


def encode_system(
    messages: tuple[Message, ...],
    blocks: Callable[[Part, str, Role], list[dict[str, Json]]],
    losses: list[str],
    first: int = 0,
) -> list[dict[str, Json]]:
    """All system and developer text, in order, by the wire's own `blocks(part, where, role)`;
    anything else in such a turn is a loss. `first` is the number of the first of `messages`.
    """
    encoded: list[dict[str, Json]] = []
    for number, message in enumerate(messages, first):
        if message.role not in ("system", "developer"):
            continue
        for part in message.parts:
            if isinstance(part, Text):
                encoded += blocks(part, f"messages[{number}]", message.role)
            else:
                kind = part.name if isinstance(part, Unknown) else type(part).__name__.lower()
                losses.append(f"messages[{number}].{kind}")
    return encoded
