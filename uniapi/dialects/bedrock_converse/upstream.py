"""Converse as an upstream is asked in it: the pieces together."""

from __future__ import annotations

from uniapi.dialects.dialect import UpstreamDialect

from .answer_decode import decode_response
from .error import decode_error
from .fit import fit
from .request_encode import encode_request
from .request_encode_parts import needs_inline
from .request_encode_turns import may_end_empty
from .stream_decode import ConverseStreamDecoder
from .vocabulary import FAMILY, NAME

UPSTREAM = UpstreamDialect(
    name=NAME,
    family=FAMILY,
    framing="aws_eventstream",
    encode_request=encode_request,
    fit=fit,
    decode_response=decode_response,
    stream_decoder=ConverseStreamDecoder,
    decode_error=decode_error,
    needs_inline=needs_inline,
    may_end_empty=may_end_empty,
)
