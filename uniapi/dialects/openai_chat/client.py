"""What serving a client of Chat Completions needs beside its requests and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from uniapi.canonical import Json
from uniapi.dialects.dialect import ClientDialect, IssuedIdFinder, KnownModel, ModelList
from uniapi.dialects.dialect_needs import chat_needs
from uniapi.dialects.file_ids import find_file_ids

from .answer_encode import encode_response
from .error import encode_error
from .request_decode import decode_request
from .request_decode_members import DIALECT_NAME
from .stream_encode import ChatStreamEncoder

CREATED_MS = 1720524448858
"""The predecessor's constant, in milliseconds as it had it; harmless, and some clients' caches know
it.
"""
OWNER = "uni-api"


def _encode_model(alias: str, known: KnownModel) -> dict[str, Json]:
    """developers.openai.com/api/reference/resources/models, with OpenRouter's members for what is
    known besides.
    """
    stated = {
        "context_length": known.context_length,
        "max_output_tokens": known.max_output_tokens,
    }
    entry: dict[str, Json] = {
        "id": alias,
        "object": "model",
        "created": CREATED_MS,
        "owned_by": OWNER,
        **{name: value for name, value in stated.items() if value is not None},
    }
    if known.input_modalities or known.output_modalities:
        entry["architecture"] = {
            "input_modalities": list(known.input_modalities),
            "output_modalities": list(known.output_modalities),
        }
    return entry


def _encode_models(entries: Sequence[dict[str, Json]]) -> dict[str, Json]:
    return {"object": "list", "data": list(entries)}


MODEL_LIST = ModelList(encode_entry=_encode_model, encode_list=_encode_models)


def _find_ids(body: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    yield "previous_response_id", body.get("previous_response_id")
    yield from find_file_ids(body.get("messages"), "messages")


def _wants_usage(body: Mapping[str, Json]) -> bool:
    """A chat client gets the chunk with the usage only when it asked for it."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


CLIENT = ClientDialect(
    name=DIALECT_NAME,
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=ChatStreamEncoder,
    encode_error=encode_error,
    model_list=MODEL_LIST,
    # Cursor sends Responses-shaped bodies to the chat path for newer models.
    conversation={"messages": (list,), "input": (object,)},
    issued_ids=IssuedIdFinder(marks=(b'"file_id"', b'"previous_response_id"'), find=_find_ids),
    wants_usage=_wants_usage,
    needs=chat_needs,
    forwarded_headers=("openai-beta",),
)
