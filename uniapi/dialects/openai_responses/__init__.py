"""The OpenAI Responses API, spoken by clients (Codex, the Vercel AI SDK, n8n) and upstream (OpenAI,
Azure, xAI, OpenRouter, vLLM).

Reading order: `vocabulary`, `opaque`; `request_decode`, `request_decode_items`,
`answer_decode_content`, `tools`; `request_encode`, `request_encode_items`, `fit`;
`answer_decode_items`, `answer_decode`, `stream_decode_items`, `stream_decode`;
`answer_encode_items`, `answer_encode_envelope`, `stream_encode_events`, `stream_encode_writers`,
`stream_encode`; `usage`, `error`, `observe`, `client`.
"""

from __future__ import annotations

from uniapi.dialects.counting import Counting, figure
from uniapi.dialects.dialect import RelayedDialect, without_facts

from .answer_decode import decode_response
from .client import CLIENT
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

__all__ = ["CLIENT", "UPSTREAM"]
