"""`messages` of a v2 chat request: one role each, tool results as messages of their own right
behind the calls they answer.

What Cohere would refuse is repaired so that the meaning stays: a missing tool result is written as
such, a result without a call becomes text that names it. Reasoning goes back as the `tool_plan` of
a turn that calls tools, where the model needs it; finished answers do without.
"""

from __future__ import annotations

import json

from uniapi.canonical import (
    Json,
    Media,
    Message,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.dialects.losses import REASONING_LOSS
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.text_documents import document_text, is_text
from uniapi.dialects.tool_names import qualified_name
from uniapi.dialects.turn_repair import NO_RESULT, behind_label, behind_note, orphan_label
from uniapi.values import replace

from .vocabulary import FAMILY, NAME, wire_arguments

Block = dict[str, Json]


class MessageEncoder:
    """Writes the conversation of one request.

    `documents` collects texts that are to be cited; the wire keeps those beside the messages.
    """

    def __init__(self, losses: list[str], *, has_documents: bool) -> None:
        self.documents: list[Block] = []
        self._losses = losses
        self._has_documents = has_documents
        self._pending: list[str] = []

    def encode(self, messages: tuple[Message, ...]) -> list[Block]:
        written: list[Block] = []
        for number, message in _with_turns_joined(messages):
            where = f"messages[{number}]"
            if message.name:
                self._losses.append(f"{where}.name")
            if message.role == "assistant":
                written += self._unanswered()
                written += self._assistant(message, where)
            elif message.role == "user":
                written += self._user(message, where)
            else:
                written += self._system(message, where)
        written += self._unanswered()
        if written and all(message["role"] == "system" for message in written):
            # Instructions alone are refused; as the user's words they are answered.
            return [{"role": "user", "content": message["content"]} for message in written]
        return written

    def _system(self, message: Message, where: str) -> list[Block]:
        texts = [
            part.text for part in message.parts if isinstance(part, Text) and part.text.strip()
        ]
        self._losses += [
            f"{where}.{_name(part)}" for part in message.parts if not isinstance(part, Text)
        ]
        return (
            [{"role": "system", "content": _plain([_text(text) for text in texts])}]
            if texts
            else []
        )

    def _assistant(self, message: Message, where: str) -> list[Block]:
        content: list[Block] = []
        plan: list[str] = []
        calls: list[Block] = []
        is_thought_lost = False
        for part in message.parts:
            match part:
                case Text(text=text) | Refusal(text=text):
                    content += [_text(text)] if text else []
                case Reasoning():
                    is_readable = part.text and (
                        part.opaque is None or part.opaque.family == FAMILY
                    )
                    plan += [part.text] if is_readable else []
                    is_thought_lost = is_thought_lost or not is_readable
                case ToolCall():
                    function = {
                        "name": qualified_name(part.name, part.namespace),
                        "arguments": wire_arguments(part),
                    }
                    calls.append({"id": part.call_id, "type": "function", "function": function})
                case _:
                    self._losses.append(f"{where}.{_name(part)}")
        has_plan = bool(plan and calls)
        if is_thought_lost or (plan and not has_plan):
            self._losses.append(REASONING_LOSS)
        while content and not content[-1]["text"].strip():
            content.pop()
        if not calls and not content:
            return []
        self._pending = [call["id"] for call in calls]
        encoded: Block = {"role": "assistant"}
        if content:
            encoded["content"] = _plain(content)
        if calls:
            encoded["tool_calls"] = calls
            if has_plan:
                encoded["tool_plan"] = "".join(plan)
        return [encoded]

    def _user(self, message: Message, where: str) -> list[Block]:
        """Results first, each its own message; then what the user says, and the pictures that
        results may not hold.
        """
        results: list[Block] = []
        content: list[Block] = []
        for part in message.parts:
            if isinstance(part, ToolResult):
                results += self._result(part, where, content)
            else:
                content += self._content(part, where)
        if any(block.get("type") != "text" or block["text"].strip() for block in content):
            results += self._unanswered()
            return [*results, {"role": "user", "content": _plain(content)}]
        return results

    def _result(self, part: ToolResult, where: str, content: list[Block]) -> list[Block]:
        blocks = [
            block for item in part.content for block in self._content(item, f"{where}.tool_result")
        ]
        text = "\n".join(block["text"] for block in blocks if block["type"] == "text")
        pictures = [block for block in blocks if block["type"] != "text"]
        if part.call_id not in self._pending:
            content += [_text(f"{orphan_label(part)}\n{text}"), *pictures]
            return []
        self._pending.remove(part.call_id)
        if pictures:
            text = "\n".join([*([text] if text else []), behind_note(part.call_id)])
            content += [_text(behind_label(part.call_id)), *pictures]
        shown = json.dumps({"error": text}, ensure_ascii=False) if part.is_error else text
        return [{"role": "tool", "tool_call_id": part.call_id, "content": shown}]

    def _unanswered(self) -> list[Block]:
        missing, self._pending = self._pending, []
        return [
            {"role": "tool", "tool_call_id": call_id, "content": NO_RESULT} for call_id in missing
        ]

    def _content(self, part: object, where: str) -> list[Block]:
        match part:
            case Text(text=text) | Refusal(text=text):
                return [_text(text)] if text else []
            case Media(kind="image"):
                image = _image(part)
                if image is not None:
                    return [image]
            case Media(kind="file"):
                readable = document_text(part)
                if readable is not None and readable.strip():
                    return self._document(part, readable)
            case Media(kind="audio", text=str(transcript)) if transcript:
                self._losses.append(f"{where}.audio")
                return [_text(transcript)]
            case Unknown(dialect=dialect, raw=dict(raw)) if dialect == NAME:
                return [dict(raw)]
            case _:
                pass
        self._losses.append(f"{where}.{_name(part)}")
        return []

    def _document(self, part: Media, text: str) -> list[Block]:
        title = part.title or part.filename
        if part.citations_enabled and self._has_documents:
            self.documents.append({"data": {**({"title": title} if title else {}), "text": text}})
            return []
        if part.citations_enabled:
            self._losses.append("citations")
        return [_text(f"{title}\n\n{text}" if title else text)]


def _with_turns_joined(messages: tuple[Message, ...]) -> list[tuple[int, Message]]:
    """Each turn with its place; assistant turns that follow one another are one, and so are a
    user's turns when the later brings results, because results must stand right behind the calls
    they answer.

    google-genai's chats keep every streamed chunk as a turn of its own, and Responses' items come
    one by one.
    """
    joined: list[tuple[int, Message]] = []
    for number, message in enumerate(messages):
        is_continued = message.role == "assistant" or (
            message.role == "user" and any(isinstance(part, ToolResult) for part in message.parts)
        )
        if is_continued and joined and joined[-1][1].role == message.role:
            first, before = joined[-1]
            joined[-1] = (first, replace(before, parts=before.parts + message.parts))
        else:
            joined.append((number, message))
    return joined


def needs_inline(media: Media, quirk: Quirk) -> bool:
    """Whether this media must be fetched: Cohere reads images behind web URLs itself, and texts
    only by value.
    """
    if media.url is None or not media.url.lower().startswith(("http:", "https:")):
        return False
    if media.kind == "image":
        return quirk.has_images and not quirk.image_urls
    return media.kind == "file" and is_text(media.mime)


def _image(part: Media) -> Block | None:
    url = part.url
    if part.data is not None:
        url = (
            part.data
            if part.data.startswith("data:")
            else f"data:{part.mime or 'image/png'};base64,{part.data}"
        )
    if url is None or not url.lower().startswith(("http:", "https:", "data:")):
        return None
    image: Block = {"url": url}
    if part.detail in ("auto", "low", "high"):
        image["detail"] = part.detail
    return {"type": "image_url", "image_url": image}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _plain(content: list[Block]) -> str | list[Block]:
    """A single text as a string, the usual spelling."""
    if len(content) == 1 and content[0]["type"] == "text":
        text = content[0]["text"]
        return text if isinstance(text, str) else content
    return content


def _name(part: object) -> str:
    """What a loss calls a part."""
    match part:
        case Media(kind=kind):
            return kind
        case Unknown(name=name):
            return name
        case ToolCall():
            return "tool_calls"
        case ToolResult():
            return "tool_result"
        case _:
            return type(part).__name__.lower()
