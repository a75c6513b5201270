"""What a Claude refuses of single blocks: a name for a kind of picture, and more cache marks than
four.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds

from .fit_cache import MARK, MARKED, is_marked
from .fit_messages import with_messages
from .vocabulary import member

_MISNAMED = {"image/jpg": "image/jpeg"}


@minds(always=True, where=("image", "tool_result"))
def known_pictures(body: Body, fitting: Fitting) -> Body:
    """«media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'»
    (github.com/BoundaryML/baml/issues/1292, 2026-11-30).
    """
    return with_messages(body, lambda messages: _each(messages, _with_known_picture))


def _with_known_picture(holder: Json) -> Json:
    """A turn or a tool's result, whose content may hold pictures, or a picture."""
    source = member(holder, "source")
    kind = member(source, "media_type")
    if isinstance(kind, str) and kind in _MISNAMED:
        return {**holder, "source": {**source, "media_type": _MISNAMED[kind]}}
    content = member(holder, "content")
    if not isinstance(content, list):
        return holder
    changed = _each(content, _with_known_picture)
    return holder if changed is content else {**holder, "content": changed}


def _each(values: list[Json], change: Any) -> list[Json]:
    """The same list when no value changes."""
    changed = [change(value) for value in values]
    is_same = all(new is old for new, old in zip(changed, values, strict=True))
    return values if is_same else changed


@minds("anthropic_cache_scopes", where=MARKED)
def no_cache_scopes(body: Body, fitting: Fitting) -> Body:
    """Claude Code's `scope`, where the beta behind it is not known."""
    if fitting.quirk.anthropic_cache_scopes:
        return body

    def bare(block: Json) -> Json:
        mark, content = member(block, MARK), member(block, "content")
        if isinstance(content, list):
            inner = _each(content, bare)
            block = block if inner is content else {**block, "content": inner}
        if member(mark, "scope") is None:
            return block
        kept = {name: value for name, value in mark.items() if name != "scope"}
        return {**block, MARK: kept}

    changed = {
        name: told
        for name in ("system", "tools", "messages")
        if isinstance(body.get(name), list) and (told := _each(body[name], bare)) is not body[name]
    }
    return {**body, **changed} if changed else body


@minds("most_cache_marks", where=MARKED)
def few_marks(body: Body, fitting: Fitting) -> Body:
    """«A maximum of 4 blocks with cache_control may be provided. Found 5.»
    (github.com/tghamm/Anthropic.SDK/issues/50, 2026-11-30): those of the oldest turns go, as the
    later ones reach as far back.
    """
    most = fitting.quirk.most_cache_marks
    messages = body.get("messages")
    if most is None or not isinstance(messages, list) or not is_marked(body):
        return body
    marked = [block for block in _blocks(messages) if member(block, MARK) is not None]
    fixed = int(MARK in body) + sum(
        member(block, MARK) is not None
        for name in ("tools", "system")
        for block in (body[name] if isinstance(body.get(name), list) else ())
    )
    excess = fixed + len(marked) - most
    if excess <= 0:
        return body
    refused = {id(block) for block in marked[:excess]}

    def bare(block: Json) -> Json:
        is_refused, content = id(block) in refused, member(block, "content")
        if isinstance(content, list):
            inner = _each(content, bare)
            block = block if inner is content else {**block, "content": inner}
        if not is_refused:
            return block
        return {name: value for name, value in block.items() if name != MARK}

    return {**body, "messages": _each(messages, bare)}


def _blocks(messages: list[Json]) -> Iterator[Json]:
    """Every block of the turns in order, those within results too."""
    for message in messages:
        content = member(message, "content")
        for block in content if isinstance(content, list) else ():
            yield block
            inner = member(block, "content")
            yield from inner if isinstance(inner, list) else ()
