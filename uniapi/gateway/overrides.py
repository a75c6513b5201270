"""`post_body_parameter_overrides`: what the user adds to, replaces in and takes out of the body
sent upstream.

Order: the provider's merge, its removals, the merge under the requested alias, its removals.
Nothing given is mutated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.config import BodyOverrides


def apply_overrides(body: dict[str, Any], overrides: BodyOverrides, alias: str) -> dict[str, Any]:
    """The body with the overrides applied; the same object when there are none."""
    if overrides.merge or overrides.remove:
        body = _applied(body, overrides)
    for_alias = overrides.by_alias.get(alias)
    return body if for_alias is None else _applied(body, for_alias)


def _applied(body: dict[str, Any], overrides: BodyOverrides) -> dict[str, Any]:
    body = _merged(body, overrides.merge)
    for removal in overrides.remove:
        body = _without(body, str(removal["path"]).split("."), removal)
    return body


def _merged(value: Mapping[str, Any], additions: Mapping[str, Any]) -> dict[str, Any]:
    """Maps are merged deeply, everything else is replaced."""
    merged = dict(value)
    for name, addition in additions.items():
        present = merged.get(name)
        merged[name] = (
            _merged(present, addition)
            if isinstance(present, Mapping) and isinstance(addition, Mapping)
            else addition
        )
    return merged


def _without(value: Any, path: list[str], removal: Mapping[str, Any]) -> Any:
    """`value` without what `path` leads to: the member, or, where conditions are given, the list
    items (or the member) that fit one.
    """
    if not isinstance(value, dict) or path[0] not in value:
        return value
    name, rest = path[0], path[1:]
    if rest:
        return {**value, name: _without(value[name], rest, removal)}
    conditions = [
        *removal.get("where_any", ()),
        *([removal["where"]] if "where" in removal else []),
    ]
    remaining = {key: item for key, item in value.items() if key != name}
    if not conditions:
        return remaining
    present = value[name]
    if not isinstance(present, list):
        return remaining if _fits_any(present, conditions) else value
    kept = [item for item in present if not _fits_any(item, conditions)]
    if not kept and removal.get("drop_empty"):
        return remaining
    return {**value, name: kept}


def _fits_any(item: Any, conditions: list[Any]) -> bool:
    return any(_fits(item, condition) for condition in conditions)


def _fits(item: Any, condition: Any) -> bool:
    if isinstance(condition, Mapping):
        return isinstance(item, Mapping) and all(
            name in item and _fits(item[name], wanted) for name, wanted in condition.items()
        )
    return bool(item == condition)
