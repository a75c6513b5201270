"""`toolConfig` of a request: tools and tool choice as Converse takes them."""

from __future__ import annotations

from uniapi.canonical import HostedTool, Json, OutputFormat, Request, Tool, ToolChoice
from uniapi.dialects.anthropic.request_encode_schema import is_within_subset
from uniapi.dialects.anthropic.request_encode_tools import MAX_STRICT_TOOLS
from uniapi.dialects.function_tools import (
    ANSWER_TOOL,
    FREEFORM_PARAMETERS,
    answer_description,
    answer_parameters,
    description_with_grammar,
)
from uniapi.dialects.object_schema import input_schema
from uniapi.dialects.quirk import Quirk

from .request_encode_names import ToolNames
from .request_encode_parts import Block, PartEncoder
from .request_encode_turns import uses_tools
from .vocabulary import NAME, has_schema_output

SYSTEM_TOOLS = {"web_search": "nova_grounding", "code_execution": "nova_code_interpreter"}
"""Nova's own tools (https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-tools.html) by
what they do.
"""
EARLIER_TOOL = "A tool of an earlier turn. It is not available any more."


class ToolEncoder:
    """Writes the `toolConfig` of one request."""

    def __init__(
        self,
        request: Request,
        quirk: Quirk,
        names: ToolNames,
        parts: PartEncoder,
        losses: list[str],
        stand_in: OutputFormat | None,
    ) -> None:
        self._request = request
        self._quirk = quirk
        self._names = names
        self._parts = parts
        self._losses = losses
        self._stand_in = stand_in
        self._strict_left = (
            MAX_STRICT_TOOLS
            if quirk.converse_fields == "claude" and has_schema_output(quirk)
            else 0
        )
        """Claude is the one family whose subset of JSON Schema we know."""
        self.asked: str | None = None
        """What the system text must ask for, for models that may not be forced to call a tool."""

    def config(self, turns: list[dict[str, Json]]) -> Block | None:
        """The configuration, None when the request needs none.

        `turns` are the encoded ones: tools they use must be described.
        """
        choice = self._request.tool_choice
        if (
            choice is not None
            and choice.mode == "none"
            and not uses_tools(turns)
            and self._stand_in is None
        ):
            # The wire has no `none`; without tools there is nothing to call.
            return None
        tools = self._tools()
        if not tools and uses_tools(turns):
            tools = _earlier_tools(turns)
            return {"tools": tools}
        if not tools:
            if is_forced(choice):
                self._losses.append("tool_choice")
            return None
        config: Block = {"tools": tools}
        wire_choice = self._choice(tools)
        if wire_choice is not None and not self._quirk.anthropic_forced_tool:
            named = wire_choice.get("tool", {}).get("name")
            self.asked = (
                f"Answer by calling the tool `{named}`, not with text."
                if named
                else "Answer by calling one of the tools, not with text."
            )
            self._losses.append("tool_choice")
        elif wire_choice is not None:
            config["toolChoice"] = wire_choice
        if self._request.parallel_tool_calls is False:
            self._losses.append("parallel_tool_calls")
        return config

    def _tools(self) -> list[Block]:
        request = self._request
        if not self._quirk.has_tools:
            if request.tools:
                self._losses.append("tools")
            return []
        allowed = request.tool_choice.allowed if request.tool_choice is not None else None
        tools: list[Block] = []
        taken: set[str] = set()
        for tool in request.tools:
            if isinstance(tool, HostedTool):
                tools += self._hosted(tool)
                continue
            name = self._names.wire(tool.name, tool.namespace)
            if allowed is not None and tool.name not in allowed:
                continue
            if name in taken:
                self._losses.append(f"tools.{tool.name}")
                continue
            taken.add(name)
            tools.append({"toolSpec": self._function(name, tool)})
            if tool.cache is not None and self._quirk.converse_fields == "claude":
                tools += self._parts.cache_point(tool.cache)
        if self._stand_in is not None:
            tools.append({"toolSpec": _stand_in(self._stand_in)})
        return tools

    def _function(self, name: str, tool: Tool) -> Block:
        described = tool.description or ""
        schema = input_schema(tool.parameters)
        if tool.kind == "custom":
            described, schema = description_with_grammar(tool), dict(FREEFORM_PARAMETERS)
        strict: Block = (
            {"strict": True}
            if tool.strict and self._strict_left > 0 and is_within_subset(schema)
            else {}
        )
        if strict:
            self._strict_left -= 1
        elif tool.strict:
            self._losses.append(f"tools.{tool.name}.strict")
        if tool.dialect != NAME:
            self._losses += [f"tools.{tool.name}.{key}" for key in tool.extras]
        # A description may not be empty.
        return {
            "name": name,
            **({"description": described} if described else {}),
            "inputSchema": {"json": schema},
            **strict,
        }

    def _hosted(self, tool: HostedTool) -> list[Block]:
        if tool.dialect == NAME:
            return [dict(tool.raw)]
        system_tool = SYSTEM_TOOLS.get(tool.kind) if self._quirk.converse_fields == "nova" else None
        if system_tool is None:
            self._losses.append(f"tools.{tool.kind}")
            return []
        return [{"systemTool": {"name": system_tool}}]

    def _choice(self, tools: list[Block]) -> Block | None:
        """The choice, None for `auto`, which is the wire's default and unknown to some models."""
        choice = self._request.tool_choice
        mode = choice.mode if choice is not None else "auto"
        if self._stand_in is not None:
            only_stand_in = len(tools) == 1 or mode == "none"
            return {"tool": {"name": ANSWER_TOOL}} if only_stand_in else {"any": {}}
        if mode == "required":
            return {"any": {}}
        if mode == "none":
            self._losses.append("tool_choice")
            return None
        if choice is None or mode != "tool":
            return None
        wanted = self._wanted(choice)
        if any(wanted == tool.get("toolSpec", {}).get("name") for tool in tools):
            return {"tool": {"name": wanted}}
        self._losses.append("tool_choice")
        return None

    def _wanted(self, choice: ToolChoice) -> str:
        """The wire name of the tool that is forced; the choice itself does not say its
        namespace.
        """
        for tool in self._request.tools:
            if isinstance(tool, Tool) and tool.name == choice.name:
                return self._names.wire(tool.name, tool.namespace)
        return self._names.wire(choice.name or "")


def is_forced(choice: ToolChoice | None) -> bool:
    """Whether the model must call a tool."""
    return choice is not None and choice.mode in ("required", "tool")


def _stand_in(output_format: OutputFormat) -> Block:
    return {
        "name": ANSWER_TOOL,
        "description": answer_description(output_format),
        "inputSchema": {"json": dict(answer_parameters(output_format))},
    }


def _earlier_tools(turns: list[dict[str, Json]]) -> list[Block]:
    """Descriptions of the tools a conversation has used, for a request that offers none: the API
    refuses tool blocks without them.
    """
    names = dict.fromkeys(
        block["toolUse"]["name"]
        for turn in turns
        for block in turn["content"]
        if "toolUse" in block
    )
    return [
        {
            "toolSpec": {
                "name": name,
                "description": EARLIER_TOOL,
                "inputSchema": {"json": {"type": "object", "properties": {}}},
            }
        }
        for name in names or ["tool"]
    ]
