"""Calls as conversations (`playbook`), and an executor over a network that is a table, on a clock
turned by hand.
"""

import sys
from pathlib import Path

import pytest

from uniapi.gateway import (
    CacheRounds,
    CallSurroundings,
    Executor,
    IssuedIds,
    IssuedItems,
    LearnedModels,
    ReasoningCache,
)
from uniapi.network import AccessTokens, MediaFetcher
from uniapi.storage import KeptMap, MemoryFolder


class Clock:
    """Stands still but for what is slept."""

    now = 1_700_000_000.0

    def now_s(self):
        return self.now

    def monotonic_s(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def executor_of(web):
    """An executor for a clock and for what takes the records."""

    def build(clock, record):
        around = CallSurroundings(
            caches=CacheRounds.in_memory(clock),
            transport=web,
            credentials=AccessTokens(clock),
            media=MediaFetcher(web),
            pins=IssuedIds(KeptMap(MemoryFolder(), "pins", limit=10, lasts_s=10.0)),
            reasoning=ReasoningCache(),
            items=IssuedItems(),
            learned=LearnedModels(KeptMap(MemoryFolder(), "learned", limit=10, lasts_s=10.0)),
            clock=clock,
        )
        return Executor(around, record)

    return build


for folder in (".", "../e2e", "../matrix"):
    sys.path.insert(0, str(Path(__file__).parent / folder))
pytest.register_assert_rewrite("playbook")


@pytest.fixture
def play():
    """A playbook for some providers (see `play_with`)."""
    from playbook import play_with

    played = []

    def begin(*providers, **members):
        played.append(play_with(*providers, **members))
        return played[-1]

    yield begin
    for playbook in played:
        playbook.close()
