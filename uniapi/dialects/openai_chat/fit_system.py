"""Rules over system and developer turns: the role they come under, and words of ours among them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import takewhile

from uniapi.canonical import Json
from uniapi.dialects.fitting import TURN_OF, Body, Fitting, minds
from uniapi.dialects.quirk import Quirk

from .fit_messages import Turn, with_messages
from .request_decode_members import at

SYSTEM_ROLES = ("system", "developer")


def _changed_roles(quirk: Quirk) -> Sequence[str]:
    """The turns that do not keep their roles there."""
    changed = {"developer": (), "system": ("developer",), "user": SYSTEM_ROLES}[quirk.system_role]
    return [TURN_OF[role] for role in changed]


@minds("system_role", always=True, where=_changed_roles)
def one_system_role(body: Body, fitting: Fitting) -> Body:
    """Where developer is known every role stays; where none is known the text is the user's."""
    role = fitting.quirk.system_role
    messages = body.get("messages")
    if role == "developer" or not isinstance(messages, list):
        return body
    if role == "system":
        return with_messages(
            body,
            lambda message, path: (
                {**message, "role": role} if message.get("role") == "developer" else message
            ),
        )
    if not any(_is_system(message) for message in messages):
        return body
    return {**body, "messages": _as_user_text(messages)}


@minds("system_turns", where=tuple(TURN_OF[role] for role in SYSTEM_ROLES))
def system_turns_in_place(body: Body, fitting: Fitting) -> Body:
    """One system message at the beginning, made of those that open the conversation; a later one
    is told by the user, where it stands.
    """
    messages = body.get("messages")
    if fitting.quirk.system_turns != "first" or not isinstance(messages, list):
        return body
    opening = list(takewhile(_is_system, messages))
    later = messages[len(opening) :]
    if len(opening) < 2 and not any(_is_system(message) for message in later):
        return body
    first = [reduce(_with_text_of, opening)] if opening else []
    return {**body, "messages": [*first, *(_as_user(message) for message in later)]}


def _is_system(message: Json) -> bool:
    return at(message, "role") in SYSTEM_ROLES


def _with_text_of(first: Turn, second: Turn) -> Turn:
    return {**first, "content": joined(first.get("content"), second.get("content"))}


def _as_user(message: Json) -> Json:
    return {"role": "user", "content": message.get("content")} if _is_system(message) else message


def with_system_words(messages: Sequence[Json], words: str) -> list[Json]:
    """`words` behind the caller's own text: at the end of the system message that opens the
    conversation, so that what a prompt cache holds of it still begins alike.
    """
    first = messages[0] if messages else None
    if not isinstance(first, dict) or first.get("role") not in SYSTEM_ROLES:
        return [{"role": "developer", "content": words}, *messages]
    return [{**first, "content": joined(first.get("content"), words)}, *messages[1:]]


def joined(first: Json, second: Json) -> Json:
    """Two contents as one: a string of two paragraphs, or a list of parts."""
    if not first or not second:
        return first or second
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [
        part
        for content in (first, second)
        for part in ([{"type": "text", "text": content}] if isinstance(content, str) else content)
    ]


def _as_user_text(messages: Sequence[Json]) -> list[Json]:
    """System text in front of the user's next words, or as the user's own where an assistant's
    come first.
    """
    told: list[Json] = []
    held: Json = None
    for message in messages:
        role = at(message, "role")
        if _is_system(message):
            held = joined(held, message.get("content"))
            continue
        if held and role == "user":
            message = {**message, "content": joined(held, message.get("content"))}
            held = None
        elif held and role == "assistant":
            told.append({"role": "user", "content": held})
            held = None
        told.append(message)
    return [*told, {"role": "user", "content": held}] if held else told
