"""Typed readers of a client's members: a value of the right type, None for an absent or null one,
or a RequestRefused that names the path and what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.canonical import Json, RequestRefused

DIALECT_NAME = "openai_chat"


def refused(path: str, expected: str, found: Json) -> RequestRefused:
    """400: `messages[3].content: expected text, found a number`."""
    return RequestRefused.bad_request(
        f"{path}: expected {expected}, found {_described(found)}", param=path
    )


def decode_text(value: Json, path: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise refused(path, "text", value)


def decode_bool(value: Json, path: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise refused(path, "true or false", value)


def decode_number(value: Json, path: str) -> float | None:
    kind = type(value)
    if value is None or kind is int or kind is float:
        number: float | None = value
        return number
    raise refused(path, "a number", value)


def decode_int(value: Json, path: str) -> int | None:
    number = decode_number(value, path)
    if number is None or isinstance(number, int):
        return number
    if number.is_integer():
        return int(number)
    raise refused(path, "a whole number", value)


def decode_list(value: Json, path: str) -> list[Json]:
    """The list, empty when absent."""
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise refused(path, "a list", value)


def decode_object(value: Json, path: str) -> dict[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    raise refused(path, "an object", value)


def need_object(value: Json, path: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise refused(path, "an object", value)


def need_text(value: Json, path: str) -> str:
    if isinstance(value, str):
        return value
    raise refused(path, "text", value)


def at(value: Json, *names: str) -> Json:
    """The value under nested member names, None as soon as something on the way is no object: for
    optional members that are only read, never required.
    """
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _described(value: Json) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "text" if len(value) > 40 else repr(value)
        case list():
            return "a list"
        case _:
            return "an object"
