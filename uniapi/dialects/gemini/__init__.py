"""The Gemini API (generateContent), spoken by clients (google-genai, Gemini CLI) and upstream
(Google's API, Vertex AI, compatible addresses).

Reading order: `vocabulary`; `request_decode` (with `contents_decode`), `request_encode` (with
`turns`, `part_encode`, `media`, `tool_encode`, `tool_names`, `schema` (with `schema_draft`),
`thinking`), `repair`; `stream_decode` (with `reading`, `partial_arguments`), `response`, `reply`,
`stream_encode`; `error`, `observe`.
"""

from __future__ import annotations

from uniapi.dialects.dialect import Dialect

from .answer_decode import decode_response
from .answer_encode import encode_response
from .error import decode_error, encode_error
from .fit import repair
from .media import needs_inline
from .observe import GeminiObserver
from .request_decode import decode_request
from .request_encode import encode_request
from .stream_decode import GeminiStreamDecoder
from .stream_encode import GeminiStreamEncoder
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
    stream_decoder=GeminiStreamDecoder,
    stream_encoder=GeminiStreamEncoder,
    decode_error=decode_error,
    encode_error=encode_error,
    needs_inline=needs_inline,
    observer=GeminiObserver,
    model_paths=(("modelVersion",),),
    repair=repair,
)
