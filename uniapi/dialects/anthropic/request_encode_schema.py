"""JSON Schema as the Messages API takes it, made from a copy: a tool's `input_schema`, and the
subset of structured outputs.

Tool inputs: the root must be an object, without `anyOf`, `oneOf` or `allOf` beside it. Structured
outputs (https://platform.claude.com/docs/en/build-with-claude/structured-outputs): every object
closed, and none of the numeric, length and pattern keywords.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json

MAX_DEPTH = 64
"""Deeper schemas are left as they are: no model reads them, and the walk must end."""

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


def input_schema(parameters: Mapping[str, Json] | None) -> dict[str, Json]:
    """A tool's parameters with an object at the root; alternatives at the root are folded into one
    object that admits each of them.
    """
    if parameters is None:
        return {"type": "object", "properties": {}}
    schema = {key: value for key, value in parameters.items() if value is not None}
    schema = _root_resolved(schema)
    alternatives = [
        (word, [option for option in schema.pop(word) if isinstance(option, dict)])
        for word in ("anyOf", "oneOf", "allOf")
        if isinstance(schema.get(word), list)
    ]
    for word, options in alternatives:
        _fold_in(
            schema, [_resolved(option, parameters) for option in options], is_all=word == "allOf"
        )
    schema["type"] = "object"
    if not isinstance(schema.get("properties", {}), dict):
        del schema["properties"]
    return schema


def structured_schema(schema: Mapping[str, Json], unsupported: set[str]) -> dict[str, Json]:
    """A copy within the subset of structured outputs; the names of constraints that had to go are
    added to `unsupported`.
    """
    adapted = _within_subset(_root_resolved(dict(schema)), unsupported, 0)
    return adapted if isinstance(adapted, dict) else dict(schema)


def is_within_subset(schema: Mapping[str, Json]) -> bool:
    """Whether structured outputs take `schema` as it is."""
    return structured_schema(schema, set()) == schema


def _root_resolved(schema: dict[str, Json]) -> dict[str, Json]:
    """A root that is only a `$ref` into its own definitions, replaced by what it names."""
    target = _resolved(schema, schema)
    if target is schema:
        return schema
    kept = {key: value for key, value in schema.items() if key != "$ref"}
    return {**target, **kept}


def _resolved(schema: dict[str, Json], root: Mapping[str, Json]) -> dict[str, Json]:
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    target: Json = root
    for step in reference[2:].split("/"):
        target = (
            target.get(step.replace("~1", "/").replace("~0", "~"))
            if isinstance(target, dict)
            else None
        )
    return target if isinstance(target, dict) else schema


def _fold_in(schema: dict[str, Json], options: list[dict[str, Json]], *, is_all: bool) -> None:
    """Every option's properties; required are those of the root, and of all options (`allOf`) or
    those no option does without.
    """
    properties = dict(schema["properties"]) if isinstance(schema.get("properties"), dict) else {}
    demands: list[set[str]] = []
    for option in options:
        if isinstance(option.get("properties"), dict):
            properties = {**option["properties"], **properties}
        required = option.get("required")
        demands.append(
            {name for name in required if isinstance(name, str)}
            if isinstance(required, list)
            else set()
        )
    schema["properties"] = properties
    if not demands:
        return
    shared = set.union(*demands) if is_all else set.intersection(*demands)
    own = schema.get("required")
    required = list(own) if isinstance(own, list) else []
    required += sorted(shared - set(map(str, required)))
    if required:
        schema["required"] = required


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
