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
)
from .bedrock_converse import DIALECT as BEDROCK_CONVERSE
from .bedrock_converse import InvokeFramer
from .cohere import DIALECT as COHERE
from .gemini import DIALECT as GEMINI
from .openai_chat import DIALECT as OPENAI_CHAT
from .openai_completions import DIALECT as COMPLETIONS
from .openai_responses import DIALECT as OPENAI_RESPONSES

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {dialect.name: dialect for dialect in (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC, GEMINI, BEDROCK_CONVERSE, COHERE)}
)
"""Every dialect by its name; the last two are only spoken upstream. `COMPLETIONS` is chat as a client of legacy completions speaks it, and no dialect of its own: an upstream is never asked for it."""

__all__ = [
    "COMPLETIONS",
    "DIALECTS",
    "SHAPE_ERRORS",
    "Dialect",
    "EncodedRequest",
    "EncodedResponse",
    "InvokeFramer",
    "Observer",
    "PartTracker",
    "Quirk",
    "ReplyContext",
    "StreamDecoder",
    "StreamEncoder",
    "StreamEncoderFace",
    "UpstreamContext",
]
