"""Transcription and translation of sound at Google: OpenAI's `audio/transcriptions` and
`/translations` as generateContent with the sound inline.

Gemini's transcribe models take the sound alone and their settings in `audioTranscriptionConfig`,
and can time each word; any other Gemini model is told in words what to do. Neither writes
subtitles. https://ai.google.dev/gemini-api/docs/generate-content/transcribe;
https://ai.google.dev/gemini-api/docs/audio
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError
from uniapi.wire import dump_json, encode_sse

from .google import (
    answer_parts,
    list_member,
    member,
    refuse_blocked,
    said_instead,
    short_name,
    text_member,
)
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
from .operation_usage import google_usage, token_usage
from .wav import wav_seconds

FORMATS = ("json", "text", "verbose_json")

_MIMES = {
    "aac": "audio/aac",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "mpeg": "audio/mpeg",
    "mpga": "audio/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "webm": "audio/webm",
}
_RENAMED = {
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
}
_CARRIED = frozenset(
    {"model", "response_format", "language", "languages", "timestamp_granularities", "stream"}
)
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d+)?)s\Z")


def _encode(request: OperationRequest) -> EncodedOperation:
    _format(request)
    sound = _file(request)
    inline: Json = {
        "inlineData": {
            "mimeType": _mime(sound),
            "data": base64.b64encode(sound.data).decode("ascii"),
        }
    }
    return (
        _encode_transcriber(request, inline)
        if _is_transcriber(request)
        else _encode_told(request, inline)
    )


def _encode_transcriber(request: OperationRequest, inline: Json) -> EncodedOperation:
    if request.operation is Operation.TRANSLATE_AUDIO:
        refuse(
            "model", f"{request.model} transcribes and does not translate: use another Gemini model"
        )
    config: dict[str, Json] = {}
    if languages := _languages(request.body):
        config["languageCodes"] = languages
    if words := optional_texts(request.body, "keywords"):
        config["customVocabulary"] = words
    if "word" in _granularities(request, ("word",)):
        config["wordTimestamp"] = True
    body: dict[str, Json] = {"contents": [{"role": "user", "parts": [inline]}]}
    if config:
        body["generationConfig"] = {"audioTranscriptionConfig": config}
    return EncodedOperation(
        bodies=(body,), losses=stated_members(request.body, except_for=_CARRIED | {"keywords"})
    )


def _encode_told(request: OperationRequest, inline: Json) -> EncodedOperation:
    _granularities(request, ())
    temperature = optional_number(request.body, "temperature")
    body: dict[str, Json] = {
        "contents": [{"role": "user", "parts": [{"text": _instruction(request)}, inline]}]
    }
    if temperature is not None:
        body["generationConfig"] = {"temperature": temperature}
    return EncodedOperation(
        bodies=(body,),
        losses=stated_members(
            request.body, except_for=_CARRIED | {"prompt", "temperature", "keywords"}
        ),
    )


def _instruction(request: OperationRequest) -> str:
    lines = ["Write down exactly what is said in this recording, with punctuation."]
    if request.operation is Operation.TRANSLATE_AUDIO:
        lines = [
            "Write down, translated into English, what is said in this recording, with punctuation."
        ]
    lines.append(
        "Answer with that text alone: no comments, no time stamps, no names of speakers, no"
        " formatting. If nothing is said, answer with nothing."
    )
    if languages := _languages(request.body):
        lines.append(f"The language spoken is: {', '.join(languages)}.")
    if words := optional_texts(request.body, "keywords"):
        lines.append(f"These words may occur: {', '.join(words)}.")
    if context := optional_text(request.body, "prompt"):
        lines.append(f"What came before, or how it is to be spelled: {context}")
    return "\n".join(lines)


def _is_transcriber(request: OperationRequest) -> bool:
    return "transcribe" in short_name(request.model)


def _languages(body: Mapping[str, Json]) -> list[str]:
    language = optional_text(body, "language")
    return [language] if language else optional_texts(body, "languages")


def _format(request: OperationRequest) -> str:
    stated = optional_text(request.body, "response_format") or "json"
    if stated not in FORMATS:
        refuse(
            "response_format",
            f"'response_format' is {stated[:40]!r}: Gemini's transcripts come as"
            f" {', '.join(map(repr, FORMATS))}",
        )
    return stated


def _granularities(request: OperationRequest, possible: tuple[str, ...]) -> list[str]:
    wanted = optional_texts(request.body, "timestamp_granularities")
    for each in wanted:
        if each not in possible:
            refuse(
                "timestamp_granularities",
                f"'timestamp_granularities' asks for {each[:40]!r}, which {request.model} cannot"
                " give",
            )
    return wanted


def _file(request: OperationRequest) -> UploadedFile:
    found = next((file for file in request.files if file.field == "file"), None)
    if found is None:
        refuse("file", "'file' is missing: expected a recording")
    if not found.data:
        refuse("file", "'file' is empty: expected a recording")
    return found


def _mime(sound: UploadedFile) -> str:
    """The stated type where it is one of sound or film, else what the file's name says."""
    stated = sound.content_type.partition(";")[0].strip().lower()
    if stated.startswith(("audio/", "video/")):
        return _RENAMED.get(stated, stated)
    return _MIMES.get(sound.filename.rpartition(".")[2].lower(), "audio/mpeg")


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    """An answer that ends well and is empty is a recording in which nobody speaks."""
    body = load_object(answers[0])
    if not list_member(body, "candidates"):
        refuse_blocked(body)
        raise WireError(f"expected a transcript, found {said_instead(body)}")
    text = "".join(_texts(body)).strip()
    if not text:
        refuse_blocked(body)
    usage = google_usage(member(body, "usageMetadata"))
    counts = token_usage(usage, detail_member="input_token_details", modality="AUDIO")
    stated: dict[str, Json] = {"usage": {"type": "tokens", **counts}} if counts is not None else {}
    if is_true(request.body.get("stream")):
        events = [{"type": "transcript.text.delta", "delta": text}] if text else []
        done = {"type": "transcript.text.done", "text": text, **stated}
        written = b"".join(encode_sse(dump_json(event)) for event in (*events, done)) + encode_sse(
            b"[DONE]"
        )
        return OperationAnswer(body=written, content_type="text/event-stream", usage=usage)
    wanted = _format(request)
    if wanted == "text":
        return OperationAnswer(
            body=text.encode("utf-8", "replace") + b"\n",
            content_type="text/plain; charset=utf-8",
            usage=usage,
        )
    answer: dict[str, Json] = {
        "text": text,
        **(_verbose(request, body) if wanted == "verbose_json" else {}),
        **stated,
    }
    return OperationAnswer(body=dump_json(answer), usage=usage)


def _texts(body: Mapping[str, Json]) -> Iterator[str]:
    """The text of each part; a transcribe model may put it into `audioTranscription` instead."""
    for part in answer_parts(body):
        yield text_member(part, "text") or text_member(member(part, "audioTranscription"), "text")


def _verbose(request: OperationRequest, body: Mapping[str, Json]) -> dict[str, Json]:
    """As much of whisper's `verbose_json` as there is: the task, and the language, the length and
    the words where they are known.
    """
    heard = [
        found
        for part in answer_parts(body)
        if isinstance(found := member(part, "audioTranscription"), dict)
    ]
    words: list[Json] = []
    for word in (word for each in heard for word in list_member(each, "words")):
        start, end = _seconds(member(word, "startOffset")), _seconds(member(word, "endOffset"))
        if start is not None and end is not None:
            words.append({"word": text_member(word, "word"), "start": start, "end": end})
    language = next(
        (code for each in heard if (code := text_member(each, "languageCode"))), None
    ) or next(iter(_languages(request.body)), None)
    is_translated = request.operation is Operation.TRANSLATE_AUDIO
    seconds = wav_seconds(_file(request).data)
    verbose: dict[str, Json] = {"task": "translate" if is_translated else "transcribe"}
    if is_translated or language:
        verbose["language"] = "english" if is_translated else language
    if seconds is not None:
        verbose["duration"] = round(seconds, 3)
    if words:
        verbose["words"] = words
    return verbose


def _seconds(offset: Json) -> float | None:
    """A protobuf Duration: `1.250s`."""
    found = _SECONDS.match(offset) if isinstance(offset, str) else None
    return float(found[1]) if found else None


GEMINI = OperationCodec(encode_request=_encode, decode_response=_decode)
