"""A tool's parameters as OpenAI's validator takes them, strict or not: «schema must have type
'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level», «object schema missing
properties», «array schema missing items». Other servers of the format read such a schema as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.dialects.object_schema import MAX_DEPTH, input_schema

_REFUSED_AT_ROOT = frozenset({"enum", "const", "not"})
_MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "contains")


def function_parameters(parameters: Mapping[str, Json] | None) -> dict[str, Json]:
    """An object schema with properties at the root, alternatives at the root folded into it, and
    items in every array.
    """
    schema = {
        key: value for key, value in input_schema(parameters).items() if key not in _REFUSED_AT_ROOT
    }
    found = _with_items({**schema, "properties": schema.get("properties", {})}, 0)
    assert isinstance(found, dict)
    return found


def _with_items(schema: Json, depth: int) -> Json:
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return schema
    changed = dict(schema)
    for name in _MAPS:
        if isinstance(schema.get(name), dict):
            changed[name] = {
                key: _with_items(value, depth + 1) for key, value in schema[name].items()
            }
    for name in _LISTS:
        if isinstance(schema.get(name), list):
            changed[name] = [_with_items(value, depth + 1) for value in schema[name]]
    for name in _SINGLE:
        if isinstance(schema.get(name), dict):
            changed[name] = _with_items(schema[name], depth + 1)
    kinds = schema.get("type")
    if kinds == "array" or (isinstance(kinds, list) and "array" in kinds):
        changed.setdefault("items", {})
    return changed
