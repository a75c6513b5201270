"""The Messages API as an upstream is asked in it: the pieces together."""

from __future__ import annotations

from uniapi.dialects.counting import Counting, figure
from uniapi.dialects.dialect import RelayedDialect, without_facts

from .answer_decode import decode_response
from .error import decode_error
from .fit import fit
from .fit_messages import may_end_empty
from .fit_tools import needs_translation
from .observe import AnthropicObserver
from .request_encode import encode_request
from .request_encode_parts import needs_inline
from .stream_decode import AnthropicStreamDecoder
from .vocabulary import FAMILY, NAME

COUNTED = frozenset({"system", "messages", "tools", "tool_choice", "thinking", "output_config"})
"""anthropic-sdk-python 2.12.0, MessageCountTokensParams; `max_tokens` is refused."""

UPSTREAM = RelayedDialect(
    name=NAME,
    family=FAMILY,
    framing="sse",
    encode_request=without_facts(encode_request),
    fit=fit,
    decode_response=decode_response,
    stream_decoder=AnthropicStreamDecoder,
    decode_error=decode_error,
    needs_inline=needs_inline,
    may_end_empty=may_end_empty,
    counting=Counting(members=COUNTED, read=figure("input_tokens")),
    observer=AnthropicObserver,
    model_paths=(("model",), ("message", "model")),
    needs_translation=needs_translation,
)
