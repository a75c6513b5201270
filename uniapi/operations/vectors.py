"""Vectors of an answer: checked, and written as numbers or as base64, whichever was asked for."""

from __future__ import annotations

import base64
import binascii
import math
import sys
from array import array
from typing import Any, TypeAlias

from uniapi.canonical import Json
from uniapi.errors import WireError

from .operation import kind_of

Vector: TypeAlias = "list[Any] | str"
"""Numbers, or the base64 of little-endian 32-bit floats."""


def decode_vector(value: Json, place: str) -> Vector:
    """A vector out of an answer, checked; raises WireError naming `place`."""
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, list) or not value:
        raise WireError(
            f"expected an embedding at {place}, found"
            f" {'an empty list' if value == [] else kind_of(value)}"
        )
    try:
        is_finite = math.isfinite(sum(value))
    except (TypeError, OverflowError):
        is_finite = False
    if not is_finite:
        raise WireError(f"the embedding at {place} holds something that is no number")
    return value


_NEAR_ONE = 1e-3
"""What rounding makes of a length of one."""


def unit_vector(vector: Vector) -> Vector:
    """A vector of numbers at a length of one, the same object where it has that."""
    if isinstance(vector, str):
        return vector
    length = math.sqrt(sum(number * number for number in vector))
    if not length or abs(length - 1) < _NEAR_ONE or not math.isfinite(length):
        return vector
    return [number / length for number in vector]


def number_vector(vector: Vector) -> list[Any]:
    if isinstance(vector, list):
        return vector
    try:
        floats = array("f", base64.b64decode(vector, validate=True))
    except (ValueError, binascii.Error):
        raise WireError(f"an embedding is no base64 of 32-bit floats: {vector[:40]!r}") from None
    if sys.byteorder == "big":
        floats.byteswap()
    return floats.tolist()


def base64_vector(vector: Vector) -> str:
    if isinstance(vector, str):
        return vector
    try:
        floats = array("f", vector)
    except (TypeError, OverflowError):
        raise WireError("an embedding holds a number that is no 32-bit float") from None
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode("ascii")
