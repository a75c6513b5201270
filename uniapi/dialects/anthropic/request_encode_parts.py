"""One canonical part → the content blocks of a request.

What a block cannot say is named in `losses`.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import (
    Citation,
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
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.text_documents import is_text, text_of_base64
from uniapi.dialects.turn_repair import orphan_label

from .request_encode_names import ToolNames
from .vocabulary import FAMILY, IMAGE_TYPES, NAME, PDF, is_made_citation

Block = dict[str, Json]

_SIGNATURES = (
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("JVBERi", PDF),
)
"""How base64 of these formats begins: the API refuses a block whose media type is not that of its
bytes.
"""


class PartEncoder:
    """Blocks for the parts of one request.

    Ids and names of tool calls are settled elsewhere; `uses_files` says whether a file id was
    written.
    """

    def __init__(self, names: ToolNames, losses: list[str]) -> None:
        self._names = names
        self._losses = losses
        self.uses_files = False

    def blocks(self, part: Part, where: str, role: Role) -> list[Block]:
        """The blocks for `part` (none, one, rarely more); `where` is the message it stands in, for
        the losses.
        """
        match part:
            case Text():
                return self._text(part, role)
            case Refusal(text=text):
                return [{"type": "text", "text": text}] if text.strip() else []
            case Media():
                return self._media(part, where, role)
            case Reasoning():
                return self._reasoning(part)
            case ToolCall():
                return self._tool_call(part)
            case ToolResult():
                return self._tool_result(part, where)
            case Search():
                return []
            case Unknown():
                return self._unknown(part, where)

    def _text(self, part: Text, role: Role) -> list[Block]:
        """A block that was told to others as text (`tool_reference`) is itself again."""
        own = part.opaque
        if own is not None and own.family == FAMILY and isinstance(own.value, dict):
            return [dict(own.value)]
        if not part.text.strip():
            return []
        block: Block = {"type": "text", "text": part.text}
        if part.citations and role == "assistant":
            citations = [
                dict(citation.raw)
                for citation in part.citations
                if citation.raw is not None and _is_ours(citation)
            ]
            if citations:
                block["citations"] = citations
        return [block if part.cache is None else _marked(block, part)]

    def _reasoning(self, part: Reasoning) -> list[Block]:
        """Only what this family signed goes back; unsigned or foreign reasoning is history the
        model does without.
        """
        opaque = part.opaque
        is_ours = (
            opaque is not None
            and opaque.family == FAMILY
            and isinstance(opaque.value, str)
            and bool(opaque.value)
        )
        if opaque is None or not is_ours:
            self._losses.append(REASONING_LOSS)
            return []
        if part.is_redacted:
            return [{"type": "redacted_thinking", "data": opaque.value}]
        return [{"type": "thinking", "thinking": part.text, "signature": opaque.value}]

    def _tool_call(self, part: ToolCall) -> list[Block]:
        block: Block = {
            "type": "tool_use",
            "id": part.call_id,
            "name": self._names.wire(part.name, part.namespace),
            "input": call_object(part),
        }
        if (
            part.opaque is not None
            and part.opaque.family == FAMILY
            and isinstance(part.opaque.value, dict)
        ):
            block.update(
                {key: value for key, value in part.opaque.value.items() if key not in block}
            )
        return [_marked(block, part)]

    def _tool_result(self, part: ToolResult, where: str) -> list[Block]:
        """The result, and behind it what a failed result may not hold: the API takes only text in
        one marked `is_error`.
        """
        inner = [block for item in part.content for block in self.blocks(item, where, "user")]
        outside = [block for block in inner if block["type"] != "text"] if part.is_error else []
        inside = [block for block in inner if block not in outside]
        block: Block = {"type": "tool_result", "tool_use_id": part.call_id}
        if len(inside) == 1 and set(inside[0]) == {"type", "text"}:
            block["content"] = inside[0]["text"]
        elif inside:
            block["content"] = inside
        if part.is_error:
            block["is_error"] = True
        label = [{"type": "text", "text": orphan_label(part)}] if outside else []
        return [_marked(block, part), *label, *outside]

    def _unknown(self, part: Unknown, where: str) -> list[Block]:
        if part.dialect != NAME or not isinstance(part.raw, dict):
            self._losses.append(f"{where}.{part.name}")
            return []
        if part.raw.get("type") == "container_upload":
            self.uses_files = True
        return [dict(part.raw)]

    def _media(self, part: Media, where: str, role: Role) -> list[Block]:
        if (
            part.opaque is not None
            and part.opaque.family == FAMILY
            and isinstance(part.opaque.value, dict)
        ):
            return [dict(part.opaque.value)]
        if part.kind in ("audio", "video"):
            self._losses.append(f"{where}.{part.kind}")
            return self._text(Text(text=part.text), role) if part.text else []
        is_image = part.kind == "image"
        if role == "assistant":
            self._losses.append(f"{where}.{part.kind}")
            return []
        source = self._image_source(part) if is_image else self._document_source(part)
        if source is None:
            self._losses.append(f"{where}.{part.kind}")
            return []
        if source["type"] == "file":
            self.uses_files = True
        if is_image or source.get("media_type") in IMAGE_TYPES:
            return [_marked({"type": "image", "source": source}, part)]
        block: Block = {"type": "document", "source": source}
        if part.title or part.filename:
            block["title"] = part.title or part.filename
        if part.context:
            block["context"] = part.context
        if part.citations_enabled:
            block["citations"] = {"enabled": True}
        return [_marked(block, part)]

    def _image_source(self, part: Media) -> Block | None:
        inline = _inline(part)
        if inline is not None:
            mime, data = inline
            return (
                {"type": "base64", "media_type": mime, "data": data}
                if mime in IMAGE_TYPES
                else None
            )
        return self._remote_source(part)

    def _document_source(self, part: Media) -> Block | None:
        if part.text is not None:
            return (
                {"type": "text", "media_type": "text/plain", "data": part.text}
                if part.text.strip()
                else None
            )
        inline = _inline(part)
        if inline is None:
            return self._remote_source(part)
        mime, data = inline
        if mime == PDF or mime in IMAGE_TYPES:
            return {"type": "base64", "media_type": mime, "data": data}
        text = text_of_base64(data) if mime is None or is_text(mime) else None
        return (
            {"type": "text", "media_type": "text/plain", "data": text}
            if text and text.strip()
            else None
        )

    def _remote_source(self, part: Media) -> Block | None:
        if part.url is not None:
            return {"type": "url", "url": part.url} if _is_web_address(part.url) else None
        is_own_file = (
            part.file_id is not None and part.opaque is not None and part.opaque.family == FAMILY
        )
        return {"type": "file", "file_id": part.file_id} if is_own_file else None


def needs_inline(media: Media, quirk: Quirk) -> bool:
    """Whether this media must be fetched: the API itself reads images and PDFs behind `https:`
    alone, some hosts of Claude read nothing.
    """
    if media.url is None or not _is_web_address(media.url) or media.kind in ("audio", "video"):
        return False
    if media.kind == "image" and not quirk.has_images:
        return False
    if not quirk.image_urls or not media.url.lower().startswith("https:"):
        return True
    return media.kind == "file" and media.mime not in (None, PDF)


def _marked(block: Block, part: Text | Media | ToolCall | ToolResult) -> Block:
    if part.cache is not None:
        block["cache_control"] = ephemeral(part.cache)
    return block


def _is_ours(citation: Citation) -> bool:
    """Whether the vendor itself wrote this citation."""
    return citation.dialect == NAME and not is_made_citation(citation.raw)


def _is_web_address(url: str) -> bool:
    return url.lower().startswith(("https:", "http:"))


def _inline(part: Media) -> tuple[str | None, str] | None:
    """(media type, base64) of media sent by value; the type is that of the bytes where they show
    it.
    """
    data, mime = part.data, part.mime
    if data is None and part.url is not None and part.url.startswith("data:"):
        data = part.url
    if data is None:
        return None
    if data.startswith("data:"):
        head, _, data = data.partition(",")
        mime = mime or head[5:].partition(";")[0] or None
    data = "".join(data.split()).replace("-", "+").replace("_", "/")
    data += "=" * (-len(data) % 4)
    shown = next((kind for prefix, kind in _SIGNATURES if data.startswith(prefix)), None)
    mime = shown or ("image/jpeg" if mime == "image/jpg" else mime)
    return (mime.partition(";")[0].strip().lower() if mime else None), data


def drop_marker(marked: Mapping[str, Json]) -> dict[str, Json]:
    """A copy of a block or tool without its cache breakpoint."""
    return {key: value for key, value in marked.items() if key != "cache_control"}
