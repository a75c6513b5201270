"""A provider's `model` list: names, and `upstream: alias`."""

from __future__ import annotations

from .nodes import Node, ProblemList
from .schema import ModelEntry
from .values import text, wrong


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
            entries[alias] = upstream
    return tuple(ModelEntry(upstream=upstream, alias=alias) for alias, upstream in entries.items())


def _pairs(node: Node, report: ProblemList) -> list[tuple[str, str, Node]]:
    """(upstream, alias, place) of one item: a name, or a map of `upstream: alias`."""
    if node.kind != "map":
        name = text(node, report)
        return [(name, name, node)] if name else []
    pairs = []
    for member in node.members:
        upstream = text(member.key, report)
        alias = text(member.value, report)
        if upstream and alias:
            pairs.append((upstream, alias, member.value))
    if not node.members:
        wrong(node, report, "a model name or `upstream: alias`")
    return pairs
