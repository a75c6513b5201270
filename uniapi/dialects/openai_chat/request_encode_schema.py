"""A tool's parameters as OpenAI's validator takes them, strict or not: «schema must have type
'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level», «object schema missing
properties», «array schema missing items». Other servers of the format read such a schema as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.dialects.anthropic.request_encode_schema import MAX_DEPTH, input_schema

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


def moonshot_parameters(parameters: Mapping[str, Json]) -> Json:
    """A tool's parameters in Moonshot's flavour (github.com/MoonshotAI/walle, docs/mfjs-spec.md).
    Alternatives at the root are folded into it: `type` must be `object` there, and may not stand
    beside them (github.com/MoonshotAI/kimi-code/pull/2662,
    github.com/Lingtai-AI/lingtai-kernel/pull/1408; 2026-11-30).
    """
    has_alternatives = "anyOf" in parameters or "oneOf" in parameters
    return _without_type_beside(input_schema(parameters) if has_alternatives else parameters)


def _without_type_beside(schema: Json, depth: int = 0) -> Json:
    """«when using anyOf, type should be defined in anyOf items instead of the parent schema»
    (github.com/MoonshotAI/kimi-code/issues/2661), and `$ref` stands alone: «conflicting keywords
    found after $ref expansion» (github.com/Alishahryar1/free-claude-code/pull/378; 2026-11-30).
    """
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return schema
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}
    changed = dict(schema)
    for name in _MAPS:
        if isinstance(schema.get(name), dict):
            changed[name] = {
                key: _without_type_beside(value, depth + 1) for key, value in schema[name].items()
            }
    for name in _SINGLE:
        if isinstance(schema.get(name), dict):
            changed[name] = _without_type_beside(schema[name], depth + 1)
    for name in _LISTS:
        if isinstance(schema.get(name), list):
            changed[name] = [_without_type_beside(value, depth + 1) for value in schema[name]]
    alternatives, kind = changed.get("anyOf"), changed.get("type")
    if isinstance(alternatives, list) and kind is not None:
        del changed["type"]
        changed["anyOf"] = [
            {"type": kind, **one} if isinstance(one, dict) and "$ref" not in one else one
            for one in alternatives
        ]
    return changed
