"""A relayed request in which only what this model refuses is changed: everything else stays the
client's own object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from uniapi.canonical import Json
from uniapi.dialects.fitting import NOTHING_BESIDE, Beside
from uniapi.dialects.quirk import Quirk

from .request_decode import read_thinking
from .request_encode_thinking import encode_thinking
from .vocabulary import both_spellings, member, object_member, text_member

_TOOL_MEMBERS = both_spellings("tools", "toolConfig")
_TOOL_PARTS = both_spellings("functionCall", "functionResponse")
_MEDIA_PARTS = both_spellings("inlineData", "fileData")

_PartRepair = Callable[[dict[str, Json]], "dict[str, Json] | None"]
"""The part as it may be sent, the same object when nothing is wrong with it, None when it has to
go.
"""


def fit(
    body: Mapping[str, Json], quirk: Quirk, beside: Beside = NOTHING_BESIDE
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """See `Dialect.repair`."""
    repaired = dict(body)
    losses: list[str] = []
    if not quirk.has_tools:
        for name in _TOOL_MEMBERS & repaired.keys():
            del repaired[name]
            losses.append("tools")
    _repair_config(repaired, quirk, losses)
    _drop_members(repaired, quirk, losses)
    contents = repaired.get("contents")
    if isinstance(contents, list):
        changed = _repaired_contents(contents, _part_repairs(quirk, losses))
        if changed is not None:
            repaired["contents"] = changed
    return repaired, tuple(dict.fromkeys(losses))


def _drop_members(repaired: dict[str, Json], quirk: Quirk, losses: list[str]) -> None:
    """Refused members, at the top or in the generation config."""
    refused = both_spellings(*quirk.dropped_members)
    for name in sorted(refused & repaired.keys()):
        del repaired[name]
        losses.append(name)
    for holder in both_spellings("generationConfig") & repaired.keys():
        config = repaired[holder]
        found = sorted(refused & config.keys()) if isinstance(config, dict) else []
        if found:
            repaired[holder] = {
                name: value for name, value in config.items() if name not in refused
            }
            losses += found


def _repair_config(repaired: dict[str, Json], quirk: Quirk, losses: list[str]) -> None:
    """Thinking in terms the model does not have: a level for one that counts tokens, anything for
    one that does not think. Levels' models take budgets too.
    """
    for holder in both_spellings("generationConfig") & repaired.keys():
        config = repaired[holder]
        thinking = object_member(config, "thinkingConfig")
        is_refused = quirk.gemini_thinking == "none" or (
            quirk.gemini_thinking == "budget" and bool(text_member(thinking, "thinkingLevel"))
        )
        if not thinking or not is_refused:
            continue
        changed = {
            name: value
            for name, value in config.items()
            if name not in both_spellings("thinkingConfig")
        }
        written = encode_thinking(read_thinking(thinking), quirk, losses)
        repaired[holder] = {**changed, "thinkingConfig": written} if written else changed


def _part_repairs(quirk: Quirk, losses: list[str]) -> list[_PartRepair]:
    def without_tools(part: dict[str, Json]) -> dict[str, Json] | None:
        if not _TOOL_PARTS & part.keys():
            return part
        losses.append("tools")
        return None

    def without_images(part: dict[str, Json]) -> dict[str, Json] | None:
        if any(
            text_member(part[name], "mimeType").startswith("image/")
            for name in _MEDIA_PARTS & part.keys()
        ):
            losses.append("image")
            return None
        return part

    repairs: list[_PartRepair] = []
    if not quirk.has_tools:
        repairs.append(without_tools)
    if not quirk.has_images:
        repairs.append(without_images)
    if not quirk.function_call_ids:
        repairs.append(_without_id)
    return repairs


def _without_id(part: dict[str, Json]) -> dict[str, Json]:
    for name in _TOOL_PARTS & part.keys():
        if member(part[name], "id") is not None:
            part = {**part, name: {key: value for key, value in part[name].items() if key != "id"}}
    return part


def _repaired_contents(contents: list[Json], repairs: list[_PartRepair]) -> list[Json] | None:
    """The turns with every repair made, those left empty taken out; None when nothing had to
    change.
    """
    if not repairs:
        return None
    changed: list[Json] = []
    is_changed = False
    for turn in contents:
        parts = turn.get("parts") if isinstance(turn, dict) else None
        if not isinstance(parts, list):
            changed.append(turn)
            continue
        kept = [
            repaired for part in parts if (repaired := _repaired_part(part, repairs)) is not None
        ]
        if len(kept) == len(parts) and all(
            new is old for new, old in zip(kept, parts, strict=True)
        ):
            changed.append(turn)
            continue
        is_changed = True
        if kept:
            changed.append({**turn, "parts": kept})
    return changed if is_changed else None


def _repaired_part(part: Json, repairs: list[_PartRepair]) -> Json:
    for each in repairs:
        if not isinstance(part, dict):
            return part
        part = each(part)
    return part
