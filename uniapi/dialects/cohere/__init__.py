"""Cohere's v2 chat API, spoken upstream only: requests encoded, answers, streams and errors decoded."""

from uniapi.dialects.dialect import Dialect

from .error import decode_error
from .messages import needs_inline
from .request import encode_request
from .response import decode_response
from .stream import CohereStreamDecoder
from .vocabulary import FAMILY, NAME

DIALECT = Dialect(
    name=NAME,
    family=FAMILY,
    framing="sse",
    encode_request=encode_request,
    decode_response=decode_response,
    stream_decoder=CohereStreamDecoder,
    decode_error=decode_error,
    needs_inline=needs_inline,
    model_paths=(),
)

__all__ = ["DIALECT"]
