"""One canonical part → the parts of a request. What a part cannot say is named in `losses`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from uniapi.canonical import (
    Json,
    Media,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.dialects.function_tools import call_object
from uniapi.dialects.losses import REASONING_LOSS
from uniapi.dialects.quirk import Quirk

from .media import encode_media
from .request_encode_names import ToolNames
from .request_encode_thinking import is_generation_3
from .vocabulary import FAMILY, NAME, SKIP_SIGNATURE

Block = dict[str, Json]

_SIGNATURE = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
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

    def __init__(
        self, quirk: Quirk, names: ToolNames, call_names: Mapping[str, str], losses: list[str]
    ) -> None:
        self._quirk = quirk
        self._family = quirk.opaque_family or FAMILY
        self._names = names
        self._call_names = call_names
        self._losses = losses

    def encode(self, part: Part, index: int) -> list[Block]:
        """The wire's parts for `part` of `messages[index]` (none, one, or a result with
        its media).
        """
        match part:
            case Text():
                signature = self._signed(part.opaque)
                return [{"text": part.text, **signature}] if part.text or signature else []
            case Refusal(text=text):
                return [{"text": text}] if text else []
            case Media():
                return self._media(part, index)
            case Reasoning():
                return self._reasoning(part)
            case ToolCall():
                return [self._call(part)] if self._has_tools() else []
            case ToolResult():
                return self._result(part, index) if self._has_tools() else []
            case Unknown(dialect=dialect, raw=raw) if dialect == NAME and isinstance(raw, dict):
                return [raw]
            case Unknown():
                self._losses.append(f"messages[{index}].{part.name}")
                return []

    def _has_tools(self) -> bool:
        if not self._quirk.has_tools:
            self._losses.append("tools")
        return self._quirk.has_tools

    def _reasoning(self, part: Reasoning) -> list[Block]:
        """Thoughts go back only with the signature that vouches for them."""
        signature = self._signed(part.opaque)
        if not signature:
            self._losses.append(REASONING_LOSS)
            return []
        return (
            [{"text": part.text, "thought": True, **signature}]
            if part.text
            else [{"text": "", **signature}]
        )

    def _media(self, part: Media, index: int) -> list[Block]:
        if part.kind == "image" and not self._quirk.has_images:
            self._losses.append(f"messages[{index}].image")
            return []
        if is_plain_text(part):
            return [{"text": titled}] if (titled := titled_text(part)) else []
        encoded = encode_media(part)
        if encoded is None:
            self._losses.append(f"messages[{index}].{part.kind}")
            return []
        return [{**encoded, **self._signed(part.opaque)}]

    def _call(self, part: ToolCall) -> Block:
        call: Block = {
            "name": self._names.wire(part.name, part.namespace),
            "args": call_object(part),
        }
        if self._quirk.function_call_ids and part.call_id:
            call["id"] = part.call_id
        return {"functionCall": call, **self._signed(part.opaque)}

    def _result(self, part: ToolResult, index: int) -> list[Block]:
        name = self._call_names.get(part.call_id) or self._names.wire(part.name or part.call_id)
        response: Block = {"name": name, "response": result_object(part)}
        if self._quirk.function_call_ids and part.call_id:
            response["id"] = part.call_id
        inside: list[Block] = []
        after: list[Block] = []
        for inner in part.content:
            match inner:
                case Media() if is_plain_text(inner):
                    pass
                case Media():
                    for encoded in self._media(inner, index):
                        (inside if self._fits_inside(encoded) else after).append(encoded)
                case Unknown(dialect=dialect, raw=raw) if dialect == NAME and isinstance(raw, dict):
                    inside.append(raw)
                case Unknown():
                    self._losses.append(f"messages[{index}].{inner.name}")
        if inside:
            response["parts"] = inside
        return [{"functionResponse": response}, *after]

    def _signed(self, opaque: Opaque | None) -> Block:
        """The members an opaque value of this family puts on its part: a signature, or others that
        stood beside the data.
        """
        if opaque is None or opaque.family != self._family:
            return {}
        if isinstance(opaque.value, dict):
            return dict(opaque.value)
        if (
            not isinstance(opaque.value, str)
            or not _SIGNATURE.fullmatch(opaque.value)
            or len(opaque.value) % 4 == 1
        ):
            # A signature that a client cut short is a 400; the part without it is not.
            return {}
        return {"thoughtSignature": opaque.value}

    def _fits_inside(self, block: Block) -> bool:
        if not is_generation_3(self._quirk) or "thoughtSignature" in block:
            return False
        source = block.get("inlineData") or block.get("fileData")
        return isinstance(source, dict) and source.get("mimeType") in _RESULT_MEDIA


def vouch_for_calls(parts: list[Block]) -> None:
    """Gives the first call of a model turn the documented stand-in when it has no signature: Gemini
    3 refuses the turn otherwise.
    """
    for position, block in enumerate(parts):
        if "functionCall" in block:
            if "thoughtSignature" not in block and "thought_signature" not in block:
                parts[position] = {**block, "thoughtSignature": SKIP_SIGNATURE}
            return


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
