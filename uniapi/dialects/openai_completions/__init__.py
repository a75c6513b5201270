"""OpenAI's legacy Completions, as a client's dialect: a prompt in, `text_completion` out. It is
chat's older brother and shares its errors, usage and framing, so the dialect is chat's with the
three pieces a client sees exchanged; an upstream that has the endpoint is relayed and read by
chat's own observer, which knows `text`.
"""

from dataclasses import replace

from uniapi.dialects.openai_chat import CLIENT as OPENAI_CHAT

from .answer_encode import CompletionStreamEncoder, encode_response
from .request_decode import decode_request

CLIENT = replace(
    OPENAI_CHAT,
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=CompletionStreamEncoder,
)

__all__ = ["CLIENT"]
