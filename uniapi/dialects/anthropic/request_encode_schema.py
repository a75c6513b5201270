"""JSON Schema as the Messages API takes it, made from a copy: a tool's `input_schema`, and the
subset of structured outputs.

Tool inputs: the root must be an object, without `anyOf`, `oneOf` or `allOf` beside it. Structured
outputs (https://platform.claude.com/docs/en/build-with-claude/structured-outputs): every object
closed, and none of the numeric, length and pattern keywords.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.dialects.object_schema import MAX_DEPTH, root_resolved

_UNSUPPORTED = frozenset(
    {
        "$schema",
        "$id",
        "$comment",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "contentMediaType",
        "contentEncoding",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "maxItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "prefixItems",
        "minProperties",
        "maxProperties",
        "patternProperties",
        "propertyNames",
        "unevaluatedProperties",
        "unevaluatedItems",
        "dependentRequired",
        "dependentSchemas",
        "if",
        "then",
        "else",
        "not",
        "nullable",
        "strict",
    }
)
_MEANINGLESS = frozenset(
    {
        "$schema",
        "$id",
        "$comment",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "default",
        "strict",
    }
)
"""Left out without a word: they say nothing about which answers are valid."""
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf")


def structured_schema(schema: Mapping[str, Json], unsupported: set[str]) -> dict[str, Json]:
    """A copy within the subset of structured outputs; the names of constraints that had to go are
    added to `unsupported`.
    """
    adapted = _within_subset(root_resolved(dict(schema)), unsupported, 0)
    return adapted if isinstance(adapted, dict) else dict(schema)


def is_within_subset(schema: Mapping[str, Json]) -> bool:
    """Whether structured outputs take `schema` as it is."""
    return structured_schema(schema, set()) == schema


def _within_subset(schema: Json, unsupported: set[str], depth: int) -> Json:
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return schema
    adapted: dict[str, Json] = {}
    for key, value in schema.items():
        if key in _UNSUPPORTED:
            if key not in _MEANINGLESS:
                unsupported.add(key)
        elif key in _MAPS and isinstance(value, dict):
            adapted[key] = {
                name: _within_subset(inner, unsupported, depth + 1) for name, inner in value.items()
            }
        elif key in _LISTS and isinstance(value, list):
            adapted[key] = [_within_subset(inner, unsupported, depth + 1) for inner in value]
        elif key == "oneOf" and isinstance(value, list):
            adapted.setdefault(
                "anyOf", [_within_subset(inner, unsupported, depth + 1) for inner in value]
            )
        elif key == "items":
            adapted[key] = _within_subset(value, unsupported, depth + 1)
        elif (key == "format" and value not in _FORMATS) or (
            key == "minItems" and value not in (0, 1)
        ):
            unsupported.add(key)
        else:
            adapted[key] = value
    kinds = schema.get("type")
    if (
        kinds == "object"
        or (isinstance(kinds, list) and "object" in kinds)
        or ("properties" in schema and kinds is None)
    ):
        if schema.get("additionalProperties") not in (None, False):
            unsupported.add("additionalProperties")
        adapted["additionalProperties"] = False
    return adapted
