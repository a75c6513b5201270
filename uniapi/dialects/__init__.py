"""The wire formats: frames and JSON ↔ canonical. Each dialect is a folder with the same files; the
modules beside the folders are what they share.

Reading order: `dialect` (the pieces of one), `quirk` and `codec` (what the pieces are given and
give), `shapes`; `part_tracker`, `stream_decoder`, `stream_encoder`, `observer` (the bases of what
stands in a stream); `losses`, `http_errors`, `delays`, `function_tools`, `tool_names`,
`turn_repair`, `think_tags` (rules that several wires have in common); then one folder.
"""

from collections.abc import Mapping
from types import MappingProxyType

from .anthropic import DIALECT as ANTHROPIC
from .bedrock_converse import DIALECT as BEDROCK_CONVERSE
from .bedrock_converse import InvokeFramer
from .codec import EncodedRequest, EncodedResponse, ReplyContext, UpstreamContext
from .cohere import DIALECT as COHERE
from .dialect import Dialect
from .gemini import DIALECT as GEMINI
from .observer import Observer
from .openai_chat import DIALECT as OPENAI_CHAT
from .openai_completions import DIALECT as COMPLETIONS
from .openai_responses import DIALECT as OPENAI_RESPONSES
from .quirk import Quirk
from .shapes import SHAPE_ERRORS
from .stream_decoder import StreamDecoder
from .stream_encoder import StreamEncoder

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        dialect.name: dialect
        for dialect in (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC, GEMINI, BEDROCK_CONVERSE, COHERE)
    }
)
"""Every dialect by its name; the last two are only spoken upstream.

`COMPLETIONS` is chat as a client of legacy completions speaks it, and no dialect of its own: an
upstream is never asked for it.
"""

__all__ = [
    "COMPLETIONS",
    "DIALECTS",
    "SHAPE_ERRORS",
    "Dialect",
    "EncodedRequest",
    "EncodedResponse",
    "InvokeFramer",
    "Observer",
    "Quirk",
    "ReplyContext",
    "StreamDecoder",
    "StreamEncoder",
    "UpstreamContext",
]
