"""How decoders read JSON that may have any shape: they take what they expect, and their edge tells
what was there instead.
"""

from __future__ import annotations

from uniapi.canonical import Json
from uniapi.errors import WireError

SHAPE_ERRORS = (KeyError, IndexError, TypeError, AttributeError, ValueError)
"""What reading a JSON value of an unexpected shape raises; at a decoder's edge each means malformed
upstream bytes.
"""


class expecting:
    """The edge of a whole answer's decoder: what is raised inside for a wrong shape becomes a
    WireError that says `what` was expected.
    """

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if error is None:
            return
        if isinstance(error, RecursionError):
            raise WireError(f"expected {self._what}, found one nested too deep") from None
        if isinstance(error, SHAPE_ERRORS):
            shown = f"{type(error).__name__}: {error}"
            raise WireError(f"expected {self._what}: {shown}") from None


def text_of(value: Json) -> str:
    """A member that must be text, when it is there at all; raises TypeError."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {str(value)[:80]}")
    return value
