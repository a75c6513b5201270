"""`post_body_parameter_overrides`: what is merged into a request body and what is taken out of it,
for every model or under one alias.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .nodes import Node, ProblemList
from .provider_schema import BodyOverrides
from .values import near, plain, wrong

REMOVE = "__remove__"
_REMOVAL_MEMBERS = ("path", "where", "where_any", "drop_empty")


def read_overrides(
    node: Node, aliases: frozenset[str] | None, report: ProblemList
) -> BodyOverrides | None:
    """The overrides of one provider. `aliases` are its model names; None when they are not known
    yet: then a map under a name that no body member would have (it holds `-`, `.`, `/`, `:` or `@`,
    as model names do) is taken for a model's.
    """
    if node.kind != "map":
        wrong(node, report, "a map of members to put into the request body")
        return None
    merge: dict[str, Any] = {}
    by_alias: dict[str, BodyOverrides] = {}
    remove: tuple[Mapping[str, Any], ...] = ()
    for member in node.members:
        name = member.key.text
        if name == REMOVE:
            remove = _removals(member.value, report)
        elif _is_alias(name, member.value, aliases):
            by_alias[name] = _for_one_alias(member.value, report)
        else:
            merge[name] = plain(member.value, report)
    return BodyOverrides(merge=merge, remove=remove, by_alias=by_alias)


def _is_alias(name: str, value: Node, aliases: frozenset[str] | None) -> bool:
    if value.kind != "map":
        return False
    return name in aliases if aliases is not None else bool(re.search(r"[-./:@]", name))


def _for_one_alias(node: Node, report: ProblemList) -> BodyOverrides:
    merge = {
        member.key.text: plain(member.value, report)
        for member in node.members
        if member.key.text != REMOVE
    }
    remove = [
        removal
        for member in node.members
        if member.key.text == REMOVE
        for removal in _removals(member.value, report)
    ]
    return BodyOverrides(merge=merge, remove=tuple(remove))


def _removals(node: Node, report: ProblemList) -> tuple[Mapping[str, Any], ...]:
    """`__remove__`: a name, a list of names, or objects with a path and conditions; all as
    `{"path": …}`.
    """
    removals = []
    for item in node.items if node.kind == "list" else (node,):
        if item.is_scalar and item.text.strip():
            removals.append({"path": item.text.strip()})
        elif item.kind == "map":
            removal = _removal(item, report)
            if removal is not None:
                removals.append(removal)
        else:
            wrong(item, report, "the name of a member, or `{path: a.b, where: …}`")
    return tuple(removals)


def _removal(node: Node, report: ProblemList) -> dict[str, Any] | None:
    removal: dict[str, Any] = {}
    for member in node.members:
        if member.key.text in _REMOVAL_MEMBERS:
            removal[member.key.text] = plain(member.value, report)
        else:
            report.warning(
                member.key,
                f"unknown key {member.key.shown()} is"
                f" ignored{near(member.key.text, _REMOVAL_MEMBERS)}",
            )
    if not isinstance(removal.get("path"), str) or not removal["path"]:
        report.error(node, "expected `path`, the member to take out, as text")
        return None
    if "where_any" in removal and not isinstance(removal["where_any"], list):
        report.error(node, "expected a list after `where_any`")
        return None
    if not isinstance(removal.get("drop_empty", False), bool):
        report.error(node, "expected `true` or `false` after `drop_empty`")
        return None
    return removal
