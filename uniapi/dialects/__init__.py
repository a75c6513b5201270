"""The wire formats: frames and JSON ↔ canonical. Each dialect is a folder with the same files; `base` holds what they share."""

from collections.abc import Mapping
from types import MappingProxyType

from .anthropic import DIALECT as ANTHROPIC
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
from .bedrock_converse import DIALECT as BEDROCK_CONVERSE
from .cohere import DIALECT as COHERE
from .gemini import DIALECT as GEMINI
from .openai_chat import DIALECT as OPENAI_CHAT
from .openai_responses import DIALECT as OPENAI_RESPONSES

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {dialect.name: dialect for dialect in (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC, GEMINI, BEDROCK_CONVERSE, COHERE)}
)
"""Every dialect by its name; the last two are only spoken upstream."""

__all__ = [
    "DIALECTS",
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
