"""Sound that is relayed: what servers put in its place with a 200, and sound inside JSON."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.errors import WireError

from .google import member

CONTENT_TYPES: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
"""OpenAI's formats; MP3 is meant where none is named."""
_MEMBERS = ("audio_data", "audio", "audioContent", "audio_base64", "data")
"""Where sound lies in JSON: at Mistral (mistralai 3.7.0), in OpenAI's own chats, at Google's Cloud
TTS, at ElevenLabs, and inside the second of them (2026-11-30).
"""
_SPOKEN = re.compile(rb'\s*(?:<!doctype|<html|<\?xml|[{\[]\s*"[A-Za-z_]+"\s*:)', re.IGNORECASE)


def is_page_or_json(beginning: bytes) -> bool:
    """Whether it is a page or JSON, whatever its type says (THU-MAIC/OpenMAIC#1395, 2026-11-30):
    samples begin with the first byte of either now and then, and never with so much of one.
    """
    return _SPOKEN.match(beginning[:400]) is not None


def content_type(asked: Mapping[str, Json]) -> str:
    """Of the sound that was asked for."""
    return CONTENT_TYPES.get(str(asked.get("response_format") or "mp3"), "application/octet-stream")


def sound_in(answer: Json) -> bytes:
    """The sound that a JSON answer holds. Raises WireError when it holds none."""
    found = _held(answer)
    if isinstance(found, dict):
        found = _held(found)
    if not isinstance(found, str):
        names = ", ".join(map(repr, answer)) if isinstance(answer, dict) else "none"
        raise WireError(f"expected sound, found JSON with {names[:200]}")
    try:
        return base64.b64decode(found.partition(";base64,")[2] or found, validate=True)
    except (ValueError, binascii.Error):
        raise WireError(f"sound that is no base64: {found[:40]!r}") from None


def _held(holder: Json) -> Json:
    return next((found for name in _MEMBERS if (found := member(holder, name))), None)
