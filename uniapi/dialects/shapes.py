"""How decoders read JSON that may have any shape: they take what they expect, and their edge tells
what was there instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from uniapi.canonical import Json
from uniapi.errors import WireError

SHAPE_ERRORS = (KeyError, IndexError, TypeError, AttributeError, ValueError)
"""What reading a JSON value of an unexpected shape raises; at a decoder's edge each means malformed
upstream bytes.
"""


@contextmanager
def expecting(what: str) -> Iterator[None]:
    """The edge of a whole answer's decoder: what is raised inside for a wrong shape becomes a
    WireError that says `what` was expected.
    """
    try:
        yield
    except RecursionError:
        raise WireError(f"expected {what}, found one nested too deep") from None
    except SHAPE_ERRORS as error:
        raise WireError(f"expected {what}: {type(error).__name__}: {error}") from None


def text_of(value: Json) -> str:
    """A member that must be text, when it is there at all; raises TypeError."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {str(value)[:80]}")
    return value
