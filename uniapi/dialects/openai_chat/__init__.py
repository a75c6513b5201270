"""OpenAI Chat Completions and everything that speaks like it, as a client's and as an upstream's
dialect.

Reading order: `request_decode_parts` and `reasoning` (the pieces of a message),
`request_decode_messages`, `request_decode_tools` and `request_decode` (a client's request),
`request_encode_media`, `request_encode_messages` and `request_encode` (an upstream's),
`answer_decode_choice` and `stream_decode` (answers in), `answer_encode` and `stream_encode`
(answers out), `observe` (relayed answers), `error`.
"""

from uniapi.dialects.dialect import RelayedDialect, without_facts

from .client import CLIENT
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

__all__ = ["CLIENT", "UPSTREAM"]
