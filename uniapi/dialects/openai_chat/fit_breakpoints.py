"""OpenAI's own cache mark in a chat body, `prompt_cache_breakpoint` on parts (see `cache_marks`):
Anthropic's become it where the model takes it, and it becomes Anthropic's where those are known.
"""

from __future__ import annotations

from collections.abc import Callable

from uniapi.canonical import CacheHint, Json
from uniapi.dialects.cache_marks import BREAKPOINT, breakpoint_of, ephemeral, shortens
from uniapi.dialects.fitting import Body, Fitting

from .fit_members import without
from .fit_messages import Turn, with_messages
from .request_decode_members import at
from .request_decode_parts import decode_breakpoint, decode_cache

_MARK = "cache_control"
_PARTS = ("text", "image_url", "input_audio", "file")
_MARKED_TURNS = ("system", "developer", "user", "tool")


def marks_as_breakpoints(body: Body, fitting: Fitting) -> Body:
    """A turn that is marked is marked at its last part. The mark on the body, which asks for one
    behind the newest turn, asks for what happens anyway.
    """

    def marked(holder: Turn, hint: CacheHint) -> Turn:
        if shortens(hint):
            fitting.lose(f"{_MARK}.ttl")
        return {**without(holder, _MARK), **breakpoint_of(hint)}

    changed = with_messages(body, lambda turn, path: _marked_turn(turn, marked))
    return without(changed, _MARK) if _MARK in changed else changed


def breakpoints_as_marks(body: Body, fitting: Fitting) -> Body:
    def as_mark(holder: Turn) -> Turn:
        hint = decode_breakpoint(holder)
        rest = without(holder, BREAKPOINT)
        return rest if hint is None else {**rest, _MARK: ephemeral(hint)}

    return with_messages(body, lambda turn, path: _each_mark(turn, as_mark))


def no_breakpoints(body: Body, fitting: Fitting) -> Body:
    def unmarked(holder: Turn) -> Turn:
        fitting.lose(BREAKPOINT)
        return without(holder, BREAKPOINT)

    return with_messages(body, lambda turn, path: _each_mark(turn, unmarked))


def _each_mark(turn: Turn, changed: Callable[[Turn], Turn]) -> Turn:
    """The turn with all that bears a breakpoint changed: itself, and each part of its content."""
    mended = changed(turn) if BREAKPOINT in turn else turn
    content = turn.get("content")
    if not isinstance(content, list) or not any(at(part, BREAKPOINT) for part in content):
        return mended
    parts = [changed(part) if at(part, BREAKPOINT) else part for part in content]
    return {**mended, "content": parts}


def _marked_turn(turn: Turn, marked: Callable[[Turn, CacheHint], Turn]) -> Turn:
    if turn.get("role") not in _MARKED_TURNS:
        return turn

    def mended(part: Json) -> Json:
        hint = decode_cache(at(part, _MARK))
        return part if hint is None or part.get("type") not in _PARTS else marked(part, hint)

    whole = decode_cache(turn.get(_MARK)) or decode_breakpoint(turn)
    content = turn.get("content")
    if isinstance(content, str) and content and whole is not None:
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list) or not content:
        return turn
    if whole is None:
        parts = [mended(part) for part in content]
        is_same = all(new is old for new, old in zip(parts, content, strict=True))
        return turn if is_same else {**turn, "content": parts}
    last = content[-1]
    if at(last, "type") not in _PARTS:
        return turn
    parts = [*map(mended, content[:-1]), marked(last, whole)]
    return {**without(without(turn, _MARK), BREAKPOINT), "content": parts}
