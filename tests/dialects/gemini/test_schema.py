"""JSON Schema as Gemini takes it: the OpenAPI subset, the JSON Schema members, and what clients
write.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import RequestRefused
from uniapi.dialects.gemini.request_decode_schema import decode_openapi
from uniapi.dialects.gemini.request_encode_schema import function_parameters, output_schema
from uniapi.dialects.gemini.request_encode_schema_draft import (
    MAX_NOTE,
    MAX_WEIGHT,
    NODE_WEIGHT,
    Draft,
    SchemaBudget,
)

OPENAPI_NAMES = {
    "type",
    "nullable",
    "description",
    "title",
    "enum",
    "format",
    "pattern",
    "default",
    "minimum",
    "maximum",
    "properties",
    "required",
    "propertyOrdering",
    "items",
    "anyOf",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
}
JSON_NAMES = OPENAPI_NAMES - {"nullable"} | {"prefixItems", "additionalProperties"}


def tool(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


PROPERTY_CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("a plain text", {"type": "string"}, {"type": "STRING"}, {"type": "string"}),
    (
        "null by a list of types",
        {"type": ["string", "null"]},
        {"type": "STRING", "nullable": True},
        {"type": ["string", "null"]},
    ),
    (
        "several types",
        {"type": ["string", "integer"]},
        {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]},
        {"type": ["string", "integer"]},
    ),
    (
        "null among alternatives",
        {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "d"},
        {"type": "INTEGER", "nullable": True, "description": "d"},
        {"type": ["integer", "null"], "description": "d"},
    ),
    (
        "oneOf is anyOf",
        {"oneOf": [{"type": "integer"}, {"type": "boolean"}], "description": "d"},
        {
            "anyOf": [
                {"type": "INTEGER", "description": "d"},
                {"type": "BOOLEAN", "description": "d"},
            ]
        },
        {"anyOf": [{"type": "integer"}, {"type": "boolean"}], "description": "d"},
    ),
    (
        "const is an enum of one",
        {"const": "x"},
        {"type": "STRING", "enum": ["x"]},
        {"type": "string", "enum": ["x"]},
    ),
    (
        "an enum without a type",
        {"enum": ["a", "b"]},
        {"type": "STRING", "enum": ["a", "b"]},
        {"type": "string", "enum": ["a", "b"]},
    ),
    (
        "an enum of numbers has texts only in OpenAPI",
        {"type": "integer", "enum": [1, 2]},
        {"type": "INTEGER", "description": "allowed values: [1, 2]"},
        {"type": "integer", "enum": [1, 2]},
    ),
    (
        "an enum with null and an empty text",
        {"enum": ["a", "", None]},
        {"type": "STRING", "enum": ["a"], "nullable": True, "description": 'also allowed: [""]'},
        {
            "anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}],
            "description": 'also allowed: [""]',
        },
    ),
    (
        "bounds without a member go into the description",
        {"type": "integer", "exclusiveMinimum": 0, "multipleOf": 5, "description": "Count."},
        {"type": "INTEGER", "description": "Count. (exclusiveMinimum: 0; multipleOf: 5)"},
        {"type": "integer", "description": "Count. (exclusiveMinimum: 0; multipleOf: 5)"},
    ),
    (
        "a format OpenAPI does not have",
        {"type": "string", "format": "uri"},
        {"type": "STRING", "description": "format: uri"},
        {"type": "string", "format": "uri"},
    ),
    (
        "a format both have",
        {"type": "string", "format": "date-time"},
        {"type": "STRING", "format": "date-time"},
        {"type": "string", "format": "date-time"},
    ),
    (
        "an array of anything",
        {"type": "array"},
        {"type": "ARRAY", "items": {"type": "STRING"}},
        {"type": "array"},
    ),
    (
        "a tuple",
        {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]},
        {
            "type": "ARRAY",
            "items": {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]},
            "description": "2 items in this order",
        },
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
    ),
    (
        "a map",
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "OBJECT", "description": 'further members: {"type": "integer"}'},
        {"type": "object", "additionalProperties": {"type": "integer"}},
    ),
    (
        "required names that are no properties",
        {**tool(a={"type": "string"}), "required": ["a", "b"]},
        {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]},
        {**tool(a={"type": "string"}), "required": ["a"]},
    ),
    ("any value at all", {}, {"type": "STRING"}, {}),
    ("no schema", True, {"type": "STRING"}, {}),  # type: ignore[list-item]
    (
        "identity keywords go without a word",
        {"type": "string", "$comment": "c", "$id": "i", "examples": ["e"]},
        {"type": "STRING"},
        {"type": "string"},
    ),
    (
        "allOf is merged",
        {"allOf": [tool(a={"type": "string"}), {"required": ["a"]}], "description": "d"},
        {
            "type": "OBJECT",
            "properties": {"a": {"type": "STRING"}},
            "required": ["a"],
            "description": "d",
        },
        {**tool(a={"type": "string"}), "required": ["a"], "description": "d"},
    ),
    (
        "alternatives that are only conditions",
        {**tool(a={"type": "string"}), "anyOf": [{"required": ["a"]}]},
        {
            "type": "OBJECT",
            "properties": {"a": {"type": "STRING"}},
            "description": 'any of: [{"required": ["a"]}]',
        },
        {**tool(a={"type": "string"}), "description": 'any of: [{"required": ["a"]}]'},
    ),
]


@pytest.mark.parametrize(
    "name, schema, openapi, json_schema", PROPERTY_CASES, ids=[case[0] for case in PROPERTY_CASES]
)
def test_a_property_in_both_subsets(
    name: str, schema: dict[str, Any], openapi: dict[str, Any], json_schema: dict[str, Any]
) -> None:
    """Each keyword has its form in the subset, or its meaning in the description."""
    assert {"type": "OBJECT", "properties": {"p": openapi}} == function_parameters(
        tool(p=schema), "openapi"
    )
    assert {"type": "object", "properties": {"p": json_schema}} == function_parameters(
        tool(p=schema), "json_schema"
    )


def test_references_are_inlined() -> None:
    """A definition stands where it was referred to, with what stood beside the reference."""
    schema = {
        **tool(a={"$ref": "#/$defs/A", "description": "mine"}),
        "$defs": {"A": {"type": "string", "description": "its", "enum": ["x"]}},
    }
    assert tool(a={"type": "string", "description": "mine", "enum": ["x"]}) == function_parameters(
        schema, "json_schema"
    )


def test_a_schema_inside_itself_ends() -> None:
    """A recursive definition is written once; inside itself it is a plain object."""
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "child": {"$ref": "#/$defs/Node"}},
    }
    found = function_parameters(
        {**tool(root={"$ref": "#/$defs/Node"}), "$defs": {"Node": node}}, "openapi"
    )
    assert found is not None
    assert found["properties"]["root"]["properties"] == {
        "name": {"type": "STRING"},
        "child": {"type": "OBJECT"},
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {
            "allOf": [{"$ref": "#/$defs/A"}],
            "$defs": {
                "A": {"allOf": [{"$ref": "#/$defs/B"}]},
                "B": {"allOf": [{"$ref": "#/$defs/A"}]},
            },
        },
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"$ref": "#/nowhere/0"},
        {"$ref": "https://example.com/schema.json"},
    ],
)
def test_references_that_lead_nowhere(schema: dict[str, Any]) -> None:
    """A circle and a missing definition cost the tool its parameters, not the request."""
    assert function_parameters(schema, "openapi") is None


def doubling(levels: int, **members: Any) -> dict[str, Any]:
    """A small document whose references make 2^levels schemas of it."""
    definitions: dict[str, Any] = {
        f"D{level}": {
            **tool(a={"$ref": f"#/$defs/D{level + 1}"}, b={"$ref": f"#/$defs/D{level + 1}"}),
            **members,
        }
        for level in range(levels)
    }
    return {**tool(root={"$ref": "#/$defs/D0"}), "$defs": definitions}


@pytest.mark.parametrize(
    ("levels", "members"),
    [(40, {}), (11, {"description": "x" * 4000}), (11, {"enum": ["x"] * 4000})],
)
def test_references_that_double_at_every_level_are_refused(
    levels: int, members: dict[str, Any]
) -> None:
    """By how many there are and by what stands in them: it would hold up everybody's streams."""
    with pytest.raises(RequestRefused, match="without `\\$ref`") as refused:
        function_parameters(doubling(levels, **members), "openapi")
    assert refused.value.error.status == 400


def test_the_schemas_of_a_request_share_one_budget() -> None:
    """Each of many tools may be just small enough."""
    budget = SchemaBudget()
    assert function_parameters(doubling(2), "json_schema", budget) is not None
    budget.spend(MAX_WEIGHT - NODE_WEIGHT * 100)
    with pytest.raises(RequestRefused):
        function_parameters(doubling(10), "json_schema", budget)


def test_what_only_a_note_says_is_written_to_the_length_of_a_note() -> None:
    """Not the whole of a value that many schemas share."""
    draft = Draft()
    draft.note("else", [{"a": 1}] * 100_000)
    assert (draft.weight < 2 * MAX_NOTE, len(draft.notes[0])) == (True, MAX_NOTE + len("else: "))


ROOTS: list[tuple[Any, Any, Any]] = [
    (None, None, None),
    ({}, None, None),
    ({"type": "object"}, None, {"type": "object", "properties": {}}),
    ({"type": "object", "properties": {}}, None, {"type": "object", "properties": {}}),
    (
        {"type": ["object", "null"], "properties": {"a": {}}},
        {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
        {"type": "object", "properties": {"a": {}}},
    ),
    (
        {
            "anyOf": [
                {**tool(a={"type": "string"}), "required": ["a"]},
                {**tool(a={"type": "string"}, b={"type": "integer"}), "required": ["a", "b"]},
            ]
        },
        {
            "type": "OBJECT",
            "properties": {"a": {"type": "STRING"}, "b": {"type": "INTEGER"}},
            "required": ["a"],
        },
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
            "required": ["a"],
        },
    ),
    ({"type": "string"}, None, {"type": "object", "properties": {}}),
]


@pytest.mark.parametrize("schema, openapi, json_schema", ROOTS)
def test_the_root_of_parameters_is_an_object(schema: Any, openapi: Any, json_schema: Any) -> None:
    """Whatever the root is, an object with properties comes out, or nothing where nothing is
    allowed.
    """
    assert openapi == function_parameters(schema, "openapi")
    assert json_schema == function_parameters(schema, "json_schema")


def test_an_answer_may_have_any_root() -> None:
    """Structured output is not limited to objects."""
    assert output_schema({"type": "array", "items": {"type": "string"}}, "json_schema") == {
        "type": "array",
        "items": {"type": "string"},
    }
    assert output_schema({"enum": ["a"]}, "openapi") == {"type": "STRING", "enum": ["a"]}


def test_reading_a_clients_openapi_schema() -> None:
    """Upper-case types, `nullable`, counts as text and snake_case become JSON Schema."""
    schema = {
        "type": "OBJECT",
        "properties": {
            "a": {"type": "STRING", "nullable": True},
            "b": {"type": "ARRAY", "items": {"type": "NUMBER"}, "min_items": "2"},
            "c": {"any_of": [{"type": "STRING"}, {"type": "INTEGER"}], "nullable": True},
            "d": {"type": "TYPE_UNSPECIFIED"},
        },
        "property_ordering": ["b", "a"],
    }
    assert decode_openapi(schema) == {
        "type": "object",
        "properties": {
            "a": {"type": ["string", "null"]},
            "b": {"type": "array", "items": {"type": "number"}, "minItems": 2},
            "c": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            "d": {},
        },
    }


NAMES = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "anyOf",
        "oneOf",
        "allOf",
        "$ref",
        "enum",
        "const",
        "required",
        "format",
        "description",
        "nullable",
        "minimum",
        "x",
        "not",
        "$defs",
        "prefixItems",
        "additionalProperties",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["string", "object", "array", "null", "#", "#/$defs/x", "x", ""])
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)


def assert_allowed(schema: Any, names: set[str], is_openapi: bool) -> None:
    assert set(schema) <= names
    for inner in [
        *schema.get("properties", {}).values(),
        *schema.get("anyOf", []),
        *schema.get("prefixItems", []),
    ]:
        assert_allowed(inner, names, is_openapi)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            assert_allowed(schema[name], names, is_openapi)
    if is_openapi:
        assert "anyOf" in schema or schema["type"] in {
            "STRING",
            "NUMBER",
            "INTEGER",
            "BOOLEAN",
            "ARRAY",
            "OBJECT",
            "NULL",
        }
        assert all(isinstance(value, str) and value for value in schema.get("enum", []))
        assert schema.get("type") != "ARRAY" or "items" in schema


@settings(max_examples=40, deadline=None)
@given(schema=st.dictionaries(NAMES, SCHEMAS, max_size=6))
def test_any_schema_comes_out_allowed(schema: dict[str, Any]) -> None:
    """Only names of the allow-list are written, whatever the client sent."""
    assert_allowed(output_schema(schema, "openapi"), OPENAPI_NAMES, is_openapi=True)
    assert_allowed(output_schema(schema, "json_schema"), JSON_NAMES, is_openapi=False)
    parameters = function_parameters(schema, "openapi")
    assert parameters is None or parameters["type"] == "OBJECT"


def test_what_only_the_openapi_subset_says_becomes_json_schema() -> None:
    """An order of properties is their order, not a keyword that Anthropic refuses; a nullable enum
    may be null.
    """
    schema = {
        "type": "OBJECT",
        "properties": {
            "a": {"type": "STRING", "enum": ["x"], "nullable": True},
            "b": {"type": "STRING"},
        },
        "propertyOrdering": ["b", "a", "z"],
    }
    found = decode_openapi(schema)
    assert list(found["properties"]) == ["b", "a"]
    assert found == {
        "type": "object",
        "properties": {
            "b": {"type": "string"},
            "a": {"type": ["string", "null"], "enum": ["x", None]},
        },
    }
