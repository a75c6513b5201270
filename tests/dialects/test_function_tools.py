"""What stands in where a wire knows only functions of a JSON object."""

import pytest

from uniapi.canonical import OutputFormat, Tool, ToolCall
from uniapi.dialects.function_tools import (
    answer_parameters,
    call_object,
    description_with_grammar,
    freeform_input,
    is_wrapped,
)


@pytest.mark.parametrize(
    ("call", "wire"),
    [
        (ToolCall(call_id="1", name="f", arguments='{"a": 1}'), {"a": 1}),
        (ToolCall(call_id="1", name="f", arguments=" "), {}),
        (ToolCall(call_id="1", name="f", arguments='{"a": '), {"_raw": '{"a": '}),
        (ToolCall(call_id="1", name="f", arguments="[1]"), {"_raw": [1]}),
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
