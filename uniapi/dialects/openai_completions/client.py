"""Chat's client with the pieces exchanged that one of legacy completions sees."""

from uniapi.dialects.openai_chat import CLIENT as OPENAI_CHAT
from uniapi.values import replace

from .answer_encode import CompletionStreamEncoder, encode_response
from .request_decode import decode_request

CLIENT = replace(
    OPENAI_CHAT,
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=CompletionStreamEncoder,
    conversation={},
)
