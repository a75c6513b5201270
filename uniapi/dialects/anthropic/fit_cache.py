"""The rules over cache marks: set where a client sets none and they pay, taken out where the owner
wants none.
"""

from __future__ import annotations

from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.cache_marks import NOWHERE, holds_mark, places
from uniapi.dialects.fitting import ODD_TURN, Body, Fitting, minds

MARK = "cache_control"
MARKED = (MARK, "tools", ODD_TURN)
"""Where marks may stand: within blocks too, as in a tool's result."""
_EPHEMERAL: Json = {"type": "ephemeral"}
_MARKABLE = frozenset({"text", "image", "document", "tool_result"})


@minds("cache_marks")
def mark_cache(body: Body, fitting: Fitting) -> Body:
    """Not a body that has any mark, nor one of an unexpected shape."""
    messages, least = body.get("messages"), fitting.quirk.cache_marks
    if least is None or not isinstance(messages, list):
        return body
    tools, system = body.get("tools"), body.get("system")
    where = places(least, tools, system, messages, has_history=_has_answer(messages))
    if where is NOWHERE or is_marked(body):
        return body
    changed = dict(body)
    if where.tools and isinstance(tools, list):
        changed["tools"] = _with_last(tools, _is_markable_tool)
    if where.system:
        changed["system"] = _marked_content(system)
    if where.turns:
        changed["messages"] = _marked_turns(messages, where.turns)
    is_same = all(changed[name] is body[name] for name in changed)
    return body if is_same else changed


@minds("anthropic_body_mark", where=(MARK,))
def mark_of_body(body: Body, fitting: Fitting) -> Body:
    """Where the body itself bears none, its mark stands behind the newest turn."""
    mark, messages = body.get(MARK), body.get("messages")
    if MARK not in body or not isinstance(messages, list):
        return body
    changed = {name: value for name, value in body.items() if name != MARK}
    if isinstance(mark, dict):
        changed["messages"] = _marked_turns(messages, 1, mark)
    return changed


@minds("keeps_cache_marks", where=MARKED)
def no_cache_marks(body: Body, fitting: Fitting) -> Body:
    """`prompt_cache: off`: none goes upstream, the client's own neither."""
    if not is_marked(body):
        return body
    fitting.lose(MARK)
    changed = {name: value for name, value in body.items() if name != MARK}
    for name in ("tools", "system"):
        if name in changed:
            changed[name] = _unmarked(changed[name])
    messages = changed.get("messages")
    if isinstance(messages, list):
        changed["messages"] = [
            {**message, "content": _unmarked(message.get("content"))}
            if isinstance(message, dict) and isinstance(message.get("content"), list)
            else message
            for message in messages
        ]
    return changed


def is_marked(body: Body) -> bool:
    """Whether a mark stands anywhere in a body."""
    if MARK in body:
        return True
    for name in ("tools", "system", "messages"):
        blocks = body.get(name)
        if isinstance(blocks, list) and holds_mark(blocks, MARK):
            return True
    return False


def _marked_turns(messages: list[Json], count: int, mark: Json = _EPHEMERAL) -> list[Json]:
    """The last turns of the user."""
    changed = list(messages)
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if count and isinstance(message, dict) and message.get("role") == "user":
            content = _marked_content(message.get("content"), mark)
            if content is not message.get("content"):
                changed[index] = {**message, "content": content}
                count -= 1
    return changed


def _marked_content(content: Any, mark: Json = _EPHEMERAL) -> Any:
    """Instructions or a turn, marked at its end; the very object where nothing in it can be."""
    if isinstance(content, str):
        return [{"type": "text", "text": content, MARK: mark}] if content else content
    return _with_last(content, _is_markable, mark) if isinstance(content, list) else content


def _with_last(blocks: list[Any], can_be: Any, mark: Json = _EPHEMERAL) -> list[Any]:
    """A copy with the last block that can be marked; the very list where none can."""
    for index in range(len(blocks) - 1, -1, -1):
        if can_be(blocks[index]):
            marked = {**blocks[index], MARK: mark}
            return [*blocks[:index], marked, *blocks[index + 1 :]]
    return blocks


def _is_markable(block: Any) -> bool:
    """An empty text cannot be marked, nor can thinking."""
    if not isinstance(block, dict) or block.get("type") not in _MARKABLE:
        return False
    return block["type"] != "text" or bool(block.get("text"))


def _is_markable_tool(tool: Any) -> bool:
    """A tool that is loaded later is no part of the prompt yet."""
    return (
        isinstance(tool, dict)
        and isinstance(tool.get("name"), str)
        and not (tool.get("defer_loading"))
    )


def _unmarked(value: Any) -> Any:
    return [_bare(block) for block in value] if isinstance(value, list) else value


def _bare(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    bare = {name: inner for name, inner in block.items() if name != MARK}
    if "content" in bare:
        bare["content"] = _unmarked(bare["content"])
    return bare


def _has_answer(messages: list[Json]) -> bool:
    for message in messages:
        if isinstance(message, dict) and message.get("role") == "assistant":
            return True
    return False
