"""Transcription and translation of sound toward Gemini and OpenRouter."""

from __future__ import annotations

import base64
import json
from typing import Any

import openai.types.audio
import pytest

from uniapi.canonical import Operation, RequestRefused
from uniapi.errors import WireError
from uniapi.operations import (
    EncodedOperation,
    OperationAnswer,
    OperationRequest,
    UploadedFile,
    codec_for,
)
from uniapi.operations.wav import wav_header
from uniapi.wire import SseDecoder

SOUND = UploadedFile(
    field="file",
    filename="a.wav",
    content_type="audio/x-wav",
    data=wav_header(16000, 32000) + bytes(32000),
)
USAGE = {
    "promptTokenCount": 50,
    "candidatesTokenCount": 8,
    "totalTokenCount": 58,
    "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 32}],
}


def asked(
    body: Any, model: str, operation: Operation, files: tuple[UploadedFile, ...]
) -> OperationRequest:
    return OperationRequest(
        operation=operation, model=model, requested_model="alias", body=body, files=files
    )


def encode(
    body: Any,
    model: str = "gemini-3.8-flash",
    operation: Operation = Operation.TRANSCRIBE,
    files: tuple[UploadedFile, ...] = (SOUND,),
) -> EncodedOperation:
    codec = codec_for(operation, "openai", "gemini")
    assert codec is not None
    return codec.encode_request(asked(body, model, operation, files))


def decode(body: Any, answer: Any, operation: Operation = Operation.TRANSCRIBE) -> OperationAnswer:
    codec = codec_for(operation, "openai", "gemini")
    assert codec is not None
    return codec.decode_response(
        asked(body, "gemini-3.5-transcribe", operation, (SOUND,)), [json.dumps(answer).encode()]
    )


def heard(text: str = "Good morning.\n", **part: Any) -> dict[str, Any]:
    return {
        "candidates": [{"content": {"parts": [{"text": text, **part}]}, "finishReason": "STOP"}],
        "usageMetadata": USAGE,
    }


def test_a_general_model_is_told_what_to_do() -> None:
    """Instruction and sound; language, context and temperature find their way, and
    nothing is lost.
    """
    encoded = encode(
        {
            "model": "alias",
            "language": "de",
            "prompt": "Kubernetes",
            "temperature": "0.2",
            "response_format": "text",
        }
    )
    told, inline = encoded.bodies[0]["contents"][0]["parts"]
    assert "de." in told["text"]
    assert "Kubernetes" in told["text"]
    assert inline == {
        "inlineData": {"mimeType": "audio/wav", "data": base64.b64encode(SOUND.data).decode()}
    }
    assert encoded.bodies[0]["generationConfig"] == {"temperature": 0.2}
    assert encoded.losses == ()


def test_a_transcribe_model_gets_settings_instead() -> None:
    """The sound alone, hints and word times in their own member."""
    body = {
        "language": "de",
        "keywords": ["uni-api"],
        "response_format": "verbose_json",
        "timestamp_granularities": ["word"],
        "prompt": "x",
        "temperature": 0,
    }
    encoded = encode(body, "gemini-3.5-transcribe")
    assert [list(part) for part in encoded.bodies[0]["contents"][0]["parts"]] == [["inlineData"]]
    config = {"languageCodes": ["de"], "customVocabulary": ["uni-api"], "wordTimestamp": True}
    assert encoded.bodies[0]["generationConfig"] == {"audioTranscriptionConfig": config}
    assert encoded.losses == ("prompt", "temperature")


def test_a_translation_says_into_which_language() -> None:
    """OpenAI's translations are always into English."""
    assert (
        "English"
        in encode({}, operation=Operation.TRANSLATE_AUDIO).bodies[0]["contents"][0]["parts"][0][
            "text"
        ]
    )


@pytest.mark.parametrize(
    "content_type, filename, expected",
    [
        ("audio/mpeg", "x", "audio/mpeg"),
        ("audio/ogg; codecs=opus", "x", "audio/ogg"),
        ("video/mp4", "x.mp4", "video/mp4"),
        ("application/octet-stream", "x.FLAC", "audio/flac"),
        ("", "x.m4a", "audio/mp4"),
        ("", "", "audio/mpeg"),
    ],
)
def test_the_media_type_is_stated_or_told_by_the_name(
    content_type: str, filename: str, expected: str
) -> None:
    """Clients often send octet-stream."""
    file = UploadedFile(field="file", filename=filename, content_type=content_type, data=b"x")
    assert (
        encode({}, files=(file,)).bodies[0]["contents"][0]["parts"][1]["inlineData"]["mimeType"]
        == expected
    )


def test_json_is_text_and_usage() -> None:
    """As the official types read it."""
    decoded = decode({}, heard())
    usage = {
        "type": "tokens",
        "input_tokens": 50,
        "output_tokens": 8,
        "total_tokens": 58,
        "input_token_details": {"text_tokens": 18, "audio_tokens": 32},
    }
    assert json.loads(decoded.body) == {"text": "Good morning.", "usage": usage}
    openai.types.audio.Transcription.model_validate_json(decoded.body, strict=True)
    assert decoded.usage is not None
    assert (decoded.usage.input_tokens, decoded.usage.input_audio_tokens) == (50, 32)


def test_text_is_text() -> None:
    """Plain, with a line end, as whisper sends it."""
    decoded = decode({"response_format": "text"}, heard("Grüß Gott.\ud800"))
    assert (decoded.body.decode(), decoded.content_type) == (
        "Grüß Gott.?\n",
        "text/plain; charset=utf-8",
    )


def test_verbose_json_says_what_is_known() -> None:
    """Length from the WAV header, language and words from the model; nothing is invented."""
    words = [
        {"word": "Good", "startOffset": "0.1s", "endOffset": "0.42s"},
        {"word": "odd", "startOffset": "soon"},
    ]
    decoded = decode(
        {"response_format": "verbose_json"},
        heard("", audioTranscription={"text": "Good", "languageCode": "en-US", "words": words}),
    )
    written = json.loads(decoded.body)
    assert {name: written[name] for name in written if name != "usage"} == {
        "text": "Good",
        "task": "transcribe",
        "language": "en-US",
        "duration": 1.0,
        "words": [{"word": "Good", "start": 0.1, "end": 0.42}],
    }
    translated = json.loads(
        decode({"response_format": "verbose_json"}, heard(), Operation.TRANSLATE_AUDIO).body
    )
    assert (translated["task"], translated["language"]) == ("translate", "english")


def test_a_streaming_client_gets_events() -> None:
    """One delta, the whole, and the end."""
    decoded = decode({"stream": "true"}, heard())
    frames = SseDecoder().feed(decoded.body)
    assert decoded.content_type == "text/event-stream"
    assert json.loads(frames[0].data) == {"type": "transcript.text.delta", "delta": "Good morning."}
    openai.types.audio.TranscriptionTextDoneEvent.model_validate_json(frames[1].data, strict=True)
    assert frames[2].data == b"[DONE]"


def test_silence_is_an_answer() -> None:
    """An answer that ends well with no text: nobody spoke."""
    assert json.loads(decode({}, {"candidates": [{"finishReason": "STOP"}]}).body) == {"text": ""}


@pytest.mark.parametrize(
    "body, model, operation, files, member",
    [
        ({}, "gemini-3.8-flash", Operation.TRANSCRIBE, (), "file"),
        (
            {},
            "gemini-3.8-flash",
            Operation.TRANSCRIBE,
            (UploadedFile(field="file", filename="", content_type="", data=b""),),
            "file",
        ),
        (
            {"response_format": "srt"},
            "gemini-3.8-flash",
            Operation.TRANSCRIBE,
            (SOUND,),
            "response_format",
        ),
        (
            {"response_format": "diarized_json"},
            "gemini-3.5-transcribe",
            Operation.TRANSCRIBE,
            (SOUND,),
            "response_format",
        ),
        (
            {"timestamp_granularities": ["word"]},
            "gemini-3.8-flash",
            Operation.TRANSCRIBE,
            (SOUND,),
            "timestamp_granularities",
        ),
        (
            {"timestamp_granularities": ["segment"]},
            "gemini-3.5-transcribe",
            Operation.TRANSCRIBE,
            (SOUND,),
            "timestamp_granularities",
        ),
        (
            {"timestamp_granularities": [1]},
            "gemini-3.8-flash",
            Operation.TRANSCRIBE,
            (SOUND,),
            "timestamp_granularities[0]",
        ),
        ({"temperature": "hot"}, "gemini-3.8-flash", Operation.TRANSCRIBE, (SOUND,), "temperature"),
        ({}, "gemini-3.5-transcribe", Operation.TRANSLATE_AUDIO, (SOUND,), "model"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(
    body: Any, model: str, operation: Operation, files: tuple[UploadedFile, ...], member: str
) -> None:
    """Subtitles, speakers and times that the model cannot give."""
    with pytest.raises(RequestRefused) as refused:
        encode(body, model, operation, files)
    assert (refused.value.error.status, refused.value.error.param) == (400, member)


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"candidates": []}, {"error": {"message": "x"}}], ids=str
)
def test_an_answer_without_a_candidate_is_a_wire_error(answer: Any) -> None:
    """The documented failure."""
    with pytest.raises(WireError):
        decode({}, answer)


def test_a_withheld_transcript_is_the_clients_matter() -> None:
    """A block is no silence."""
    with pytest.raises(RequestRefused):
        decode({}, {"candidates": [{"finishReason": "PROHIBITED_CONTENT"}]})


def openrouter(body: Any, files: tuple[UploadedFile, ...] = ()) -> OperationRequest:
    return asked(body, "openai/whisper-1", Operation.TRANSCRIBE, files)


@pytest.mark.parametrize(
    "body, files, sound",
    [
        ({}, (SOUND,), {"data": base64.b64encode(SOUND.data).decode(), "format": "wav"}),
        ({"file_url": "https://h/a.mp3"}, (), {"url": "https://h/a.mp3"}),
        ({"input_audio": {"data": "aGk=", "format": "ogg"}}, (), {"data": "aGk=", "format": "ogg"}),
    ],
)
def test_openrouter_takes_the_recording_inside_json(
    body: dict[str, Any], files: tuple[UploadedFile, ...], sound: dict[str, Any]
) -> None:
    """An upload by value, with what its name says it is; an address as one."""
    codec = codec_for(Operation.TRANSCRIBE, "openai", "openrouter")
    assert codec is not None
    encoded = codec.encode_request(
        openrouter({**body, "language": "de", "temperature": "0.5", "prompt": "x"}, files)
    )
    assert encoded.bodies == (
        {"model": "openai/whisper-1", "input_audio": sound, "language": "de", "temperature": 0.5},
    )
    assert encoded.losses == ("prompt",)


@pytest.mark.parametrize(
    "name, media_type, kind",
    [
        ("a.MP3", "", "mp3"),
        ("blob", "audio/x-m4a; x=1", "m4a"),
        ("a.opus", "application/octet-stream", "ogg"),
        ("blob", "", "mp3"),
    ],
)
def test_openrouter_is_told_what_a_recording_is(name: str, media_type: str, kind: str) -> None:
    """By its name, else by its media type."""
    codec = codec_for(Operation.TRANSCRIBE, "openai", "openrouter")
    assert codec is not None
    file = UploadedFile(field="file", filename=name, content_type=media_type, data=b"x")
    (body,) = codec.encode_request(openrouter({}, (file,))).bodies
    assert body["input_audio"]["format"] == kind


@pytest.mark.parametrize(
    "body, written",
    [
        ({}, b'{"text":"hello","usage":{"seconds":3,"cost":0.5}}'),
        ({"response_format": "text"}, b"hello\n"),
        (
            {"stream": "true"},
            b'data: {"type":"transcript.text.done","text":"hello"}\n\ndata: [DONE]\n\n',
        ),
    ],
)
def test_openrouters_transcript_comes_as_it_was_asked_for(
    body: dict[str, Any], written: bytes
) -> None:
    """It writes JSON alone; the cost is its own figure."""
    codec = codec_for(Operation.TRANSCRIBE, "openai", "openrouter")
    assert codec is not None
    answer = b'{"text": "hello", "usage": {"seconds": 3, "cost": 0.5}}'
    decoded = codec.decode_response(openrouter(body), [answer])
    assert decoded.body == written
    assert decoded.usage is not None
    assert decoded.usage.cost == 0.5


@pytest.mark.parametrize(
    "body, member", [({}, "file"), ({"response_format": "srt"}, "response_format")]
)
def test_what_openrouter_cannot_be_told_is_refused_by_name(
    body: dict[str, Any], member: str
) -> None:
    """No recording at all, or subtitles."""
    codec = codec_for(Operation.TRANSCRIBE, "openai", "openrouter")
    assert codec is not None
    with pytest.raises(RequestRefused) as refused:
        codec.encode_request(openrouter(body))
    assert refused.value.error.param == member
