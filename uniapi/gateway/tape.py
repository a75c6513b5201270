"""What came of an answer, so far as it is needed to estimate what a call that was cut short has
cost: most vendors state their figures at the end.
"""

from __future__ import annotations

from collections.abc import Callable

from uniapi.canonical import Call, Usage
from uniapi.values import replace

from .call_facts import estimate_call_tokens

SAMPLE_BYTES = 4 * 1024
"""The pieces of a stream are much alike: its beginning tells how much text its bytes hold."""


class Tape:
    """Counts the bytes of an answer and keeps the first of them."""

    __slots__ = ("_sample", "_stated_at", "is_full", "received", "stated")

    def __init__(self) -> None:
        self.stated: Usage | None = None
        """The vendor's figures when the last bytes were taken."""
        self.received = self._stated_at = 0
        self._sample = b""
        self.is_full = False
        """No more bytes are kept: they are only counted."""

    def take(self, data: bytes, stated: Usage | None) -> None:
        """The next bytes, and the vendor's figures when they had been read."""
        self.received += len(data)
        if not self.is_full:
            room = SAMPLE_BYTES - len(self._sample)
            # Up to the end of a frame, and not all that may have come with it.
            end = data.find(b"\n\n", room) if len(data) > room else -1
            self._sample += data if end < 0 else data[: end + 2]
            self.is_full = len(data) >= room
        if stated is not self.stated:
            if _output(stated) != _output(self.stated):
                self._stated_at = self.received
            self.stated = stated

    def usage(self, call: Call, count_output: Callable[[bytes], int]) -> Usage | None:
        """What the call came to, though the answer broke off here: what the vendor stated, and what
        came after that by estimate. `count_output`: the tokens in the beginning of such an answer.
        """
        stated, unstated = self.stated or Usage(), self.received - self._stated_at
        is_known = stated.input_tokens is not None and not unstated
        if is_known or not self.received:
            return self.stated
        sample, skipped = self._sample, self._stated_at
        if skipped >= len(sample):
            skipped = 0
        tokens = count_output(sample) - (count_output(sample[:skipped]) if skipped else 0)
        given = stated.input_tokens
        return replace(
            stated,
            input_tokens=estimate_call_tokens(call) if given is None else given,
            output_tokens=(stated.output_tokens or 0)
            + tokens * unstated // (len(sample) - skipped),
            total_tokens=None,
            is_estimate=True,
        )


def _output(stated: Usage | None) -> int | None:
    return None if stated is None else stated.output_tokens
