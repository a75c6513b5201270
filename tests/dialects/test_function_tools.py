"""What stands in where a wire knows only functions of a JSON object."""

import json

import pytest

from uniapi.canonical import OutputFormat, Tool, ToolCall
from uniapi.dialects.function_tools import (
    answer_parameters,
    call_object,
    description_with_grammar,
    freeform_input,
    is_wrapped,
    object_text,
)


@pytest.mark.parametrize(
    ("call", "wire"),
    [
        (ToolCall(call_id="1", name="f", arguments='{"a": 1}'), {"a": 1}),
        (ToolCall(call_id="1", name="f", arguments=" "), {}),
        (ToolCall(call_id="1", name="f", arguments='{"a": '), {"_raw": '{"a": '}),
        (ToolCall(call_id="1", name="f", arguments="[1]"), {"_raw": [1]}),
        (ToolCall(call_id="1", name="f", arguments='{"a": "x\ty\nz"}'), {"a": "x\ty\nz"}),
        (ToolCall(call_id="1", name="f", arguments='"{\\"a\\": 1}"'), {"a": 1}),
        (ToolCall(call_id="1", name="f", arguments='"ls"'), {"_raw": '"ls"'}),
        (ToolCall(call_id="1", name="f", arguments='{"a": NaN}'), {"a": None}),
        (
            ToolCall(call_id="1", name="f", arguments='{"a": 1}', kind="custom"),
            {"input": '{"a": 1}'},
        ),
    ],
)
def test_arguments_become_an_object(call, wire):
    """Nothing that the model wrote is lost."""
    assert call_object(call) == wire


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", "{}"),
        ('{"a": 1}', '{"a": 1}'),
        ('{ "a" :1}', '{ "a" :1}'),
        ('{"a": -Infinity}', '{"a":null}'),
        ('{"path": "/etc/ho', '{"_raw":"{\\"path\\": \\"/etc/ho"}'),
        ('"{\\"a\\": 1}"', '{"a":1}'),
        ("[" * 100_000, json.dumps({"_raw": "[" * 100_000}, separators=(",", ":"))),
    ],
)
def test_arguments_become_the_text_of_an_object(arguments, text):
    """Templates of local servers parse what earlier calls said; a good text keeps its spelling."""
    assert object_text(arguments) == text


PATCH = "*** Begin Patch\n*** End Patch"


@pytest.mark.parametrize(
    ("arguments", "name", "text"),
    [
        (json.dumps({"patch": PATCH}), "apply_patch", PATCH),
        (json.dumps({"content": PATCH}), "apply_patch", PATCH),
        (json.dumps({"command": ["apply_patch", PATCH]}), "apply_patch", PATCH),
        (json.dumps(["apply_patch", PATCH]), "apply_patch", PATCH),
        (json.dumps({"command": f"apply_patch <<'EOF'\n{PATCH}\nEOF"}), "apply_patch", PATCH),
        (f"Here you are:\n```\n{PATCH}\n```", "apply_patch", PATCH),
        (json.dumps(json.dumps({"input": PATCH})), "apply_patch", PATCH),
        (json.dumps(PATCH), "apply_patch", PATCH),
        (
            '{"input": "*** Begin Patch\n+a\tb\n*** End Patch"}',
            "apply_patch",
            "*** Begin Patch\n+a\tb\n*** End Patch",
        ),
        ('{"code": "1 + 1", "timeout": 5}', "exec", "1 + 1"),
        ('{"exec": "1 + 1", "language": "js"}', "exec", "1 + 1"),
        ('{"javascript": "1 + 1"}', "exec", "1 + 1"),
        (json.dumps({"code": "```js\n1 + 1\n```"}), "exec", "1 + 1"),
        ('{"a": "x", "b": "y"}', "exec", '{"a": "x", "b": "y"}'),
        ('{"input": ""}', "exec", ""),
    ],
)
def test_freeform_input_is_found_under_any_name(arguments, name, text):
    """Codex must get the text, not JSON or words around it."""
    assert freeform_input(arguments, name) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input": "ls"}', "ls"),
        ('{"input": 1}', '{"input": 1}'),
        ("[1]", "[1]"),
        ("{", "{"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_freeform_input_is_unwrapped_where_it_is_wrapped(arguments, text):
    """A model that wrote something else is passed on as it wrote."""
    assert freeform_input(arguments) == text


def test_a_grammar_becomes_words():
    """With or without a description before it."""
    assert (
        description_with_grammar(Tool(name="f", kind="custom", grammar={"definition": "a: b"}))
        == "The input must follow this grammar:\na: b"
    )
    assert (
        description_with_grammar(
            Tool(name="f", kind="custom", description="Runs.", grammar={"type": "text"})
        )
        == "Runs."
    )


def test_an_answer_that_is_no_object_is_wrapped_in_one():
    """A tool's input must be an object."""
    plain = OutputFormat(kind="json_schema", schema={"type": "object", "properties": {}})
    listed = OutputFormat(kind="json_schema", schema={"type": "array"})
    assert (is_wrapped(plain), answer_parameters(plain)) == (False, plain.schema)
    assert answer_parameters(listed) == {
        "type": "object",
        "properties": {"value": {"type": "array"}},
        "required": ["value"],
    }
