"""The table of codecs: what each operation is carried by between two shapes."""

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
    images_json,
    images_openrouter,
    rerank,
    speech,
    speech_mistral,
    transcription,
    transcription_openrouter,
)
from .operation import OperationCodec

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
    (Operation.IMAGE, "openai", "xai"): images_json.XAI,
    (Operation.IMAGE_EDIT, "openai", "xai"): images_json.XAI,
    (Operation.IMAGE_EDIT, "openai", "ark"): images_json.ARK,
    (Operation.IMAGE, "openai", "siliconflow"): images_json.SILICONFLOW,
    (Operation.IMAGE_EDIT, "openai", "siliconflow"): images_json.SILICONFLOW,
    (Operation.IMAGE, "openai", "openrouter"): images_openrouter.OPENROUTER,
    (Operation.IMAGE_EDIT, "openai", "openrouter"): images_openrouter.OPENROUTER,
    (Operation.SPEECH, "openai", "gemini"): speech.GEMINI,
    (Operation.SPEECH, "openai", "vertex"): speech.GEMINI,
    (Operation.SPEECH, "openai", "mistral"): speech_mistral.MISTRAL,
    (Operation.TRANSCRIBE, "openai", "gemini"): transcription.GEMINI,
    (Operation.TRANSCRIBE, "openai", "vertex"): transcription.GEMINI,
    (Operation.TRANSCRIBE, "openai", "openrouter"): transcription_openrouter.OPENROUTER,
    (Operation.TRANSLATE_AUDIO, "openai", "gemini"): transcription.GEMINI,
    (Operation.TRANSLATE_AUDIO, "openai", "vertex"): transcription.GEMINI,
}
"""(operation, client shape, upstream shape) → codec."""
