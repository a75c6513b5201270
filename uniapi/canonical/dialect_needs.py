"""What of a request decides in which of its dialects an upstream can be asked for it: read from the
client's body without decoding it.
"""

from __future__ import annotations

from uniapi.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectNeeds:
    """`has_functions`: functions are offered. `effort`: how much to think, None unsaid; `medium`
    where thinking is asked for without a measure. `searches`: the vendor is to search the web.
    `groups_tools`: functions are offered in namespaces.
    """

    has_functions: bool = False
    effort: str | None = None
    searches: bool = False
    groups_tools: bool = False

    @property
    def names_effort(self) -> bool:
        """Whether it asks for thinking, by any measure."""
        return self.effort not in (None, "none")


NO_NEEDS = DialectNeeds()
