"""Answers of servers that are nearly OpenAI's, as the client reads them. What it did not ask for
but was given (numbers in place of base64, pictures and ranks under other names) is made what it
asked for; what is no answer to it (vectors too few) is a failed attempt. Everything else passes as
it came.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Operation
from uniapi.wire import dump_json, encode_sse

from .embeddings_relayed import as_asked
from .google import list_member, member
from .images_openai import with_pictures
from .rerank import with_results
from .transcription_relayed import transcript_events


def fit_answer(operation: Operation, asked: Mapping[str, Json], answer: Json) -> Json:
    """An answer in the form that the client `asked` for; the same object when it is, or cannot be
    made so. Raises WireError when it is no answer to what was asked.
    """
    fit = _ANSWER_FITS.get(operation)
    return answer if fit is None else fit(asked, answer)


def events_of(operation: Operation, answer: Json) -> bytes | None:
    """A whole answer as the events that were asked for in its place, which its server cannot send;
    None where there are none of its kind.
    """
    if not isinstance(answer, dict):
        return None
    if operation in (Operation.TRANSCRIBE, Operation.TRANSLATE_AUDIO):
        return transcript_events(answer) if isinstance(answer.get("text"), str) else None
    kind = _COMPLETED.get(operation)
    rows = list_member(answer, "data")
    if kind is None or not rows:
        return None
    made = {"type": kind, "created_at": answer.get("created") or 0}
    shared = {name: answer[name] for name in _OF_ALL if name in answer}
    events = [{**made, **shared, **row} for row in rows if isinstance(row, dict)]
    if events and "usage" in answer:
        events[-1]["usage"] = answer["usage"]
    return b"".join(encode_sse(dump_json(event), kind) for event in events) or None


_COMPLETED = {
    Operation.IMAGE: "image_generation.completed",
    Operation.IMAGE_EDIT: "image_edit.completed",
}
_OF_ALL = ("background", "output_format", "quality", "size")


def _flagged(asked: Mapping[str, Json], answer: Json) -> Json:
    """With a verdict where a vendor gives none but the categories it is made of (Mistral's
    `ModerationObject`: mistralai 3.7.0, 2026-11-30).
    """
    results = member(answer, "results")
    if not isinstance(results, list) or all(map(_has_verdict, results)):
        return answer
    judged = [
        one if _has_verdict(one) else {"flagged": True in one["categories"].values(), **one}
        for one in results
    ]
    return {**answer, "results": judged}


def _has_verdict(result: Json) -> bool:
    categories = member(result, "categories")
    return not isinstance(categories, dict) or isinstance(member(result, "flagged"), bool)


_ANSWER_FITS = {
    Operation.EMBED: as_asked,
    Operation.RERANK: with_results,
    Operation.MODERATE: _flagged,
    Operation.IMAGE: with_pictures,
    Operation.IMAGE_EDIT: with_pictures,
    Operation.IMAGE_VARIATION: with_pictures,
}
