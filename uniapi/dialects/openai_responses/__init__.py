"""The OpenAI Responses API, spoken by clients (Codex, the Vercel AI SDK, n8n) and upstream (OpenAI,
Azure, xAI, OpenRouter, vLLM).

Reading order: `vocabulary`, `opaque`; `request_decode`, `request_decode_items`,
`answer_decode_content`, `tools`; `request_encode`, `request_encode_items`, `fit`;
`answer_decode_items`, `answer_decode`, `stream_decode_items`, `stream_decode`;
`answer_encode_items`, `answer_encode_envelope`, `stream_encode_events`, `stream_encode_writers`,
`stream_encode`; `usage`, `error`, `observe`.
"""

from __future__ import annotations

from uniapi.dialects.dialect import ClientDialect, RelayedDialect

from .answer_decode import decode_response
from .answer_encode import encode_response
from .error import decode_error, encode_error
from .fit import fit, needs_inline
from .observe import ResponsesObserver
from .request_decode import decode_request
from .request_encode import encode_request
from .stream_decode import ResponsesStreamDecoder
from .stream_encode import ResponsesStreamEncoder
from .vocabulary import FAMILY, NAME

CLIENT = ClientDialect(
    name=NAME,
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=ResponsesStreamEncoder,
    encode_error=encode_error,
    forwarded_headers=(
        "openai-beta",
        "session_id",
        "conversation_id",
        "x-codex-turn-state",
        "x-codex-turn-metadata",
    ),
)

UPSTREAM = RelayedDialect(
    name=NAME,
    family=FAMILY,
    framing="sse",
    encode_request=lambda request, quirk: encode_request(request),
    fit=fit,
    decode_response=decode_response,
    stream_decoder=ResponsesStreamDecoder,
    decode_error=decode_error,
    needs_inline=needs_inline,
    observer=ResponsesObserver,
    model_paths=(("model",), ("response", "model")),
)

__all__ = ["CLIENT", "UPSTREAM"]
