"""What a schema's keywords say of its type, and which values and keywords Gemini takes for it."""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json

from .request_encode_schema_draft import Subset

COUNTS = frozenset(
    {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}
)
"""Keywords that count: whole numbers, which protobuf writes as text."""


def implied_type(schema: Mapping[str, Json]) -> str | None:
    if isinstance(schema.get("properties"), Mapping) or isinstance(
        schema.get("additionalProperties"), Mapping
    ):
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list):
        return None
    values = [value for value in values if value is not None]
    if not values:
        return "null" if "const" in schema else None
    if all(isinstance(value, str) for value in values):
        return "string"
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return "integer"
    return (
        "number"
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        else None
    )


def is_type(schema: Mapping[str, Json], name: str) -> bool:
    named = schema.get("type")
    return (isinstance(named, str) and named.lower() == name) or (
        isinstance(named, list) and name in named
    )


def is_enum_value(value: Json, subset: Subset) -> bool:
    if isinstance(value, str):
        return bool(value)
    return (
        subset == "json_schema" and isinstance(value, int | float) and not isinstance(value, bool)
    )


def is_well_typed(name: str, value: Json) -> bool:
    if name in ("title", "description", "pattern"):
        return isinstance(value, str) and bool(value)
    if name == "default":
        return value is not None
    return isinstance(value, int | float) and not isinstance(value, bool)
