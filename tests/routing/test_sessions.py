"""How a conversation is named and remembered."""

from uniapi.routing import Sessions, name_session
from uniapi.routing.sessions import MAX_SESSIONS


def test_a_given_name_goes_before_the_opening():
    """The first of those given; a name is not told apart from others by what else the
    request says.
    """
    named = name_session(
        given=[None, "", "session 7", "user 3"], opening="system\nhello", continues=False
    )
    assert named.is_named
    assert (
        named.session_id
        == name_session(given=["session 7"], opening="other", continues=True).session_id
    )
    assert (
        named.session_id != name_session(given=["user 3"], opening="", continues=False).session_id
    )


def test_an_opening_names_a_conversation_by_its_hash():
    hint = name_session(given=[None], opening="system\nhello", continues=True)
    assert (hint.is_named, hint.continues) == (False, True)
    assert "hello" not in hint.session_id
    assert (
        hint.session_id
        != name_session(given=["system\nhello"], opening="", continues=True).session_id
    )


def test_nothing_to_go_by():
    assert name_session(given=[], opening="", continues=True).session_id is None


def test_broken_unicode_has_a_name_too():
    assert name_session(given=["\ud800"], opening="", continues=False).session_id


def test_remembered_for_an_hour_after_the_last_use():
    sessions = Sessions()
    sessions.settle(("p",), "s", "key", 0.0)
    assert sessions.home(("p",), "s", 3599.0) == "key"
    assert sessions.home(("q",), "s", 10.0) is None
    sessions.settle(("p",), "s", "key", 3000.0)
    assert sessions.home(("p",), "s", 6599.0) == "key"
    assert sessions.home(("p",), "s", 6600.0) is None


def test_bounded():
    """The longest unused are forgotten first."""
    sessions = Sessions()
    for number in range(MAX_SESSIONS):
        sessions.settle(("p",), str(number), "key", 0.0)
    sessions.settle(("p",), "0", "key", 1.0)
    sessions.settle(("p",), "new", "key", 2.0)
    assert [sessions.home(("p",), name, 3.0) for name in ("0", "1", "2", "new")] == [
        "key",
        None,
        "key",
        "key",
    ]
