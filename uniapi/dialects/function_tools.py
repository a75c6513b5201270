"""What a wire that knows only functions of a JSON object is told in place of something else, and
how it is told apart again in the answer.

- A freeform tool (OpenAI's `custom`), whose input is plain text, is offered as a function of one
  text, `input`.
- Structured output, where the model has none, is a function the model is forced to call,
  `json_response`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import Json, OutputFormat, Tool, ToolCall

FREEFORM_PARAMETERS: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "input": {"type": "string", "description": "The whole input of the tool, as plain text."}
    },
    "required": ["input"],
}

ANSWER_TOOL = "json_response"
"""The forced tool that stands in for structured output where the model has none."""
ANSWER_MEMBER = "value"
"""Under this member the forced tool carries a schema whose root is no object."""


def description_with_grammar(tool: Tool) -> str:
    """A freeform tool's description; a grammar becomes words."""
    return with_grammar_in_words(tool.description or "", (tool.grammar or {}).get("definition"))


def with_grammar_in_words(description: str, definition: Json) -> str:
    """A description, and behind it the `definition` of the grammar when there is one."""
    if not isinstance(definition, str):
        return description
    return f"{description}\n\nThe input must follow this grammar:\n{definition}".strip()


def freeform_input(arguments: str) -> str:
    """The plain text in the arguments of the function that stood in for a freeform tool; the
    arguments themselves, if the model wrote others.
    """
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    found = value.get("input") if isinstance(value, dict) else None
    return found if isinstance(found, str) else arguments


def call_object(call: ToolCall) -> dict[str, Json]:
    """A call's arguments as the object the wire wants.

    Freeform input and text that is no JSON object are carried whole under one member.
    """
    if call.kind == "custom":
        return {"input": call.arguments}
    if not call.arguments.strip():
        return {}
    try:
        value = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return {"_raw": call.arguments}
    return value if isinstance(value, dict) else {"_raw": value}


def is_wrapped(wanted: OutputFormat) -> bool:
    """Whether the answer lies under `ANSWER_MEMBER`: the schema's root is no object, and so can be
    no tool's input.
    """
    return (wanted.schema or {}).get("type") != "object"


def answer_parameters(wanted: OutputFormat) -> Mapping[str, Json]:
    """The forced tool's parameters."""
    schema: Mapping[str, Json] = wanted.schema or {}
    return (
        {"type": "object", "properties": {ANSWER_MEMBER: schema}, "required": [ANSWER_MEMBER]}
        if is_wrapped(wanted)
        else schema
    )


def answer_description(wanted: OutputFormat) -> str:
    """What the model is told of the forced tool."""
    return wanted.description or "Gives the answer to the user in the form that was asked for."
