"""The rule over cache marks: Anthropic's `cache_control` on parts, calls, results, tools and the
body itself, which some vendors of the chat format know and OpenAI refuses.
"""

from __future__ import annotations

from collections.abc import Callable

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds

from .fit_members import without
from .fit_messages import Turn, with_calls, with_messages
from .request_decode_members import at

_MARK = "cache_control"
_JOINERS = {"system": "\n\n", "developer": "\n\n", "assistant": ""}
"""How a role's texts become one again that stood apart for the sake of a mark; a user's stay a
list.
"""


@minds("cache_control", always=True, where=(_MARK, "tool_calls", "tools"))
def only_known_marks(body: Body, fitting: Fitting) -> Body:
    """Where nobody says whether marks are known, a client's own are relayed, and none are added."""
    is_known = fitting.quirk.cache_control
    if is_known or (is_known is None and fitting.beside.turns is None):
        return body

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
