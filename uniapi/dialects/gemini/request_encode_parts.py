"""One canonical part → the parts of a request. What a part cannot say is named in `losses`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import (
    Json,
    Media,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Search,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.dialects.function_tools import call_object
from uniapi.dialects.losses import REASONING_LOSS
from uniapi.dialects.turn_repair import behind_label, behind_note

from .media import encode_media
from .request_encode_names import ToolNames
from .vocabulary import FAMILY, NAME, is_signature

Block = dict[str, Json]

_RESULT_MEDIA = frozenset(
    {"image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"}
)
"""What a function response may carry:
https://ai.google.dev/gemini-api/docs/function-calling#multimodal
"""


class PartEncoder:
    """Encodes the parts of one request.

    `call_names` gives the wire name of the tool behind a call id: results must repeat it.
    """

    def __init__(self, names: ToolNames, call_names: Mapping[str, str], losses: list[str]) -> None:
        self._names = names
        self._call_names = call_names
        self._losses = losses

    def encode(self, part: Part, index: int) -> list[Block]:
        """The wire's parts for `part` of `messages[index]` (none, one, or a result with
        its media).
        """
        match part:
            case Text():
                signature = _signed(part.opaque)
                return [{"text": part.text, **signature}] if part.text or signature else []
            case Refusal(text=text):
                return [{"text": text}] if text else []
            case Media():
                return self._media(part, index)
            case Reasoning():
                return self._reasoning(part)
            case ToolCall():
                return [self._call(part)]
            case ToolResult():
                return self._result(part, index)
            case Search():
                return []
            case Unknown(dialect=dialect, raw=raw) if dialect == NAME and isinstance(raw, dict):
                return [raw]
            case Unknown():
                self._losses.append(f"messages[{index}].{part.name}")
                return []

    def _reasoning(self, part: Reasoning) -> list[Block]:
        """Thoughts go back only with the signature that vouches for them."""
        signature = _signed(part.opaque)
        if not signature:
            self._losses.append(REASONING_LOSS)
            return []
        return (
            [{"text": part.text, "thought": True, **signature}]
            if part.text
            else [{"text": "", **signature}]
        )

    def _media(self, part: Media, index: int) -> list[Block]:
        if is_plain_text(part):
            return [{"text": titled}] if (titled := titled_text(part)) else []
        encoded = encode_media(part)
        if encoded is None:
            self._losses.append(f"messages[{index}].{part.kind}")
            return []
        return [{**encoded, **_signed(part.opaque)}]

    def _call(self, part: ToolCall) -> Block:
        call: Block = {
            "name": self._names.wire(part.name, part.namespace),
            "args": call_object(part),
        }
        if part.call_id:
            call["id"] = part.call_id
        return {"functionCall": call, **_signed(part.opaque)}

    def _result(self, part: ToolResult, index: int) -> list[Block]:
        name = self._call_names.get(part.call_id) or self._names.wire(part.name or part.call_id)
        response: Block = {"name": name, "response": result_object(part)}
        if part.call_id:
            response["id"] = part.call_id
        inside: list[Block] = []
        after: list[Json] = []
        for inner in part.content:
            match inner:
                case Media() if is_plain_text(inner):
                    pass
                case Media():
                    for encoded in self._media(inner, index):
                        (inside if _fits_inside(encoded) else after).append(encoded)
                case Unknown(dialect=dialect, raw=raw) if dialect == NAME and isinstance(raw, dict):
                    inside.append(raw)
                case Unknown():
                    self._losses.append(f"messages[{index}].{inner.name}")
        if inside:
            response["parts"] = inside
        return shown_behind(response, after)


def _signed(opaque: Opaque | None) -> Block:
    """The members an opaque value of this family puts on its part: a signature, or others that
    stood beside the data.
    """
    if opaque is None or opaque.family != FAMILY:
        return {}
    if isinstance(opaque.value, dict):
        return dict(opaque.value)
    return {"thoughtSignature": opaque.value} if is_signature(opaque.value) else {}


def shown_behind(response: Block, media: list[Json]) -> list[Block]:
    """The part of a result, and behind it the media that it may not hold, under words that say
    whose they are; a result that has nothing else to say points there.
    """
    if not media:
        return [{"functionResponse": response}]
    source = str(response.get("name"))
    if "id" in response:
        source += f" ({response['id']})"
    if response.get("response") == {"result": ""}:
        response = {**response, "response": {"result": behind_note(source)}}
    label: Block = {"text": behind_label(source)}
    return [{"functionResponse": response}, label, *media]


def _fits_inside(block: Block) -> bool:
    """Whether a result may carry this media in its own parts."""
    source = block.get("inlineData") or block.get("fileData")
    return (
        "thoughtSignature" not in block
        and isinstance(source, dict)
        and source.get("mimeType") in _RESULT_MEDIA
    )


def is_plain_text(part: Media) -> bool:
    """Whether a document is nothing but text."""
    return part.text is not None and not part.data and part.url is None and part.file_id is None


def titled_text(part: Media) -> str:
    return "\n".join(
        line for line in (part.title or part.filename, part.context, part.text) if line
    )


def result_object(part: ToolResult) -> dict[str, Json]:
    """What a tool gave as the object the wire wants: an object as itself, text under `result`, an
    error under `error`.
    """
    if part.structured is not None:
        return dict(part.structured)
    said = [
        inner.text if isinstance(inner, Text) else titled_text(inner)
        for inner in part.content
        if isinstance(inner, Text) or (isinstance(inner, Media) and is_plain_text(inner))
    ]
    text = "".join(said)
    if part.is_error:
        return {"error": text}
    # Google reads a `$ref` inside a response as a reference to one of its parts and refuses the
    # others, so such objects stay text.
    if text.lstrip().startswith("{") and '"$ref"' not in text:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
    return {"result": text}
