"""The JSON Schema of `api.yaml`, for editors, made from the table of keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .forms import CREDENTIAL_POLICIES, POLICIES, PROMPT_CACHE_WORDS
from .keys import KEYS, LEVELS, TOP
from .levels import Key, Level
from .notify import SERVICES as NOTIFY_SERVICES

Schema = dict[str, Any]

_VARIABLE: Schema = {"type": "string", "pattern": r"\$\{"}
"""A value from the environment stands where a number would."""

_ONE: Schema = {"type": ["string", "number", "boolean"]}
_TEXTS: Schema = {"type": "array", "items": _ONE}


def _or_variable(schema: Schema) -> Schema:
    return {"anyOf": [schema, _VARIABLE]}


_SECONDS = _or_variable({"type": "number", "minimum": 0})

SHAPES: dict[str, Schema] = {
    "any": {},
    "text": _ONE,
    "texts": _TEXTS,
    "bool": _or_variable({"type": "boolean"}),
    "count": _or_variable({"type": "integer", "minimum": 0}),
    "positive": _or_variable({"type": "integer", "minimum": 1}),
    "seconds": _SECONDS,
    "map": {"type": "object"},
    "text by name": {"type": "object", "additionalProperties": _ONE},
    "texts by name": {"type": "object", "additionalProperties": _TEXTS},
    "positive by name": {
        "type": "object",
        "additionalProperties": _or_variable({"type": "integer", "minimum": 1}),
    },
    "seconds by name": {"type": "object", "additionalProperties": _SECONDS},
    "price by name": {
        "type": "object",
        "additionalProperties": {
            "anyOf": [
                _ONE,
                {"type": "array", "items": _SECONDS, "minItems": 2, "maxItems": 4},
                {"$ref": "#/definitions/preferences_model_price"},
            ]
        },
    },
    "models": {
        "anyOf": [
            _ONE,
            {
                "type": "array",
                "items": {"anyOf": [_ONE, {"type": "object", "additionalProperties": _ONE}]},
            },
        ]
    },
    "rules": {
        "anyOf": [
            _ONE,
            {
                "type": "array",
                "items": {
                    "anyOf": [
                        _ONE,
                        {
                            "type": "object",
                            "additionalProperties": {"type": "integer", "minimum": 1},
                        },
                    ]
                },
            },
        ]
    },
    "engine": {"type": "string"},
    "policy": {"enum": list(POLICIES)},
    "credential policy": {"enum": list(CREDENTIAL_POLICIES)},
    "prompt cache": {"enum": [*PROMPT_CACHE_WORDS, True, False]},
    "notify service": {"enum": list(NOTIFY_SERVICES)},
    "drop or reject": {"enum": ["drop", "reject"]},
}


def json_schema(engines: Iterable[str] = ()) -> Schema:
    """A draft-07 schema. `engines`: the values of `engine:` to offer; none: any text."""
    engine: Schema = {"enum": sorted(engines)} if engines else {}
    levels = sorted((level for level in LEVELS if level is not TOP), key=lambda level: level.path)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "uni-api configuration (api.yaml)",
        **_object(TOP, engine),
        "definitions": {_definition(level): _object(level, engine) for level in levels},
    }


def _object(level: Level, engine: Schema) -> Schema:
    required = [key.name for key in level.keys if key.is_required]
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _property(key, engine) for key in level.keys},
    }
    return {**schema, "required": required} if required else schema


def _property(key: Key, engine: Schema) -> Schema:
    form = key.form
    shapes = [
        engine if shape == "engine" and engine else _shape(shape, form.level)
        for shape in form.shapes
    ]
    default = f" Default: {key.default}." if key.default else ""
    unbuilt = " Accepted, without effect." if key.status != "used" else ""
    body = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    if "$ref" in body:
        body = {"allOf": [body]}
    return {"description": f"{key.meaning[:1].upper()}{key.meaning[1:]}.{default}{unbuilt}", **body}


def _shape(shape: str, level: Level | None) -> Schema:
    if level is not None:
        reference = {"$ref": f"#/definitions/{_definition(level)}"}
        if shape == "level":
            return reference
        if shape == "level by name":
            return {"type": "object", "additionalProperties": reference}
        if shape == "list":
            return {"type": "array", "items": reference}
        if shape == "credentials":
            return {"type": "array", "items": {"anyOf": [_ONE, reference]}}
    return SHAPES[shape]


def _definition(level: Level) -> str:
    """A level's name as one word: `providers[].preferences` → `providers_preferences`."""
    plain = level.path.replace("[]", "").replace(".<model>", "").replace(".<tokens>", "")
    return plain.replace(".", "_")


def key_table() -> list[Key]:
    """Every key a user may write with effect, in the order of the table that the documents show."""
    return [key for key in KEYS if key.status == "used"]
