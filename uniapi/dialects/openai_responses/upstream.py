"""The Responses API as an upstream is asked in it: the pieces together."""

from __future__ import annotations

from uniapi.dialects.counting import Counting, figure
from uniapi.dialects.dialect import RelayedDialect, without_facts

from .answer_decode import decode_response
from .error import decode_error
from .fit import fit, needs_inline, needs_translation
from .observe import ResponsesObserver
from .request_encode import encode_request
from .stream_decode import ResponsesStreamDecoder
from .vocabulary import FAMILY, NAME

COUNTED = frozenset(
    {"input", "instructions", "parallel_tool_calls", "reasoning", "text", "tool_choice", "tools"}
)
"""openai-python 3.54.0, InputTokenCountParams."""

UPSTREAM = RelayedDialect(
    name=NAME,
    family=FAMILY,
    framing="sse",
    encode_request=without_facts(encode_request),
    fit=fit,
    decode_response=decode_response,
    stream_decoder=ResponsesStreamDecoder,
    decode_error=decode_error,
    needs_inline=needs_inline,
    needs_translation=needs_translation,
    counting=Counting(members=COUNTED, read=figure("input_tokens")),
    observer=ResponsesObserver,
    model_paths=(("model",), ("response", "model")),
)
