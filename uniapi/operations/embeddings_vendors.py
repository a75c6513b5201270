"""Embeddings at Cohere, on Bedrock (Cohere, Titan, Nova), at Voyage, Jina and NVIDIA, and, for
Gemini clients, at OpenAI-compatible upstreams.

Formats: docs.cohere.com/v2/reference/embed;
docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html,
…-titan-embed-mm.html, …-embed-v4.html;
docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html;
docs.voyageai.com/reference/embeddings-api; api.jina.ai/redoc.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from uniapi.canonical import Json, Operation, Usage
from uniapi.errors import WireError
from uniapi.values import replace

from .embeddings import EmbeddingInput, EmbeddingRequest, EmbeddingResult, EmbeddingUpstream
from .google import list_member, member, short_name
from .operation import EncodedOperation, in_batches, kind_of, refuse
from .operation_usage import decode_usage, sum_usages
from .vectors import Vector, decode_vector

COHERE_TEXTS = 96
"""Texts in one call, at Cohere and on Bedrock."""
VOYAGE_TEXTS = 1000
OPENAI_TEXTS = 2048
JINA_TEXTS = 512

COHERE_TASKS: Mapping[str, str] = {
    "query": "search_query",
    "code_query": "search_query",
    "question_answering": "search_query",
    "document": "search_document",
    "classification": "classification",
    "clustering": "clustering",
}
COHERE_DEFAULT_TASK = "search_document"
"""`input_type` is required and OpenAI has no such member: most texts that are embedded are the
documents.
"""

VOYAGE_TASKS: Mapping[str, str] = {"query": "query", "code_query": "query", "document": "document"}
JINA_TASKS: Mapping[str, str] = {
    "query": "retrieval.query",
    "document": "retrieval.passage",
    "classification": "classification",
    "clustering": "separation",
    "similarity": "text-matching",
    "code_query": "code.query",
}
NVIDIA_TASKS: Mapping[str, str] = {
    "query": "query",
    "code_query": "query",
    "question_answering": "query",
    "document": "passage",
}
NVIDIA_DEFAULT_TASK = "passage"
"""As at Cohere."""
NOVA_PURPOSES: Mapping[str, str] = {
    "query": "TEXT_RETRIEVAL",
    "document": "GENERIC_INDEX",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
}

_COHERE_EXTRAS = frozenset({"truncate", "max_tokens", "priority"})


def _encode_cohere(request: EmbeddingRequest, model: str) -> EncodedOperation:
    return EncodedOperation(
        bodies=tuple({"model": model, **body} for body in _cohere_bodies(request)),
        losses=_losses(request, COHERE_TASKS, _COHERE_EXTRAS),
    )


def _cohere_bodies(request: EmbeddingRequest) -> list[dict[str, Json]]:
    """Floats are asked for in any case; base64, when the client wants it, is made of them."""
    settings: dict[str, Json] = {
        "input_type": COHERE_TASKS.get(request.task or "", COHERE_DEFAULT_TASK),
        "embedding_types": ["float"],
    }
    if request.dimensions is not None:
        settings["output_dimension"] = request.dimensions
    if request.truncate is not None:
        settings["truncate"] = "END" if request.truncate else "NONE"
    settings.update(
        (name, value) for name, value in request.extras.items() if name in _COHERE_EXTRAS
    )
    picture = {**settings, "input_type": "image"}
    bodies: list[dict[str, Json]] = []
    for is_picture, run in groupby(request.inputs, lambda each: each.picture is not None):
        part = replace(request, inputs=tuple(run))
        if is_picture:
            # One in a call, docs.cohere.com/v2/reference/embed (2026-11-30).
            alone = in_batches([each.picture for each in part.inputs], 1, request.member)
            bodies += [{"images": list(one), **picture} for one in alone]
            continue
        texts = in_batches(part.texts("Cohere"), COHERE_TEXTS, request.member)
        bodies += [{"texts": list(batch), **settings} for batch in texts]
    return bodies


def _decode_cohere(
    request: EmbeddingRequest, answers: Sequence[Mapping[str, Json]], model: str
) -> EmbeddingResult:
    """`embeddings` is an object by type, or (version 1 and Bedrock's older models) the list of
    floats itself.
    """
    vectors: list[Vector] = []
    for answer in answers:
        stated = answer.get("embeddings")
        rows = stated.get("float") if isinstance(stated, dict) else stated
        if not isinstance(rows, list):
            raise WireError(f"expected float embeddings, found {kind_of(stated)}")
        vectors += [
            decode_vector(row, f"embeddings.float[{index}]") for index, row in enumerate(rows)
        ]
    return EmbeddingResult(vectors=tuple(vectors), usage=_usage(answers))


def _encode_bedrock(request: EmbeddingRequest, model: str) -> EncodedOperation:
    name = short_name(model)
    if "cohere" in name:
        return EncodedOperation(
            bodies=tuple(_cohere_bodies(request)),
            losses=_losses(request, COHERE_TASKS, _COHERE_EXTRAS),
        )
    if "titan-embed-image" in name and any(each.picture for each in request.inputs):
        return _encode_titan_pictures(request, name)
    texts = request.texts("Amazon's embedding models")
    one_each = [text for (text,) in in_batches(texts, 1, request.member)]
    if "nova" in name:
        return EncodedOperation(
            bodies=tuple(_nova_body(request, text) for text in one_each),
            losses=_losses(request, NOVA_PURPOSES, frozenset()),
        )
    extras = {name: value for name, value in request.extras.items() if name == "normalize"}
    bodies = tuple(
        {"inputText": text, **_titan_dimensions(request, name), **extras} for text in one_each
    )
    return EncodedOperation(
        bodies=bodies,
        losses=(
            *_losses(request, {}, frozenset(extras)),
            *(("truncation",) if request.truncate is not None else ()),
        ),
    )


def _encode_titan_pictures(request: EmbeddingRequest, name: str) -> EncodedOperation:
    """Texts and pictures, one each."""
    bodies = tuple(
        {
            **({"inputImage": each.picture_data[1]} if each.picture else {"inputText": each.text}),
            **_titan_dimensions(request, name),
        }
        for (each,) in in_batches(request.inputs, 1, request.member)
    )
    return EncodedOperation(bodies=bodies, losses=_losses(request, {}, frozenset()))


def _titan_dimensions(request: EmbeddingRequest, name: str) -> dict[str, Json]:
    if request.dimensions is None:
        return {}
    if "titan-embed-image" in name:
        return {"embeddingConfig": {"outputEmbeddingLength": request.dimensions}}
    if "titan-embed" in name and "v1" in name:
        refuse("dimensions", f"'dimensions' cannot be chosen with {name}: it always gives 1536")
    return {"dimensions": request.dimensions}


def _nova_body(request: EmbeddingRequest, text: str) -> dict[str, Json]:
    parameters: dict[str, Json] = {
        "embeddingPurpose": NOVA_PURPOSES.get(request.task or "", "GENERIC_INDEX"),
        "text": {"truncationMode": "NONE" if request.truncate is False else "END", "value": text},
    }
    if request.dimensions is not None:
        parameters["embeddingDimension"] = request.dimensions
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": parameters}


def _decode_bedrock(
    request: EmbeddingRequest, answers: Sequence[Mapping[str, Json]], model: str
) -> EmbeddingResult:
    if "cohere" in short_name(model):
        return _decode_cohere(request, answers, model)
    vectors: list[Vector] = []
    for number, answer in enumerate(answers):
        stated = answer.get("embedding")
        if stated is None:
            stated = next(
                (member(each, "embedding") for each in list_member(answer, "embeddings")), None
            )
        if stated is None and isinstance(answer.get("message"), str):
            # Titan's multimodal model says here what it would not embed.
            raise WireError(f"no embedding in answer {number}: {answer['message'][:200]}")
        vectors.append(decode_vector(stated, f"answer {number}"))
    return EmbeddingResult(vectors=tuple(vectors), usage=_usage(answers))


def _encode_voyage(request: EmbeddingRequest, model: str) -> EncodedOperation:
    """Near to OpenAI's shape: other names, and no word for «float» but none."""
    settings: dict[str, Json] = {"model": model, **request.extras}
    if (task := VOYAGE_TASKS.get(request.task or "")) is not None:
        settings["input_type"] = task
    if request.dimensions is not None:
        settings["output_dimension"] = request.dimensions
    if request.truncate is not None:
        settings["truncation"] = request.truncate
    if request.is_base64:
        settings["encoding_format"] = "base64"
    bodies = tuple(
        {"input": list(batch), **settings}
        for batch in in_batches(request.texts("Voyage"), VOYAGE_TEXTS, request.member)
    )
    return EncodedOperation(
        bodies=bodies, losses=_losses(request, VOYAGE_TASKS, frozenset(request.extras))
    )


def _encode_jina(request: EmbeddingRequest, model: str) -> EncodedOperation:
    settings: dict[str, Json] = {"model": model, **request.extras}
    if (task := JINA_TASKS.get(request.task or "")) is not None:
        settings["task"] = task
    if request.dimensions is not None:
        settings["dimensions"] = request.dimensions
    if request.truncate is not None:
        settings["truncate"] = request.truncate
    settings.setdefault("embedding_type", "base64" if request.is_base64 else "float")
    bodies = tuple(
        {"input": list(batch), **settings}
        for batch in in_batches(_jina_inputs(request), JINA_TEXTS, request.member)
    )
    return EncodedOperation(
        bodies=bodies, losses=_losses(request, JINA_TASKS, frozenset(request.extras))
    )


def _jina_inputs(request: EmbeddingRequest) -> list[Json]:
    """Texts as they are, and what was written for Jina's multimodal models: it has objects for
    texts too, so that the two do not mix.
    """
    has_objects = any(each.item is not None or each.picture for each in request.inputs)
    if not has_objects or any(each.tokens is not None for each in request.inputs):
        return list(request.texts("Jina"))
    return [_jina_object(each) for each in request.inputs]


def _jina_object(each: EmbeddingInput) -> Json:
    if each.picture is not None:
        return {"image": each.picture_data[1]}
    return each.item if each.item is not None else {"text": each.text}


def _encode_nvidia(request: EmbeddingRequest, model: str) -> EncodedOperation:
    """OpenAI's shape, and `input_type`, which retrieval models refuse to go without: 400
    «'input_type' parameter is required for asymmetric models» (docs.api.nvidia.com, 2026-11-30).
    CLIP has none, and a model's name may end in it.
    """
    name = short_name(model)
    settings: dict[str, Json] = {"model": model, "encoding_format": "float", **request.extras}
    if "clip" not in name and not name.endswith(("-query", "-passage")):
        settings["input_type"] = NVIDIA_TASKS.get(request.task or "", NVIDIA_DEFAULT_TASK)
    if request.dimensions is not None:
        settings["dimensions"] = request.dimensions
    if request.truncate is not None:
        settings.setdefault("truncate", "END" if request.truncate else "NONE")
    bodies = tuple(
        {"input": list(batch), **settings}
        for batch in in_batches(request.texts("NVIDIA"), OPENAI_TEXTS, request.member)
    )
    return EncodedOperation(
        bodies=bodies, losses=_losses(request, NVIDIA_TASKS, frozenset(request.extras))
    )


def _encode_openai(request: EmbeddingRequest, model: str) -> EncodedOperation:
    """Only Gemini's clients come here: OpenAI's own are relayed. Floats are asked for, because
    Gemini's answer has no other.
    """
    settings: dict[str, Json] = {"model": model, "encoding_format": "float"}
    if request.dimensions is not None:
        settings["dimensions"] = request.dimensions
    losses = _losses(request, {}, frozenset()) + (
        ("autoTruncate",) if request.truncate is not None else ()
    )
    texts = request.texts("an OpenAI-compatible embedding model")
    return EncodedOperation(
        bodies=tuple(
            {"input": list(batch), **settings}
            for batch in in_batches(texts, OPENAI_TEXTS, request.member)
        ),
        losses=losses,
    )


def _decode_openai(
    request: EmbeddingRequest, answers: Sequence[Mapping[str, Json]], model: str
) -> EmbeddingResult:
    """OpenAI's answer, which Voyage and Jina share; an `index` tells the order, where
    there is one.
    """
    vectors: list[Vector] = []
    for answer in answers:
        rows = answer.get("data")
        if not isinstance(rows, list):
            raise WireError(f"expected a list in 'data', found {kind_of(rows)}")
        order = [member(row, "index") for row in rows]
        if sorted(each for each in order if isinstance(each, int)) == list(range(len(rows))):
            rows = [
                row
                for _, row in sorted(zip(order, rows, strict=True), key=lambda pair: int(pair[0]))
            ]
        vectors += [
            decode_vector(member(row, "embedding"), f"data[{index}].embedding")
            for index, row in enumerate(rows)
        ]
    return EmbeddingResult(vectors=tuple(vectors), usage=_usage(answers))


def _usage(answers: Sequence[Mapping[str, Json]]) -> Usage | None:
    return sum_usages(decode_usage(Operation.EMBED, answer) for answer in answers)


def _losses(
    request: EmbeddingRequest, tasks: Mapping[str, str], extras: frozenset[str]
) -> tuple[str, ...]:
    """What is left out: the client's own, a task without a word here, titles, and extras that mean
    nothing here.
    """
    lost = [*request.losses, *(name for name in request.extras if name not in extras)]
    if request.task is not None and request.task not in tasks:
        lost.append("taskType" if request.member != "input" else "task")
    if any(each.title for each in request.inputs):
        lost.append("title")
    return tuple(lost)


COHERE = EmbeddingUpstream(encode=_encode_cohere, decode=_decode_cohere)
BEDROCK = EmbeddingUpstream(encode=_encode_bedrock, decode=_decode_bedrock)
VOYAGE = EmbeddingUpstream(encode=_encode_voyage, decode=_decode_openai, is_openai=True)
JINA = EmbeddingUpstream(encode=_encode_jina, decode=_decode_openai, is_openai=True)
NVIDIA = EmbeddingUpstream(encode=_encode_nvidia, decode=_decode_openai, is_openai=True)
OPENAI = EmbeddingUpstream(encode=_encode_openai, decode=_decode_openai, is_openai=True)
