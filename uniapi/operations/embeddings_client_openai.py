"""Embeddings as OpenAI's clients ask for them:
https://developers.openai.com/api/reference/resources/embeddings/methods/create."""

from __future__ import annotations

import re
from collections.abc import Mapping

from uniapi.canonical import Json

from .embeddings import (
    TASK_MEMBERS,
    TASK_WORDS,
    EmbeddingClient,
    EmbeddingInput,
    EmbeddingRequest,
    EmbeddingResult,
)
from .google import member
from .operation import OperationRequest, kind_of, optional_count, refuse
from .vectors import base64_vector, number_vector


def _decode_request(body: Mapping[str, Json]) -> EmbeddingRequest:
    losses = ["user"] if body.get("user") is not None else []
    task: str | None = None
    for name in TASK_MEMBERS:
        stated = body.get(name)
        if stated is not None:
            word = TASK_WORDS.get(stated.lower()) if isinstance(stated, str) else None
            task = task or word
            losses += [] if word else [name]
    known = {
        "model",
        "input",
        "dimensions",
        "encoding_format",
        "user",
        "truncation",
        "truncate",
        *TASK_MEMBERS,
    }
    truncates = body.get("truncation")
    return EmbeddingRequest(
        inputs=tuple(_inputs(body.get("input"))),
        dimensions=optional_count(body, "dimensions"),
        is_base64=_is_base64(body),
        task=task,
        truncate=truncates if isinstance(truncates, bool) else None,
        extras={
            name: value for name, value in body.items() if name not in known and value is not None
        }
        | ({"truncate": body["truncate"]} if body.get("truncate") is not None else {}),
        losses=tuple(losses),
    )


def _is_base64(body: Mapping[str, Json]) -> bool:
    stated = body.get("encoding_format")
    if stated not in (None, "float", "base64"):
        refuse("encoding_format", f"'encoding_format' is {stated!r}: expected 'float' or 'base64'")
    return bool(stated == "base64")


def _inputs(value: Json) -> list[EmbeddingInput]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value:
        refuse(
            "input",
            f"'input' is {'an empty list' if value == [] else kind_of(value)}: expected a text, a"
            " list of texts, or token arrays",
        )
    if all(_is_token(item) for item in value):
        return [EmbeddingInput(tokens=tuple(value))]
    inputs: list[EmbeddingInput] = []
    for index, item in enumerate(value):
        picture = _picture(item)
        if picture is not None:
            inputs.append(EmbeddingInput(picture=picture))
        elif isinstance(item, str):
            inputs.append(EmbeddingInput(text=item))
        elif (
            isinstance(item, dict)
            and isinstance(item.get("text"), str)
            and len(item) <= 2
            and item.get("type", "text") == "text"
        ):
            inputs.append(EmbeddingInput(text=item["text"]))
        elif isinstance(item, list) and item and all(_is_token(token) for token in item):
            inputs.append(EmbeddingInput(tokens=tuple(item)))
        elif isinstance(item, dict) and item:
            inputs.append(EmbeddingInput(item=item))
        else:
            refuse(
                f"input[{index}]",
                f"'input[{index}]' is {kind_of(item)}: expected a text or a list of token numbers",
            )
    return inputs


def _picture(item: Json) -> str | None:
    """A data URL of a picture, alone or as chats hold it: embedded as a text it is an expensive
    vector of nothing (BerriAI/litellm#6542, 2026-11-30).
    """
    url = member(member(item, "image_url"), "url") if isinstance(item, dict) else item
    return url if isinstance(url, str) and _PICTURE.match(url) else None


_PICTURE = re.compile(r"data:image/[\w.+-]{1,40};base64,")


def _is_token(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _encode_answer(
    request: OperationRequest, asked: EmbeddingRequest, result: EmbeddingResult
) -> dict[str, Json]:
    """The counts are 0 when the upstream states none: the wire cannot tell that apart, and clients
    read them.
    """
    read = result.usage.input_tokens or 0 if result.usage is not None else 0
    written = base64_vector if asked.is_base64 else number_vector
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": written(vector)}
            for index, vector in enumerate(result.vectors)
        ],
        "model": request.requested_model or request.model,
        "usage": {"prompt_tokens": read, "total_tokens": read},
    }


CLIENT = EmbeddingClient(
    decode_request=_decode_request, encode_answer=_encode_answer, is_openai=True
)
