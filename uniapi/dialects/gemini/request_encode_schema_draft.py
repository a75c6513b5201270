"""A schema on its way to Gemini, and how it is spelled in either of the two members that take one
(see `schema`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

from uniapi.canonical import Json

Subset = Literal["json_schema", "openapi"]

MAX_NOTE = 200


@dataclass(slots=True)
class Draft:
    """One schema on its way: what is written, what only the description can say, and whether null
    is allowed.
    """

    written: dict[str, Json] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    is_nullable: bool = False

    def note(self, name: str, value: Json) -> None:
        self.notes.append(f"{name}: {_dumped(value)}")


def spelled(draft: Draft, subset: Subset) -> dict[str, Json]:
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


def _dumped(value: Json) -> str:
    if isinstance(value, str):
        return value[:MAX_NOTE]
    try:
        return json.dumps(value, ensure_ascii=False)[:MAX_NOTE]
    except RecursionError:
        return "…"
