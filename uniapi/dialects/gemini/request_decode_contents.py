"""`contents` and `systemInstruction` of a client's request → messages.

Clients write turns, parts and lone texts in every way the SDKs accept.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Mapping

from uniapi.canonical import (
    Json,
    Media,
    Message,
    Opaque,
    Part,
    Reasoning,
    RequestRefused,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.values import dataclass

from .media import decode_media
from .vocabulary import (
    FAMILY,
    NAME,
    both_spellings,
    camel,
    list_member,
    member,
    object_member,
    text_member,
)

_PLAIN_ANSWERS = ("result", "output", "error")
"""A response with one of these alone and text in it is that text: how the SDKs wrap what is no
object.
"""
_BESIDE_MEDIA = ("videoMetadata", "mediaResolution", "mediaProcessing", "partMetadata")
_DATA_MEMBERS = both_spellings(
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)
_ROLES: Mapping[str, Role] = {"model": "assistant", "assistant": "assistant", "system": "system"}


@dataclass(slots=True)
class _Asked:
    """A call whose result may still come."""

    call_id: str
    is_answered: bool = False


class ContentsDecoder:
    """Reads one conversation.

    Calls without an id get one from their position, so that the same conversation always has the
    same ids.
    """

    def __init__(self) -> None:
        self._count = 0
        self._by_id: defaultdict[str, deque[_Asked]] = defaultdict(deque)
        self._by_name: defaultdict[str, deque[_Asked]] = defaultdict(deque)
        """The calls, in their order, for their results."""
        self._said: dict[str, Json] = {}
        """The last result of each id."""

    def contents(self, value: Json) -> list[Message]:
        """Raises RequestRefused naming the member that is missing or of the wrong type."""
        if value is None or value == [] or value == "":
            raise RequestRefused.bad_request(
                "contents is missing: expected a list of turns", "contents"
            )
        messages: list[Message] = []
        for position, turn in enumerate(value if isinstance(value, list) else [value]):
            self._turn(turn, f"contents[{position}]", messages)
        return messages

    def system(self, value: Json) -> list[Message]:
        """The system instruction as one message; none when it says nothing."""
        if value is None:
            return []
        parts: list[Part] = []
        for position, turn in enumerate(value if isinstance(value, list) else [value]):
            where = (
                "systemInstruction"
                if not isinstance(value, list)
                else f"systemInstruction[{position}]"
            )
            parts += self._parts(
                turn if not isinstance(turn, dict) or "parts" not in turn else turn["parts"], where
            )
        return [Message(role="system", parts=tuple(parts))] if parts else []

    def _turn(self, turn: Json, where: str, messages: list[Message]) -> None:
        if isinstance(turn, dict) and not _DATA_MEMBERS & turn.keys():
            role = _ROLES.get(text_member(turn, "role").lower(), "user")
            parts = turn.get("parts")
            decoded = self._parts([] if parts is None else parts, f"{where}.parts")
            messages.append(Message(role=role, parts=tuple(decoded)))
            return
        decoded = self._parts(turn, where)
        if messages and messages[-1].role == "user" and isinstance(turn, dict):
            # A list of bare parts is one turn.
            messages[-1] = Message(role="user", parts=messages[-1].parts + tuple(decoded))
        else:
            messages.append(Message(role="user", parts=tuple(decoded)))

    def _parts(self, value: Json, where: str) -> list[Part]:
        if not isinstance(value, list):
            return self._part(value, where)
        return [
            part
            for position, each in enumerate(value)
            for part in self._part(each, f"{where}[{position}]")
        ]

    def _part(self, part: Json, where: str) -> list[Part]:
        if isinstance(part, str):
            return [Text(text=part)] if part else []
        if not isinstance(part, dict):
            raise RequestRefused.bad_request(
                f"{where}: expected a part, found {type(part).__name__}", where
            )
        signature = text_member(part, "thoughtSignature")
        opaque = Opaque(family=FAMILY, value=signature) if signature else None
        text = member(part, "text")
        if text is not None:
            return self._text(text, part, opaque, where)
        if (call := member(part, "functionCall")) is not None:
            return [self._call(call, opaque, f"{where}.functionCall")]
        if (result := member(part, "functionResponse")) is not None:
            if self._is_repeated(result):
                return []
            return [self._result(result, f"{where}.functionResponse")]
        if (media := decode_media(part, _media_opaque(part, signature))) is not None:
            return [_checked_media(media, where)]
        if not part or not (
            names := [name for name in part if camel(name) not in ("thought", "thoughtSignature")]
        ):
            return [Text(text="", opaque=opaque)] if opaque is not None else []
        return [Unknown(dialect=NAME, name=camel(names[0]), raw=part)]

    def _text(
        self, text: Json, part: Mapping[str, Json], opaque: Opaque | None, where: str
    ) -> list[Part]:
        if not isinstance(text, str):
            raise RequestRefused.bad_request(
                f"{where}.text: expected text, found {type(text).__name__}", f"{where}.text"
            )
        if part.get("thought") is True:
            return [Reasoning(text=text, opaque=opaque)]
        return [Text(text=text, opaque=opaque)] if text or opaque is not None else []

    def _call(self, call: Json, opaque: Opaque | None, where: str) -> ToolCall:
        name = text_member(call, "name")
        if not name:
            raise RequestRefused.bad_request(
                f"{where}.name: expected a function's name", f"{where}.name"
            )
        args = member(call, "args")
        self._count += 1
        call_id = text_member(call, "id") or f"call_{self._count}"
        asked = _Asked(call_id)
        self._by_id[call_id].append(asked)
        self._by_name[name].append(asked)
        return ToolCall(
            call_id=call_id,
            name=name,
            arguments=json.dumps({} if args is None else args, ensure_ascii=False),
            opaque=opaque,
        )

    def _is_repeated(self, result: Json) -> bool:
        """Whether this answers a call for the second time in the same words (`one_result_a_call` in
        `fit_parts` says who does so).
        """
        call_id = text_member(result, "id")
        is_awaited = _first(self._by_id.get(call_id)) is not None
        if call_id and not is_awaited and self._said.get(call_id) == result:
            return True
        self._said[call_id] = result
        return False

    def _result(self, result: Json, where: str) -> ToolResult:
        if not isinstance(result, dict):
            raise RequestRefused.bad_request(
                f"{where}: expected an object, found {type(result).__name__}", where
            )
        name = text_member(result, "name")
        response = member(result, "response")
        structured = response if isinstance(response, dict) else None
        said = _said(response)
        content: list[Text | Media | Unknown] = [Text(text=said)] if said else []
        for position, part in enumerate(list_member(result, "parts")):
            media = decode_media(part) if isinstance(part, dict) else None
            if media is not None:
                content.append(_checked_media(media, f"{where}.parts[{position}]"))
            else:
                content.append(Unknown(dialect=NAME, name="functionResponse.parts", raw=part))
        return ToolResult(
            call_id=self._answered(text_member(result, "id"), name),
            name=name or None,
            content=tuple(content),
            is_error=structured is not None and set(structured) == {"error"},
            structured=structured,
        )

    def _answered(self, call_id: str, name: str) -> str:
        """The call a result belongs to: by its id, else the first of that name that waits."""
        found = _first(self._by_id.get(call_id)) if call_id else None
        found = found or _first(self._by_name.get(name))
        if found is not None:
            found.is_answered = True
            return found.call_id
        self._count += 1
        return call_id or f"call_{self._count}"


def _first(asked: deque[_Asked] | None) -> _Asked | None:
    """The first that still waits; what was answered is passed once."""
    while asked and asked[0].is_answered:
        asked.popleft()
    return asked[0] if asked else None


def _said(response: Json) -> str:
    if response is None or response == {}:
        return ""
    if isinstance(response, str):
        return response
    if isinstance(response, dict) and len(response) == 1:
        name, value = next(iter(response.items()))
        if name in _PLAIN_ANSWERS and isinstance(value, str):
            return value
    return json.dumps(response, ensure_ascii=False)


def _media_opaque(part: Mapping[str, Json], signature: str) -> Opaque | None:
    """What stands beside the data of a media part: the signature alone, or with it members no other
    dialect knows.
    """
    beside: dict[str, Json] = {
        name: found
        for name in _BESIDE_MEDIA
        if (found := object_member(part, name) or text_member(part, name))
    }
    if not beside:
        return Opaque(family=FAMILY, value=signature) if signature else None
    return Opaque(
        family=FAMILY, value={**beside, **({"thoughtSignature": signature} if signature else {})}
    )


def _checked_media(media: Media, where: str) -> Media:
    if not media.data and not media.url:
        raise RequestRefused.bad_request(f"{where}: expected `data` or `fileUri`", where)
    return media
