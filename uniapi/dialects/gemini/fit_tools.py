"""The rule about Google's own tools beside functions."""

from __future__ import annotations

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds

from .fit_members import with_member, with_tools, without
from .vocabulary import HOSTED_KINDS, camel, list_member, member, object_member

_PERMISSION = "includeServerSideToolInvocations"
_BESIDE_FUNCTIONS = frozenset({"functionDeclarations", "computerUse"})
"""The computer is used through functions, and takes others beside it on every model:
https://ai.google.dev/gemini-api/docs/computer-use
"""


@minds("hosted_with_functions", always=True, where=("tools",))
def settle_hosted_tools(body: Body, fitting: Fitting) -> Body:
    """Where both may stand, Google wants to be told; elsewhere the functions win.
    https://ai.google.dev/gemini-api/docs/tool-combination
    """
    tools = list_member(body, "tools")
    config = object_member(body, "toolConfig")
    if not any(list_member(tool, "functionDeclarations") for tool in tools):
        return body
    hosted = [name for tool in tools if isinstance(tool, dict) for name in _hosted(tool)]
    if not hosted or member(config, _PERMISSION) is True:
        return body
    if fitting.quirk.hosted_with_functions:
        return with_member(body, "toolConfig", with_member(config, _PERMISSION, True))
    for name in hosted:
        fitting.lose(f"tools.{HOSTED_KINDS.get(camel(name), camel(name))}")
    return with_tools(body, lambda tool: without(tool, *map(camel, _hosted(tool))))


@minds(always=True, where=("toolConfig", "tool_config"))
def no_config_without_functions(body: Body, fitting: Fitting) -> Body:
    """«Function calling config is set without function_declarations.», as clients send it beside
    Google's own search alone (Chevey339/kelivo#317, 2026-11-30). Nothing is asked by it then.
    """
    config = object_member(body, "toolConfig")
    tools = list_member(body, "tools")
    if member(config, "functionCallingConfig") is None or any(map(_offers_functions, tools)):
        return body
    rest = without(config, "functionCallingConfig")
    return with_member(body, "toolConfig", rest) if rest else without(body, "toolConfig")


def _offers_functions(tool: Json) -> bool:
    return any(member(tool, name) is not None for name in _BESIDE_FUNCTIONS)


def _hosted(tool: Body) -> list[str]:
    """The members of a Tool object that are tools of Google's own."""
    return [
        name
        for name, value in tool.items()
        if value is not None and camel(name) not in _BESIDE_FUNCTIONS
    ]
