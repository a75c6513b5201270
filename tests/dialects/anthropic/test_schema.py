"""The subset of JSON Schema that structured outputs take, made from a copy."""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.dialects.anthropic.request_encode_schema import is_within_subset, structured_schema

CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "schema, expected, gone",
    [
        (CLOSED, CLOSED, set()),
        (
            {"properties": {"a": {"type": "string", "title": "A"}}},
            {"properties": {"a": {"type": "string", "title": "A"}}, "additionalProperties": False},
            set(),
        ),
        (
            {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": 3},
            {
                "type": "array",
                "items": {"type": "object", "additionalProperties": False},
                "minItems": 1,
            },
            {"maxItems"},
        ),
        ({"type": "array", "minItems": 2}, {"type": "array"}, {"minItems"}),
        (
            {
                "oneOf": [
                    {"type": "string", "format": "date"},
                    {"type": "string", "format": "colour", "pattern": "x"},
                ]
            },
            {"anyOf": [{"type": "string", "format": "date"}, {"type": "string"}]},
            {"format", "pattern"},
        ),
        (
            {
                "$ref": "#/$defs/N",
                "$defs": {"N": {"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}}}},
            },
            {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/N"}},
                "additionalProperties": False,
                "$defs": {
                    "N": {
                        "type": "object",
                        "properties": {"next": {"$ref": "#/$defs/N"}},
                        "additionalProperties": False,
                    }
                },
            },
            set(),
        ),
        (
            {
                "type": ["object", "null"],
                "additionalProperties": {"type": "string"},
                "default": None,
                "$schema": "x",
            },
            {"type": ["object", "null"], "additionalProperties": False},
            {"additionalProperties"},
        ),
    ],
)
def test_a_schema_within_the_subset(
    schema: dict[str, Any], expected: dict[str, Any], gone: set[str]
) -> None:
    """Objects closed, alternatives as anyOf, constraints that must go named; words that say nothing
    about validity go unnamed.
    """
    unsupported: set[str] = set()
    adapted = structured_schema(schema, unsupported)
    assert (expected, gone) == (adapted, unsupported)
    assert is_within_subset(adapted)
    assert (schema == expected) == is_within_subset(schema)


def test_a_schema_of_any_depth_ends() -> None:
    """Beyond what a model reads it is left as it is."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(900):
        schema = {"type": "array", "items": schema}
    assert structured_schema(schema, set())["type"] == "array"
