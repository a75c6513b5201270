"""What the owner is told of while nobody looks: what to say, and when it has been said.

`look` finds it in what is true at a moment; it is a plain function, so that what is worth a message
is told in one place and tested without waiting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from uniapi.values import dataclass

from .config import Config
from .gateway import Standing
from .money import shown
from .retirement_watch import Ending
from .routing import Resting

SHARES = (100, 80)
"""Per cent of a budget or of credits, the highest first: one that is spent at once is told once."""
RETIRES_WITHIN = timedelta(days=14)

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message. `key` names what it is about: the same is told once."""

    kind: str
    key: str
    title: str
    text: str
    level: Level = "warning"


def look(
    config: Config,
    standings: Iterable[Standing],
    resting: Iterable[Resting],
    endings: Iterable[Ending],
    today: date,
) -> list[Notice]:
    """Everything that is worth a message now."""
    return [
        *(notice for one in standings for notice in _of_standing(one)),
        *_of_keys(config, tuple(resting)),
        *(
            _of_ending(one, today)
            for one in endings
            if one.retirement.day <= today + RETIRES_WITHIN
        ),
    ]


def refused_reload(errors: Iterable[str]) -> Notice:
    """A configuration that is not used."""
    first = next(iter(errors), "")
    return Notice(
        kind="reload",
        key=f"reload:{first}",
        title="The new configuration is not used",
        text=f"The last good one stays in force. {first}",
        level="error",
    )


def _of_standing(one: Standing) -> Iterable[Notice]:
    percent = 100 * one.share
    reached = next((share for share in SHARES if percent >= share), None)
    if reached is None:
        return
    kind, _, name = one.name.partition(":")
    whose = {"gateway": "the gateway", "client": f"client {name}"}.get(kind, f"provider {name}")
    what = "Credits" if one.until_s is None else "Budget"
    used = "used up" if reached == 100 else f"{reached} % used"
    yield Notice(
        kind="budget",
        key=f"spent:{one.holder}:{one.text}:{one.limit_pd}:{one.until_s}:{reached}",
        title=f"{what} of {whose}: {used}",
        text=f"{shown(one.spent_pd)} of {shown(one.limit_pd)} ({one.text}).",
        level="error" if reached == 100 else "warning",
    )


def _of_keys(config: Config, resting: tuple[Resting, ...]) -> Iterable[Notice]:
    """A provider's key that is refused or out of quota, and a provider whose every key rests."""
    whole: dict[str, dict[str, Resting]] = defaultdict(dict)
    for rest in resting:
        # One that is about to be tried again is not sound yet: it is not told anew at each trial.
        if rest.credential_id is not None and rest.upstream_model is None:
            whole[rest.provider_id][rest.credential_id] = rest
    for provider in config.providers:
        rests = whole.get(provider.provider_id, {})
        for number, credential in enumerate(provider.credentials, start=1):
            found = rests.get(credential.credential_id)
            if found is not None and found.reason in ("refused", "quota"):
                is_refused = found.reason == "refused"
                yield Notice(
                    kind="key",
                    key=f"key:{provider.provider_id}:{credential.credential_id}:{found.reason}",
                    title=(
                        f"Key #{number} of {provider.name}"
                        f" {'is refused' if is_refused else 'is out of quota'}"
                    ),
                    text=f"{credential.display}: {found.message[:300]}",
                )
        if rests and len(rests) == len(provider.credentials):
            yield Notice(
                kind="provider",
                key=f"provider:{provider.provider_id}",
                title=f"Every key of {provider.name} rests",
                text="It is passed over until one of them can be tried again.",
                level="error",
            )


def _of_ending(one: Ending, today: date) -> Notice:
    return Notice(
        kind="retirement",
        key=f"retirement:{one.provider}:{one.upstream_model}:{one.retirement.day}",
        title=f"{one.alias} retires",
        text=one.said(today),
    )
