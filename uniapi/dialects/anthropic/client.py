"""What serving a client of the Messages API needs beside its requests and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from uniapi.canonical import Json
from uniapi.dialects.dialect import ClientDialect, IssuedIdFinder, KnownModel, ModelList
from uniapi.dialects.dialect_needs import messages_needs
from uniapi.dialects.file_ids import find_file_ids

from .answer_encode import encode_response
from .error import encode_error
from .request_decode import decode_request
from .stream_encode import PING, AnthropicStreamEncoder
from .vocabulary import NAME

EPOCH = "1970-01-01T00:00:00Z"
"""When every model was made: the member is required, and nobody here knows."""


def _encode_model(alias: str, known: KnownModel) -> dict[str, Json]:
    """docs.anthropic.com/en/api/models-list"""
    stated = {
        "max_input_tokens": known.context_length,
        "max_tokens": known.max_output_tokens,
    }
    return {
        "type": "model",
        "id": alias,
        "display_name": alias,
        "created_at": EPOCH,
        **{name: value for name, value in stated.items() if value is not None},
    }


def _encode_models(entries: Sequence[dict[str, Json]]) -> dict[str, Json]:
    """One page, with its ends named."""
    return {
        "data": list(entries),
        "has_more": False,
        "first_id": entries[0]["id"] if entries else None,
        "last_id": entries[-1]["id"] if entries else None,
    }


def _find_ids(body: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    container = body.get("container")
    yield "container", container.get("id") if isinstance(container, dict) else container
    messages = body.get("messages")
    for index, message in enumerate(messages if isinstance(messages, list) else ()):
        # What an assistant's turn names is history: code execution results list the files they
        # made.
        if isinstance(message, dict) and message.get("role") == "user":
            yield from find_file_ids(message.get("content"), f"messages[{index}].content")


CLIENT = ClientDialect(
    name=NAME,
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=AnthropicStreamEncoder,
    encode_error=encode_error,
    model_list=ModelList(encode_entry=_encode_model, encode_list=_encode_models),
    conversation={"messages": (list,)},
    issued_ids=IssuedIdFinder(marks=(b'"file_id"', b'"container"'), find=_find_ids),
    ping=PING,
    begins_with_usage=True,
    needs=messages_needs,
    forwarded_headers=("anthropic-beta", "anthropic-version"),
)
