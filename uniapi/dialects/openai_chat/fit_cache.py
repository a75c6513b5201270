"""The rules over cache marks: Anthropic's `cache_control` on parts, calls, results, tools and the
body itself, which some vendors of the chat format know and OpenAI refuses, and OpenAI's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_

from uniapi.canonical import Json
from uniapi.dialects.cache_marks import BREAKPOINT, holds_mark, places
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.values import replace

from .fit_breakpoints import breakpoints_as_marks, marks_as_breakpoints, no_breakpoints
from .fit_members import without
from .fit_messages import Turn, with_calls, with_messages
from .request_decode_members import at

_MARK = "cache_control"
_EPHEMERAL: dict[str, Json] = {"type": "ephemeral"}
_SYSTEM = frozenset({"system", "developer"})
_ASKING = frozenset({"user", "tool"})
_JOINERS = {"system": "\n\n", "developer": "\n\n", "assistant": ""}
"""How a role's texts become one again that stood apart for the sake of a mark; a user's stay a
list.
"""


_MARKED = (_MARK, BREAKPOINT, "tool_calls", "tools")
"""Where marks may stand."""


@minds("cache_control", "cache_breakpoints", always=True, where=_MARKED)
def only_known_marks(body: Body, fitting: Fitting) -> Body:
    """Where nobody says whether marks are known, a client's own are relayed, and none are added."""
    quirk, is_relayed = fitting.quirk, fitting.beside.turns is None
    takes_marks, takes_breakpoints = quirk.cache_control, quirk.cache_breakpoints
    if takes_breakpoints and not takes_marks:
        body = marks_as_breakpoints(body, fitting)
    if not takes_breakpoints and takes_marks:
        body = breakpoints_as_marks(body, fitting)
    if takes_breakpoints is False or not (takes_breakpoints or is_relayed):
        body = no_breakpoints(body, fitting)
    if takes_marks is False or not (takes_marks or is_relayed):
        body = _without_marks(body, fitting)
    return body


def _without_marks(body: Body, fitting: Fitting) -> Body:
    def unmarked(holder: Json) -> Json:
        if at(holder, _MARK) is None:
            return holder
        fitting.lose(_MARK)
        return without(holder, _MARK)

    changed = with_messages(body, lambda message, path: _unmarked_turn(message, unmarked))
    tools = changed.get("tools")
    if isinstance(tools, list) and any(at(tool, _MARK) is not None for tool in tools):
        changed = {**changed, "tools": [unmarked(tool) for tool in tools]}
    bare: Body = unmarked(changed)
    return bare


@minds("cache_marks")
def mark_cache(body: Body, fitting: Fitting) -> Body:
    """Claude behind a router that takes the marks in chat (openrouter.ai/docs/features/
    prompt-caching, 2026-11-30): a text's part, a tool's result, a tool; not a body that has any.
    """
    messages, least = body.get("messages"), fitting.quirk.cache_marks
    if least is None or not isinstance(messages, list) or _is_marked(body):
        return body
    tools = body.get("tools")
    system = [turn for turn in messages if _role(turn) in _SYSTEM]
    turns = [turn for turn in messages if _role(turn) not in _SYSTEM]
    has_history = any(_role(turn) == "assistant" for turn in turns)
    where = places(least, tools, system, turns, has_history=has_history)
    changed = dict(body)
    last = tools[-1] if isinstance(tools, list) and tools else None
    if where.tools and isinstance(tools, list) and isinstance(last, dict):
        changed["tools"] = [*tools[:-1], {**last, _MARK: _EPHEMERAL}]
    marked = _marked(messages, _SYSTEM, 1) if where.system else messages
    marked = _marked(marked, _ASKING, where.turns) if where.turns else marked
    if marked is not messages:
        changed["messages"] = marked
    return body if marked is messages and "tools" not in changed else changed


@minds("most_cache_marks", where=(_MARK, "tools", "tool_calls"))
def few_marks(body: Body, fitting: Fitting) -> Body:
    """«A maximum of 4 blocks with cache_control may be provided. Found 5.», through routers too
    (github.com/oguzbilgic/kern-ai/pull/317, 2026-11-30): those of the oldest turns go, as the
    later ones reach as far back; then those of tools and instructions.
    """
    most = fitting.quirk.most_cache_marks
    messages, tools = body.get("messages"), body.get("tools")
    if most is None or not isinstance(messages, list):
        return body
    system = [turn for turn in messages if _role(turn) in _SYSTEM]
    turns = [turn for turn in messages if _role(turn) not in _SYSTEM]
    fixed = [*(tools if isinstance(tools, list) else ()), *_holders(system)]
    marked = [one for one in (*_holders(turns), *fixed) if at(one, _MARK) is not None]
    excess = len(marked) + (_MARK in body) - most
    if excess <= 0:
        return body
    refused = {id(holder) for holder in marked[:excess]}

    def bare(holder: Json) -> Json:
        return without(holder, _MARK) if id(holder) in refused else holder

    changed = with_messages(body, lambda message, path: _with_parts(bare(message), bare))
    if isinstance(tools, list):
        changed = {**changed, "tools": [bare(tool) for tool in tools]}
    return changed


def _holders(messages: list[Json]) -> Iterator[Json]:
    """What may be marked of turns, in order: themselves, their parts, their calls."""
    for message in messages:
        yield message
        for name in ("content", "tool_calls"):
            inner = at(message, name)
            yield from inner if isinstance(inner, list) else ()


def _with_parts(message: Turn, mend: Callable[[Json], Json]) -> Turn:
    message = with_calls(message, mend)
    content = message.get("content")
    if not isinstance(content, list):
        return message
    parts = [mend(part) for part in content]
    return message if all(map(is_, parts, content)) else {**message, "content": parts}


@minds("keeps_cache_marks", where=_MARKED)
def no_cache_marks(body: Body, fitting: Fitting) -> Body:
    """`prompt_cache: off`."""
    unknown = replace(fitting.quirk, cache_control=False, cache_breakpoints=False)
    bare = Fitting(quirk=unknown, beside=fitting.beside, losses=fitting.losses)
    return only_known_marks.apply(body, bare)


def _role(turn: Json) -> str:
    role = at(turn, "role")
    return role if isinstance(role, str) else ""


def _is_marked(body: Body) -> bool:
    lists = [held for held in (body.get("tools"), body.get("messages")) if isinstance(held, list)]
    return _MARK in body or any(holds_mark(held, _MARK) for held in lists)


def _marked(messages: list[Json], roles: frozenset[str], count: int) -> list[Json]:
    """The last turns of these roles, marked at their ends."""
    changed = list(messages)
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if count and isinstance(message, dict) and _role(message) in roles:
            turn = _marked_turn(message)
            if turn is not message:
                changed[index] = turn
                count -= 1
    return changed


def _marked_turn(message: Turn) -> Turn:
    content = message.get("content")
    if message.get("role") == "tool":
        return {**message, _MARK: _EPHEMERAL}
    if isinstance(content, str) and content:
        return {**message, "content": [{"type": "text", "text": content, _MARK: _EPHEMERAL}]}
    if not isinstance(content, list) or not content or not isinstance(content[-1], dict):
        return message
    last = content[-1]
    if last.get("type") != "text" or not last.get("text"):
        return message
    return {**message, "content": [*content[:-1], {**last, _MARK: _EPHEMERAL}]}


def _unmarked_turn(message: Turn, unmarked: Callable[[Json], Json]) -> Turn:
    message = with_calls(unmarked(message), unmarked)
    content = message.get("content")
    if not isinstance(content, list) or not any(at(part, _MARK) for part in content):
        return message
    parts = [unmarked(part) for part in content]
    return {**message, "content": _joined(parts, str(message.get("role")))}


def _joined(parts: list[Json], role: str) -> Json:
    if any(at(part, "type") != "text" for part in parts):
        return parts
    texts = [str(part.get("text") or "") for part in parts]
    if role in _JOINERS:
        return _JOINERS[role].join(texts)
    return texts[0] if len(texts) == 1 else parts
