"""The operations beside chat, where an upstream has the thing under another shape than the client:
small pure codecs, and readers for answers that are relayed.

`SERVICES` says what is served. `codec_for(operation, client_shape, upstream_shape)` is the table
`codecs.OPERATION_SHAPES` with its default: where it names no codec, and the shapes are the same,
the request is relayed (`is_relayed`); where it names none and they differ, the upstream cannot do
it. Client shapes are `openai` and, for embeddings, `gemini`. Upstream shapes are what an engine's
address says: `openai`, `gemini`, `vertex`, `cohere`, `bedrock`, and those of single vendors.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Operation

from .forms import field_changes, members_of_form, uploaded_file
from .google import with_verb
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    OperationStream,
    UploadedFile,
    is_true,
)
from .operation_usage import decode_usage, usage_of_headers
from .relay import error_message, fit_request, is_empty
from .request_units import request_units, with_units
from .services import SERVICES, Handling, Service
from .speech_relayed import content_type as sound_type
from .speech_relayed import is_page_or_json, sound_in
from .transcription_relayed import TEXT_FORMATS, as_json, as_text

CODED = frozenset(
    {
        Operation.EMBED,
        Operation.RERANK,
        Operation.IMAGE,
        Operation.IMAGE_EDIT,
        Operation.SPEECH,
        Operation.TRANSCRIBE,
        Operation.TRANSLATE_AUDIO,
    }
)
"""Operations that some codec carries: only for them is `codecs` imported."""


def codec_for(
    operation: Operation, client_shape: str, upstream_shape: str
) -> OperationCodec | None:
    """How to carry `operation` from one shape to the other; None: relay it, or (see `is_relayed`)
    there is no way.
    """
    if operation not in CODED:
        return None
    from .codecs import OPERATION_SHAPES

    return OPERATION_SHAPES.get((operation, client_shape, upstream_shape))


def fit_answer(operation: Operation, asked: Mapping[str, Json], answer: Json) -> Json:
    """See `answers`."""
    from . import answers

    return answers.fit_answer(operation, asked, answer)


def events_of(operation: Operation, answer: Json) -> bytes | None:
    """See `answers`."""
    from . import answers

    return answers.events_of(operation, answer)


def holds_more_inputs(operation: Operation, body: Mapping[str, Json], most: float | None) -> bool:
    """Whether more is to be embedded or ranked than the upstream takes at a time."""
    if most is None:
        return False
    if operation is Operation.RERANK:
        from .rerank_batches import ranked_in

        return len(ranked_in(body)) > most
    if operation is not Operation.EMBED:
        return False
    from .embeddings_batches import holds_more

    return holds_more(body, int(most))


def in_batches_of(operation: Operation, most: float, asked: Mapping[str, Json]) -> OperationCodec:
    """See `embeddings_batches` and `rerank_batches`."""
    if operation is Operation.RERANK:
        from .rerank_batches import in_batches_of as ranked

        return ranked(int(most), asked)
    from .embeddings_batches import in_batches_of as embedded

    return embedded(int(most), asked)


def is_relayed(operation: Operation, client_shape: str, upstream_shape: str) -> bool:
    """Whether the client's bytes go to the upstream as they are (but for the model)."""
    if codec_for(operation, client_shape, upstream_shape) is not None:
        return False
    return client_shape == upstream_shape


__all__ = [
    "CODED",
    "SERVICES",
    "TEXT_FORMATS",
    "EncodedOperation",
    "Handling",
    "OperationAnswer",
    "OperationCodec",
    "OperationRequest",
    "OperationStream",
    "Service",
    "UploadedFile",
    "as_json",
    "as_text",
    "codec_for",
    "decode_usage",
    "error_message",
    "events_of",
    "field_changes",
    "fit_answer",
    "fit_request",
    "holds_more_inputs",
    "in_batches_of",
    "is_empty",
    "is_page_or_json",
    "is_relayed",
    "is_true",
    "members_of_form",
    "request_units",
    "sound_in",
    "sound_type",
    "uploaded_file",
    "usage_of_headers",
    "with_units",
    "with_verb",
]
