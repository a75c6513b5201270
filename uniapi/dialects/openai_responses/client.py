"""What serving a client of Responses needs beside its requests and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.dialect import ClientDialect, IssuedIdFinder
from uniapi.dialects.dialect_needs import responses_needs
from uniapi.dialects.file_ids import find_file_ids
from uniapi.dialects.openai_chat.client import MODEL_LIST

from .answer_encode import encode_response
from .error import encode_error
from .request_decode import decode_request
from .stream_encode import ResponsesStreamEncoder
from .vocabulary import NAME


def _find_ids(body: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    yield "previous_response_id", body.get("previous_response_id")
    conversation = body.get("conversation")
    yield (
        "conversation",
        conversation.get("id") if isinstance(conversation, dict) else conversation,
    )
    for index, item in enumerate(_list(body.get("input"))):
        if isinstance(item, dict):
            yield from _find_ids_of_item(item, f"input[{index}]")
    for index, tool in enumerate(_list(body.get("tools"))):
        container = tool.get("container") if isinstance(tool, dict) else None
        if isinstance(container, str):
            yield f"tools[{index}].container", container
        elif isinstance(container, dict):
            for file_id in _list(container.get("file_ids")):
                yield f"tools[{index}].container.file_ids", file_id


def _find_ids_of_item(item: Mapping[str, Json], place: str) -> Iterator[tuple[str, Json]]:
    """What an assistant's turn names is history: it says which files were cited."""
    kind = item.get("type")
    # The one item whose type may be left out: what has neither type nor role is a reference too.
    if kind == "item_reference" or (kind is None and item.get("role") is None):
        yield f"{place}.id", item.get("id")
    elif item.get("role") != "assistant":
        yield from find_file_ids(item, place)


def _find_mentions(body: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Items that a client repeats without what only their id leads to: reasoning without its
    encrypted content, a picture without its bytes
    (developers.openai.com/api/docs/guides/image-generation, «multi-turn editing»; 2026-11-30).
    """
    for index, item in enumerate(_list(body.get("input"))):
        kind = item.get("type") if isinstance(item, dict) else None
        content = _BEHIND_ID.get(kind) if isinstance(kind, str) else None
        if content is not None and not item.get(content):
            yield f"input[{index}].id", item.get("id")


_BEHIND_ID = {"reasoning": "encrypted_content", "image_generation_call": "result"}


def _list(value: Json) -> list[Any]:
    return value if isinstance(value, list) else []


CLIENT = ClientDialect(
    name=NAME,
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=ResponsesStreamEncoder,
    encode_error=encode_error,
    model_list=MODEL_LIST,
    issued_ids=IssuedIdFinder(
        marks=(
            b'"previous_response_id"',
            b'"conversation"',
            b'"id"',
            b'"file_id',
            b'"container"',
        ),
        find=_find_ids,
        find_mentions=_find_mentions,
    ),
    encode_count=lambda tokens: {"object": "response.input_tokens", "input_tokens": tokens},
    keeps_items=True,
    needs=responses_needs,
    forwarded_headers=(
        "openai-beta",
        "session_id",
        "conversation_id",
        "x-codex-turn-state",
        "x-codex-turn-metadata",
    ),
)
