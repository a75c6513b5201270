"""Chat Completions as an upstream is asked in it: the pieces together."""

from __future__ import annotations

from uniapi.dialects.dialect import RelayedDialect, without_facts

from .error import decode_error
from .fit import fit, needs_translation
from .fit_replay import lost_calls
from .observe import ChatObserver, usage_frame_only
from .request_decode_members import DIALECT_NAME
from .request_encode import encode_request
from .request_encode_media import needs_inline
from .stream_decode import ChatStreamDecoder, decode_response

UPSTREAM = RelayedDialect(
    name=DIALECT_NAME,
    family="openai",
    framing="sse",
    encode_request=without_facts(encode_request),
    fit=fit,
    decode_response=decode_response,
    stream_decoder=ChatStreamDecoder,
    decode_error=decode_error,
    needs_inline=needs_inline,
    observer=ChatObserver,
    usage_frame_only=usage_frame_only,
    needs_translation=needs_translation,
    lost_calls=lost_calls,
)
