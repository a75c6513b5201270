"""How fast each channel was in the last hour: the time to the first token, and tokens a second.

Kept in slices of five minutes, so that an hour is forgotten bit by bit. What is compared is the
time until an answer of ANSWER_TOKENS would be there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from uniapi.clock import Monotonic
from uniapi.values import dataclass, field

WINDOW_S = 3600.0
SLICE_S = 300.0
ANSWER_TOKENS = 300
LEAST_TOKENS = 20
"""A shorter answer says nothing of the pace."""
MOST_CHANNELS = 20_000

ChannelId = tuple[str, str]


@dataclass(slots=True)
class _Slice:
    begun_at: float
    count: int = 0
    first_token_s: float = 0.0
    tokens: int = 0
    pace_s: float = 0.0


@dataclass(slots=True)
class Speeds:
    """Measurements by channel; bounded, and forgotten with a restart."""

    _slices: dict[ChannelId, deque[_Slice]] = field(default_factory=dict)

    def first_token(self, channel: ChannelId, seconds: float, now: Monotonic) -> None:
        """One answer began after so many seconds."""
        piece = self._current(channel, now)
        piece.count += 1
        piece.first_token_s += seconds

    def answer(self, channel: ChannelId, tokens: int, seconds: float, now: Monotonic) -> None:
        """One answer of so many tokens took so many seconds from its first one."""
        if tokens >= LEAST_TOKENS and seconds > 0:
            piece = self._current(channel, now)
            piece.tokens += tokens
            piece.pace_s += seconds

    def expected_s(self, channel: ChannelId, now: Monotonic) -> float | None:
        """Until an answer would be there, by the last hour; None where nothing was measured."""
        pieces = [one for one in self._slices.get(channel, ()) if one.begun_at > now - WINDOW_S]
        count = sum(piece.count for piece in pieces)
        if not count:
            return None
        first = sum(piece.first_token_s for piece in pieces) / count
        tokens = sum(piece.tokens for piece in pieces)
        pace = sum(piece.pace_s for piece in pieces) / tokens if tokens else 0.0
        return first + ANSWER_TOKENS * pace

    def keep(self, channels: Collection[ChannelId]) -> None:
        """Forget all others."""
        self._slices = {name: kept for name, kept in self._slices.items() if name in channels}

    def _current(self, channel: ChannelId, now: Monotonic) -> _Slice:
        slices = self._slices.get(channel)
        if slices is None:
            if len(self._slices) >= MOST_CHANNELS:
                self._slices.clear()
            slices = self._slices[channel] = deque(maxlen=int(WINDOW_S / SLICE_S) + 1)
        if not slices or slices[-1].begun_at <= now - SLICE_S:
            slices.append(_Slice(now))
        return slices[-1]
