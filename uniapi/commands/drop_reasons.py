"""Why the dry run would drop what it drops. Found by asking again without one fact at a time: the
way of a call need not carry reasons along for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from uniapi.canonical import Call, RequestRefused
from uniapi.dialects import Quirk
from uniapi.engines import Engine, QuirkRow, Target, rows_for
from uniapi.gateway import Way, prepare_once
from uniapi.routing import Road
from uniapi.values import replace


def drop_reasons(
    call: Call, target: Target, engine: Engine, way: Way, losses: Iterable[str]
) -> dict[str, str]:
    """Each loss of a request on this way → what loses it: the row of the facts, what was learned,
    what the provider's entry says, else the format. `way`: with what was learned.
    """
    told: dict[str, str] = {}
    left = list(losses)
    for reason, quirk in _other_facts(target, engine, way):
        if not left:
            break
        try:
            sides = replace(way.sides, quirk=quirk)
            still = prepare_once(call, target, engine, way=replace(way, sides=sides)).losses
        except RequestRefused:
            continue
        told |= {name: reason for name in left if name not in still}
        left = [name for name in left if name in still]
    is_relayed = way.road is Road.RELAY
    by_format = "no upstream of this format takes it" if is_relayed else "this format lacks it"
    return told | dict.fromkeys(left, f"{by_format} ({way.dialect.name})")


def _other_facts(target: Target, engine: Engine, way: Way) -> Iterator[tuple[str, Quirk]]:
    """(what is left away, the facts without it): what comes last wins, and is tried first."""
    place_quirk = engine.quirk(target)
    if place_quirk != way.quirk:
        yield "learned from a refusal", place_quirk
    provider = target.provider
    if not provider.has_tools:
        yield "the provider has `tools: false`", replace(way.quirk, has_tools=True)
    if not provider.has_images:
        yield "the provider has `image: false`", replace(way.quirk, has_images=True)
    for row in reversed(rows_for(engine.name, provider.base_url, target.upstream_model)):
        yield row.reason, _without(way.quirk, row)


def _without(quirk: Quirk, row: QuirkRow) -> Quirk:
    plain = {name: getattr(Quirk(), name) for name in row.changes}
    return replace(quirk, dropped_members=quirk.dropped_members - row.drops, **plain)
