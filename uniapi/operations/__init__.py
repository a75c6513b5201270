"""The operations beside chat, where an upstream has the thing under another shape than the client:
small pure codecs, and readers for answers that are relayed.

`SERVICES` says what is served. `codec_for(operation, client_shape, upstream_shape)` is the table
`OPERATION_SHAPES` with its default: where it names no codec, and the shapes are the same, the
request is relayed (`is_relayed`); where it names none and they differ, the upstream cannot do it.
Client shapes are `openai` and, for embeddings, `gemini`. Upstream shapes are what an engine's
address says: `openai`, `gemini`, `vertex`, `cohere`, `bedrock`, and those of single vendors.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Operation

from . import (
    embeddings,
    embeddings_client_gemini,
    embeddings_client_openai,
    embeddings_google,
    embeddings_vendors,
    images_dashscope,
    images_google,
    images_openrouter,
    rerank,
    speech,
    transcription,
    transcription_openrouter,
)
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
from .relay import error_message, fit_answer, fit_request, is_empty
from .request_units import request_units, with_units
from .services import SERVICES, Handling, Service

_EMBEDDING_UPSTREAMS = {
    "openai": embeddings_vendors.OPENAI,
    "gemini": embeddings_google.GEMINI,
    "vertex": embeddings_google.VERTEX,
    "cohere": embeddings_vendors.COHERE,
    "bedrock": embeddings_vendors.BEDROCK,
    "voyage": embeddings_vendors.VOYAGE,
    "jina": embeddings_vendors.JINA,
    "nvidia": embeddings_vendors.NVIDIA,
}
_EMBEDDING_CLIENTS = {
    "openai": embeddings_client_openai.CLIENT,
    "gemini": embeddings_client_gemini.CLIENT,
}

OPERATION_SHAPES: Mapping[tuple[Operation, str, str], OperationCodec] = {
    **{
        (Operation.EMBED, client, upstream): embeddings.join(read, written)
        for client, read in _EMBEDDING_CLIENTS.items()
        for upstream, written in _EMBEDDING_UPSTREAMS.items()
        if client != upstream
    },
    (Operation.RERANK, "openai", "cohere"): rerank.COHERE,
    (Operation.RERANK, "openai", "bedrock"): rerank.BEDROCK,
    (Operation.RERANK, "openai", "voyage"): rerank.VOYAGE,
    (Operation.RERANK, "openai", "nvidia"): rerank.NVIDIA,
    (Operation.IMAGE, "openai", "gemini"): images_google.GEMINI,
    (Operation.IMAGE, "openai", "vertex"): images_google.VERTEX,
    (Operation.IMAGE_EDIT, "openai", "gemini"): images_google.GEMINI,
    (Operation.IMAGE_EDIT, "openai", "vertex"): images_google.VERTEX,
    (Operation.IMAGE, "openai", "dashscope"): images_dashscope.DASHSCOPE,
    (Operation.IMAGE_EDIT, "openai", "dashscope"): images_dashscope.DASHSCOPE,
    (Operation.IMAGE, "openai", "openrouter"): images_openrouter.OPENROUTER,
    (Operation.IMAGE_EDIT, "openai", "openrouter"): images_openrouter.OPENROUTER,
    (Operation.SPEECH, "openai", "gemini"): speech.GEMINI,
    (Operation.SPEECH, "openai", "vertex"): speech.GEMINI,
    (Operation.TRANSCRIBE, "openai", "gemini"): transcription.GEMINI,
    (Operation.TRANSCRIBE, "openai", "vertex"): transcription.GEMINI,
    (Operation.TRANSCRIBE, "openai", "openrouter"): transcription_openrouter.OPENROUTER,
    (Operation.TRANSLATE_AUDIO, "openai", "gemini"): transcription.GEMINI,
    (Operation.TRANSLATE_AUDIO, "openai", "vertex"): transcription.GEMINI,
}
"""(operation, client shape, upstream shape) → codec."""


def codec_for(
    operation: Operation, client_shape: str, upstream_shape: str
) -> OperationCodec | None:
    """How to carry `operation` from one shape to the other; None: relay it, or (see `is_relayed`)
    there is no way.
    """
    return OPERATION_SHAPES.get((operation, client_shape, upstream_shape))


def is_relayed(operation: Operation, client_shape: str, upstream_shape: str) -> bool:
    """Whether the client's bytes go to the upstream as they are (but for the model)."""
    if codec_for(operation, client_shape, upstream_shape) is not None:
        return False
    return client_shape == upstream_shape


__all__ = [
    "OPERATION_SHAPES",
    "SERVICES",
    "EncodedOperation",
    "Handling",
    "OperationAnswer",
    "OperationCodec",
    "OperationRequest",
    "OperationStream",
    "Service",
    "UploadedFile",
    "codec_for",
    "decode_usage",
    "error_message",
    "field_changes",
    "fit_answer",
    "fit_request",
    "is_empty",
    "is_relayed",
    "is_true",
    "members_of_form",
    "request_units",
    "uploaded_file",
    "usage_of_headers",
    "with_units",
    "with_verb",
]
