"""How the body of a client tells what decides in which dialect an upstream is asked: a reader of
`DialectNeeds` for each dialect. Every reader takes any body, and costs one look at its tools.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from uniapi.canonical import NO_NEEDS, DialectNeeds, Json


def chat_needs(body: Mapping[str, Json]) -> DialectNeeds:
    """Of a chat body, or of one in the shape of Responses, which Cursor sends to the same path."""
    if _CHAT_MEMBERS.isdisjoint(body):
        return NO_NEEDS
    tools = _objects(body.get("tools"))
    effort = body.get("reasoning_effort") or _within(body, ("reasoning", "effort"))
    return DialectNeeds(
        has_functions=bool(body.get("functions")) or _has(tools, (None, "function")),
        effort=_word(effort),
        searches=isinstance(body.get("web_search_options"), dict) or _searches(tools),
    )


_CHAT_MEMBERS = frozenset(
    {"tools", "functions", "reasoning_effort", "reasoning", "web_search_options"}
)


def responses_needs(body: Mapping[str, Json]) -> DialectNeeds:
    """Of a Responses body, which is asked as it is wherever the vendor knows its tools."""
    items = body.get("input")
    brought = _objects(items[:_FIRST_ITEMS]) if isinstance(items, list) else []
    groups = _has(_objects(body.get("tools")), ("namespace",))
    if not groups and not _has(brought, ("additional_tools",)):
        return NO_NEEDS
    return DialectNeeds(groups_tools=True)


_FIRST_ITEMS = 8
"""Among which Codex tells its tools, since 0.144 (theopenco/llmgateway#3613, 2026-11-30)."""


def messages_needs(body: Mapping[str, Json]) -> DialectNeeds:
    """Of a Messages body: a tool without a type, or of type `custom`, is the client's function."""
    tools = _objects(body.get("tools"))
    effort = _word(_within(body, ("output_config", "effort")))
    kind = _within(body, ("thinking", "type"))
    if kind == "disabled":
        effort = "none"
    elif kind in ("enabled", "adaptive"):
        effort = effort or "medium"
    return DialectNeeds(
        has_functions=_has(tools, (None, "custom")), effort=effort, searches=_searches(tools)
    )


def gemini_needs(body: Mapping[str, Json]) -> DialectNeeds:
    """Of a generateContent body, in either spelling of its members."""
    tools = _objects(body.get("tools"))
    offered = {name for tool in tools for name, value in tool.items() if value is not None}
    return DialectNeeds(
        has_functions=not offered.isdisjoint({"functionDeclarations", "function_declarations"}),
        effort=_gemini_effort(body),
        searches=not offered.isdisjoint({"googleSearch", "google_search"}),
    )


def _gemini_effort(body: Mapping[str, Json]) -> str | None:
    config = body.get("generationConfig") or body.get("generation_config")
    found = _member(config, "thinkingConfig", "thinking_config")
    if not isinstance(found, dict) or not found:
        return None
    if _member(found, "thinkingBudget", "thinking_budget") == 0:
        return "none"
    return _word(_member(found, "thinkingLevel", "thinking_level")) or "medium"


def _member(value: Json, *spellings: str) -> Json:
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in spellings if name in value), None)


def _objects(value: Json) -> list[dict[str, Json]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _has(tools: Iterable[Mapping[str, Json]], types: tuple[str | None, ...]) -> bool:
    return any(tool.get("type") in types for tool in tools)


def _searches(tools: Iterable[Mapping[str, Json]]) -> bool:
    return any(str(tool.get("type")).startswith("web_search") for tool in tools)


def _within(body: Mapping[str, Json], path: tuple[str, str]) -> Json:
    outer = body.get(path[0])
    return outer.get(path[1]) if isinstance(outer, dict) else None


def _word(value: Json) -> str | None:
    return value.lower() if isinstance(value, str) and value else None
