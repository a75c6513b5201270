"""Pictures that a conversation holds already, where the model that goes on with it reads none.

Chat and Messages alike: a part is a picture, and a tool's result may hold some.
"""

from __future__ import annotations

from typing import Any

from uniapi.canonical import Json

from .fitting import Body

PICTURE = "[A picture stood here, which this model cannot read.]"
_PICTURES = ("image_url", "image")


def without_past_images(body: Body) -> Body:
    """`body` with words in the place of each picture, but for those of the user's newest turn: an
    answer that has not seen these would be none. The very body where nothing changes.
    """
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    newest = _newest(messages)
    told = [_told(message) for message in messages[:newest]]
    if all(new is old for new, old in zip(told, messages, strict=False)):
        return body
    return {**body, "messages": [*told, *messages[newest:]]}


def _newest(messages: list[Json]) -> int:
    """Where the user's newest words begin; behind all where a tool's result is what is asked."""
    at = len(messages)
    while at and _of(messages[at - 1], "role") == "user" and not _holds_result(messages[at - 1]):
        at -= 1
    is_behind_result = at > 0 and _is_result(messages[at - 1])
    return len(messages) if is_behind_result else at


def _is_result(message: Json) -> bool:
    return _of(message, "role") == "tool" or _holds_result(message)


def _holds_result(message: Json) -> bool:
    return any(_of(part, "type") == "tool_result" for part in _parts(message))


def _parts(holder: Json) -> list[Json]:
    content = _of(holder, "content")
    return content if isinstance(content, list) else []


def _told(holder: Json) -> Any:
    """A turn or a tool's result without pictures."""
    parts = _parts(holder)
    told = [_told_part(part) for part in parts]
    if not isinstance(holder, dict) or all(
        new is old for new, old in zip(told, parts, strict=True)
    ):
        return holder
    return {**holder, "content": told}


def _told_part(part: Json) -> Json:
    kind = _of(part, "type")
    if kind in _PICTURES:
        return {"type": "text", "text": PICTURE}
    return _told(part) if kind == "tool_result" else part


def _of(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None
