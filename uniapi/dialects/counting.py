"""How an upstream is asked how many tokens a request reads: the part of a generation's body that
its count endpoint takes, and where the figure stands in its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from uniapi.canonical import Json
from uniapi.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """`members`: of a generation's body, what the endpoint takes. `read(answer)` is the figure;
    raises KeyError, TypeError or ValueError for an answer of another shape.
    """

    members: frozenset[str]
    read: Callable[[Mapping[str, Json]], int]

    def reduced(self, body: Mapping[str, Json], sent: Mapping[str, Json]) -> dict[str, Json]:
        """`body` (fitted for a generation) as a count; what the client itself `sent` stays."""
        return {name: value for name, value in body.items() if name in self.members or name in sent}


def figure(name: str) -> Callable[[Mapping[str, Json]], int]:
    """The reader of a figure under this name. Nought is none: no request reads nothing, and there
    are gateways that say so of what they cannot count (BerriAI/litellm#36921, 2026-11-30).
    """

    def read(answer: Mapping[str, Json]) -> int:
        value = answer[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"`{name}` is no number")
        if value < 1:
            raise ValueError(f"`{name}` is {value}")
        return value

    return read
