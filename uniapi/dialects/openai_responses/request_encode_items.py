"""Canonical messages → `input` items for an upstream.

Order is kept part by part. Neighbouring texts of one assistant message are one message item (unless
they came from two); calls and results are items of their own; images that an assistant turn holds
and that this API did not make are shown as a user's, because an assistant's message takes text
only. What cannot be said is a loss named by its place.
"""

from __future__ import annotations

from uniapi.canonical import (
    Json,
    Media,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
    iter_parts,
)
from uniapi.dialects.cache_marks import BREAKPOINT, breakpoint_of
from uniapi.dialects.losses import REASONING_LOSS
from uniapi.dialects.openai_chat.request_encode_names import wire_name
from uniapi.dialects.turn_repair import says_nothing
from uniapi.values import dataclass, field

from .opaque import own_members
from .request_encode_answered_calls import with_answered_calls
from .request_encode_content import ContentWriter, text_piece
from .vocabulary import FAMILY, NAME

STATEFUL_MEMBERS = ("conversation", "background", "prompt", "background_options")
"""Members that lean on what is stored upstream."""


def marked_instructions(request: Request) -> tuple[dict[str, Json], ...]:
    """The pieces of `instructions`, where one is marked for the prompt cache: a string carries no
    mark, a turn in its place does.
    """
    _, count = _leading_system(request.messages)
    texts = [
        part
        for part in iter_parts(request.messages[:count])
        if isinstance(part, Text) and part.text
    ]
    if all(text.cache is None for text in texts):
        return ()
    return tuple(piece for text in texts for piece in text_piece(text))


def encode_input(request: Request, losses: list[str]) -> tuple[str | None, list[dict[str, Json]]]:
    """`instructions` (the leading system text, None without one) and `input`.

    Appends to `losses` what had to be left out.
    """
    instructions, rest = _leading_system(request.messages)
    writer = _InputWriter(losses)
    for index, message in enumerate(request.messages[rest:], rest):
        writer.add(message, f"messages[{index}]")
    items = writer.items if leans_on_stored_items(request) else with_answered_calls(writer.items)
    if items or leans_on_stored_items(request):
        return instructions, items
    # Something must be asked: «One of "input" or "previous_response_id" or 'prompt' or
    # 'conversation_id' must be provided.»
    if instructions is not None:
        return None, [_words("system", instructions)]
    return None, [_words("user", "")] if says_nothing(request) else []


def _words(role: str, text: str) -> dict[str, Json]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def leans_on_stored_items(request: Request) -> bool:
    """Whether part of the conversation lies upstream: by the id of a response, a conversation or a
    prompt, or by that of an item.
    """
    if request.previous_response_id is not None:
        return True
    own = request.extensions.get(NAME)
    if own and any(own.get(name) for name in STATEFUL_MEMBERS):
        return True
    for part in iter_parts(request.messages):
        if isinstance(part, Unknown | Reasoning) and _is_reference(part):
            return True
    return False


def _is_reference(part: Part) -> bool:
    """An item by its id alone: an `item_reference`, or reasoning without its encrypted content."""
    if isinstance(part, Unknown):
        return part.dialect == NAME and part.name == "item_reference"
    return (
        isinstance(part, Reasoning)
        and part.opaque is not None
        and part.opaque.family == FAMILY
        and not is_replayable(part.opaque)
    )


def _leading_system(messages: tuple[Message, ...]) -> tuple[str | None, int]:
    """The system text at the beginning, and how many messages it takes.

    Developer turns and those with more than text stay where they are.
    """
    texts: list[str] = []
    count = 0
    for message in messages:
        if message.role != "system" or not all(isinstance(part, Text) for part in message.parts):
            break
        texts.extend(part.text for part in message.parts if isinstance(part, Text) and part.text)
        count += 1
    return "\n\n".join(texts) if texts else None, count


def is_replayable(opaque: Opaque | None) -> bool:
    """Whether a reasoning token stands on its own: it holds the encrypted reasoning, or the
    reasoning text itself, and not only the id of a stored item.
    """
    value = own_members(opaque, FAMILY)
    return bool(value.get("encrypted_content") or value.get("content"))


@dataclass(slots=True)
class _InputWriter:
    losses: list[str]
    items: list[dict[str, Json]] = field(default_factory=list)
    _content: ContentWriter = field(init=False)

    def __post_init__(self) -> None:
        self._content = ContentWriter(self.lose)

    def add(self, message: Message, path: str) -> None:
        if message.name is not None:
            self.lose(f"{path}.name")
        if message.role == "assistant":
            self._assistant(message, path)
        else:
            self._incoming(message, path)

    def lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)

    def _incoming(self, message: Message, path: str) -> None:
        """A user, system or developer turn: results and unknown items stand alone, the content
        around them makes messages.
        """
        content: list[dict[str, Json]] = []
        for part in message.parts:
            if isinstance(part, ToolResult):
                self._message(message.role, content)
                content = []
                self._result(part, path)
            elif isinstance(part, Unknown) and _is_item(part):
                self._message(message.role, content)
                content = []
                self.items.append(dict(part.raw))
            else:
                content.extend(self._content.parts(part, path))
        self._message(message.role, content)

    def _message(self, role: str, content: list[dict[str, Json]]) -> None:
        if content:
            self.items.append({"type": "message", "role": role, "content": content})

    def _result(self, result: ToolResult, path: str) -> None:
        own = own_members(result.opaque, FAMILY)
        if "item" in own:
            self.items.append(own["item"])
            return
        if result.is_error:
            self.lose(f"{path}.is_error")
        content = [piece for part in result.content for piece in self._content.parts(part, path)]
        if result.cache is not None and content:
            content[-1].update(breakpoint_of(result.cache))
        is_text = all(
            piece["type"] == "input_text" and BREAKPOINT not in piece for piece in content
        )
        is_custom = result.kind == "custom"
        self.items.append(
            {
                "type": "custom_tool_call_output" if is_custom else "function_call_output",
                "call_id": result.call_id,
                "output": "\n".join(piece["text"] for piece in content) if is_text else content,
                **own,
            }
        )

    def _assistant(self, message: Message, path: str) -> None:
        said: list[Text | Refusal] = []
        shown: list[dict[str, Json]] = []
        for part in message.parts:
            if isinstance(part, Text | Refusal):
                if said and _item_id(part) != _item_id(said[0]):
                    self._said(said, message.phase)
                    said = []
                said.append(part)
                continue
            self._said(said, message.phase)
            said = []
            match part:
                case Reasoning():
                    self._reasoning(part)
                case ToolCall():
                    self._call(part)
                case Media(kind="image"):
                    shown.extend(self._generated(part, path))
                case Unknown(dialect=dialect, raw=dict(raw)) if dialect == NAME:
                    self.items.append(raw)
                case Unknown(name=name):
                    self.lose(f"{path}.{name}")
                case Media(kind=kind):
                    self.lose(f"{path}.{kind}")
                case ToolResult():
                    self.lose(f"{path}.tool_result")
        self._said(said, message.phase)
        self._message("user", shown)

    def _said(self, parts: list[Text | Refusal], phase: str | None) -> None:
        content: list[dict[str, Json]] = []
        for part in parts:
            if isinstance(part, Refusal):
                content.append({"type": "refusal", "refusal": part.text})
            elif part.text:
                own = [
                    dict(citation.raw)
                    for citation in part.citations
                    if citation.raw is not None and citation.dialect == NAME
                ]
                content.append({"type": "output_text", "text": part.text, "annotations": own})
        if not content:
            return
        item: dict[str, Json] = {"type": "message", "role": "assistant", "content": content}
        item_id = _item_id(parts[0])
        if item_id is not None:
            item.update(id=item_id, status="completed")
        elif all(piece["type"] == "output_text" and not piece["annotations"] for piece in content):
            # A list of output parts belongs to an item with an id; text that was never one of this
            # API's items is a string.
            item["content"] = "".join(piece["text"] for piece in content)
        phase = phase or _phase(parts[0])
        if phase is not None:
            item["phase"] = phase
        self.items.append(item)

    def _reasoning(self, part: Reasoning) -> None:
        """Only what this family issued: it would not read another's, and readable text alone has no
        place.
        """
        value = own_members(part.opaque, FAMILY)
        if value:
            self.items.append({"type": "reasoning", "summary": [], **value})
        else:
            self.lose(REASONING_LOSS)

    def _call(self, call: ToolCall) -> None:
        own = own_members(call.opaque, FAMILY)
        if "item" in own:
            self.items.append(own["item"])
            return
        item: dict[str, Json] = {
            "type": "function_call",
            "call_id": call.call_id,
            "name": wire_name(call.name),
        }
        if call.kind == "custom":
            item.update(type="custom_tool_call", input=call.arguments)
        else:
            item["arguments"] = call.arguments or "{}"
        if call.namespace is not None:
            item["namespace"] = call.namespace
        self.items.append({**item, **own})

    def _generated(self, image: Media, path: str) -> list[dict[str, Json]]:
        """An image of an assistant turn: the call that made it, or content for a user's message."""
        own = own_members(image.opaque, FAMILY)
        if isinstance(own.get("id"), str) and image.data is not None:
            self.items.append(
                {
                    "type": "image_generation_call",
                    "status": "completed",
                    **own,
                    "result": image.data,
                }
            )
            return []
        return self._content.image(image, path)


def _is_item(part: Unknown) -> bool:
    """Whether an unknown of ours was an item of its own, not a part of a message's content."""
    return (
        part.dialect == NAME and isinstance(part.raw, dict) and not part.name.startswith("input_")
    )


def _item_id(part: Text | Refusal) -> str | None:
    found = own_members(part.opaque, FAMILY).get("id") if isinstance(part, Text) else None
    return found if isinstance(found, str) else None


def _phase(part: Text | Refusal) -> str | None:
    found = own_members(part.opaque, FAMILY).get("phase") if isinstance(part, Text) else None
    return found if isinstance(found, str) else None
