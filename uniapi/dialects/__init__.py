"""The wire formats: frames and JSON ↔ canonical. Each dialect is a folder with the same files; the
modules beside the folders are what they share.

Reading order: `dialect` (the pieces of one), `quirk` and `codec` (what the pieces are given and
give), `shapes`; `part_tracker`, `stream_decoder`, `stream_encoder`, `observer` (the bases of what
stands in a stream); `error_words`, `http_errors`, `delays`, `phrases`, `refusals` and its
rows (what an error means); `losses`, `function_tools`, `tool_names`, `turn_repair`, `think_tags`
(rules that several wires have in common), `call_ids`; then one folder.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from uniapi.canonical import COMPLETE, Operation
from uniapi.late import late

from . import (
    anthropic,
    bedrock_converse,
    cohere,
    gemini,
    openai_chat,
    openai_completions,
    openai_responses,
)
from .call_ids import CallIds, called_in, repeated_before, with_distinct_calls, with_own_ids
from .codec import EncodedRequest, EncodedResponse, ReplyContext, UpstreamContext
from .counting import figure
from .dialect import ClientDialect, KnownModel, RelayedDialect, UpstreamDialect
from .fit_learned import at_most, fit_learned
from .fitting import NOTHING_BESIDE, Beside
from .observer import Observer
from .past_images import without_past_images
from .quirk import PLAIN, Quirk, TakenMembers
from .shapes import SHAPE_ERRORS
from .stream_decoder import StreamDecoder, nothing_more
from .stream_encoder import StreamEncoder

if TYPE_CHECKING:
    from .bedrock_converse.invoke import InvokeFramer
    from .delays import delay_until, retry_after_seconds
    from .http_errors import is_wall
    from .resets import reset_seconds
else:
    __getattr__ = late(
        __name__,
        **{"bedrock_converse.invoke": "InvokeFramer"},
        delays="delay_until retry_after_seconds",
        http_errors="is_wall",
        resets="reset_seconds",
    )

CLIENT_DIALECTS: Mapping[str, ClientDialect] = MappingProxyType(
    {
        folder.CLIENT.name: folder.CLIENT
        for folder in (openai_chat, openai_responses, anthropic, gemini)
    }
)
"""What clients speak, by name. `COMPLETIONS` is chat as a client of legacy completions speaks it,
and no dialect of its own: an upstream is never asked in it.
"""

COMPLETIONS = openai_completions.CLIENT


def client_dialect(name: str, operation: Operation) -> ClientDialect:
    """The dialect in which a client reads and is answered."""
    return COMPLETIONS if operation is COMPLETE else CLIENT_DIALECTS[name]


UPSTREAM_DIALECTS: Mapping[str, UpstreamDialect] = MappingProxyType(
    {
        folder.UPSTREAM.name: folder.UPSTREAM
        for folder in (openai_chat, openai_responses, anthropic, gemini, bedrock_converse, cohere)
    }
)
"""What upstreams are asked in, by name."""

__all__ = [
    "CLIENT_DIALECTS",
    "COMPLETIONS",
    "NOTHING_BESIDE",
    "PLAIN",
    "SHAPE_ERRORS",
    "UPSTREAM_DIALECTS",
    "Beside",
    "CallIds",
    "ClientDialect",
    "EncodedRequest",
    "EncodedResponse",
    "InvokeFramer",
    "KnownModel",
    "Observer",
    "Quirk",
    "RelayedDialect",
    "ReplyContext",
    "StreamDecoder",
    "StreamEncoder",
    "TakenMembers",
    "UpstreamContext",
    "UpstreamDialect",
    "at_most",
    "called_in",
    "client_dialect",
    "delay_until",
    "figure",
    "fit_learned",
    "is_wall",
    "nothing_more",
    "repeated_before",
    "reset_seconds",
    "retry_after_seconds",
    "with_distinct_calls",
    "with_own_ids",
    "without_past_images",
]
