"""Documents that are text, which every model reads: where a wire has no place for a file, they are
told.
"""

from __future__ import annotations

import base64
import binascii

from uniapi.canonical import Media

_TEXT_TYPES = frozenset(
    {
        "application/json",
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
        "application/javascript",
        "application/x-javascript",
        "application/typescript",
        "application/x-sh",
        "application/sql",
        "application/x-ndjson",
        "application/rtf",
    }
)
"""Media types of text beside `text/…`."""


def is_text(mime: str | None) -> bool:
    kind = (mime or "").partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXT_TYPES


def document_text(media: Media) -> str | None:
    """What a document says, be it nothing; None for one that is no text, or only an address."""
    if media.text is not None:
        return media.text
    if media.data is None or not is_text(media.mime):
        return None
    return text_of_base64(media.data)


def text_of_base64(data: str) -> str | None:
    """The text in base64, which may stand in a data URL; None where it is not UTF-8."""
    encoded = data.partition(",")[2] if data.startswith("data:") else data
    try:
        return base64.b64decode(encoded).decode("utf-8-sig")
    except (binascii.Error, ValueError):
        return None
