"""Rerank: one client shape, which Jina, vLLM and most others speak (`model, query, documents,
top_n, return_documents`), toward those with another.

The answer is always `{"results": [{index, relevance_score, document?}], "model", "usage"?,
"meta"?}`, best first: what clients of Jina and of Cohere both read. Formats:
docs.cohere.com/v2/reference/rerank; api.jina.ai/redoc; docs.voyageai.com/reference/reranker-api;
docs.api.nvidia.com/nim/reference (reranking); Bedrock takes Cohere's body with `api_version`
(docs.aws.amazon.com/bedrock/latest/userguide/rerank-supported.html).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError
from uniapi.values import dataclass
from uniapi.wire import dump_json, load_json

from .google import int_member, member, short_name
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    is_true,
    kind_of,
    optional_count,
    refuse,
    required_text,
    stated_members,
)
from .operation_usage import decode_usage

_ROWS = ("results", "data", "rankings")
_SCORES = ("relevance_score", "relevanceScore", "score", "logit")
"""What vendors call the ranked documents, and how well one fits."""
_KNOWN = frozenset({"model", "query", "documents", "top_n", "top_k", "return_documents"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rerank:
    query: str
    documents: tuple[Json, ...]
    """As the client sent them: texts, or objects."""
    texts: tuple[str, ...]
    top_n: int | None
    returns_documents: bool


def _read(body: Mapping[str, Json]) -> _Rerank:
    query = required_text(body, "query")
    documents = body.get("documents")
    if not isinstance(documents, list) or not documents:
        refuse(
            "documents",
            f"'documents' is {'an empty list' if documents == [] else kind_of(documents)}: expected"
            " a list of texts or objects",
        )
    return _Rerank(
        query=query,
        documents=tuple(documents),
        texts=tuple(_text(document, index) for index, document in enumerate(documents)),
        top_n=optional_count(body, "top_n") or optional_count(body, "top_k"),
        returns_documents=is_true(body.get("return_documents")),
    )


def _text(document: Json, index: int) -> str:
    """An object's `text`; one without is sent as JSON, which is YAML too, the form Cohere
    asks for.
    """
    if isinstance(document, str):
        return document
    if not isinstance(document, dict):
        refuse(
            f"documents[{index}]",
            f"'documents[{index}]' is {kind_of(document)}: expected a text or an object",
        )
    text = document.get("text")
    if isinstance(text, str):
        return text
    if "image" in document:
        refuse(
            f"documents[{index}].image",
            f"'documents[{index}]' is an image, which this upstream cannot rank",
        )
    try:
        return dump_json(document).decode()
    except RecursionError:
        refuse(f"documents[{index}]", f"'documents[{index}]' is nested too deep")


def _encode_cohere(request: OperationRequest, asked: _Rerank) -> EncodedOperation:
    passed = {
        name: request.body[name]
        for name in ("max_tokens_per_doc", "priority")
        if request.body.get(name) is not None
    }
    body = {
        "model": request.model,
        "query": asked.query,
        "documents": list(asked.texts),
        **_limit("top_n", asked),
        **passed,
    }
    return EncodedOperation(
        bodies=(body,), losses=stated_members(request.body, except_for=_KNOWN | frozenset(passed))
    )


def _encode_bedrock(request: OperationRequest, asked: _Rerank) -> EncodedOperation:
    """The version is Cohere's; Amazon's own model knows none."""
    version = {"api_version": 2} if "cohere" in short_name(request.model) else {}
    body = {
        **version,
        "query": asked.query,
        "documents": list(asked.texts),
        **_limit("top_n", asked),
    }
    return EncodedOperation(bodies=(body,), losses=stated_members(request.body, except_for=_KNOWN))


def _encode_voyage(request: OperationRequest, asked: _Rerank) -> EncodedOperation:
    passed = {
        name: value
        for name, value in request.body.items()
        if name not in _KNOWN and value is not None
    }
    body = {
        "model": request.model,
        "query": asked.query,
        "documents": list(asked.texts),
        **_limit("top_k", asked),
        **passed,
    }
    return EncodedOperation(bodies=(body,))


def _encode_nvidia(request: OperationRequest, asked: _Rerank) -> EncodedOperation:
    """NVIDIA ranks all; the best are picked from its answer."""
    truncate = request.body.get("truncate")
    body: dict[str, Json] = {
        "model": request.model,
        "query": {"text": asked.query},
        "passages": [{"text": text} for text in asked.texts],
        **({"truncate": truncate} if isinstance(truncate, str) else {}),
    }
    return EncodedOperation(
        bodies=(body,),
        losses=stated_members(request.body, except_for=_KNOWN | {"truncate"}),
    )


def _limit(name: str, asked: _Rerank) -> dict[str, Json]:
    return {name: asked.top_n} if asked.top_n is not None else {}


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    """All upstream shapes alike: rows and scores under one of a few names."""
    asked = _read(request.body)
    answer = load_json(answers[0])
    rows = _first(answer, _ROWS)
    if not isinstance(rows, list):
        raise WireError(f"expected a list of ranked documents, found {kind_of(rows)}")
    results = sorted(
        (_result(asked, row, place) for place, row in enumerate(rows)),
        key=lambda result: -float(result["relevance_score"]),
    )
    written: dict[str, Json] = {
        "object": "list",
        "model": request.requested_model or request.model,
        "results": results[: asked.top_n],
    }
    usage = decode_usage(Operation.RERANK, answer)
    identity, meta = member(answer, "id"), member(answer, "meta")
    if isinstance(identity, str):
        written["id"] = identity
    if usage is not None and usage.input_tokens is not None:
        written["usage"] = {
            "prompt_tokens": usage.input_tokens or 0,
            "total_tokens": usage.input_tokens or 0,
        }
    if isinstance(meta, dict):
        written["meta"] = meta
    try:
        return OperationAnswer(body=dump_json(written), usage=usage)
    except RecursionError:
        raise WireError("an answer nested too deep") from None


def _first(holder: Json, names: tuple[str, ...]) -> Json:
    return next((found for name in names if (found := member(holder, name)) is not None), None)


def with_results(asked: Mapping[str, Json], answer: Json) -> Json:
    """A relayed answer with its rows where the client looks for them, whatever the server calls
    them (`data` at Voyage's and Fireworks' kin, the answer itself at Text Embeddings Inference,
    DashScope's own inside `output`, a bare list of scores at some), no more of them than it wants,
    and the documents where it wants them; the same object where all is so already.
    """
    rows = _rows_of(answer)
    if rows is None:
        return answer
    documents, most = asked.get("documents"), asked.get("top_n")
    texts = documents if is_true(asked.get("return_documents")) else None
    results = [_readable(row, texts) for row in rows]
    if isinstance(most, int) and 0 < most < len(results):
        results = sorted(results, key=fit_of, reverse=True)[:most]
    stated = member(answer, "results")
    is_right = isinstance(stated, list) and len(stated) == len(results)
    if is_right and all(one is other for one, other in zip(results, rows, strict=True)):
        return answer
    return {**(answer if isinstance(answer, dict) else {}), "results": results}


def _rows_of(answer: Json) -> list[dict[str, Json]] | None:
    """The ranked documents of an answer; None where there is nothing like them."""
    holder = answer if isinstance(answer, list) else _first(answer, _ROWS)
    if holder is None:
        holder = _first(member(answer, "output"), _ROWS)
    if holder is None and isinstance(scores := member(answer, "scores"), list):
        holder = sorted(
            ({"index": place, "score": score} for place, score in enumerate(scores)),
            key=fit_of,
            reverse=True,
        )
    is_ranked = isinstance(holder, list) and all(isinstance(row, dict) for row in holder)
    return holder if is_ranked else None


def _readable(row: dict[str, Json], documents: Json) -> dict[str, Json]:
    """A row with `relevance_score`, and its document where `documents` has it and it has none."""
    more: dict[str, Json] = {}
    score = _first(row, _SCORES)
    if "relevance_score" not in row and score is not None:
        more["relevance_score"] = score
    index = int_member(row, "index")
    named = documents if isinstance(documents, list) and "document" not in row else []
    if index is not None and index < len(named):
        document = named[index]
        more["document"] = {"text": document} if isinstance(document, str) else document
    return {**row, **more} if more else row


def fit_of(row: Mapping[str, Json]) -> float:
    """How well a ranked document fits, by whatever name the server has for it."""
    score = _first(row, _SCORES)
    return score if isinstance(score, int | float) else 0.0


def _result(asked: _Rerank, row: Json, place: int) -> dict[str, Json]:
    index = member(row, "index")
    score = _first(row, _SCORES)
    if (
        not isinstance(index, int)
        or isinstance(index, bool)
        or not 0 <= index < len(asked.documents)
    ):
        raise WireError(
            f"the ranked document {place} names no document of the request: index {str(index)[:40]}"
        )
    if (
        not isinstance(score, int | float)
        or isinstance(score, bool)
        or not -1e300 < score < 1e300
        or math.isnan(score)
    ):
        raise WireError(f"the ranked document {place} has no score: {kind_of(score)}")
    result: dict[str, Json] = {"index": index, "relevance_score": score}
    if asked.returns_documents:
        document = asked.documents[index]
        result["document"] = {"text": document} if isinstance(document, str) else document
    return result


def _codec(encode: Callable[[OperationRequest, _Rerank], EncodedOperation]) -> OperationCodec:
    return OperationCodec(
        encode_request=lambda request: encode(request, _read(request.body)), decode_response=_decode
    )


COHERE = _codec(_encode_cohere)
BEDROCK = _codec(_encode_bedrock)
VOYAGE = _codec(_encode_voyage)
NVIDIA = _codec(_encode_nvidia)
