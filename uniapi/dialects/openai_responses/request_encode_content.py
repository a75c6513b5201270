"""The parts of a user's message or of a tool's result → content parts.

A document that is plain text is text, which every model reads. What cannot be said is a loss named
by its place.
"""

from __future__ import annotations

from collections.abc import Callable

from uniapi.canonical import (
    Json,
    Media,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.dialects.cache_marks import breakpoint_of
from uniapi.dialects.text_documents import document_text
from uniapi.values import dataclass

from .vocabulary import FAMILY, FILE_NAMES, NAME


@dataclass(frozen=True, slots=True)
class ContentWriter:
    """Writes single parts; `lose` is told what has no place."""

    _lose: Callable[[str], None]

    def parts(self, part: Part, path: str) -> list[dict[str, Json]]:
        """One part of a user's message or of a result, as no or one content part."""
        match part:
            case Text():
                return text_piece(part)
            case Media():
                return self._media(part, path)
            case Refusal(text=text):
                return [{"type": "input_text", "text": text}] if text else []
            case Unknown(dialect=dialect, raw=dict(raw)) if dialect == NAME:
                return [raw]
            case Unknown(name=name):
                self._lose(f"{path}.{name}")
            case Reasoning():
                self._lose(f"{path}.reasoning")
            case ToolCall() | ToolResult():
                self._lose(f"{path}.tool_call")
        return []

    def _media(self, media: Media, path: str) -> list[dict[str, Json]]:
        if media.kind == "image":
            return self.image(media, path)
        if media.kind != "file":
            self._lose(f"{path}.{media.kind}")
            return []
        readable = document_text(media)
        if readable is not None:
            heading = media.title or media.filename
            return [
                {
                    "type": "input_text",
                    "text": f"{heading}\n\n{readable}" if heading else readable,
                    **_breakpoint(media),
                }
            ]
        encoded: dict[str, Json] = {"type": "input_file"}
        if media.data is not None:
            mime = media.mime or "application/pdf"
            encoded["filename"] = media.filename or FILE_NAMES.get(mime, "document")
            encoded["file_data"] = f"data:{mime};base64,{media.data}"
        elif media.url is not None:
            encoded["file_url"] = media.url
        elif _is_own(media):
            encoded["file_id"] = media.file_id
        else:
            self._lose(f"{path}.file")
            return []
        if media.detail in ("low", "high", "auto"):
            encoded["detail"] = media.detail
        return [{**encoded, **_breakpoint(media)}]

    def image(self, media: Media, path: str) -> list[dict[str, Json]]:
        encoded: dict[str, Json] = {"type": "input_image", "detail": media.detail or "auto"}
        if media.data is not None:
            encoded["image_url"] = f"data:{media.mime or 'image/png'};base64,{media.data}"
        elif media.url is not None:
            encoded["image_url"] = media.url
        elif _is_own(media):
            encoded["file_id"] = media.file_id
        else:
            self._lose(f"{path}.image")
            return []
        return [{**encoded, **_breakpoint(media)}]


def text_piece(part: Text) -> list[dict[str, Json]]:
    """A text as no or one content part."""
    if not part.text:
        return []
    return [{"type": "input_text", "text": part.text, **_breakpoint(part)}]


def _is_own(media: Media) -> bool:
    """Whether its file lies with this family."""
    return media.file_id is not None and (media.opaque is None or media.opaque.family == FAMILY)


def _breakpoint(part: Text | Media) -> dict[str, Json]:
    return {} if part.cache is None else breakpoint_of(part.cache)
