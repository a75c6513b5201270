"""Rules over the content of messages, and how a rule changes some messages of a body and leaves the
others the objects they are.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.fitting import ODD_TURN, Body, Fitting, minds
from uniapi.dialects.past_images import without_past_images

from .request_decode_members import at
from .request_encode_names import wire_call_id

Turn = dict[str, Any]
Mend = Callable[[Turn, str], Turn | None]
"""(message, its path) → the message, another one, or None when nothing of it is left."""


def with_messages(body: Body, mend: Mend) -> Body:
    """The body with every message mended; the same object when none changes. What is no message is
    left alone.
    """
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    mended = [
        mend(message, f"messages[{index}]") if isinstance(message, dict) else message
        for index, message in enumerate(messages)
    ]
    if all(map(is_, mended, messages)):
        return body
    left = [
        new for new, old in zip(mended, messages, strict=True) if new is not None or old is None
    ]
    return {**body, "messages": left}


def with_parts(message: Turn, mend: Callable[[Json], Json]) -> Turn | None:
    """The message with every part of its content mended, those that become None left out; None
    when it is a message whose only content they were.
    """
    content = message.get("content")
    if not isinstance(content, list):
        return message
    mended = [mend(part) for part in content]
    if all(map(is_, mended, content)):
        return message
    left = [part for part in mended if part is not None]
    if left or message.get("role") == "tool" or message.get("tool_calls"):
        return {**message, "content": left or ""}
    return None


@minds("has_images", where=("image_url",))
def no_images(body: Body, fitting: Fitting) -> Body:
    def mend(message: Turn, path: str) -> Turn | None:
        def without_image(part: Json) -> Json:
            if at(part, "type") != "image_url":
                return part
            fitting.lose(f"{path}.image")
            return None

        return with_parts(message, without_image)

    return with_messages(body, mend)


@minds("past_images", where=("image_url",))
def no_past_images(body: Body, fitting: Fitting) -> Body:
    fitted = without_past_images(body)
    if fitted is not body:
        fitting.lose("messages.image")
    return fitted


@minds("document_part", where=("file",))
def documents_by_url(body: Body, fitting: Fitting) -> Body:
    """Mistral's own part: docs.mistral.ai/capabilities/document_ai/document_qna (2026-11-30)."""

    def by_url(part: Json) -> Json:
        data = at(part, "file", "file_data")
        if at(part, "type") != "file" or data is None:
            return part
        name = at(part, "file", "filename")
        named = {} if name is None else {"document_name": name}
        rest = {member: value for member, value in part.items() if member not in ("type", "file")}
        return {"type": "document_url", "document_url": data, **named, **rest}

    return with_messages(body, lambda message, path: with_parts(message, by_url))


@minds("text_content_only", where=(ODD_TURN,))
def text_alone(body: Body, fitting: Fitting) -> Body:
    """Content as one string; what is no text is lost."""

    def mend(message: Turn, path: str) -> Turn | None:
        content = message.get("content")
        if not isinstance(content, list):
            return message
        texts = [text for part in content if isinstance(text := at(part, "text"), str)]
        for kind in (at(part, "type") for part in content):
            if kind != "text":
                fitting.lose(f"{path}.{'image' if kind == 'image_url' else kind}")
        is_empty = not texts and message.get("role") == "user"
        return None if is_empty else {**message, "content": "\n".join(texts)}

    return with_messages(body, mend)


@minds("empty_turns", where=(ODD_TURN,))
def no_empty_turns(body: Body, fitting: Fitting) -> Body:
    """A user's or assistant's turn that says nothing is left out, an empty text out of a turn that
    says something; the last turn stays, for without it nothing would be asked.
    """
    messages = body.get("messages")
    last = len(messages) - 1 if isinstance(messages, list) else -1

    def mend(message: Turn, path: str) -> Turn | None:
        if message.get("role") not in ("user", "assistant") or path == f"messages[{last}]":
            return message
        mended = with_parts(message, lambda part: None if _is_empty_text(part) else part)
        if mended is None or any(mended.get(name) for name in _SAYING):
            return mended
        return mended if _says(mended.get("content")) else None

    return with_messages(body, mend)


_SAYING = ("tool_calls", "function_call", "refusal", "audio")
"""Members of a turn that say something without content."""


def _says(content: Json) -> bool:
    return bool(content.strip() if isinstance(content, str) else content)


def _is_empty_text(part: Json) -> bool:
    return at(part, "type") == "text" and not _says(at(part, "text"))


@minds("tool_call_id_form", where=("tool_calls", "tool_call_id"))
def call_ids_in_form(body: Body, fitting: Fitting) -> Body:
    form = fitting.quirk.tool_call_id_form

    def with_id(holder: Json, member: str) -> Json:
        call_id = at(holder, member)
        if not isinstance(call_id, str) or wire_call_id(call_id, form) == call_id:
            return holder
        return {**holder, member: wire_call_id(call_id, form)}

    def mend(message: Turn, path: str) -> Turn:
        message = with_id(message, "tool_call_id")
        return with_calls(message, lambda call: with_id(call, "id"))

    return with_messages(body, mend)


def with_calls(message: Turn, mend: Callable[[Json], Json]) -> Turn:
    """The message with every tool call mended; the same object when none changes."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return message
    mended = [mend(call) for call in calls]
    if all(new is old for new, old in zip(mended, calls, strict=True)):
        return message
    return {**message, "tool_calls": mended}
