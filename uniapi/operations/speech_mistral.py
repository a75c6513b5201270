"""Speech at Mistral: voices have names of its own, and the sound comes inside JSON, whole or in
events (docs.mistral.ai/studio/audio/text-to-speech, mistralai 3.7.0; 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from uniapi.canonical import Json, Operation, Usage
from uniapi.errors import WireError
from uniapi.wire import dump_json, encode_sse

from .google import member, text_member
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    is_true,
    kind_of,
    load_object,
    optional_text,
    refuse,
    required_text,
)
from .operation_usage import decode_usage, token_usage
from .speech_relayed import content_type, sound_in

VOICES: Mapping[str, str] = {
    **dict.fromkeys(("alloy", "ash", "ballad", "cedar", "echo", "verse"), "en_paul_neutral"),
    **dict.fromkeys(("fable", "onyx"), "gb_oliver_neutral"),
    **dict.fromkeys(("coral", "marin", "nova", "sage", "shimmer"), "gb_jane_neutral"),
}
"""OpenAI's voices, which clients send unasked → presets of Mistral's; every other name is taken for
its own.
"""
_FORMATS = ("mp3", "wav", "pcm", "flac", "opus")
_READ = ("model", "input", "voice", "response_format", "stream_format", "stream")
_PASSED = frozenset(
    {"ref_audio", "expressiveness", "phoneme_hints", "conversation_history", "metadata", "voice_id"}
)


def _encode(request: OperationRequest) -> EncodedOperation:
    body, stated = request.body, request.body.get("voice")
    voice = member(stated, "id") if isinstance(stated, dict) else stated
    if voice is not None and not isinstance(voice, str):
        refuse("voice", f"'voice' is {kind_of(stated)}: expected the name of a voice")
    own = VOICES.get((voice or "").lower())
    wanted = optional_text(body, "response_format") or "mp3"
    if wanted not in _FORMATS:
        refuse(
            "response_format",
            f"'response_format' is {wanted[:40]!r}: Mistral's speech comes as"
            f" {', '.join(map(repr, _FORMATS))}",
        )
    passed = {name: body[name] for name in body if name in _PASSED}
    # A voice that is copied from a sample has no name.
    named = {} if "ref_audio" in passed or voice is None else {"voice_id": own or voice}
    lost = [
        name
        for name, value in body.items()
        if name not in _READ and name not in _PASSED and value is not None
    ]
    is_stream = _is_streamed(body)
    return EncodedOperation(
        bodies=(
            {
                "model": request.model,
                "input": required_text(body, "input"),
                "response_format": wanted,
                **({"stream": True} if is_stream else {}),
                **named,
                **passed,
            },
        ),
        losses=(*(("voice",) if own else ()), *lost),
        is_stream=is_stream,
    )


def _is_streamed(body: Mapping[str, Json]) -> bool:
    return body.get("stream_format") in ("sse", "audio") or is_true(body.get("stream"))


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    answer = load_object(answers[0])
    return OperationAnswer(
        body=sound_in(answer),
        content_type=content_type(request.body),
        usage=decode_usage(Operation.SPEECH, answer),
    )


class SpeechStream:
    """Mistral's events → the sound as it comes, or OpenAI's events, which call it `audio`."""

    def __init__(self, request: OperationRequest) -> None:
        self._is_sse = request.body.get("stream_format") == "sse"
        self.content_type = "text/event-stream" if self._is_sse else content_type(request.body)
        self.usage: Usage | None = None
        self._has_begun = self._is_over = False

    def feed(self, data: bytes) -> bytes:
        """One event's data."""
        if not data.strip() or data.strip() == b"[DONE]":
            return b""
        event = load_object(data)
        if text_member(event, "type") == "speech.audio.done":
            self._is_over = True
            self.usage = decode_usage(Operation.SPEECH, event)
            counts = token_usage(self.usage) or dict.fromkeys(_COUNTS, 0)
            done = {"type": "speech.audio.done", "usage": counts}
            return encode_sse(dump_json(done)) if self._is_sse else b""
        sound = text_member(event, "audio_data")
        if not sound:
            return b""
        self._has_begun = True
        if self._is_sse:
            return encode_sse(dump_json({"type": "speech.audio.delta", "audio": sound}))
        return sound_in(event)

    def eof(self) -> bytes:
        """The end; a WireError when no sound came, or not all."""
        if not (self._has_begun and self._is_over):
            raise WireError("the sound was cut off" if self._has_begun else "expected sound")
        return b""


_COUNTS = ("input_tokens", "output_tokens", "total_tokens")

MISTRAL = OperationCodec(encode_request=_encode, decode_response=_decode, stream=SpeechStream)
