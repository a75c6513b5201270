"""Speech at Google: OpenAI's `audio/speech` as generateContent with Gemini's TTS models; WAV or PCM
out, whole or streamed.

The models from 3.8 on read the text word for word and take directions in `speechMetadata.style`;
earlier ones find them in the text. Whole answers are WAV from 3.8 on, raw PCM before, streams raw
PCM always. `prebuiltVoiceConfig` names a voice to all of them, designed and copied voices need
`voice`. https://ai.google.dev/gemini-api/docs/speech-generation;
docs.cloud.google.com/gemini-enterprise-agent-platform/models/text-to-speech/migration-guide
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence

from uniapi.canonical import Json, Usage
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
    is_true,
    kind_of,
    load_object,
    optional_number,
    optional_text,
    refuse,
    required_text,
    stated_members,
)
from .operation_usage import google_usage, token_usage
from .wav import DEFAULT_RATE, wav_header, wav_samples

VOICES: Mapping[str, str] = {
    "alloy": "Kore",
    "ash": "Orus",
    "ballad": "Algieba",
    "cedar": "Iapetus",
    "coral": "Aoede",
    "echo": "Puck",
    "fable": "Fenrir",
    "marin": "Sulafat",
    "nova": "Leda",
    "onyx": "Charon",
    "sage": "Vindemiatrix",
    "shimmer": "Zephyr",
    "verse": "Achird",
}
"""OpenAI's voices, which clients send unasked → one of Gemini's with a like character.

Every other name is taken for Gemini's own.
"""

DEFAULT_VOICE = "Kore"

_CONTENT_TYPES = {"wav": "audio/wav", "pcm": "audio/pcm"}
_CARRIED = frozenset(
    {"model", "input", "voice", "instructions", "response_format", "stream_format", "stream"}
)
_VERSION = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
_RATE = re.compile(r"rate=(\d{4,6})\b")
_OWN_VOICES = ("voice_", "voicekey_")


def _encode(request: OperationRequest) -> EncodedOperation:
    body = request.body
    text, directions = required_text(body, "input"), optional_text(body, "instructions")
    voice, voice_losses = _voice(body.get("voice"))
    part: dict[str, Json] = {"text": text}
    if directions and _takes_style(request.model):
        part["speechMetadata"] = {"style": directions}
    elif directions:
        part["text"] = f"{directions.rstrip()}\n\nSpeak this text:\n{text}"
    config: dict[str, Json] = {
        "responseModalities": ["AUDIO"],
        "speechConfig": {"voiceConfig": voice},
    }
    losses = [
        *voice_losses,
        *(name for name in stated_members(body, except_for=_CARRIED | {"speed"})),
    ]
    if (optional_number(body, "speed") or 1) != 1:
        losses.append("speed")
    if _format(body) is None:
        # What OpenAI sends then is MP3.
        losses.append("response_format")
    return EncodedOperation(
        bodies=({"contents": [{"role": "user", "parts": [part]}], "generationConfig": config},),
        losses=tuple(losses),
        is_stream=_is_streamed(body),
    )


def _voice(stated: Json) -> tuple[dict[str, Json], tuple[str, ...]]:
    """`voiceConfig`, and whether the voice is another than the one asked for."""
    name = member(stated, "id") if isinstance(stated, dict) else stated
    if name is None:
        name = DEFAULT_VOICE
    if not isinstance(name, str) or not name:
        refuse("voice", f"'voice' is {kind_of(stated)}: expected the name of a voice")
    if name.startswith(_OWN_VOICES):
        return {"voice": name}, ()
    known = VOICES.get(name.lower())
    return {"prebuiltVoiceConfig": {"voiceName": known or name}}, ("voice",) if known else ()


def _takes_style(model: str) -> bool:
    found = _VERSION.search(short_name(model))
    return found is not None and (int(found[1]), int(found[2] or 0)) >= (3, 8)


def _format(body: Mapping[str, Json]) -> str | None:
    """The format asked for; None: none was. Compressed ones are refused, since nothing here can
    make them.
    """
    stated = optional_text(body, "response_format")
    if stated is not None and stated not in _CONTENT_TYPES:
        refuse(
            "response_format",
            f"'response_format' is {stated[:40]!r}: Gemini's speech comes as 'wav' or 'pcm'",
        )
    return stated


def _is_streamed(body: Mapping[str, Json]) -> bool:
    stated = optional_text(body, "stream_format")
    if stated not in (None, "sse", "audio"):
        refuse("stream_format", f"'stream_format' is {stated[:40]!r}: expected 'sse' or 'audio'")
    return stated is not None or is_true(body.get("stream"))


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    body = load_object(answers[0])
    sound, mime = _sound(body)
    if not sound:
        refuse_blocked(body)
        raise WireError(f"expected sound, found {said_instead(body)}")
    usage = google_usage(member(body, "usageMetadata"))
    if not _is_pcm(mime) and not mime.startswith(("audio/wav", "audio/x-wav")):
        return OperationAnswer(body=sound, content_type=mime, usage=usage)
    wanted = _format(request.body) or "wav"
    if wanted == "pcm":
        sound = wav_samples(sound)
    elif _is_pcm(mime) and sound[:4] != b"RIFF":
        sound = wav_header(_rate(mime), len(sound)) + sound
    return OperationAnswer(body=sound, content_type=_CONTENT_TYPES[wanted], usage=usage)


def _sound(body: Mapping[str, Json]) -> tuple[bytes, str]:
    """The sound of an answer or a frame, its pieces joined, and its media type, in lower case."""
    pieces: list[bytes] = []
    mime = ""
    for part in answer_parts(body):
        inline = member(part, "inlineData")
        data, stated = text_member(inline, "data"), text_member(inline, "mimeType").lower()
        if not data or not (stated.startswith("audio/") or not stated):
            continue
        mime = mime or stated or "audio/l16"
        try:
            pieces.append(base64.b64decode(data, validate=True))
        except (ValueError, binascii.Error):
            raise WireError(f"sound that is no base64: {data[:40]!r}") from None
    return b"".join(pieces), mime


def _is_pcm(mime: str) -> bool:
    return mime.startswith(("audio/l16", "audio/pcm"))


def _rate(mime: str) -> int:
    found = _RATE.search(mime)
    return int(found[1]) if found else DEFAULT_RATE


class SpeechStream:
    """Frames of streamGenerateContent → the sound as it comes, or OpenAI's `speech.audio.*` events.

    The WAV header of a stream states no length.
    """

    def __init__(self, request: OperationRequest) -> None:
        self._is_sse = request.body.get("stream_format") == "sse"
        self._is_wav = (_format(request.body) or "wav") == "wav"
        self._has_begun = False
        self._finish = ""
        self._last: Mapping[str, Json] = {}
        self.content_type = _CONTENT_TYPES["wav" if self._is_wav else "pcm"]
        if self._is_sse:
            self.content_type = "text/event-stream"
        self.usage: Usage | None = None

    def feed(self, data: bytes) -> bytes:
        """One frame's data; empty data (a comment, a sign of life) gives nothing."""
        if not data.strip():
            return b""
        body = load_object(data)
        self._last = body
        self._finish = next(
            (
                reason
                for each in list_member(body, "candidates")
                if (reason := text_member(each, "finishReason"))
            ),
            self._finish,
        )
        self.usage = google_usage(member(body, "usageMetadata")) or self.usage
        sound, mime = _sound(body)
        if not sound:
            return b""
        samples = wav_samples(sound)
        if not self._has_begun and self._is_wav:
            samples = wav_header(_rate(mime)) + samples
        self._has_begun = True
        if not self._is_sse:
            return samples
        return encode_sse(
            dump_json(
                {"type": "speech.audio.delta", "audio": base64.b64encode(samples).decode("ascii")}
            )
        )

    def eof(self) -> bytes:
        """The end; a WireError when no sound ever came, or not all of it did: streams of more than
        a minute end with OTHER in the middle of a sentence.

        https://github.com/googleapis/python-genai/issues/922
        """
        if not self._has_begun:
            refuse_blocked(self._last)
            raise WireError(f"expected sound, found {said_instead(self._last)}")
        if self._finish != "STOP":
            raise WireError(f"the sound was cut off ({self._finish or 'without a finish reason'})")
        if not self._is_sse:
            return b""
        counts = token_usage(self.usage) or {
            "input_tokens": 0,
            "output_tokens": 0,
            "total_tokens": 0,
        }
        return encode_sse(dump_json({"type": "speech.audio.done", "usage": counts}))


GEMINI = OperationCodec(encode_request=_encode, decode_response=_decode, stream=SpeechStream)
