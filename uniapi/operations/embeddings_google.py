"""Embeddings at Google: the Gemini API's `batchEmbedContents`, and Vertex's three verbs.

Vertex has `embedContent` and `batchEmbedContents` for Gemini's models (settings in
`embedContentConfig`), `embedContent` alone for open models served there (`…-maas`), and `predict`
for the older text models. Formats: https://ai.google.dev/api/embeddings and the converters of the
google-genai SDK 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError

from .embeddings import EmbeddingInput, EmbeddingRequest, EmbeddingResult, EmbeddingUpstream
from .google import list_member, member, model_name, short_name
from .operation import EncodedOperation, in_batches
from .operation_usage import decode_usage, sum_usages
from .vectors import Vector, decode_vector, unit_vector

MAX_REQUESTS = 100
"""Texts in one `batchEmbedContents` (ai.google.dev/gemini-api/docs/embeddings)."""

MAX_INSTANCES = 250
"""Texts in one `predict`
(docs.cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings).
"""

TASKS: Mapping[str, str] = {
    "query": "RETRIEVAL_QUERY",
    "document": "RETRIEVAL_DOCUMENT",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
    "similarity": "SEMANTIC_SIMILARITY",
    "code_query": "CODE_RETRIEVAL_QUERY",
    "question_answering": "QUESTION_ANSWERING",
    "fact_verification": "FACT_VERIFICATION",
}


def _encode_gemini(request: EmbeddingRequest, model: str) -> EncodedOperation:
    settings = _settings(request)
    name = model_name(model)
    bodies = [
        {
            "requests": [
                {"model": name, "content": _content(request, each), **_titled(settings, each)}
                for each in batch
            ]
        }
        for batch in in_batches(request.inputs, MAX_REQUESTS, request.member)
    ]
    return EncodedOperation(
        bodies=tuple(bodies), losses=(*_losses(request), *_truncation_loss(request))
    )


def _encode_vertex(request: EmbeddingRequest, model: str) -> EncodedOperation:
    name = short_name(model)
    if "gemini" not in name and "maas" not in name:
        return _encode_predict(request)
    settings = _settings(request)
    if request.truncate is not None:
        settings["autoTruncate"] = request.truncate
    requests = [_vertex_request(request, each, settings) for each in request.inputs]
    if len(requests) == 1 or "maas" in name:
        return EncodedOperation(
            bodies=tuple(one for (one,) in in_batches(requests, 1, request.member)),
            losses=_losses(request),
            verb="embedContent",
        )
    bodies = tuple(
        {"requests": list(batch)} for batch in in_batches(requests, MAX_REQUESTS, request.member)
    )
    return EncodedOperation(bodies=bodies, losses=_losses(request), verb="batchEmbedContents")


def _vertex_request(
    request: EmbeddingRequest, each: EmbeddingInput, settings: Mapping[str, Json]
) -> dict[str, Json]:
    config = _titled(settings, each)
    return {
        "content": _content(request, each),
        **({"embedContentConfig": config} if config else {}),
    }


def _encode_predict(request: EmbeddingRequest) -> EncodedOperation:
    texts = request.texts("a Vertex text embedding model")
    parameters: dict[str, Json] = {}
    if request.dimensions is not None:
        parameters["outputDimensionality"] = request.dimensions
    if request.truncate is not None:
        parameters["autoTruncate"] = request.truncate
    word = TASKS.get(request.task or "")
    task = {"task_type": word} if word is not None else {}
    instances = [
        {"content": text, **task, **({"title": each.title} if each.title else {})}
        for text, each in zip(texts, request.inputs, strict=True)
    ]
    bodies = [
        {"instances": list(batch), **({"parameters": parameters} if parameters else {})}
        for batch in in_batches(instances, MAX_INSTANCES, request.member)
    ]
    return EncodedOperation(bodies=tuple(bodies), losses=_losses(request), verb="predict")


def _content(request: EmbeddingRequest, each: EmbeddingInput) -> Mapping[str, Json]:
    if each.content is not None:
        return each.content
    if each.picture is not None:
        mime, data = each.picture_data
        return {"parts": [{"inlineData": {"mimeType": mime, "data": data}}]}
    if each.text is None:
        # Names the input in the refusal.
        request.texts("Google")
    return {"parts": [{"text": each.text}]}


def _settings(request: EmbeddingRequest) -> dict[str, Json]:
    settings: dict[str, Json] = {}
    if (task := TASKS.get(request.task or "")) is not None:
        settings["taskType"] = task
    if request.dimensions is not None:
        settings["outputDimensionality"] = request.dimensions
    return settings


def _titled(settings: Mapping[str, Json], each: EmbeddingInput) -> dict[str, Json]:
    return {**settings, "title": each.title} if each.title else dict(settings)


def _losses(request: EmbeddingRequest) -> tuple[str, ...]:
    return (*request.losses, *request.extras)


def _truncation_loss(request: EmbeddingRequest) -> tuple[str, ...]:
    return ("truncation",) if request.truncate is not None else ()


def _decode(
    request: EmbeddingRequest, answers: Sequence[Mapping[str, Json]], model: str
) -> EmbeddingResult:
    """All verbs alike: one embedding, several, or predictions that hold one each. Of fewer
    dimensions than the model has they are not of length one, as everybody else's are, and clients
    that compare by the product of two vectors find the wrong ones
    (ai.google.dev/gemini-api/docs/embeddings, «quality for smaller dimensions», 2026-11-30).
    """
    vectors = [
        vector for number, answer in enumerate(answers) for vector in _vectors(answer, number)
    ]
    if request.dimensions is not None:
        vectors = [unit_vector(vector) for vector in vectors]
    return EmbeddingResult(
        vectors=tuple(vectors),
        usage=sum_usages(decode_usage(Operation.EMBED, answer) for answer in answers),
    )


def _vectors(answer: Mapping[str, Json], number: int) -> list[Vector]:
    holders = list_member(answer, "embedding") or list_member(answer, "embeddings")
    place = "embeddings"
    if not holders:
        holders = [
            member(prediction, "embeddings") for prediction in list_member(answer, "predictions")
        ]
        place = "predictions"
    if not holders:
        raise WireError(
            f"expected 'embedding', 'embeddings' or 'predictions' in answer {number}, found"
            f" {', '.join(map(repr, answer)) or 'nothing'}"
        )
    return [
        decode_vector(member(holder, "values"), f"{place}[{index}].values")
        for index, holder in enumerate(holders)
    ]


GEMINI = EmbeddingUpstream(encode=_encode_gemini, decode=_decode)
VERTEX = EmbeddingUpstream(encode=_encode_vertex, decode=_decode)
