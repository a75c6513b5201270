"""A whole GenerateContentResponse → Response, by the stream's reader over one chunk, so that the
two cannot disagree.
"""

from __future__ import annotations

from uniapi.canonical import FoldError, Json, Response, fold
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.shapes import expecting
from uniapi.errors import WireError

from .error import error_in_answer
from .stream_decode import GeminiStreamDecoder
from .vocabulary import member

_SIGNS = ("candidates", "promptFeedback", "usageMetadata", "responseId", "modelVersion")


def decode_response(body: Json, context: UpstreamContext) -> Response:
    """Raises WireError for what is no answer (HTML, an empty object), FoldError with its Failure
    for an error object in an answer of status 200.
    """
    answers = body if isinstance(body, list) else [body]
    for answer in answers:
        if not isinstance(answer, dict):
            raise WireError(f"expected a GenerateContentResponse, found {type(answer).__name__}")
        if "candidates" not in answer and tells_error(answer):
            raise FoldError(error_in_answer(answer))
    if not any(member(answer, name) is not None for answer in answers for name in _SIGNS):
        raise WireError("expected a GenerateContentResponse with `candidates`")
    decoder = GeminiStreamDecoder(context)
    with expecting("a GenerateContentResponse"):
        decoder.accept(answers)
        if not decoder.is_done:
            decoder.conclude()
    return fold(decoder.drain())
