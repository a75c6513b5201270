"""One canonical part → the content blocks of a request.

What a block cannot say is named in `losses`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from uniapi.canonical import (
    CacheHint,
    Json,
    Media,
    Part,
    Reasoning,
    Refusal,
    Role,
    Search,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.dialects.cache_marks import ephemeral
from uniapi.dialects.function_tools import call_object
from uniapi.dialects.losses import REASONING_LOSS
from uniapi.dialects.numbered_names import NumberedNames
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.text_documents import is_text

from .request_encode_names import ToolNames, cleaned
from .vocabulary import (
    AUDIO_FORMATS,
    DOCUMENT_FORMATS,
    EXTENSION_FORMATS,
    FAMILY,
    IMAGE_FORMATS,
    NAME,
    VIDEO_FORMATS,
    opaque_family,
)

Block = dict[str, Json]

MAX_DOCUMENT_NAME = 200
_REFUSED_IN_NAME = re.compile(r"[^A-Za-z0-9\-()\[\]]+")
_SIGNATURES = (("iVBORw0KGgo", "png"), ("/9j/", "jpeg"), ("R0lGOD", "gif"), ("UklGR", "webp"))
"""How base64 of these formats begins: a block whose format is not that of its bytes is refused."""
_BLOCK_NAMES: Mapping[str, str] = {
    "image": "image",
    "file": "document",
    "video": "video",
    "audio": "audio",
}
_FORMATS: Mapping[str, Mapping[str, str]] = {
    "image": IMAGE_FORMATS,
    "file": DOCUMENT_FORMATS,
    "video": VIDEO_FORMATS,
    "audio": AUDIO_FORMATS,
}
_RESULT_BLOCKS = frozenset({"json", "text", "image", "document", "video", "searchResult"})
"""What a tool result may hold."""


class PartEncoder:
    """Blocks for the parts of one request; keeps the document names of the request apart, as the
    API demands.
    """

    def __init__(self, quirk: Quirk, names: ToolNames, losses: list[str]) -> None:
        self._quirk = quirk
        self._names = names
        self._losses = losses
        self._document_names = NumberedNames(MAX_DOCUMENT_NAME, " ")

    def blocks(self, part: Part, where: str, role: Role) -> list[Block]:
        """The blocks for `part`, its cache point behind it; `where` is the message it stands in,
        for the losses.
        """
        blocks = self._content(part, where, role)
        hint = getattr(part, "cache", None)
        if hint is None or not blocks:
            return blocks
        if _is_text_document(blocks[-1]):
            # Claude on Bedrock refuses a cache point right after a document in a text format.
            self._losses.append("cache_control")
            return blocks
        return blocks + self.cache_point(hint)

    def cache_point(self, hint: CacheHint) -> list[Block]:
        """The breakpoint, for models that have one; empty for others."""
        if self._quirk.converse_fields not in ("claude", "nova"):
            self._losses.append("cache_control")
            return []
        point: Block = {"type": "default"}
        if ephemeral(hint).get("ttl") == "1h" and self._quirk.converse_fields == "claude":
            point["ttl"] = "1h"
        return [{"cachePoint": point}]

    def _content(self, part: Part, where: str, role: Role) -> list[Block]:
        match part:
            case Text(text=text) | Refusal(text=text):
                return [{"text": text}] if text.strip() else []
            case Media():
                return self._media(part, where, role)
            case Reasoning():
                return self._reasoning(part)
            case ToolCall():
                return self._tool_call(part, where)
            case ToolResult():
                return self._tool_result(part, where)
            case Search():
                return []
            case Unknown():
                if part.dialect == NAME and isinstance(part.raw, dict):
                    return [dict(part.raw)]
                self._losses.append(f"{where}.{part.name}")
                return []

    def _reasoning(self, part: Reasoning) -> list[Block]:
        """Only what this model's family signed goes back; unsigned or foreign reasoning is history
        the model does without.
        """
        opaque = part.opaque
        family = opaque_family(self._quirk)
        if (
            opaque is None
            or opaque.family != family
            or not isinstance(opaque.value, str)
            or not opaque.value
        ):
            self._losses.append(REASONING_LOSS)
            return []
        if not part.is_redacted:
            return [
                {
                    "reasoningContent": {
                        "reasoningText": {"text": part.text, "signature": opaque.value}
                    }
                }
            ]
        # A blob is base64 on this wire; Anthropic's own string is its content.
        blob = (
            base64.b64encode(opaque.value.encode()).decode() if family == FAMILY else opaque.value
        )
        return [{"reasoningContent": {"redactedContent": blob}}]

    def _tool_call(self, part: ToolCall, where: str) -> list[Block]:
        if not self._quirk.has_tools:
            self._losses.append(f"{where}.tool_calls")
            return []
        name = self._names.wire(part.name, part.namespace)
        return [
            {
                "toolUse": {
                    "toolUseId": cleaned(part.call_id, "call"),
                    "name": name,
                    "input": call_object(part),
                }
            }
        ]

    def _tool_result(self, part: ToolResult, where: str) -> list[Block]:
        if not self._quirk.has_tools:
            self._losses.append(f"{where}.tool_result")
            return []
        content: list[Block]
        if part.structured is not None:
            # The texts of `content` are a dump of the object; what it holds beside them is not in
            # the object.
            beside = [item for item in part.content if not isinstance(item, Text)]
            content = [
                {"json": dict(part.structured)},
                *(block for item in beside for block in self._result_blocks(item, where)),
            ]
        else:
            content = [block for item in part.content for block in self._result_blocks(item, where)]
        # The list may not be empty, nor a text in it blank.
        result: Block = {
            "toolUseId": cleaned(part.call_id, "call"),
            "content": content or [{"json": {}}],
        }
        if part.is_error:
            if self._quirk.converse_fields in ("claude", "nova"):
                result["status"] = "error"
            else:
                result["content"] = [{"text": "The tool failed:"}, *result["content"]]
        return [{"toolResult": result}]

    def _result_blocks(self, item: Text | Media | Unknown, where: str) -> list[Block]:
        blocks = self._content(item, f"{where}.tool_result", "user")
        refused = [block for block in blocks if not block.keys() <= _RESULT_BLOCKS]
        self._losses.extend(
            f"{where}.tool_result.{next(iter(block), 'content')}" for block in refused
        )
        return [block for block in blocks if block not in refused]

    def _media(self, part: Media, where: str, role: Role) -> list[Block]:
        is_refused = role == "assistant" or (part.kind == "image" and not self._quirk.has_images)
        block = None if is_refused else self._media_block(part)
        if block is None:
            self._losses.append(f"{where}.{part.kind}")
            return [{"text": part.text}] if part.kind == "audio" and part.text else []
        return [block]

    def _media_block(self, part: Media) -> Block | None:
        """The block, None when the wire has no place for it."""
        if part.kind == "file" and part.text is not None:
            return self._document(part, "txt", _text_source(part)) if part.text.strip() else None
        found = _source(part)
        if found is None:
            return None
        source, shown, mime = found
        media_format = shown or _format_of(part, mime)
        if part.kind == "file" and media_format in EXTENSION_FORMATS["image"].values():
            return {"image": {"format": media_format, "source": source}}
        if media_format is None:
            return None
        if part.kind == "file":
            return self._document(part, media_format, source)
        return {_BLOCK_NAMES[part.kind]: {"format": media_format, "source": source}}

    def _document(self, part: Media, media_format: str, source: Block) -> Block:
        document: Block = {
            "format": media_format,
            "name": self._document_name(part),
            "source": source,
        }
        if part.context:
            document["context"] = part.context
        if part.citations_enabled:
            if self._quirk.converse_fields in ("claude", "nova"):
                document["citations"] = {"enabled": True}
            else:
                self._losses.append("citations")
        return {"document": document}

    def _document_name(self, part: Media) -> str:
        """A name the API takes, unlike every other in the request."""
        wanted = part.title or part.filename or ""
        stem, _, extension = wanted.rpartition(".")
        if stem and extension.lower() in EXTENSION_FORMATS["file"]:
            wanted = stem
        base = _REFUSED_IN_NAME.sub(" ", wanted).strip()[:MAX_DOCUMENT_NAME].strip() or "document"
        return self._document_names.next(base)


def needs_inline(media: Media, quirk: Quirk) -> bool:
    """Whether this media must be fetched: Converse reads bytes, and objects in S3, never a URL."""
    if (
        media.url is None
        or media.url.startswith(("data:", "s3:"))
        or (media.kind == "image" and not quirk.has_images)
    ):
        return False
    return media.url.lower().startswith(("http:", "https:"))


def _text_source(part: Media) -> Block:
    """A document's text: as text where it is to be cited (older models know only bytes)."""
    text = part.text or ""
    return (
        {"text": text}
        if part.citations_enabled
        else {"bytes": base64.b64encode(text.encode("utf-8", "replace")).decode()}
    )


def _source(part: Media) -> tuple[Block, str | None, str | None] | None:
    """(source, the format its bytes show, its media type) of media by value or in S3."""
    data, mime = part.data, part.mime
    if data is None and part.url is not None:
        if part.url.startswith("s3://"):
            return {"s3Location": {"uri": part.url}}, None, mime
        data = part.url if part.url.startswith("data:") else None
    if data is None:
        return None
    if data.startswith("data:"):
        head, _, data = data.partition(",")
        mime = mime or head[5:].partition(";")[0] or None
    data = "".join(data.split()).replace("-", "+").replace("_", "/").rstrip("=")
    data += "=" * (-len(data) % 4)
    if not data:
        return None
    shown = (
        next((kind for prefix, kind in _SIGNATURES if data.startswith(prefix)), None)
        if part.kind in ("image", "file")
        else None
    )
    return (
        {"bytes": data},
        shown or ("pdf" if part.kind == "file" and data.startswith("JVBERi") else None),
        mime,
    )


def _format_of(part: Media, mime: str | None) -> str | None:
    """The format's word by media type, else by the extension of the file name or URL."""
    kind = (mime or "").partition(";")[0].strip().lower()
    known = _FORMATS[part.kind].get(kind)
    if known is not None:
        return known
    name = part.filename or (
        part.url if part.url is not None and part.url.startswith("s3:") else ""
    )
    by_extension = EXTENSION_FORMATS[part.kind].get(name.rpartition(".")[2].lower())
    if by_extension is not None:
        return by_extension
    if part.kind == "file" and is_text(kind):
        return "txt"
    return "mp4" if part.kind == "video" and not kind else None


def _is_text_document(block: Block) -> bool:
    document = block.get("document")
    return isinstance(document, dict) and document.get("format") != "pdf"
