"""Embeddings: the request and the vectors as values, and the codec of a client shape joined with
an upstream shape.

The client shapes are in `embeddings_client_openai.py` and `embeddings_client_gemini.py`, the
upstream shapes in `embeddings_google.py` and `embeddings_vendors.py`, the numbers in `vectors.py`.
What a text is embedded for (`input_type`, `task`, `taskType`) has a word of its own here, because
every vendor spells it otherwise, and it is read from OpenAI-shaped requests too, where it is a
common extension.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from uniapi.canonical import Json, Usage
from uniapi.errors import WireError
from uniapi.values import dataclass, field, replace
from uniapi.wire import dump_long_json

from .google import list_member, member
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    load_object,
    refuse,
)
from .vectors import Vector

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


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingInput:
    """One thing to embed. Exactly one of: a text, a text already cut into tokens, a picture by its
    data URL, (from a Gemini client) a Content that is more than text, and (from an OpenAI-shaped
    one) an object that only the vendor it is meant for understands, such as Jina's
    `{"image": URL}`.
    """

    text: str | None = None
    tokens: tuple[int, ...] | None = None
    picture: str | None = None
    content: Mapping[str, Json] | None = None
    item: Mapping[str, Json] | None = None
    title: str | None = None

    @property
    def picture_data(self) -> tuple[str, str]:
        """The media type and the base64 of a picture."""
        kind, _, data = (self.picture or "").partition(",")
        return kind.removeprefix("data:").partition(";")[0], data


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
