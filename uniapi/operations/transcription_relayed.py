"""Transcripts that are relayed: what single models want said, and servers that answer in another
form than was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.wire import dump_json, encode_sse

from .google import short_name

TEXT_FORMATS = frozenset({"text", "srt", "vtt"})


def fit_transcription_request(
    model: str, body: Mapping[str, Json]
) -> tuple[Mapping[str, Json], tuple[str, ...]]:
    """OpenAI's models that tell speakers apart refuse more than 30 seconds without
    `chunking_strategy`, of which there is one that needs no more words
    (developers.openai.com/api/docs/guides/speech-to-text, BerriAI/litellm#18125; 2026-11-30).
    """
    is_meant = short_name(model).startswith("gpt-") and "diarize" in model
    if not is_meant or body.get("chunking_strategy") is not None:
        return body, ()
    return {**body, "chunking_strategy": "auto"}, ()


def as_text(wanted: Json, answer: Json) -> bytes | None:
    """The text where `text` was asked for and JSON came (vLLM writes a JSON string, others the
    whole object); None where nothing is to be made.
    """
    text = answer.get("text") if isinstance(answer, dict) else answer
    if wanted != "text" or not isinstance(text, str):
        return None
    return text.encode("utf-8", "replace")


def as_json(data: bytes) -> bytes:
    """The object where JSON was asked for and text came."""
    return dump_json({"text": data.decode("utf-8", "replace").strip()})


def transcript_events(answer: Mapping[str, Json]) -> bytes:
    """A whole transcript as the events of a streamed one."""
    text, usage = answer.get("text"), answer.get("usage")
    stated = {"usage": usage} if usage is not None else {}
    events = [
        {"type": "transcript.text.delta", "delta": text},
        {"type": "transcript.text.done", "text": text, **stated},
    ]
    written = [encode_sse(dump_json(event), str(event["type"])) for event in events]
    return b"".join([*written, encode_sse(b"[DONE]")])
