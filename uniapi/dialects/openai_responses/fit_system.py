"""The rule over system and developer turns where only one may be, at the beginning: chat templates
behind servers of this API (vLLM, LM Studio, Ollama) refuse others as they do in chat.
"""

from __future__ import annotations

from itertools import takewhile

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.openai_chat.request_decode_members import at

_ROLES = ("system", "developer")


@minds("system_turns")
def system_turns_in_place(body: Body, fitting: Fitting) -> Body:
    """Those that open the conversation are the instructions; a later one is told by the user, where
    it stands.
    """
    items = body.get("input")
    if fitting.quirk.system_turns != "first" or not isinstance(items, list):
        return body
    opening = [_text_of(item) for item in takewhile(lambda item: _text_of(item), items)]
    later = items[len(opening) :]
    said = body.get("instructions")
    texts = [*([said] if isinstance(said, str) and said else []), *opening]
    if len(texts) < 2 and not any(_is_system(item) for item in later):
        return body
    first = {"instructions": "\n\n".join(texts)} if texts else {}
    return {**body, **first, "input": [_as_user(item) for item in later]}


def _is_system(item: Json) -> bool:
    return isinstance(item, dict) and item.get("role") in _ROLES


def _text_of(item: Json) -> str:
    """The text of a system turn; empty for any other item, and for one that holds more."""
    content = item.get("content") if _is_system(item) else None
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [text for part in parts if isinstance(text := at(part, "text"), str)]
    return "\n\n".join(texts) if len(texts) == len(parts) else ""


def _as_user(item: Json) -> Json:
    return {**item, "role": "user"} if _is_system(item) else item
