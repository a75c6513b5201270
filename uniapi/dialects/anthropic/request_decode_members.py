"""Members of a client's body by their types; what is of another type is refused by its path."""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, RequestRefused


def decode_object(holder: Mapping[str, Json], name: str) -> dict[str, Json] | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, dict):
        raise RequestRefused.bad_request(f"{name}: expected an object, found {named(value)}", name)
    return value


def decode_list(holder: Mapping[str, Json], name: str) -> list[Json]:
    value = holder.get(name)
    if value is not None and not isinstance(value, list):
        raise RequestRefused.bad_request(f"{name}: expected a list, found {named(value)}", name)
    return value or []


def decode_strings(holder: Mapping[str, Json], name: str) -> list[str]:
    values = decode_list(holder, name)
    for number, value in enumerate(values):
        if not isinstance(value, str):
            raise RequestRefused.bad_request(
                f"{name}[{number}]: expected text, found {named(value)}", f"{name}[{number}]"
            )
    return values


def decode_string(holder: Mapping[str, Json], name: str, where: str) -> str | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise RequestRefused.bad_request(f"{where}: expected text, found {named(value)}", where)
    return value


def decode_number(holder: Mapping[str, Json], name: str) -> float | None:
    value = holder.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise RequestRefused.bad_request(f"{name}: expected a number, found {named(value)}", name)
    return value


def decode_whole(holder: Mapping[str, Json], name: str, where: str | None = None) -> int | None:
    value = holder.get(name)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise RequestRefused.bad_request(
            f"{where or name}: expected a whole number, found {named(value)}", where or name
        )
    return value


def named(value: Json) -> str:
    """A wrong value for a message: short scalars as they are, anything else by its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f'"{value[:40]}"'
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return "a list" if isinstance(value, list) else "an object"
