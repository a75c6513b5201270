"""The OpenAI Responses API, spoken by clients (Codex, the Vercel AI SDK, n8n) and upstream (OpenAI,
Azure, xAI, OpenRouter, vLLM).

Reading order: `vocabulary`, `opaque`; `request_decode`, `items_decode`, `content_decode`, `tools`;
`request_encode`, `items_encode`, `repair`; `output_decode`, `response`, `stream_items`, `stream`;
`output_encode`, `envelope`, `event_writer`, `stream_writers`, `stream_encode`; `usage`, `error`,
`observe`.
"""

from __future__ import annotations

from uniapi.dialects.dialect import Dialect

from .answer_decode import decode_response
from .answer_encode import encode_response
from .error import decode_error, encode_error
from .fit import repair
from .observe import ResponsesObserver
from .request_decode import decode_request
from .request_encode import encode_request
from .request_encode_items import needs_inline
from .stream_decode import ResponsesStreamDecoder
from .stream_encode import ResponsesStreamEncoder
from .vocabulary import FAMILY, NAME

__all__ = ["DIALECT"]

DIALECT = Dialect(
    name=NAME,
    family=FAMILY,
    framing="sse",
    decode_request=decode_request,
    encode_request=encode_request,
    decode_response=decode_response,
    encode_response=encode_response,
    stream_decoder=ResponsesStreamDecoder,
    stream_encoder=ResponsesStreamEncoder,
    decode_error=decode_error,
    encode_error=encode_error,
    needs_inline=needs_inline,
    observer=ResponsesObserver,
    repair=repair,
    model_paths=(("model",), ("response", "model")),
)
