"""AWS Bedrock's Converse API, spoken upstream only: requests encoded, answers, streams and errors
decoded.

`InvokeFramer` is for the other way to Claude there: Anthropic's dialect inside AWS's framing.
"""

from uniapi.dialects.dialect import UpstreamDialect

from .answer_decode import decode_response
from .error import decode_error
from .fit import fit
from .invoke import InvokeFramer
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

__all__ = ["UPSTREAM", "InvokeFramer"]
