"""The wire formats: frames and JSON ↔ canonical. Each dialect is a folder with the same files; `base` holds what they share."""

from .base import (
    SHAPE_ERRORS,
    Dialect,
    EncodedRequest,
    EncodedResponse,
    Observer,
    PartTracker,
    Quirk,
    ReplyContext,
    StreamDecoder,
    StreamEncoder,
    StreamEncoderFace,
    UpstreamContext,
    retry_after_seconds,
)

__all__ = [
    "SHAPE_ERRORS",
    "Dialect",
    "EncodedRequest",
    "EncodedResponse",
    "Observer",
    "PartTracker",
    "Quirk",
    "ReplyContext",
    "StreamDecoder",
    "StreamEncoder",
    "StreamEncoderFace",
    "UpstreamContext",
    "retry_after_seconds",
]
