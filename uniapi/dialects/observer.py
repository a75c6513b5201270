"""What a relay learns of an answer that it hands on untouched."""

from __future__ import annotations

from typing import Protocol

from uniapi.canonical import Failure, Finish, Json, Usage
from uniapi.wire import Frame


class Observer(Protocol):
    """Listens to a relayed answer without touching it. It never raises; a frame it cannot read is counted in `unreadable` and passed over.

    `committed`: real output was seen. `is_whole`: the dialect's proper end was seen. `failure`: an error object was seen. `issued_ids`: upstream ids that pin later calls.
    """

    committed: bool
    is_whole: bool
    failure: Failure | None
    usage: Usage | None
    finish: Finish | None
    model: str | None
    unreadable: int
    issued_ids: list[str]

    def feed(self, frame: Frame) -> None:
        """One frame of a streamed answer."""
        ...

    def whole(self, body: Json) -> None:
        """A whole answer's JSON value."""
        ...
