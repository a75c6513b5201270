"""A relayed body with only that changed which a quirk row forbids; everything else is the client's,
by identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.efforts import nearest_effort
from uniapi.dialects.fitting import NOTHING_BESIDE, Beside
from uniapi.dialects.quirk import Quirk

from .request_decode import ENCRYPTED_INCLUDE
from .request_encode import drop_sampling_beside_reasoning

_TOOL_MEMBERS = ("tools", "tool_choice", "parallel_tool_calls")
_TOOL_ITEMS = frozenset(
    {
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "additional_tools",
    }
)


def fit(
    body: Mapping[str, Json], quirk: Quirk, beside: Beside = NOTHING_BESIDE
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """See `Dialect.repair`. Never raises: members of unexpected shape are left alone."""
    repaired = dict(body)
    losses: list[str] = []
    _repair_items(repaired, quirk, losses)
    if not quirk.has_tools:
        for name in _TOOL_MEMBERS:
            if repaired.pop(name, None):
                losses.append("tools")
    reasoning = repaired.get("reasoning")
    if quirk.efforts and isinstance(reasoning, dict) and isinstance(reasoning.get("effort"), str):
        repaired["reasoning"] = {
            **reasoning,
            "effort": nearest_effort(reasoning["effort"], quirk.efforts),
        }
    include = repaired.get("include")
    if (
        quirk.encrypted_reasoning is False
        and isinstance(include, list)
        and ENCRYPTED_INCLUDE in include
    ):
        repaired["include"] = [word for word in include if word != ENCRYPTED_INCLUDE]
    drop_sampling_beside_reasoning(repaired, quirk, losses)
    for name in sorted(quirk.dropped_members & repaired.keys()):
        del repaired[name]
        losses.append(name)
    return repaired, tuple(dict.fromkeys(losses))


def _repair_items(repaired: dict[str, Json], quirk: Quirk, losses: list[str]) -> None:
    items = repaired.get("input")
    if not isinstance(items, list) or (quirk.has_tools and quirk.has_images):
        return
    kept: list[Json] = []
    for index, item in enumerate(items):
        if not quirk.has_tools and isinstance(item, dict) and item.get("type") in _TOOL_ITEMS:
            losses.append("tools")
            continue
        kept.append(item if quirk.has_images else _without_images(item, f"input[{index}]", losses))
    repaired["input"] = kept


def _without_images(item: Json, path: str, losses: list[str]) -> Json:
    """The item itself when it holds no image."""
    if not isinstance(item, dict):
        return item
    changed: dict[str, Any] = {}
    for member in ("content", "output"):
        parts = item.get(member)
        if not isinstance(parts, list):
            continue
        rest = [
            part
            for part in parts
            if not (isinstance(part, dict) and part.get("type") == "input_image")
        ]
        if len(rest) != len(parts):
            losses.append(f"{path}.image")
            changed[member] = rest
    return {**item, **changed} if changed else item
