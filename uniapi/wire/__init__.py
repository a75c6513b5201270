"""Bytes ↔ frames, HTTP as values, JSON patches: no meaning, no I/O, imports no other room."""

from .frames import Frame, Framer, load_json
from .http import CREDENTIAL_HEADERS, HOP_BY_HOP, HttpRequest, ResponseHead
from .sse import SseDecoder, encode_comment, encode_sse

__all__ = [
    "CREDENTIAL_HEADERS",
    "HOP_BY_HOP",
    "Frame",
    "Framer",
    "HttpRequest",
    "ResponseHead",
    "SseDecoder",
    "encode_comment",
    "encode_sse",
    "load_json",
]
