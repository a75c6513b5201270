"""A client's `input` → canonical messages and the tools that some items bring along.

Every item keeps its place. Neighbouring items of the assistant's side (reasoning, text, calls,
hosted calls) make one assistant message, because that is the turn they came from; tool outputs in a
row make one user message; a message item of the user or system is a message. An item of unknown
type is carried as Unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import (
    HostedTool,
    Json,
    Media,
    Message,
    Opaque,
    Part,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.dialects.openai_chat.request_decode_members import (
    decode_list,
    decode_text,
    need_object,
    need_text,
    refused,
)
from uniapi.values import dataclass, field, replace

from .agent_messages import message_of_agent
from .answer_decode_content import decode_content, decode_part
from .opaque import Carried, item_token, unpack
from .request_decode_tool_search import (
    decode_search_call,
    decode_search_output,
    is_client_search,
)
from .request_decode_tools import decode_tools
from .vocabulary import FAMILY, IMAGE_MIMES, NAME, USER_ITEMS

CALL_MEMBERS = ("id", "caller", "async")
"""Members of a call that have no canonical place and that its vendor may want back."""

_ROLES: Mapping[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "developer",
    "tool": "user",
}


def decode_input(value: Json) -> tuple[tuple[Message, ...], tuple[Tool | HostedTool, ...]]:
    """The conversation, and the tools of `additional_tools` and `tool_search_output` items.

    Raises RequestRefused naming the item.
    """
    if value is None:
        return (), ()
    if isinstance(value, str):
        return (Message(role="user", parts=(Text(text=value),)),), ()
    if not isinstance(value, list):
        raise refused("input", "text or a list of items", value)
    reader = _InputReader()
    for index, item in enumerate(value):
        reader.read(item, f"input[{index}]", index)
    return reader.finish()


@dataclass(slots=True)
class _Turn:
    role: Role
    parts: list[Part]
    phase: str | None = None
    kind: str = "message"
    """What was added last: `message`, `result` or `other`."""


@dataclass(slots=True)
class _InputReader:
    turns: list[_Turn] = field(default_factory=list)
    tools: list[Tool | HostedTool] = field(default_factory=list)
    carried_calls: dict[str, Opaque] = field(default_factory=dict)

    def read(self, item: Json, path: str, index: int) -> None:
        if isinstance(item, str):
            self.turns.append(_Turn("user", [Text(text=item)]))
            return
        item = need_object(item, path)
        kind = item.get("type")
        match kind:
            case "message" | None if "role" in item or kind == "message":
                self._message(item, path)
            case None if "id" in item:
                # The one item whose type may be left out.
                self._add("assistant", Unknown(dialect=NAME, name="item_reference", raw=item))
            case "function_call":
                self._call(item, path, "function")
            case "custom_tool_call":
                self._call(item, path, "custom")
            case "function_call_output":
                self._result(item, path, "function")
            case "custom_tool_call_output":
                self._result(item, path, "custom")
            case "reasoning":
                self._reasoning(item, path)
            case "image_generation_call" if isinstance(item.get("result"), str):
                self._add("assistant", image_of_call(item, FAMILY))
            case "agent_message" if (message := message_of_agent(item)) is not None:
                self._message(message, path)
            case "additional_tools":
                offered = decode_tools(
                    item.get("tools"),
                    f"{path}.tools",
                    {"item": "additional_tools", "index": index, "role": item.get("role")},
                )
                self.tools.extend(offered)
            case "tool_search_call" if is_client_search(item):
                self._add("assistant", decode_search_call(item, path))
            case "tool_search_output" if is_client_search(item):
                self._found(item, path)
            case "input_text" | "input_image" | "input_file" | "input_audio":
                # Clients that forget the message around its content.
                self.turns.append(_Turn("user", [decode_part(item, path)]))
            case str():
                self._add(
                    "user" if kind in USER_ITEMS else "assistant",
                    Unknown(dialect=NAME, name=kind, raw=item),
                )
            case _:
                raise refused(f"{path}.type", "the type of an input item", kind)

    def _found(self, item: Mapping[str, Json], path: str) -> None:
        """Tools that the client's search found are new to us; those that the API's own found were
        offered, deferred, from the start.
        """
        found = decode_tools(item.get("tools"), f"{path}.tools", {"item": "tool_search_output"})
        self.tools.extend(found)
        self._add("user", decode_search_output(item, path, found), kind="result")

    def finish(self) -> tuple[tuple[Message, ...], tuple[Tool | HostedTool, ...]]:
        messages: list[Message] = []
        for turn in self.turns:
            parts = tuple(self._with_token(part) for part in turn.parts)
            messages.append(Message(role=turn.role, parts=parts, phase=turn.phase))
        return tuple(messages), tuple(self.tools)

    def _with_token(self, part: Part) -> Part:
        if isinstance(part, ToolCall) and part.call_id in self.carried_calls:
            return replace(part, opaque=self.carried_calls[part.call_id])
        return part

    def _add(self, role: Role, part: Part, kind: str = "other") -> None:
        """`part` joins the open turn of its role, or opens one.

        A user's own message is never joined.
        """
        last = self.turns[-1] if self.turns else None
        if last is None or last.role != role or (role == "user" and last.kind != kind):
            self.turns.append(_Turn(role, [part], kind=kind))
            return
        last.parts.append(part)
        last.kind = kind

    def _message(self, item: Mapping[str, Json], path: str) -> None:
        word = need_text(item.get("role"), f"{path}.role")
        role = _ROLES.get(word)
        if role is None:
            raise refused(f"{path}.role", "user, assistant, system or developer", word)
        token = item_token(item, ("id",), FAMILY) if role == "assistant" else None
        parts = decode_content(item.get("content"), f"{path}.content", token)
        phase = decode_text(item.get("phase"), f"{path}.phase")
        last = self.turns[-1] if self.turns else None
        if (
            role == "assistant"
            and last is not None
            and last.role == role
            and last.kind != "message"
            and phase in (last.phase, last.phase or phase)
        ):
            last.parts.extend(parts)
            last.phase = phase
            last.kind = "message"
            return
        self.turns.append(_Turn(role, parts, phase=phase))

    def _call(self, item: Mapping[str, Json], path: str, kind: str) -> None:
        member = "arguments" if kind == "function" else "input"
        arguments = item.get(member)
        if isinstance(arguments, dict | list):
            arguments = json.dumps(arguments, ensure_ascii=False)
        call = ToolCall(
            call_id=need_text(item.get("call_id") or item.get("id"), f"{path}.call_id"),
            name=need_text(item.get("name"), f"{path}.name"),
            arguments=decode_text(arguments, f"{path}.{member}") or "",
            kind="function" if kind == "function" else "custom",
            namespace=decode_text(item.get("namespace"), f"{path}.namespace"),
            opaque=item_token(item, CALL_MEMBERS, FAMILY),
        )
        self._add("assistant", call)

    def _result(self, item: Mapping[str, Json], path: str, kind: str) -> None:
        content: list[Text | Media | Unknown] = []
        for index, part in enumerate(decode_content(_output_of(item), f"{path}.output")):
            if not isinstance(part, Text | Media | Unknown):
                raise refused(
                    f"{path}.output[{index}].type",
                    "`input_text`, `input_image` or `input_file`",
                    "refusal",
                )
            content.append(part)
        result = ToolResult(
            call_id=need_text(item.get("call_id"), f"{path}.call_id"),
            name=decode_text(item.get("name"), f"{path}.name"),
            content=tuple(content),
            kind="function" if kind == "function" else "custom",
            opaque=item_token(item, ("id", "caller"), FAMILY),
        )
        self._add("user", result, kind="result")

    def _reasoning(self, item: Mapping[str, Json], path: str) -> None:
        carried = unpack(item.get("encrypted_content"))
        if carried is None:
            self._add(
                "assistant",
                Reasoning(text=reasoning_text(item, path), opaque=reasoning_token(item, FAMILY)),
            )
            return
        text = reasoning_text(item, path)
        match carried.place:
            case "call" if carried.call_id is not None:
                self.carried_calls[carried.call_id] = carried.opaque
                if text:
                    self._add("assistant", Reasoning(text=text))
            case "text":
                self._mark_text(carried)
            case place:
                self._add(
                    "assistant",
                    Reasoning(text=text, is_redacted=place == "redacted", opaque=carried.opaque),
                )

    def _mark_text(self, carried: Carried) -> None:
        """The token of the text before it; on an empty text of its own when it came so, or when the
        client dropped that text.
        """
        last = self.turns[-1] if self.turns and self.turns[-1].role == "assistant" else None
        if last is not None and last.parts and not carried.standalone:
            before = last.parts[-1]
            if isinstance(before, Text):
                last.parts[-1] = replace(before, opaque=carried.opaque)
                last.kind = "other"
                return
        self._add("assistant", Text(text="", opaque=carried.opaque))


def reasoning_text(item: Mapping[str, Json], path: str = "reasoning") -> str:
    """All readable text of a reasoning item, its pieces parted by a blank line.

    Raises RequestRefused on lists that are none.
    """
    pieces: list[str] = []
    for member in ("summary", "content"):
        value = item.get(member)
        if isinstance(value, str):
            pieces.append(value)
            continue
        for piece in decode_list(value, f"{path}.{member}"):
            text = piece.get("text") if isinstance(piece, dict) else piece
            if isinstance(text, str):
                pieces.append(text)
    return "\n\n".join(piece for piece in pieces if piece)


def reasoning_token(item: Mapping[str, Json], family: str) -> Opaque | None:
    """The reasoning item as it came, without its type: what goes back upstream.

    None when it holds nothing but a summary.
    """
    if all(item.get(name) is None for name in ("id", "encrypted_content")) and not item.get(
        "content"
    ):
        return None
    return Opaque(
        family=family, value={name: value for name, value in item.items() if name != "type"}
    )


def image_of_call(item: Mapping[str, Json], family: str) -> Media:
    """The image that an `image_generation_call` made, by value; the rest of the item is
    its token.
    """
    word = item.get("output_format")
    result = item["result"]
    kept = {name: value for name, value in item.items() if name not in ("type", "result")}
    if result.startswith("data:"):
        mime, _, result = result[5:].partition(",")
        return Media(
            kind="image",
            mime=mime.partition(";")[0] or None,
            data=result,
            opaque=Opaque(family=family, value=kept),
        )
    mime = IMAGE_MIMES.get(word, "image/png") if isinstance(word, str) else "image/png"
    return Media(kind="image", mime=mime, data=result, opaque=Opaque(family=family, value=kept))


def _output_of(item: Mapping[str, Json]) -> Json:
    """`output` as content: an object that is neither text nor a list (some clients send their
    tool's raw JSON) is told as JSON text.
    """
    output = item.get("output")
    if isinstance(output, dict | int | float | bool):
        return json.dumps(output, ensure_ascii=False)
    if isinstance(output, list) and any(
        isinstance(part, dict) and not isinstance(part.get("type"), str) for part in output
    ):
        return json.dumps(output, ensure_ascii=False)
    return output
