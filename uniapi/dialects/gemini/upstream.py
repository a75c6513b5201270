"""The Gemini API as an upstream is asked in it: the pieces together."""

from __future__ import annotations

from uniapi.dialects.counting import Counting, figure
from uniapi.dialects.dialect import RelayedDialect, without_facts

from .answer_decode import decode_response
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
