"""The Gemini API (generateContent), spoken by clients (google-genai, Gemini CLI) and upstream
(Google's API, Vertex AI, compatible addresses).

Reading order: `vocabulary`; `request_decode` (with `request_decode_contents`,
`request_decode_schema`), `request_encode` (with `request_encode_turns`, `request_encode_parts`,
`media`, `request_encode_tools`, `request_encode_names`, `request_encode_schema` (with
`request_encode_schema_types`, `request_encode_schema_draft`), `request_encode_thinking`), `fit`
(with `fit_members`, `fit_parts`, `fit_schema`, `fit_thinking`, `fit_tools`); `stream_decode` (with
`answer_decode_parts`, `stream_decode_arguments`), `answer_decode`, `answer_encode_parts`,
`stream_encode`; `error`, `observe`, `client`.
"""

from __future__ import annotations

from uniapi.dialects.counting import Counting, figure
from uniapi.dialects.dialect import RelayedDialect, without_facts

from .answer_decode import decode_response
from .client import CLIENT
from .error import decode_error
from .fit import fit
from .media import needs_inline
from .observe import GeminiObserver
from .request_encode import encode_request
from .stream_decode import GeminiStreamDecoder
from .vocabulary import FAMILY, NAME

COUNTED = frozenset({"contents", "systemInstruction", "tools", "generationConfig"})
"""What Vertex's CountTokensRequest and the GenerateContentRequest within the Gemini API's have in
common (ai.google.dev/api/tokens; google-genai 3.4.0, models.py).
"""

UPSTREAM = RelayedDialect(
    name=NAME,
    family=FAMILY,
    framing="sse",
    encode_request=without_facts(encode_request),
    fit=fit,
    decode_response=decode_response,
    stream_decoder=GeminiStreamDecoder,
    decode_error=decode_error,
    needs_inline=needs_inline,
    counting=Counting(members=COUNTED, read=figure("totalTokens")),
    observer=GeminiObserver,
    model_paths=(("modelVersion",),),
)

__all__ = ["CLIENT", "UPSTREAM"]
