"""Pictures in a tool's result, where a tool's message holds text alone: they stand behind the
results, each with the call that returned it.
"""

from __future__ import annotations

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.turn_repair import behind_label, behind_note

from .request_decode_members import at

_MEDIA = ("image_url", "input_audio", "file")


@minds("result_media", where=_MEDIA)
def media_behind_results(body: Body, fitting: Fitting) -> Body:
    messages = body.get("messages")
    if fitting.quirk.result_media or not isinstance(messages, list):
        return body
    if not any(at(message, "role") == "tool" and _media_of(message) for message in messages):
        return body
    told: list[Json] = []
    behind: list[Json] = []
    for message in messages:
        if at(message, "role") != "tool":
            told += _turn_of(behind)
            behind = []
            told.append(message)
            continue
        media = _media_of(message)
        if media:
            call = str(message.get("tool_call_id"))
            texts = [part for part in message["content"] if at(part, "type") not in _MEDIA]
            note = {"type": "text", "text": behind_note(call)}
            behind += [{"type": "text", "text": behind_label(call)}, *media]
            message = {**message, "content": [*texts, note]}
        told.append(message)
    return {**body, "messages": told + _turn_of(behind)}


def _turn_of(parts: list[Json]) -> list[Json]:
    return [{"role": "user", "content": parts}] if parts else []


def _media_of(message: Json) -> list[Json]:
    content = at(message, "content")
    parts = content if isinstance(content, list) else []
    return [part for part in parts if at(part, "type") in _MEDIA]
