"""Cohere's v2 chat API as an upstream is asked in it: the pieces together."""

from __future__ import annotations

from uniapi.dialects.dialect import UpstreamDialect, without_facts

from .answer_decode import decode_response
from .error import decode_error
from .fit import fit
from .request_encode import encode_request
from .request_encode_messages import needs_inline
from .stream_decode import CohereStreamDecoder
from .vocabulary import FAMILY, NAME

UPSTREAM = UpstreamDialect(
    name=NAME,
    family=FAMILY,
    framing="sse",
    encode_request=without_facts(encode_request),
    fit=fit,
    decode_response=decode_response,
    stream_decoder=CohereStreamDecoder,
    decode_error=decode_error,
    needs_inline=needs_inline,
)
