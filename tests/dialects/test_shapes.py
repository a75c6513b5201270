"""The edge of a decoder: whatever a value's shape does to the code inside, one error comes out."""

import pytest

from uniapi.dialects.shapes import expecting, text_of
from uniapi.errors import WireError


def nested():
    return nested()


@pytest.mark.parametrize(
    "read",
    [
        lambda: {}["id"],
        lambda: [][0],
        lambda: None.get("id"),
        lambda: int("x"),
        lambda: text_of(7),
        nested,
    ],
)
def test_a_wrong_shape_is_a_wire_error_that_names_what_was_expected(read):
    """The code inside checks nothing twice."""
    with pytest.raises(WireError, match="expected a thing"), expecting("a thing"):
        read()


def test_what_the_code_inside_says_itself_passes():
    """A WireError has better words already, and a mistake of ours is no malformed answer."""
    with pytest.raises(WireError, match="own words"), expecting("a thing"):
        raise WireError("own words")
    with pytest.raises(ZeroDivisionError), expecting("a thing"):
        _ = 1 / 0
