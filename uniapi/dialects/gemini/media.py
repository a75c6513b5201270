"""Pictures, sound, films and documents: canonical Media ↔ `inlineData` and `fileData`.

Google's API fetches public https addresses since January 2026, but not for older models, not past a
robots.txt, and compatible upstreams not at all: the gateway fetches them (`needs_inline`).
Addresses only Google can read stay addresses.
https://ai.google.dev/gemini-api/docs/file-input-methods
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from uniapi.canonical import Json, Media, MediaKind, Opaque
from uniapi.dialects.quirk import Quirk

from .vocabulary import FAMILY, object_member, text_member

_GOOGLE_HOSTS = frozenset(
    {
        "generativelanguage.googleapis.com",
        "www.youtube.com",
        "youtube.com",
        "m.youtube.com",
        "youtu.be",
    }
)
_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,]*)?,", re.IGNORECASE)
_SPACE = " \t\r\n\v\f"
_SNIFFED = (
    ("iVBORw", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("JVBERi", "application/pdf"),
    ("SUQz", "audio/mpeg"),
    ("T2dn", "audio/ogg"),
)
"""How the base64 of a format begins."""
_DEFAULT_MIME = {
    "image": "image/jpeg",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "file": "application/pdf",
}
_TAKEN_AS = {
    "image/jpg": "image/jpeg",
    "application/json": "text/plain",
    "application/yaml": "text/plain",
    "application/x-yaml": "text/plain",
    "application/x-ndjson": "text/plain",
    "application/toml": "text/plain",
}
"""What is answered «Unsupported MIME type», under the name by which the same bytes are taken."""
_EXTENSIONS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "html": "text/html",
    "csv": "text/csv",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}


def needs_inline(media: Media, quirk: Quirk) -> bool:
    """Whether `media.url` has to be fetched: a web address that is none of Google's own."""
    if media.url is None:
        return False
    address = urlsplit_or_none(media.url)
    return (
        address is not None and address[0] in ("http", "https") and address[1] not in _GOOGLE_HOSTS
    )


def encode_media(media: Media) -> dict[str, Json] | None:
    """The data member of a part, `{"inlineData": …}` or `{"fileData": …}`; None when there is no
    content to send.
    """
    if media.data:
        return _inline(media.kind, media.mime, media.data)
    if media.url is not None:
        match = _DATA_URL.match(media.url)
        if match is not None:
            return _inline(media.kind, match[1] or media.mime, media.url[match.end() :])
        mime = media.mime or _mime_by_name(media.filename) or _mime_by_name(media.url)
        return {"fileData": {"mimeType": mime or _DEFAULT_MIME[media.kind], "fileUri": media.url}}
    is_google_file = (
        media.file_id is not None and media.opaque is not None and media.opaque.family == FAMILY
    )
    if is_google_file or (media.file_id or "").startswith(("files/", "https://", "gs://")):
        return {
            "fileData": {
                "mimeType": media.mime
                or _mime_by_name(media.filename)
                or _DEFAULT_MIME[media.kind],
                "fileUri": media.file_id,
            }
        }
    return None


def decode_media(part: dict[str, Json], opaque: Opaque | None = None) -> Media | None:
    """The media of a part with `inlineData` or `fileData`; None when there is none."""
    blob = object_member(part, "inlineData")
    if blob:
        mime = text_member(blob, "mimeType")
        filename = text_member(blob, "displayName") or None
        return Media(
            kind=kind_of(mime),
            mime=mime or None,
            data=_standard_base64(text_member(blob, "data")),
            filename=filename,
            opaque=opaque,
        )
    file = object_member(part, "fileData")
    if file:
        mime = text_member(file, "mimeType")
        filename = text_member(file, "displayName") or None
        return Media(
            kind=kind_of(mime),
            mime=mime or None,
            url=text_member(file, "fileUri"),
            filename=filename,
            opaque=opaque,
        )
    return None


def _standard_base64(data: str) -> str:
    """Protobuf's JSON takes bytes in either alphabet, padded or not, and google-genai writes the
    URL-safe one (protobuf.dev/programming-guides/json); others take the standard one.
    """
    return data.replace("-", "+").replace("_", "/") + "=" * (-len(data) % 4)


def kind_of(mime: str) -> MediaKind:
    for kind in ("image", "audio", "video"):
        if mime.startswith(kind + "/"):
            return kind
    return "file"


def _inline(kind: MediaKind, mime: str | None, data: str) -> dict[str, Json]:
    # Nothing is looked at letter by letter: it may have 20 MB.
    for space in _SPACE:
        data = data.replace(space, "")
    sniffed = next((found for start, found in _SNIFFED if data.startswith(start)), None)
    mime = mime or sniffed or _DEFAULT_MIME[kind]
    return {"inlineData": {"mimeType": _TAKEN_AS.get(mime, mime), "data": data}}


def _mime_by_name(name: str | None) -> str | None:
    if not name:
        return None
    path = urlsplit_or_none(name)
    return _EXTENSIONS.get((path[2] if path is not None else name).rpartition(".")[2].lower())


def urlsplit_or_none(url: str) -> tuple[str, str, str] | None:
    """Scheme, host and path; None for what is no address."""
    try:
        split = urlsplit(url)
        return split.scheme.lower(), (split.hostname or "").lower(), split.path
    except ValueError:
        return None
