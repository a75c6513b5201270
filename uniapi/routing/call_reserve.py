"""What is decided after a failure: which channels have not been asked yet, for which a request's
calls are kept, and in which order what rests is tried. None asked anew takes the call of one that
was not: that one is likelier to be sound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeAlias

from uniapi.clock import Monotonic

from .availability import Availability
from .candidates import Candidate
from .last_resort import Resort, last_resort
from .steps import FailedAttempt

Asked: TypeAlias = Collection[tuple[str, str]]
"""Ids of channels."""


def asked_by(failed: Iterable[FailedAttempt]) -> set[tuple[str, str]]:
    """The channels that a request was refused by."""
    return {one.attempt.channel.channel_id for one in failed}


def not_asked(
    available: Availability, entries: Iterable[Candidate], asked: Asked, now: Monotonic
) -> tuple[int, int]:
    """How many channels of `entries` a request has not asked yet and could: usable ones, and ones
    that are a last resort or on trial.
    """
    resorts = {resort.channel.channel_id for resort in last_resort(available, now)}
    usable = others = 0
    for channel in available.reached(entries):
        if channel.channel_id in asked:
            continue
        if available.is_usable(channel, now):
            usable += 1
        elif channel.channel_id in resorts or available.is_on_trial(channel, now):
            others += 1
    return usable, others


def resorts_in_order(
    available: Availability, asked: Asked, now: Monotonic, *, has_proved: bool
) -> list[Resort]:
    """The last resorts in the order in which they are taken: channels not asked yet, then
    those that were; credentials after another had to prove itself (`has_proved`) at the very end,
    and only where their channel was not asked.
    """
    resorts = last_resort(available, now)
    fresh = [one for one in resorts if one.channel.channel_id not in asked]
    spare = [one for one in resorts if one.channel.channel_id in asked]
    if not has_proved:
        return [*fresh, *spare]
    proving = [one for one in fresh if one.keys]
    return [*(one for one in (*fresh, *spare) if not one.keys), *proving]
