"""A provider's `model` list: names, and `upstream: alias`."""

from __future__ import annotations

import re

from .nodes import Node, ProblemList
from .provider_schema import ModelEntry
from .values import text, wrong
from .wildcards import is_wildcard


def read_models(node: Node, report: ProblemList) -> tuple[ModelEntry, ...]:
    """The models in the order of the file. An alias given twice means its last line, as it always
    did.
    """
    entries: dict[str, str] = {}
    for item in node.items if node.kind == "list" else (node,):
        for upstream, alias, place in _pairs(item, report):
            if alias in entries:
                same = entries[alias] == upstream
                other = f"stands for `{entries[alias]}` and for `{upstream}`: the last one counts"
                said = "is listed twice" if same else other
                report.warning(place, f"the model name `{alias}` {said}")
            if is_wildcard(upstream):
                report.warning(
                    place,
                    f"no provider has a model `{upstream}`: `*` stands in the name that clients"
                    f" use, as in `deepseek-v4-flash: {alias}`",
                )
            entries[alias] = upstream
    return tuple(ModelEntry(upstream=upstream, alias=alias) for alias, upstream in entries.items())


_NAME_MEMBERS = ("name", "model", "id", "upstream")
_ALIAS_MEMBERS = ("alias", "rename", "as")
"""How other tools write a model as a map; nobody's model is called so."""
_SEPARATORS = re.compile(r"[,，、;；]")


def _pairs(node: Node, report: ProblemList) -> list[tuple[str, str, Node]]:
    """(upstream, alias, place) of one item: a name, or a map of `upstream: alias`."""
    if node.kind != "map":
        return _names(node, report)
    described = _described(node, report)
    if described is not None:
        return described
    pairs = []
    for member in node.members:
        upstream = text(member.key, report)
        alias = text(member.value, report)
        if upstream and alias:
            pairs.append((upstream, alias, member.value))
    if not node.members:
        wrong(node, report, "a model name or `upstream: alias`")
    return pairs


def _names(node: Node, report: ProblemList) -> list[tuple[str, str, Node]]:
    """A name; several with commas between them are meant as a list, as no model has one in its
    name.
    """
    written = text(node, report)
    names = [name for each in _SEPARATORS.split(written or "") if (name := each.strip())]
    if len(names) > 1:
        report.warning(
            node,
            "this looks like several models in one text, and is taken for"
            f" {', '.join(f'`{name[:60]}`' for name in names[:5])}: write them as a list",
        )
    return [(name, name, node) for name in names]


def _described(node: Node, report: ProblemList) -> list[tuple[str, str, Node]] | None:
    """`{name: X, alias: Y}`, understood with a warning; None for what is not written so."""
    members = {member.key.text.strip().lower(): member.value for member in node.members}
    if not members or not members.keys() <= {*_NAME_MEMBERS, *_ALIAS_MEMBERS}:
        return None
    name_node = next((members[name] for name in _NAME_MEMBERS if name in members), None)
    alias_node = next((members[name] for name in _ALIAS_MEMBERS if name in members), name_node)
    if name_node is None or alias_node is None:
        return None
    upstream, alias = text(name_node, report), text(alias_node, report)
    if not upstream or not alias:
        return []
    meant = f"- {upstream}" if upstream == alias else f"- {upstream}: {alias}"
    report.warning(
        node,
        f"`{node.members[0].key.text}` would be the provider's name of a model: this is taken for"
        f" `{meant[:120]}`, which is how it is written",
    )
    return [(upstream, alias, node)]
