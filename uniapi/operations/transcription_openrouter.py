"""Transcription at OpenRouter: the recording inside JSON, `input_audio: {data, format}` or `{url}`.

Members: openrouter 1.3.84 on PyPI (2026-11-30). There is no form of text but JSON: plain text is
made here, subtitles are refused.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from uniapi.canonical import Json
from uniapi.errors import WireError
from uniapi.wire import dump_json, encode_sse

from .google import member
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    UploadedFile,
    is_true,
    load_object,
    optional_number,
    optional_text,
    optional_texts,
    refuse,
    stated_members,
)
from .operation_usage import decode_usage

URL_MEMBERS = ("file_url", "url", "source_url")
"""How vendors call the address of a recording."""
FORMATS = ("json", "text", "verbose_json")
_SOUNDS: Mapping[str, str] = {
    **{name: name for name in ("wav", "mp3", "flac", "m4a", "ogg", "webm", "aac", "pcm")},
    "mpeg": "mp3",
    "mpga": "mp3",
    "mp4": "m4a",
    "oga": "ogg",
    "opus": "ogg",
    "x-wav": "wav",
    "wave": "wav",
    "vnd.wave": "wav",
    "x-m4a": "m4a",
    "x-flac": "flac",
}
"""The ending of a file's name, or the second word of its media type → OpenRouter's."""
_PASSED = frozenset({"diarize", "keyterms", "provider", "user", "session_id"})
_READ = frozenset(
    {
        "model",
        "language",
        "temperature",
        "timestamp_granularities",
        "response_format",
        "stream",
        "input_audio",
        *URL_MEMBERS,
    }
)


def _encode(request: OperationRequest) -> EncodedOperation:
    wanted = _format(request)
    body: dict[str, Json] = {
        "model": request.model,
        "input_audio": _sound(request),
        **{
            name: value
            for name, value in request.body.items()
            if name in _PASSED and value is not None
        },
    }
    if language := optional_text(request.body, "language"):
        body["language"] = language
    temperature = optional_number(request.body, "temperature")
    if temperature is not None:
        body["temperature"] = temperature
    if granularities := optional_texts(request.body, "timestamp_granularities"):
        body["timestamp_granularities"] = granularities
    if wanted == "verbose_json":
        body["response_format"] = wanted
    return EncodedOperation(
        bodies=(body,), losses=stated_members(request.body, except_for=_PASSED | _READ)
    )


def _format(request: OperationRequest) -> str:
    stated = optional_text(request.body, "response_format") or "json"
    if stated not in FORMATS:
        refuse(
            "response_format",
            f"'response_format' is {stated[:40]!r}: OpenRouter's transcripts come as"
            f" {', '.join(map(repr, FORMATS))}",
        )
    return stated


def _sound(request: OperationRequest) -> Json:
    file = next((file for file in request.files if file.field == "file"), None)
    if file is not None:
        return {"data": base64.b64encode(file.data).decode("ascii"), "format": _kind(file)}
    stated = request.body.get("input_audio")
    if isinstance(stated, dict):
        return stated
    url = next((url for name in URL_MEMBERS if (url := optional_text(request.body, name))), None)
    if url is None:
        refuse("file", "'file' is missing: expected a recording, or the URL of one")
    return {"url": url}


def _kind(file: UploadedFile) -> str:
    """By the name, which is the client's own word, else by the media type."""
    ending = file.filename.rpartition(".")[2].lower()
    media_type = file.content_type.partition(";")[0].rpartition("/")[2].strip().lower()
    return _SOUNDS.get(ending) or _SOUNDS.get(media_type) or "mp3"


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    body = load_object(answers[0])
    text = member(body, "text")
    if not isinstance(text, str):
        raise WireError("expected a transcript, found none")
    usage = decode_usage(request.operation, body)
    if is_true(request.body.get("stream")):
        done = {"type": "transcript.text.done", "text": text}
        events = encode_sse(dump_json(done)) + encode_sse(b"[DONE]")
        return OperationAnswer(body=events, content_type="text/event-stream", usage=usage)
    if _format(request) == "text":
        return OperationAnswer(
            body=text.encode("utf-8", "replace") + b"\n",
            content_type="text/plain; charset=utf-8",
            usage=usage,
        )
    return OperationAnswer(body=dump_json(body), usage=usage)


OPENROUTER = OperationCodec(encode_request=_encode, decode_response=_decode)
