"""A client's settings file with our members in it, and without them again.

Each format has the same four verbs over the text (`find`, `put`, `drop`, and `dump` of a value), so
that merging and taking back are written once. What was found before is kept as the text it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from uniapi.values import dataclass

from . import dotenv_text, jsonc_text, toml_text, yaml_text
from .jsonc_text import TextRefused
from .recipe import Change, Format

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """What was done at one place: the text put there, and what had stood there (None: nothing).
    `made` are the objects on the way to it that did not exist.
    """

    path: Path
    ours: str
    before: str | None
    made: tuple[Path, ...] = ()


def merged(text: str, form: Format, changes: Sequence[Change]) -> str:
    """The text with our members. Raises TextRefused."""
    return merge(text, form, changes)[0]


def merge(text: str, form: Format, changes: Sequence[Change]) -> tuple[str, tuple[Put, ...]]:
    """The text with our members, and what was done. A list that is there already keeps its other
    entries. Raises TextRefused when the text is broken or cannot be edited safely.
    """
    if form == "own":
        return json.dumps(changes[0].value, ensure_ascii=False, indent=1) + "\n", ()
    if "\r\n" in text:
        plain, puts = merge(text.replace("\r\n", "\n"), form, changes)
        return plain.replace("\n", "\r\n"), puts
    verbs = _VERBS[form]
    _check(form, text)
    done: list[Put] = []
    for change in changes:
        if _is_left_alone(change, text, verbs):
            continue
        before = verbs.find(text, change.path) if text.strip() else None
        raw = _dump(form, change)
        if before is not None and _is_same(form, before, raw):
            continue
        made = _missing_objects(text, form, change.path)
        text = verbs.put(text, change.path, raw)
        done.append(Put(change.path, verbs.find(text, change.path) or "", before, made))
    _check(form, text)
    return text, tuple(done)


def take_back(text: str, form: Format, puts: Sequence[Put]) -> tuple[str, tuple[Path, ...]]:
    """The text as it would be without us, and the places that somebody has changed since, which are
    left as they are.
    """
    if "\r\n" in text:
        plain, changed = take_back(text.replace("\r\n", "\n"), form, puts)
        return plain.replace("\n", "\r\n"), changed
    verbs = _VERBS[form]
    _check(form, text)
    left = []
    for put in reversed(puts):
        now = verbs.find(text, put.path)
        if now is None:
            continue
        if not _is_same(form, now, put.ours):
            left.append(put.path)
            continue
        if put.before is not None:
            text = verbs.put(text, put.path, put.before)
            continue
        text = verbs.drop(text, put.path)
        for path in reversed(put.made):
            if _is_empty_object(verbs.find(text, path)):
                text = verbs.drop(text, path)
    return text, tuple(left)


def _is_left_alone(change: Change, text: str, verbs: ModuleType) -> bool:
    """A name, version or schema that a file of the user's has already."""
    return change.path in _FIRST_LINES and verbs.find(text, change.path) is not None


_FIRST_LINES = {("name",), ("version",), ("schema",)}


def _is_same(form: Format, one: str, other: str) -> bool:
    if form != "json":
        return one.strip() == other.strip()
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return one == other


def _is_empty_object(raw: str | None) -> bool:
    return raw is not None and not raw.strip("{} \t\n")


def _missing_objects(text: str, form: Format, path: Path) -> tuple[Path, ...]:
    if form != "json":
        return ()
    ways = [path[:depth] for depth in range(1, len(path))]
    return tuple(way for way in ways if not text.strip() or jsonc_text.find(text, way) is None)


def _check(form: Format, text: str) -> None:
    if not text.strip():
        return
    if form == "json":
        jsonc_text.find(text, ())
    elif form == "toml":
        toml_text.check(text)
    elif form == "yaml":
        yaml_text.check(text)


def _dump(form: Format, change: Change) -> str:
    return _DUMPS[form](change)


def _json(change: Change) -> str:
    return json.dumps(change.value, ensure_ascii=False, indent=2)


def _toml(change: Change) -> str:
    if not isinstance(change.value, dict):
        return _toml_value(change.value)
    lines = [f"{name} = {_toml_value(value)}" for name, value in change.value.items()]
    return "\n".join([f"[{'.'.join(change.path)}]", *lines]) + "\n"


def _toml_value(value: Any) -> str:
    """A string or a number; JSON writes them as TOML reads them."""
    return json.dumps(value, ensure_ascii=False)


def _yaml(change: Change) -> str:
    if change.path[-1] == "+":
        return yaml_text.block(change.value)
    return yaml_text.scalar(change.value)


def _dotenv(change: Change) -> str:
    return str(change.value)


_VERBS: dict[Format, ModuleType] = {
    "json": jsonc_text,
    "toml": toml_text,
    "yaml": yaml_text,
    "dotenv": dotenv_text,
}
_DUMPS: dict[Format, Callable[[Change], str]] = {
    "json": _json,
    "toml": _toml,
    "yaml": _yaml,
    "dotenv": _dotenv,
}

__all__ = ["Put", "TextRefused", "merge", "merged", "take_back"]
