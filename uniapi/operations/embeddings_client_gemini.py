"""Embeddings as Gemini's clients ask for them: https://ai.google.dev/api/embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from uniapi.canonical import Json

from .embeddings import (
    TASK_WORDS,
    EmbeddingClient,
    EmbeddingInput,
    EmbeddingRequest,
    EmbeddingResult,
)
from .google import int_member, list_member, member, text_member
from .operation import OperationRequest, kind_of, refuse
from .vectors import number_vector


def _decode_request(body: Mapping[str, Json]) -> EmbeddingRequest:
    """`embedContent`, or `batchEmbedContents` when there are `requests`:
    https://ai.google.dev/api/embeddings.

    What a batch says about all its texts must be the same for each, because no other vendor can
    tell them apart.
    """
    is_batch = "requests" in body
    requests = body["requests"] if is_batch else [body]
    if not isinstance(requests, list) or not requests:
        refuse(
            "requests",
            f"'requests' is {'an empty list' if requests == [] else kind_of(requests)}: expected a"
            " list of requests",
        )
    inputs: list[EmbeddingInput] = []
    for index, each in enumerate(requests):
        prefix = f"requests[{index}]." if is_batch else ""
        if not isinstance(each, dict):
            refuse(prefix[:-1], f"{prefix[:-1]!r} is {kind_of(each)}: expected an object")
        inputs.append(_input(each, prefix))
    task = _same_for_all(requests, "taskType")
    word = TASK_WORDS.get(task.lower()) if isinstance(task, str) else None
    dimensions = _same_for_all(requests, "outputDimensionality")
    count = int_member({"dimensions": dimensions}, "dimensions")
    if dimensions is not None and not count:
        refuse(
            "outputDimensionality",
            f"'outputDimensionality' is {kind_of(dimensions)}: expected a whole number from 1",
        )
    truncates = _same_for_all(requests, "autoTruncate")
    return EmbeddingRequest(
        inputs=tuple(inputs),
        member="requests" if is_batch else "content",
        dimensions=count,
        task=word,
        truncate=truncates if isinstance(truncates, bool) else None,
        losses=(
            ("taskType",)
            if task is not None and word is None and not str(task).endswith("UNSPECIFIED")
            else ()
        ),
    )


def _input(request: Mapping[str, Json], prefix: str) -> EmbeddingInput:
    content = request.get("content")
    title = text_member(request, "title") or None
    if isinstance(content, str):
        return EmbeddingInput(text=content, title=title)
    parts = list_member(content, "parts")
    if not isinstance(content, dict) or not parts:
        refuse(
            f"{prefix}content",
            f"'{prefix}content' is {kind_of(content)}: expected an object with 'parts'",
        )
    if all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts):
        return EmbeddingInput(text="\n".join(part["text"] for part in parts), title=title)
    return EmbeddingInput(content=content, title=title)


def _same_for_all(requests: Sequence[Json], name: str) -> Json:
    """The settings of a request are its own members, or (Vertex) those of `embedContentConfig`."""
    stated = [
        (
            found
            if (found := member(each, name)) is not None
            else member(member(each, "embedContentConfig"), name)
        )
        for each in requests
    ]
    if any(value != stated[0] for value in stated):
        index = next(index for index, value in enumerate(stated) if value != stated[0])
        refuse(
            f"requests[{index}].{name}",
            f"'requests[{index}].{name}' differs from the first request's: this upstream takes one"
            " for all",
        )
    return stated[0]


def _encode_answer(
    request: OperationRequest, asked: EmbeddingRequest, result: EmbeddingResult
) -> dict[str, Json]:
    embeddings: list[Json] = [{"values": number_vector(vector)} for vector in result.vectors]
    answer: dict[str, Json] = (
        {"embeddings": embeddings} if asked.member == "requests" else {"embedding": embeddings[0]}
    )
    if result.usage is not None and result.usage.input_tokens is not None:
        answer["usageMetadata"] = {
            "promptTokenCount": result.usage.input_tokens,
            "totalTokenCount": result.usage.input_tokens,
        }
    return answer


CLIENT = EmbeddingClient(decode_request=_decode_request, encode_answer=_encode_answer)
