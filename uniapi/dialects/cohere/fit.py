"""A v2 chat body as one of Cohere's models takes it. No client speaks this dialect, so every body
is the encoder's own: the rules count on its shapes.
"""

from __future__ import annotations

from collections.abc import Callable

from uniapi.dialects.fit_learned import LEARNED_RULES
from uniapi.dialects.fitting import Body, Fitting, fit_by, minds
from uniapi.dialects.turn_repair import json_in_words


@minds("has_tools")
def leave_out_tools(body: Body, fitting: Fitting) -> Body:
    """Tools, how to call them, calls and results."""

    def change(message: Body) -> Body | None:
        if message["role"] != "tool" and "tool_calls" not in message:
            return message
        fitting.lose("tools")
        said = _without(message, "tool_calls", "tool_plan")
        return said if message["role"] != "tool" and message.get("content") else None

    if "tools" in body:
        fitting.lose("tools")
    return _with_messages(_without(body, "tools", "tool_choice", "strict_tools"), change)


@minds("has_images")
def leave_out_images(body: Body, fitting: Fitting) -> Body:
    def change(message: Body) -> Body | None:
        content = message.get("content")
        if not isinstance(content, list):
            return message
        kept = [block for block in content if block["type"] != "image_url"]
        if len(kept) == len(content):
            return message
        fitting.lose("image")
        return {**message, "content": kept} if kept else None

    return _with_messages(body, change)


@minds("reasoning_request")
def leave_out_thinking(body: Body, fitting: Fitting) -> Body:
    """For models that cannot be asked to think."""
    if "thinking" not in body or fitting.quirk.reasoning_request != "none":
        return body
    if body["thinking"]["type"] != "disabled":
        fitting.lose("reasoning")
    return _without(body, "thinking")


@minds(always=True)
def ask_for_json_in_words(body: Body, fitting: Fitting) -> Body:
    """Beside tools `response_format` is refused, and the system text asks, behind the client's own.
    https://docs.cohere.com/docs/structured-outputs
    """
    if "response_format" not in body or "tools" not in body:
        return body
    fitting.lose("response_format")
    words = json_in_words(body["response_format"].get("json_schema"))
    messages = body["messages"]
    roles = [message["role"] for message in messages]
    behind = next((at for at, role in enumerate(roles) if role != "system"), len(roles))
    asking = {"role": "system", "content": words}
    return {
        **_without(body, "response_format"),
        "messages": [*messages[:behind], asking, *messages[behind:]],
    }


@minds("dropped_members")
def drop_members(body: Body, fitting: Fitting) -> Body:
    for name in sorted(fitting.quirk.dropped_members & body.keys()):
        fitting.lose(name)
    return _without(body, *fitting.quirk.dropped_members)


RULES = (
    leave_out_tools,
    leave_out_images,
    leave_out_thinking,
    ask_for_json_in_words,
    drop_members,
)

fit = fit_by((*RULES, *LEARNED_RULES))


def _without(holder: Body, *names: str) -> Body:
    if holder.keys().isdisjoint(names):
        return holder
    return {name: value for name, value in holder.items() if name not in names}


def _with_messages(body: Body, change: Callable[[Body], Body | None]) -> Body:
    """Every message changed; None takes one out."""
    messages = body["messages"]
    kept = [found for message in messages if (found := change(message)) is not None]
    is_same = len(kept) == len(messages) and all(
        new is old for new, old in zip(kept, messages, strict=True)
    )
    return body if is_same else {**body, "messages": kept}
