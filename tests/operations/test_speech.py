"""Speech toward Gemini's TTS models: WAV, PCM, and streams of both."""

from __future__ import annotations

import base64
import io
import json
import wave
from typing import Any

import pytest

from uniapi.canonical import Operation, RequestRefused
from uniapi.errors import WireError
from uniapi.operations import (
    EncodedOperation,
    OperationAnswer,
    OperationRequest,
    OperationStream,
    codec_for,
)
from uniapi.wire import SseDecoder

SAMPLES = bytes(range(200))
BODY = {"model": "alias", "input": "Hello.", "voice": "Kore", "response_format": "wav"}
CODEC = codec_for(Operation.SPEECH, "openai", "gemini")
assert CODEC is not None


def asked(body: Any, model: str = "gemini-3.8-flash-tts") -> OperationRequest:
    return OperationRequest(
        operation=Operation.SPEECH, model=model, requested_model="alias", body=body
    )


def encode(body: Any, model: str = "gemini-3.8-flash-tts") -> EncodedOperation:
    return CODEC.encode_request(asked(body, model))


def decode(body: Any, answer: Any) -> OperationAnswer:
    return CODEC.decode_response(asked(body), [json.dumps(answer).encode()])


def stream(body: Any) -> OperationStream:
    assert CODEC.stream is not None
    return CODEC.stream(asked(body))


def spoken(
    data: bytes = SAMPLES, mime: str = "audio/L16;codec=pcm;rate=24000", **more: Any
) -> dict[str, Any]:
    return {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {"inlineData": {"mimeType": mime, "data": base64.b64encode(data).decode()}}
                    ]
                }
            }
        ],
        **more,
    }


def wav(rate: int = 24000) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(SAMPLES)
    return written.getvalue()


USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 40, "totalTokenCount": 43}


def test_a_text_is_read_in_the_voice_asked_for() -> None:
    """The plainest request loses nothing."""
    voice = {"prebuiltVoiceConfig": {"voiceName": "Kore"}}
    config = {"responseModalities": ["AUDIO"], "speechConfig": {"voiceConfig": voice}}
    encoded = encode(BODY)
    assert encoded.bodies == (
        {"contents": [{"role": "user", "parts": [{"text": "Hello."}]}], "generationConfig": config},
    )
    assert (encoded.losses, encoded.is_stream) == ((), False)


@pytest.mark.parametrize(
    "voice, config, lost",
    [
        ("Puck", {"prebuiltVoiceConfig": {"voiceName": "Puck"}}, False),
        ("alloy", {"prebuiltVoiceConfig": {"voiceName": "Kore"}}, True),
        ("Shimmer", {"prebuiltVoiceConfig": {"voiceName": "Zephyr"}}, True),
        ({"id": "voice_123"}, {"voice": "voice_123"}, False),
        (None, {"prebuiltVoiceConfig": {"voiceName": "Kore"}}, False),
    ],
)
def test_openais_voices_get_a_like_one(voice: Any, config: dict[str, Any], lost: bool) -> None:
    """Clients send OpenAI's names unasked; that another voice speaks is a loss."""
    encoded = encode({**BODY, "voice": voice})
    assert encoded.bodies[0]["generationConfig"]["speechConfig"] == {"voiceConfig": config}
    assert lost == ("voice" in encoded.losses)


@pytest.mark.parametrize(
    "model, part",
    [
        ("gemini-3.8-flash-tts", {"text": "Hello.", "speechMetadata": {"style": "whisper"}}),
        ("gemini-4-flash-tts", {"text": "Hello.", "speechMetadata": {"style": "whisper"}}),
        ("models/gemini-3.10-pro-tts", {"text": "Hello.", "speechMetadata": {"style": "whisper"}}),
        ("gemini-3.1-flash-tts-preview", {"text": "whisper\n\nSpeak this text:\nHello."}),
        ("gemini-2.5-flash-preview-tts", {"text": "whisper\n\nSpeak this text:\nHello."}),
    ],
)
def test_directions_go_where_the_model_reads_them(model: str, part: dict[str, Any]) -> None:
    """Newer models would read directions in the text aloud."""
    assert encode({**BODY, "instructions": "whisper"}, model).bodies[0]["contents"][0]["parts"] == [
        part
    ]


def test_what_cannot_be_carried_is_listed() -> None:
    """Another speed, an unknown member, and the MP3 that OpenAI would send when no format
    is named.
    """
    assert encode({"input": "x", "voice": "Kore", "speed": 1.5, "language": "de"}).losses == (
        "language",
        "speed",
        "response_format",
    )
    assert encode({**BODY, "speed": 1.0}).losses == ()


@pytest.mark.parametrize(
    "mime, data",
    [("audio/L16;codec=pcm;rate=24000", SAMPLES), ("audio/wav", wav()), ("audio/pcm", wav())],
)
def test_a_whole_answer_is_a_wav_file_or_its_samples(mime: str, data: bytes) -> None:
    """Whichever of the two the model gave, the client gets the one it asked for."""
    as_wav = decode(BODY, spoken(data, mime, usageMetadata=USAGE))
    assert as_wav.content_type == "audio/wav"
    with wave.open(io.BytesIO(as_wav.body)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
        assert file.readframes(1000) == SAMPLES
    assert as_wav.usage is not None
    assert (as_wav.usage.input_tokens, as_wav.usage.output_tokens) == (3, 40)
    as_pcm = decode({**BODY, "response_format": "pcm"}, spoken(data, mime))
    assert (as_pcm.body, as_pcm.content_type) == (SAMPLES, "audio/pcm")


def test_other_rates_and_formats_are_said_as_they_are() -> None:
    """The header states the rate of the answer; a compressed answer goes out under its own type."""
    with wave.open(io.BytesIO(decode(BODY, spoken(mime="audio/L16;rate=16000")).body)) as file:
        assert file.getframerate() == 16000
    compressed = decode(BODY, spoken(b"ID3", "audio/mpeg"))
    assert (compressed.body, compressed.content_type) == (b"ID3", "audio/mpeg")


END = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": USAGE}


@pytest.mark.parametrize(
    "end", [None, {"candidates": [{"finishReason": "OTHER"}]}, {"usageMetadata": USAGE}]
)
def test_sound_that_was_cut_off_is_not_taken_for_whole(end: Any) -> None:
    """Without a finish, or with one that says that something went wrong."""
    decoder = stream({**BODY, "stream_format": "audio"})
    assert decoder.feed(json.dumps(spoken()).encode())
    if end is not None:
        decoder.feed(json.dumps(end).encode())
    with pytest.raises(WireError, match="cut off"):
        decoder.eof()


def test_a_stream_of_sound_begins_with_one_header() -> None:
    """Samples follow as they come; the length is left open."""
    decoder = stream({**BODY, "stream_format": "audio"})
    pieces = [
        decoder.feed(json.dumps(spoken(part)).encode()) for part in (SAMPLES[:100], SAMPLES[100:])
    ]
    pieces += [
        decoder.feed(b""),
        decoder.feed(json.dumps({"candidates": [{"finishReason": "STOP"}]}).encode()),
        decoder.eof(),
    ]
    assert decoder.content_type == "audio/wav"
    assert pieces[0][:4] == b"RIFF"
    assert b"".join(pieces)[44:] == SAMPLES


def test_a_stream_of_events_ends_with_the_usage() -> None:
    """OpenAI's two events, the sound in base64."""
    body = {**BODY, "stream_format": "sse", "response_format": "pcm"}
    assert encode(body).is_stream
    decoder = stream(body)
    written = (
        decoder.feed(json.dumps(spoken()).encode())
        + decoder.feed(json.dumps(END).encode())
        + decoder.eof()
    )
    events = [json.loads(frame.data) for frame in SseDecoder().feed(written)]
    assert decoder.content_type == "text/event-stream"
    assert base64.b64decode(events[0]["audio"]) == SAMPLES
    assert [event["type"] for event in events] == ["speech.audio.delta", "speech.audio.done"]
    assert events[1]["usage"] == {"input_tokens": 3, "output_tokens": 40, "total_tokens": 43}
    assert decoder.usage is not None
    assert decoder.usage.output_tokens == 40


@pytest.mark.parametrize(
    "body, member",
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({**BODY, "voice": 3}, "voice"),
        ({**BODY, "voice": ""}, "voice"),
        ({**BODY, "response_format": "mp3"}, "response_format"),
        ({**BODY, "response_format": {}}, "response_format"),
        ({**BODY, "speed": "fast"}, "speed"),
        ({**BODY, "stream_format": "websocket"}, "stream_format"),
        ({**BODY, "instructions": 1}, "instructions"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(body: dict[str, Any], member: str) -> None:
    """Compressed formats among it: nothing here can make them."""
    with pytest.raises(RequestRefused) as refused:
        encode(body)
    assert (refused.value.error.status, refused.value.error.param) == (400, member)


SILENT = [
    None,
    {},
    {"candidates": 5},
    {"candidates": [{"content": {"parts": [{"text": "no"}]}}]},
    {"candidates": [{"finishReason": "OTHER"}]},
    {
        "candidates": [
            {"content": {"parts": [{"inlineData": {"mimeType": "audio/wav", "data": "%%%"}}]}}
        ]
    },
    {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": [], "data": {}}}]}}]},
]


@pytest.mark.parametrize("answer", SILENT, ids=lambda answer: json.dumps(answer)[:60])
def test_an_answer_without_sound_is_a_wire_error(answer: Any) -> None:
    """Whole and streamed alike."""
    with pytest.raises(WireError):
        decode(BODY, answer)
    decoder = stream({**BODY, "stream_format": "sse"})
    with pytest.raises(WireError):
        (decoder.feed(json.dumps(answer).encode()), decoder.eof())


def test_a_withheld_answer_is_the_clients_matter() -> None:
    """In a stream it shows at the end, before any byte went out."""
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    with pytest.raises(RequestRefused):
        decode(BODY, blocked)
    decoder = stream({**BODY, "stream_format": "audio"})
    assert decoder.feed(json.dumps(blocked).encode()) == b""
    with pytest.raises(RequestRefused):
        decoder.eof()
