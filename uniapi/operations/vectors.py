"""Vectors of an answer: checked, and written as numbers or as base64, whichever was asked for."""

from __future__ import annotations

import base64
import binascii
import math
import sys
from array import array
from collections.abc import Mapping
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


_FORMS: Mapping[str, type] = {"base64": str, "float": list}
"""OpenAI's values of `encoding_format`, and what a vector is then."""


def as_asked(asked: Mapping[str, Json], answer: Json) -> Json:
    """A relayed answer with its vectors in the form that was asked for: OpenAI's clients ask for
    base64, and servers that do not know it answer with numbers (LM Studio: lmstudio#756). Who names
    no form, or a vendor's own, gets what the vendor means by that: Perplexity's text holds bytes.
    """
    rows = answer.get("data") if isinstance(answer, dict) else None
    form = asked.get("encoding_format")
    wanted = _FORMS.get(form) if isinstance(form, str) else None
    if wanted is None or not isinstance(rows, list):
        return answer
    if all(_has_vector(row, wanted) for row in rows):
        return answer
    write = base64_vector if wanted is str else number_vector
    other = list if wanted is str else str
    written = [
        {**row, "embedding": write(row["embedding"])} if _has_vector(row, other) else row
        for row in rows
    ]
    return {**answer, "data": written}


def _has_vector(row: Json, kind: type) -> bool:
    return isinstance(row, dict) and isinstance(row.get("embedding"), kind)
