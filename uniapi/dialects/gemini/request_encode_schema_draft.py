"""A schema on its way to Gemini, and how it is spelled in either of the two members that take one
(see `schema`).
"""

from __future__ import annotations

import contextlib
import json
from typing import Literal

from uniapi.canonical import Json, RequestRefused
from uniapi.values import dataclass, field

Subset = Literal["json_schema", "openapi"]

MAX_NOTE = 200


MAX_WEIGHT = 4_000_000
NODE_WEIGHT = 100


class SchemaBudget:
    """What the schemas of one request may weigh when their references are followed: `$ref` can
    double them at every level. A schema weighs NODE_WEIGHT and what stands in it.
    """

    def __init__(self) -> None:
        self._left = MAX_WEIGHT

    def spend(self, weight: int) -> None:
        """Raises RequestRefused (400) when there is not so much left."""
        self._left -= weight
        if self._left < 0:
            raise RequestRefused.bad_request(
                "The JSON schemas of this request are too large for the upstream, which reads them"
                " without `$ref`: what the references name, put in their places, is more than"
                f" {MAX_WEIGHT // NODE_WEIGHT} schemas or {MAX_WEIGHT} characters.",
                param="tools",
            )


@dataclass(slots=True)
class Draft:
    """One schema on its way: what is written, what only the description can say, and whether null
    is allowed.
    """

    written: dict[str, Json] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    is_nullable: bool = False
    weight: int = 0
    """Characters that were written for the notes."""

    def note(self, name: str, value: Json) -> None:
        text, weight = _dumped(value)
        self.weight += weight
        self.notes.append(f"{name}: {text}")


def encode_draft(draft: Draft, subset: Subset) -> dict[str, Json]:
    """The draft spelled for the subset: nullability, upper-case types, notes in the description."""
    written = draft.written
    if draft.notes:
        said = written.get("description")
        notes = "; ".join(draft.notes)
        written["description"] = f"{said} ({notes})" if said else notes
    if subset == "json_schema":
        return _with_null(written) if draft.is_nullable else written
    if "anyOf" in written:
        # Vertex AI wants nothing beside `anyOf`: the description moves into the alternatives.
        return {
            "anyOf": [
                _described(each, written.get("description"), draft.is_nullable)
                for each in written["anyOf"]
            ]
        }
    if not isinstance(written.get("type"), str):
        written["type"] = "null" if draft.is_nullable else "string"
    if draft.is_nullable and written["type"] != "null":
        written["nullable"] = True
    written["type"] = written["type"].upper()
    return written


def _with_null(written: dict[str, Json]) -> dict[str, Json]:
    named = written.get("type")
    if "anyOf" in written:
        return {**written, "anyOf": [*written["anyOf"], {"type": "null"}]}
    if "enum" in written:
        shown: dict[str, Json] = {
            name: written[name] for name in ("title", "description") if name in written
        }
        return {
            **shown,
            "anyOf": [
                {name: value for name, value in written.items() if name not in shown},
                {"type": "null"},
            ],
        }
    if isinstance(named, str):
        return {**written, "type": [named, "null"] if named != "null" else named}
    return {**written, "type": [*named, "null"] if isinstance(named, list) else "null"}


def _described(schema: dict[str, Json], description: Json, is_nullable: bool) -> dict[str, Json]:
    described = dict(schema)
    if description and "description" not in described:
        described["description"] = description
    if is_nullable and "anyOf" not in described:
        described["nullable"] = True
    return described


def _dumped(value: Json) -> tuple[str, int]:
    """The beginning of a value's JSON, and what it cost; no more of it is written."""
    if isinstance(value, str):
        return value[:MAX_NOTE], MAX_NOTE
    text = ""
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        for piece in _ENCODER.iterencode(value):
            text += piece
            if len(text) >= MAX_NOTE:
                break
    return text[:MAX_NOTE], len(text)


_ENCODER = json.JSONEncoder(ensure_ascii=False)
