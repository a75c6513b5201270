"""Embeddings: the request and the vectors as values, and the two client shapes they come from and
go back to, OpenAI's and Gemini's.

The upstream shapes are in `embeddings_google.py` and `embeddings_vendors.py`. What a text is
embedded for (`input_type`, `task`, `taskType`) has a word of its own here, because every vendor
spells it otherwise, and it is read from OpenAI-shaped requests too, where it is a common extension.
"""

from __future__ import annotations

import base64
import binascii
import math
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from uniapi.canonical import Json, Usage
from uniapi.errors import WireError
from uniapi.wire import dump_long_json

from .google import int_member, list_member, member, text_member
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    kind_of,
    load_object,
    optional_count,
    refuse,
)

TASK_MEMBERS = ("input_type", "task", "task_type", "taskType")

TASK_WORDS: Mapping[str, str] = {
    "search_query": "query",
    "retrieval.query": "query",
    "retrieval_query": "query",
    "search_document": "document",
    "passage": "document",
    "retrieval.passage": "document",
    "retrieval_document": "document",
    "separation": "clustering",
    "text-matching": "similarity",
    "semantic_similarity": "similarity",
    "code.query": "code_query",
    "code_retrieval_query": "code_query",
    **{
        word: word
        for word in (
            "query",
            "document",
            "classification",
            "clustering",
            "question_answering",
            "fact_verification",
        )
    },
}
"""A vendor's word, in lower case → ours."""

Vector: TypeAlias = "list[Any] | str"
"""Numbers, or the base64 of little-endian 32-bit floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingInput:
    """One thing to embed. Exactly one of: a text, a text already cut into tokens, (from a Gemini
    client) a Content that is more than text, and (from an OpenAI-shaped one) an object that only
    the vendor it is meant for understands, such as Jina's `{"image": URL}`.
    """

    text: str | None = None
    tokens: tuple[int, ...] | None = None
    content: Mapping[str, Json] | None = None
    item: Mapping[str, Json] | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """`member` is what the client calls the inputs, for messages; `extras` are members that mean
    something to one vendor only.
    """

    inputs: tuple[EmbeddingInput, ...]
    member: str = "input"
    dimensions: int | None = None
    is_base64: bool = False
    task: str | None = None
    truncate: bool | None = None
    extras: Mapping[str, Json] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    """What the client's own shape says and nobody else could."""

    def texts(self, vendor: str) -> list[str]:
        """The inputs as texts; refused, naming the input, when one is none."""
        texts: list[str] = []
        for index, each in enumerate(self.inputs):
            if each.tokens is not None:
                refuse(
                    self.member,
                    f"{self.member!r} holds token arrays, which {vendor} cannot take: send texts",
                )
            if each.text is None:
                refuse(
                    f"{self.member}[{index}]",
                    f"'{self.member}[{index}]' is more than text, which {vendor} cannot take here",
                )
            texts.append(each.text)
        return texts


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingResult:
    """The vectors, one for each input, in order. `model` is what the upstream says it is."""

    vectors: tuple[Vector, ...]
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingClient:
    """A client shape: its request read, its answer written.

    `is_openai`: it reads OpenAI's answer, whatever more stands in it.
    """

    decode_request: Callable[[Mapping[str, Json]], EmbeddingRequest]
    encode_answer: Callable[[OperationRequest, EmbeddingRequest, EmbeddingResult], dict[str, Json]]
    is_openai: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingUpstream:
    """An upstream shape: `encode(request, model)` gives the bodies, `decode(request, answers,
    model)` the vectors. `is_openai`: its answer is OpenAI's, with members of its own.
    """

    encode: Callable[[EmbeddingRequest, str], EncodedOperation]
    decode: Callable[[EmbeddingRequest, Sequence[Mapping[str, Json]], str], EmbeddingResult]
    is_openai: bool = False


def join(client: EmbeddingClient, upstream: EmbeddingUpstream) -> OperationCodec:
    """The codec of a client shape toward an upstream shape."""

    def encode_request(request: OperationRequest) -> EncodedOperation:
        return upstream.encode(client.decode_request(request.body), request.model)

    def decode_response(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
        asked = client.decode_request(request.body)
        bodies = [load_object(answer) for answer in answers]
        result = upstream.decode(asked, bodies, request.model)
        if result.usage is None:
            result = replace(result, usage=request.header_usage)
        if len(result.vectors) != len(asked.inputs):
            raise WireError(f"expected {len(asked.inputs)} embeddings, found {len(result.vectors)}")
        written = client.encode_answer(request, asked, result)
        if client.is_openai and upstream.is_openai and len(bodies) == 1:
            written = _with_extras(written, bodies[0])
        return OperationAnswer(body=dump_long_json(written), usage=result.usage)

    return OperationCodec(encode_request=encode_request, decode_response=decode_response)


def _with_extras(written: Mapping[str, Json], body: Mapping[str, Json]) -> dict[str, Json]:
    """An answer of ours with what a vendor near to OpenAI says beside it: nothing it states is
    lost.
    """
    rows = {
        index: row
        for row in list_member(body, "data")
        if isinstance(index := member(row, "index"), int)
    }
    stated = body.get("usage")
    return {
        **body,
        **written,
        "data": [{**(rows.get(row["index"]) or {}), **row} for row in written["data"]],
        "usage": {**written["usage"], **(stated if isinstance(stated, dict) else {})},
    }


def _decode_openai(body: Mapping[str, Json]) -> EmbeddingRequest:
    """developers.openai.com/api/reference/resources/embeddings/methods/create"""
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
        inputs=tuple(_openai_inputs(body.get("input"))),
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


def _openai_inputs(value: Json) -> list[EmbeddingInput]:
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
        if isinstance(item, str):
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


def _is_token(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _encode_openai(
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


def _decode_gemini(body: Mapping[str, Json]) -> EmbeddingRequest:
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
        inputs.append(_gemini_input(each, prefix))
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


def _gemini_input(request: Mapping[str, Json], prefix: str) -> EmbeddingInput:
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


def _encode_gemini(
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


OPENAI_CLIENT = EmbeddingClient(
    decode_request=_decode_openai, encode_answer=_encode_openai, is_openai=True
)
GEMINI_CLIENT = EmbeddingClient(decode_request=_decode_gemini, encode_answer=_encode_gemini)


def read_vector(value: Json, place: str) -> Vector:
    """A vector out of an answer, checked; raises WireError naming `place`."""
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, list) or not value:
        raise WireError(
            f"expected an embedding at {place}, found"
            f" {'an empty list' if value == [] else kind_of(value)}"
        )
    try:
        is_finite = math.isfinite(sum(value))
    except (TypeError, OverflowError):
        is_finite = False
    if not is_finite:
        raise WireError(f"the embedding at {place} holds something that is no number")
    return value


def number_vector(vector: Vector) -> list[Any]:
    if isinstance(vector, list):
        return vector
    try:
        floats = array("f", base64.b64decode(vector, validate=True))
    except (ValueError, binascii.Error):
        raise WireError(f"an embedding is no base64 of 32-bit floats: {vector[:40]!r}") from None
    if sys.byteorder == "big":
        floats.byteswap()
    return floats.tolist()


def base64_vector(vector: Vector) -> str:
    if isinstance(vector, str):
        return vector
    try:
        floats = array("f", vector)
    except (TypeError, OverflowError):
        raise WireError("an embedding holds a number that is no 32-bit float") from None
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode("ascii")


def as_asked(asked: Mapping[str, Json], answer: Json) -> Json:
    """A relayed answer with its vectors in the form that was asked for: OpenAI's clients ask for
    base64, and servers that do not know it answer with numbers (LM Studio: lmstudio#756).
    """
    rows = answer.get("data") if isinstance(answer, dict) else None
    wanted = str if asked.get("encoding_format") == "base64" else list
    if not isinstance(rows, list) or all(_has_vector(row, wanted) for row in rows):
        return answer
    write = base64_vector if wanted is str else number_vector
    other = list if wanted is str else str
    written = [
        {**row, "embedding": write(row["embedding"])} if _has_vector(row, other) else row
        for row in rows
    ]
    return {**answer, "data": written}


def _has_vector(row: Json, kind: type) -> bool:
    return isinstance(row, dict) and isinstance(row.get("embedding"), kind)
