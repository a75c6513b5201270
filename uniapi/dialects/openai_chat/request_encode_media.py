"""Media as content parts of the chat wire: images and films by URL or value, sounds and documents
by value, documents that are text as text.
"""

from __future__ import annotations

from uniapi.canonical import Json, Media
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.text_documents import document_text

from .request_decode_parts import AUDIO_MIMES

AUDIO_FORMATS = {mime: word for word, mime in AUDIO_MIMES.items()} | {
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mp3": "mp3",
}


def needs_inline(media: Media, quirk: Quirk) -> bool:
    """The chat wire takes images and films by URL; sounds and documents only by value."""
    if media.url is None:
        return False
    match media.kind:
        case "image":
            return not quirk.image_urls
        case "file":
            return quirk.document_part == "file"
        case kind:
            return kind == "audio"


def encode_media(media: Media) -> dict[str, Json] | None:
    """A content part for user turns, None when the chat wire has no form for it.

    Documents that are text are sent as text.
    """
    match media.kind:
        case "image":
            url = _url_of(media, "image/png")
            if url is None:
                return None
            image: dict[str, Json] = {"url": url}
            if media.detail is not None:
                image["detail"] = media.detail
            return {"type": "image_url", "image_url": image}
        case "audio":
            if media.data is None:
                return None
            mime = media.mime or "audio/wav"
            return {
                "type": "input_audio",
                "input_audio": {
                    "data": media.data,
                    "format": AUDIO_FORMATS.get(mime, mime.rpartition("/")[2]),
                },
            }
        case "video":
            url = _url_of(media, "video/mp4")
            return {"type": "video_url", "video_url": {"url": url}} if url is not None else None
        case _:
            return _encoded_file(media)


def _encoded_file(media: Media) -> dict[str, Json] | None:
    text = document_text(media)
    if text is not None:
        heading = media.title or media.filename
        return {"type": "text", "text": f"{heading}\n\n{text}" if heading else text}
    if media.file_id is not None:
        if media.opaque is not None and media.opaque.family != "openai":
            return None
        return {"type": "file", "file": {"file_id": media.file_id}}
    if media.data is None:
        # A URL that could not be fetched: OpenRouter reads it, others say clearly that they do not.
        return (
            {
                "type": "file",
                "file": {
                    "filename": media.filename or media.title or "document",
                    "file_data": media.url,
                },
            }
            if media.url
            else None
        )
    mime = media.mime or "application/pdf"
    filename = (
        media.filename
        or media.title
        or ("document.pdf" if mime == "application/pdf" else "document")
    )
    return {
        "type": "file",
        "file": {"filename": filename, "file_data": f"data:{mime};base64,{media.data}"},
    }


def _url_of(media: Media, default_mime: str) -> str | None:
    if media.data is not None:
        return f"data:{media.mime or default_mime};base64,{media.data}"
    return media.url
