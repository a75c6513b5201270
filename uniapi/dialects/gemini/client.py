"""What serving a client of Gemini's API needs beside its requests and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from uniapi.canonical import Json
from uniapi.dialects.dialect import ClientDialect, IssuedIdFinder, KnownModel, ModelList
from uniapi.dialects.dialect_needs import gemini_needs

from .answer_encode import encode_response
from .error import encode_error
from .request_decode import decode_request
from .stream_encode import GeminiStreamEncoder
from .vocabulary import NAME

WRAPPED = ("generateContentRequest", "generate_content_request")
"""A token count may be asked for a whole request: ai.google.dev/api/tokens."""
_GENERATION_METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_EMBEDDING_METHODS = ("embedContent", "batchEmbedContents")
"""By the name alone: Google's clients choose by them which models to offer for what."""


def _encode_model(alias: str, known: KnownModel) -> dict[str, Json]:
    """ai.google.dev/api/models"""
    methods = _EMBEDDING_METHODS if "embed" in alias.lower() else _GENERATION_METHODS
    stated = {
        "inputTokenLimit": known.context_length,
        "outputTokenLimit": known.max_output_tokens,
    }
    return {
        "name": f"models/{alias}",
        "baseModelId": alias,
        "version": "",
        "displayName": alias,
        "supportedGenerationMethods": list(methods),
        **{name: value for name, value in stated.items() if value is not None},
    }


def _encode_models(entries: Sequence[dict[str, Json]]) -> dict[str, Json]:
    return {"models": list(entries)}


def _find_ids(body: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for spelling in ("cachedContent", "cached_content"):
        yield spelling, body.get(spelling)
    contents = body.get("contents")
    for index, content in enumerate(contents if isinstance(contents, list) else ()):
        parts = content.get("parts") if isinstance(content, dict) else None
        for number, part in enumerate(parts if isinstance(parts, list) else ()):
            for file_id in _find_files(part) if isinstance(part, dict) else ():
                yield f"contents[{index}].parts[{number}].fileData.fileUri", file_id


def _find_files(part: Mapping[str, Json]) -> Iterator[str]:
    """The names of files that were uploaded to Google, out of their addresses: in either spelling
    of the members, and both where both are there.
    """
    for file in (part.get("fileData"), part.get("file_data")):
        named = file if isinstance(file, dict) else {}
        for uri in (named.get("fileUri"), named.get("file_uri")):
            if isinstance(uri, str) and "generativelanguage.googleapis.com/" in uri:
                _, slash, name = uri.rpartition("/files/")
                if slash:
                    yield f"files/{name}"


def _counted(body: Mapping[str, Json]) -> Mapping[str, Json]:
    return next((body[name] for name in WRAPPED if isinstance(body.get(name), dict)), body)


def _framing(query: Mapping[str, str]) -> Literal["sse", "json_array"]:
    """A stream is one JSON array unless the client says otherwise."""
    return "sse" if query.get("alt") == "sse" else "json_array"


CLIENT = ClientDialect(
    name=NAME,
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=GeminiStreamEncoder,
    encode_error=encode_error,
    model_list=ModelList(encode_entry=_encode_model, encode_list=_encode_models),
    conversation={"contents": (list, str, dict), **dict.fromkeys(WRAPPED, (dict,))},
    issued_ids=IssuedIdFinder(
        marks=(b'"cachedContent"', b'"cached_content"', b"/files/"), find=_find_ids
    ),
    encode_count=lambda tokens: {"totalTokens": tokens},
    counted=_counted,
    framing=_framing,
    needs=gemini_needs,
    forwarded_headers=("x-goog-api-client",),
    operation_shape="gemini",
)
