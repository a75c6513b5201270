"""The rules over cache points, as Anthropic's over its marks: a point is a block of its own behind
what it ends (docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, 2026-11-30).
"""

from __future__ import annotations

from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.cache_marks import holds_mark, places
from uniapi.dialects.fitting import Body, Fitting, minds

POINT = "cachePoint"
_BLOCK: dict[str, Json] = {POINT: {"type": "default"}}


@minds("cache_marks")
def mark_cache(body: Body, fitting: Fitting) -> Body:
    """Not a body that has any point."""
    messages, least = body.get("messages"), fitting.quirk.cache_marks
    if least is None or not isinstance(messages, list) or _is_marked(body):
        return body
    system, tools = body.get("system"), _tools(body)
    has_history = any(_role(message) == "assistant" for message in messages)
    where = places(least, tools, system, messages, has_history=has_history)
    changed = dict(body)
    config = body.get("toolConfig")
    if where.tools and isinstance(config, dict):
        changed["toolConfig"] = {**config, "tools": [*tools, _BLOCK]}
    if where.system and isinstance(system, list):
        changed["system"] = [*system, _BLOCK]
    left = where.turns
    turns = list(messages)
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if left and _role(message) == "user" and _can_end(message["content"]):
            turns[index] = {**message, "content": [*message["content"], _BLOCK]}
            left -= 1
    if where.turns:
        changed["messages"] = turns
    return changed if where.tools or where.system or where.turns else body


@minds("keeps_cache_marks")
def no_cache_marks(body: Body, fitting: Fitting) -> Body:
    """`prompt_cache: off`."""
    if not _is_marked(body):
        return body
    fitting.lose("cache_control")
    changed = dict(body)
    config, system = body.get("toolConfig"), body.get("system")
    if isinstance(config, dict):
        changed["toolConfig"] = {**config, "tools": _unmarked(_tools(body))}
    if isinstance(system, list):
        changed["system"] = _unmarked(system)
    changed["messages"] = [
        {**message, "content": _unmarked(message["content"])} for message in body["messages"]
    ]
    return changed


def _can_end(content: list[Any]) -> bool:
    """Claude on Bedrock refuses a point right behind a document in a text format."""
    return bool(content) and "document" not in content[-1]


def _tools(body: Body) -> list[Any]:
    config = body.get("toolConfig")
    tools = config.get("tools") if isinstance(config, dict) else None
    return tools if isinstance(tools, list) else []


def _is_marked(body: Body) -> bool:
    return holds_mark([*_tools(body), *_list(body.get("system")), *_list(body["messages"])], POINT)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _unmarked(blocks: list[Any]) -> list[Any]:
    return [block for block in blocks if POINT not in block]


def _role(message: Any) -> Any:
    return message.get("role") if isinstance(message, dict) else None
