"""A dialect that is read in when it is asked for: nothing is imported before, and afterwards it is
an object like any other.
"""

import pytest

from uniapi.dialects import RelayedDialect
from uniapi.dialects.deferred import deferred


def waiting(whole, loads):
    def load():
        loads.append(whole)
        return whole

    return deferred(RelayedDialect, load, name="own name")


def whole():
    plain = dict.fromkeys(
        ("family", "framing", "encode_request", "fit", "decode_response", "stream_decoder")
    )
    late = dict.fromkeys(("decode_error", "needs_inline"))
    return RelayedDialect(**plain, **late, name="the folder's", observer=list)


def test_it_is_read_in_once_when_something_is_asked_that_is_not_known():
    """What was known at once stays as it was said."""
    loads = []
    one = waiting(whole(), loads)
    assert isinstance(one, RelayedDialect)
    assert one.name == "own name"
    assert not loads
    assert one.observer is list
    assert one.usage_frame_only is whole().usage_frame_only
    assert one.name == "own name"
    assert len(loads) == 1


def test_then_it_is_found_at_once_what_it_holds():
    """Its class does not look for what is missing any more: each look took ten times as long."""
    one = waiting(whole(), [])
    assert one.model_paths == (("model",),)
    assert type(one) is RelayedDialect
    assert not hasattr(RelayedDialect, "__getattr__")


def test_what_no_dialect_has_is_not_read_in_for():
    """Whoever asks whether something is there is told so."""
    loads = []
    one = waiting(whole(), loads)
    with pytest.raises(AttributeError, match="colour"):
        _ = one.colour
    assert not loads
