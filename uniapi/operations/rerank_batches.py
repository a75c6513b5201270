"""Reranking where an upstream takes fewer documents at a time than the client sent (Text Embeddings
Inference 32, unless its owner says otherwise): one request for each lot, one order in the answer.
Each document is scored by itself against the query, so that scores of different lots compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError
from uniapi.wire import dump_long_json, load_json

from .google import int_member, list_member
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    in_batches,
)
from .operation_usage import decode_usage, sum_usages
from .relay import error_message
from .rerank import fit_of, with_results

_HOLDERS = ("documents", "texts")
"""What is ranked, by everybody's name and by Text Embeddings Inference's."""


def ranked_in(body: Mapping[str, Json]) -> list[Json]:
    """The documents of a request, under whichever name; none where there is no list of them."""
    lists = (body.get(name) for name in _HOLDERS)
    return next((found for found in lists if isinstance(found, list)), [])


def in_batches_of(most: int, asked: Mapping[str, Json]) -> OperationCodec:
    """From the shape that most speak to itself, `most` documents at a time; `asked`: what the
    client said.
    """

    def lots(body: Mapping[str, Json]) -> list[Sequence[Json]]:
        return in_batches(ranked_in(body), most, "documents")

    def encode_request(request: OperationRequest) -> EncodedOperation:
        name = next(name for name in _HOLDERS if list_member(request.body, name))
        bodies = tuple(
            {**_limited(request.body, len(lot)), name: list(lot)} for lot in lots(request.body)
        )
        return EncodedOperation(bodies=bodies)

    def decode_response(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
        rows: list[Mapping[str, Json]] = []
        read: list[Json] = []
        begins_at = 0
        for lot, data in zip(lots(asked), answers, strict=True):
            answer = load_json(data)
            rows += _rows({**asked, "documents": list(lot), "top_n": None}, answer, begins_at)
            read.append(answer)
            begins_at += len(lot)
        rows.sort(key=fit_of, reverse=True)
        most_wanted = asked.get("top_n")
        is_limited = isinstance(most_wanted, int) and most_wanted > 0
        first = read[0] if isinstance(read[0], dict) else {}
        written = {
            **{name: value for name, value in first.items() if name not in ("data", "results")},
            "model": request.requested_model or request.model,
            "results": rows[:most_wanted] if is_limited else rows,
        }
        usage = sum_usages(decode_usage(Operation.RERANK, answer) for answer in read)
        return OperationAnswer(body=dump_long_json(written), usage=usage)

    return OperationCodec(encode_request=encode_request, decode_response=decode_response)


def _limited(body: Mapping[str, Json], documents: int) -> Mapping[str, Json]:
    """No more of a lot are wanted than it has."""
    most = body.get("top_n")
    is_more = isinstance(most, int) and most > documents
    return {**body, "top_n": documents} if is_more else body


def _rows(asked: Mapping[str, Json], answer: Json, begins_at: int) -> list[Mapping[str, Json]]:
    """The ranked documents of one lot, numbered as the client numbered them."""
    said = error_message(answer)
    if said is not None:
        raise WireError(said)
    rows = list_member(with_results(asked, answer), "results")
    documents = len(list_member(asked, "documents"))
    numbered: list[Mapping[str, Json]] = []
    for row in rows:
        index = int_member(row, "index")
        if not isinstance(row, dict) or index is None or not 0 <= index < documents:
            raise WireError("a ranked document names none of the request")
        numbered.append({**row, "index": begins_at + index})
    if not numbered:
        raise WireError("expected ranked documents, found none")
    return numbered
