"""The rule over cache marks, `prompt_cache_breakpoint` on content parts (see `cache_marks`): they
stay where the model takes them, and a client's own are relayed where nobody says.
"""

from __future__ import annotations

from collections.abc import Sequence

from uniapi.canonical import Json
from uniapi.dialects.cache_marks import BREAKPOINT
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.openai_chat.request_decode_members import at


@minds(
    "cache_breakpoints",
    "keeps_cache_marks",
    always=True,
    where=(BREAKPOINT, "output"),
    reads_beside=True,
)
def known_breakpoints(body: Body, fitting: Fitting) -> Body:
    quirk, beside = fitting.quirk, fitting.beside
    takes = quirk.cache_breakpoints if quirk.keeps_cache_marks else False
    if takes:
        return _with_marked_system(body, beside.marked_system)
    if beside.is_marked:
        fitting.lose("cache_control")
    elif takes is None:
        return body
    items = body.get("input")
    if not isinstance(items, list):
        return body
    mended = [_unmarked_item(item, joins=beside.is_marked) for item in items]
    if all(new is old for new, old in zip(mended, items, strict=True)):
        return body
    if not beside.is_marked:
        fitting.lose(BREAKPOINT)
    return {**body, "input": mended}


def _with_marked_system(body: Body, pieces: Sequence[Json]) -> Body:
    """Instructions that are marked stand as a turn before all others."""
    items = body.get("input")
    if not pieces or not isinstance(items, list):
        return body
    told = {"type": "message", "role": "developer", "content": list(pieces)}
    rest = {name: value for name, value in body.items() if name != "instructions"}
    return {**rest, "input": [told, *items]}


def _unmarked_item(item: Json, *, joins: bool) -> Json:
    """`joins`: a tool's texts stand apart for the sake of a mark alone."""
    for member in ("content", "output"):
        parts = at(item, member)
        if not isinstance(parts, list) or not any(at(part, BREAKPOINT) for part in parts):
            continue
        bare = [_unmarked(part) for part in parts]
        is_text = joins and member == "output" and all(map(_is_text, bare))
        said = "\n".join(part["text"] for part in bare) if is_text else bare
        item = {**item, member: said}
    return item


def _unmarked(part: Json) -> Json:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in part.items() if name != BREAKPOINT}


def _is_text(part: Json) -> bool:
    return at(part, "type") == "input_text" and isinstance(at(part, "text"), str)
