"""Search for tools, as Codex does it itself: the tool that searches, its calls and what they found,
in terms that every model understands.

https://developers.openai.com/api/docs/guides/tools-tool-search (types of the openai SDK 3.57,
2026-11-30). A `tool_search` of `execution` `client` is a function like others, under its own name;
what it found is told in words, and offered from then on. One that the API itself runs finds nothing
elsewhere, so that what it would have found is offered from the start.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from uniapi.canonical import (
    TOOL_SEARCH,
    HostedTool,
    Json,
    Message,
    Opaque,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    iter_parts,
)
from uniapi.dialects.openai_chat.request_decode_members import decode_object, decode_text, need_text
from uniapi.dialects.tool_names import qualified_name
from uniapi.values import replace

from .vocabulary import FAMILY, NAME

SEARCH = "tool_search"
"""The type of the tool, and the name it has as a function."""


def is_client_search(item: Mapping[str, Json]) -> bool:
    """Whether a tool, a call or an output is of a search that the client runs."""
    return item.get("execution") == "client"


def decode_search_tool(tool: Mapping[str, Json], path: str) -> Tool | HostedTool:
    """`origin` keeps the tool as it is written for its own API."""
    if not is_client_search(tool):
        return HostedTool(kind=TOOL_SEARCH, dialect=NAME, raw=tool)
    return Tool(
        name=SEARCH,
        description=decode_text(tool.get("description"), f"{path}.description"),
        parameters=decode_object(tool.get("parameters"), f"{path}.parameters"),
        dialect=NAME,
        origin={SEARCH: tool},
    )


def is_search(tool: Tool | None) -> bool:
    return tool is not None and tool.origin is not None and SEARCH in tool.origin


def decode_search_call(item: Mapping[str, Json], path: str) -> ToolCall:
    """Its arguments are an object on this wire."""
    arguments = item.get("arguments")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(
        call_id=need_text(item.get("call_id"), f"{path}.call_id"),
        name=SEARCH,
        arguments=text,
        opaque=_kept(item),
    )


def decode_search_output(
    item: Mapping[str, Json], path: str, found: Iterable[Tool | HostedTool]
) -> ToolResult:
    """What was found, in words, for who has no such item."""
    names = [qualified_name(tool.name, tool.namespace) for tool in found if isinstance(tool, Tool)]
    words = [f"The tool `{name}` was found and can be called now." for name in names]
    return ToolResult(
        call_id=need_text(item.get("call_id"), f"{path}.call_id"),
        name=SEARCH,
        content=(Text(text="\n".join(words) or "No tool was found."),),
        opaque=_kept(item),
    )


def _kept(item: Mapping[str, Json]) -> Opaque:
    return Opaque(family=FAMILY, value={"item": dict(item)})


def in_sight(
    tools: Sequence[Tool | HostedTool], messages: tuple[Message, ...]
) -> tuple[Tool | HostedTool, ...]:
    """`tools`, each once, with those still deferred that a search of the client's can find and has
    not, and no turn has called.
    """
    listed = {_key(tool) for tool in tools if isinstance(tool, Tool) and not _is_found(tool)}
    found: dict[_Key, Tool] = {}
    for tool in tools:
        if isinstance(tool, Tool) and _is_found(tool):
            found.setdefault(_key(tool), tool)
    news = [tool for key, tool in found.items() if key not in listed]
    kept = [tool for tool in tools if isinstance(tool, HostedTool) or not _is_found(tool)] + news
    can_search = any(is_search(tool) for tool in kept if isinstance(tool, Tool)) and not any(
        isinstance(tool, HostedTool) and tool.kind == TOOL_SEARCH for tool in kept
    )
    called = {
        (part.namespace, part.name) for part in iter_parts(messages) if isinstance(part, ToolCall)
    }
    return tuple(_sighted(tool, can_search=can_search, found={*found, *called}) for tool in kept)


_Key = tuple[str | None, str]


def _key(tool: Tool) -> _Key:
    return tool.namespace, tool.name


def _is_found(tool: Tool) -> bool:
    return tool.origin is not None and tool.origin.get("item") == "tool_search_output"


def _sighted(tool: Tool | HostedTool, *, can_search: bool, found: set[_Key]) -> Tool | HostedTool:
    if isinstance(tool, HostedTool) or not tool.is_deferred:
        return tool
    return replace(tool, is_deferred=can_search and _key(tool) not in found)
