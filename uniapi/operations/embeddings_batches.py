"""Embeddings where an OpenAI-compatible upstream takes fewer inputs at a time than the client sent:
one request for each lot, one answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError
from uniapi.wire import dump_long_json

from .embeddings_relayed import as_asked
from .google import list_member, member
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    in_batches,
    load_object,
)
from .operation_usage import decode_usage, sum_usages
from .relay import error_message


def holds_more(body: Mapping[str, Json], most: int) -> bool:
    """Whether there are more inputs than that; the numbers of one text's tokens are one."""
    inputs = body.get("input")
    return isinstance(inputs, list) and len(inputs) > most and not isinstance(inputs[0], int)


def in_batches_of(most: int, asked: Mapping[str, Json]) -> OperationCodec:
    """From OpenAI's shape to itself, `most` inputs at a time; `asked`: what the client said, where
    the request had to be told otherwise. The request holds more of them (`holds_more`).
    """

    def lots(request: OperationRequest) -> list[Sequence[Json]]:
        return in_batches(list_member(request.body, "input"), most, "input")

    def encode_request(request: OperationRequest) -> EncodedOperation:
        bodies = tuple({**request.body, "input": list(lot)} for lot in lots(request))
        return EncodedOperation(bodies=bodies)

    def decode_response(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
        read = [
            _read({**asked, "input": list(lot)}, load_object(answer))
            for lot, answer in zip(lots(request), answers, strict=True)
        ]
        rows = [row for answer in read for row in list_member(answer, "data")]
        usage = sum_usages(decode_usage(Operation.EMBED, answer) for answer in read)
        written = {
            **read[0],
            "data": [{**row, "index": place} for place, row in enumerate(rows)],
            "model": request.requested_model or request.model,
            "usage": _summed([member(answer, "usage") for answer in read]),
        }
        return OperationAnswer(body=dump_long_json(written), usage=usage)

    return OperationCodec(encode_request=encode_request, decode_response=decode_response)


def _read(asked: Mapping[str, Json], answer: dict[str, Json]) -> Json:
    said = error_message(answer)
    if said is not None:
        raise WireError(said)
    read = as_asked(asked, answer)
    if not list_member(read, "data"):
        raise WireError("expected embeddings, found none")
    return read


def _summed(counts: Sequence[Json]) -> dict[str, Json]:
    """`usage` of all, member by member, as far as they are whole numbers."""
    total: dict[str, Json] = {}
    for stated in counts:
        for name, value in stated.items() if isinstance(stated, dict) else ():
            if isinstance(value, int) and not isinstance(value, bool):
                total[name] = total.get(name, 0) + value
    return total
