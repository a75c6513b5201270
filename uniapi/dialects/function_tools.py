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


def freeform_input(arguments: str, name: str = "") -> str:
    """The plain text in the arguments of the function that stood in for the freeform tool `name`.

    Models know such tools by heart and call its text what they like (`patch`, `code`, a list
    `command` whose last word it is): it is the member of a known name, else the only text there is.
    What was written otherwise is passed on as it was.
    """
    value = decode_arguments(arguments)
    text = value if isinstance(value, str) else _text_in(value, name)
    if text is None:
        return arguments
    return _patch_in(text) if name == PATCH_TOOL else _without_fence(text)


FREEFORM_MEMBERS = ("input", "patch", "diff", "code", "source", "script", "command", "content")
"""Names that models give the text of a freeform tool, `input` being ours
(github.com/farion1231/cc-switch/issues/3669, 2026-11-30).
"""


def _text_in(value: Json, name: str) -> str | None:
    if isinstance(value, list):
        return _text_of(value)
    if not isinstance(value, dict):
        return None
    texts = {member: text for member, held in value.items() if (text := _text_of(held)) is not None}
    named = next((texts[member] for member in (*FREEFORM_MEMBERS, name) if member in texts), None)
    return next(iter(texts.values())) if named is None and len(texts) == 1 else named


def _text_of(held: Json) -> str | None:
    last = held[-1] if isinstance(held, list) and held else held
    return last if isinstance(last, str) else None


PATCH_TOOL = "apply_patch"
"""Codex's editor of files, whose input has a beginning and an end of its own."""
_PATCH_BEGIN, _PATCH_END = "*** Begin Patch", "*** End Patch"


def _patch_in(text: str) -> str:
    """A patch without the fence, the shell's here-document or the words that a model put around
    it; the text as it is when it holds no whole patch.
    """
    begin, end = text.find(_PATCH_BEGIN), text.rfind(_PATCH_END)
    return text[begin : end + len(_PATCH_END)] if 0 <= begin < end else text


def _without_fence(text: str) -> str:
    """Text that is one fenced block and nothing else, without the fence."""
    fenced = text.strip()
    if not fenced.startswith("```") or not fenced.endswith("\n```") or fenced.count("```") != 2:
        return text
    return fenced.partition("\n")[2].removesuffix("```").removesuffix("\n")


def call_object(call: ToolCall) -> dict[str, Json]:
    """A call's arguments as the object the wire wants.

    Freeform input and text that is no JSON object are carried whole under one member.
    """
    if call.kind == "custom":
        return {"input": call.arguments}
    return meant_object(call.arguments)


def meant_object(arguments: Json) -> dict[str, Json]:
    """A text's object, or what is no object under one member; an empty one of nothing."""
    if arguments is None or (isinstance(arguments, str) and not arguments.strip()):
        return {}
    value = decode_arguments(arguments) if isinstance(arguments, str) else arguments
    if isinstance(value, dict):
        return value
    return {"_raw": arguments if isinstance(value, str) else value}


def object_text(arguments: str) -> str:
    """Arguments as the text of a JSON object: as they are where they are one, else what they mean,
    else an object that carries them.
    """
    if _is_object(arguments):
        return arguments
    value = call_object(ToolCall(call_id="", name="", arguments=arguments))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def decode_arguments(text: str) -> Json:
    """The JSON that a model meant: raw line breaks and tabs in its texts are read, `NaN` and its
    like are null, an object that was encoded twice is the object, and an empty one that a server
    began with is not looked at. The text itself where it is no JSON.
    """
    value = _read(text)
    if value is text and text.startswith("{}"):
        behind = _read(text[2:])
        value = behind if isinstance(behind, dict) else text
    inner = _read(value) if isinstance(value, str) else value
    return inner if isinstance(inner, dict) else value


def _read(text: str) -> Json:
    try:
        return _LENIENT.decode(text)
    except (ValueError, RecursionError):
        return text


_LENIENT = json.JSONDecoder(strict=False, parse_constant=lambda word: None)


def _refuse(word: str) -> Json:
    raise ValueError(f"{word} is no JSON")


_STRICT = json.JSONDecoder(parse_constant=_refuse)


def _is_object(text: str) -> bool:
    try:
        return isinstance(_STRICT.decode(text), dict)
    except (ValueError, RecursionError):
        return False


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
