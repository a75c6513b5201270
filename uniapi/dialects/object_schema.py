"""JSON Schema of what must be an object: a tool's parameters, from a copy."""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json

MAX_DEPTH = 64
"""Deeper schemas are left as they are: no model reads them, and the walk must end."""


def input_schema(parameters: Mapping[str, Json] | None) -> dict[str, Json]:
    """A tool's parameters with an object at the root; alternatives at the root are folded into one
    object that admits each of them.
    """
    if parameters is None:
        return {"type": "object", "properties": {}}
    schema = {key: value for key, value in parameters.items() if value is not None}
    schema = root_resolved(schema)
    alternatives = [
        (word, [option for option in schema.pop(word) if isinstance(option, dict)])
        for word in ("anyOf", "oneOf", "allOf")
        if isinstance(schema.get(word), list)
    ]
    for word, options in alternatives:
        _fold_in(
            schema, [_target(option, parameters) for option in options], is_all=word == "allOf"
        )
    schema["type"] = "object"
    if not isinstance(schema.get("properties", {}), dict):
        del schema["properties"]
    return schema


def root_resolved(schema: dict[str, Json]) -> dict[str, Json]:
    """A root that is only a `$ref` into its own definitions, replaced by what it names."""
    target = _target(schema, schema)
    if target is schema:
        return schema
    kept = {key: value for key, value in schema.items() if key != "$ref"}
    return {**target, **kept}


def pointed(root: Mapping[str, Json], pointer: str) -> dict[str, Json] | None:
    """The node that `#/…` names; None: it is no such pointer, or leads to no node."""
    if not pointer.startswith("#/"):
        return None
    target: Json = root
    for step in pointer[2:].split("/"):
        if not isinstance(target, Mapping):
            return None
        target = target.get(step.replace("~1", "/").replace("~0", "~"))
    return target if isinstance(target, dict) else None


def _target(schema: dict[str, Json], root: Mapping[str, Json]) -> dict[str, Json]:
    """What a node that is a reference stands for, or the node."""
    reference = schema.get("$ref")
    target = pointed(root, reference) if isinstance(reference, str) else None
    return schema if target is None else target


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


_CONSTRAINTS = frozenset(
    {"pattern", "format", "minLength", "maxLength", "minItems", "maxItems"}
    | {"minProperties", "maxProperties", "patternProperties", "propertyNames"}
)
"""What a grammar is made of that a server may not be able to make."""


def without_constraints(schema: Json, depth: int = 0) -> Json:
    """The same schema without patterns and counts; the very one where it has none."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return schema
    changed: dict[str, Json] = {}
    for key, value in schema.items():
        if key in _CONSTRAINTS:
            continue
        changed[key] = _without_constraints_in(key, value, depth + 1)
    is_same = len(changed) == len(schema) and all(changed[key] is schema[key] for key in changed)
    return schema if is_same else changed


def _without_constraints_in(key: str, value: Json, depth: int) -> Json:
    """In what stands at a keyword: schemas by name, a list of schemas, or one."""
    if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
        named = {name: without_constraints(one, depth) for name, one in value.items()}
        return value if all(named[name] is value[name] for name in named) else named
    if key in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(value, list):
        listed = [without_constraints(one, depth) for one in value]
        return value if all(new is old for new, old in zip(listed, value, strict=True)) else listed
    is_schema = key in ("items", "additionalProperties", "not", "contains")
    return without_constraints(value, depth) if is_schema else value
