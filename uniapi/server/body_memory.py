"""How much of request bodies is in memory, of all calls together: each is bounded, and their sum is
too.
"""

from __future__ import annotations

from types import TracebackType

from uniapi.canonical import ClientError, RequestRefused

RETRY_AFTER_S = 5
VALUE_BYTES = 350
"""What a value of a large body comes to while the request is answered, parsed and translated: the
600,000 of 200,000 messages took 80 to 230 MB.
"""


class BodyMemory:
    """The sum."""

    def __init__(self) -> None:
        self.held = 0


class BodyShare:
    """What one call holds of it, from its first byte to its end, while all together hold at most
    `most` bytes; given back where its `with` ends.
    """

    __slots__ = ("_held", "_memory", "_most")

    def __init__(self, memory: BodyMemory, most: int) -> None:
        self._memory = memory
        self._most = most
        self._held = 0

    def grow_to(self, size: int) -> None:
        """The body has so many bytes. Raises RequestRefused: 503 when there is no room for them."""
        more = size - self._held
        if more > 0:
            if self._memory.held + more > self._most:
                raise _is_full(self._most)
            self._memory.held += more
            self._held = size

    def check_room(self, more: int) -> None:
        """The body is going to have so many bytes, of which none is held before it is here: who
        announces much and sends nothing keeps nobody out. Raises RequestRefused as `grow_to`.
        """
        if self._memory.held + more > self._most:
            raise _is_full(self._most)

    def add(self, more: int) -> None:
        """As `grow_to`, beside what is held already."""
        self.grow_to(self._held + more)

    def weigh(self, values: int) -> None:
        """As `add`, for what is made of so many values; three quarters of the memory at most, so
        that none is too heavy when it comes alone.
        """
        self.add(max(0, min(values * VALUE_BYTES, self._most * 3 // 4 - self._held)))

    def __enter__(self) -> BodyShare:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.give_back()

    def give_back(self) -> None:
        """The call is over."""
        self._memory.held -= self._held
        self._held = 0


def _is_full(most: int) -> RequestRefused:
    return RequestRefused(
        ClientError(
            status=503,
            message=(
                "The bodies of all running requests fill the memory that this gateway"
                f" gives them ({most} bytes, `max_bodies_in_memory`)."
            ),
            code="too_many_bodies",
            headers={"retry-after": str(RETRY_AFTER_S)},
        )
    )
