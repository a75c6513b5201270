"""Whoever sends requests with a certain head. A client sends the same bytes before every body, but
for the body's length: what they mean is found out once, and kept while the configuration stays in
force.

Kept are heads that came with a right key only: strangers neither fill this memory nor learn
anything from the time that a look into it takes, since a head is found by all of its bytes or not
at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Principal
from uniapi.config import ClientKey, Preferences
from uniapi.operations import SERVICES
from uniapi.values import dataclass
from uniapi.wire import MAX_LENGTH_DIGITS, RequestHead, without_length

from .auth import KeyRing
from .paths import Route

MOST_HEADS = 128
LONGEST_HEAD = 4096
"""Bytes; what is longer is read each time."""


@dataclass(slots=True, kw_only=True)  # a value
class Visitor:
    """What the bytes of a head say under one configuration, whose keys are `ring`; of the length of
    its body they say nothing here, since the next one has another.

    `headers` and `query` are those of its calls: they hold no credentials.
    """

    head: RequestHead
    route: Route
    ring: KeyRing
    key: ClientKey
    principal: Principal
    headers: Mapping[str, str]
    query: Mapping[str, str]
    preferences: Preferences

    @property
    def is_lasting(self) -> bool:
        """Nothing but the bytes decides who it is and what is wanted."""
        return (
            self.route.kind == "inference"
            and not SERVICES[self.route.operation].is_carried
            and self.key.expires_at_s is None
            and not self.key.allowed_ips
            and not self.preferences.trusted_proxies
        )


class KnownHeads:
    """The memory. One for the front."""

    def __init__(self) -> None:
        self._ring: KeyRing | None = None
        self._visitors: dict[bytes, Visitor] = {}

    def find(self, head: bytes, ring: KeyRing) -> tuple[Visitor, int] | None:
        """Whose head it is, and the length of the body behind it."""
        if ring is not self._ring:
            self._visitors.clear()
            self._ring = ring
        rest, digits = without_length(head)
        visitor = self._visitors.get(rest)
        if visitor is None or not digits.isdigit() or len(digits) > MAX_LENGTH_DIGITS:
            return None
        return visitor, int(digits)

    def keep(self, head: bytes, visitor: Visitor) -> None:
        """`head` was read in full, and this is what it says."""
        rest, digits = without_length(head)
        if visitor.ring is not self._ring or not digits or len(rest) > LONGEST_HEAD:
            return
        if len(self._visitors) >= MOST_HEADS:
            del self._visitors[next(iter(self._visitors))]
        self._visitors[rest] = visitor
