"""What a client is told when nothing was left to try: whose key, until when, and whether waiting
helps.
"""

import pytest

from uniapi.routing.give_up import give_up
from uniapi.routing.steps import Obstacle

REFUSED = Obstacle(
    channel="a/m", kind="refused", text="its key was refused (no)", free_in_s=40.0, is_final=True
)
EMPTY = Obstacle(
    channel="b/m", kind="rate", text="key 2 has no money", free_in_s=50.0, is_final=True
)
PASSING = Obstacle(channel="c/m", kind="rate", text="its key rests", free_in_s=20.0)
LATER = Obstacle(channel="d/m", kind="failure", text="it rests", free_in_s=900.0)


@pytest.mark.parametrize(
    "obstacles, status, retries, kind",
    [
        ([REFUSED], 503, "false", "permission_error"),
        ([EMPTY], 429, "false", "insufficient_quota"),
        ([REFUSED, LATER], 503, "false", "permission_error"),
        ([REFUSED, PASSING], 429, "true", None),
        ([PASSING], 429, "true", None),
        ([LATER], 503, "false", None),
    ],
)
def test_a_client_is_told_whether_waiting_helps(obstacles, status, retries, kind):
    """It does where something comes back within the minute that an SDK waits; what only the owner
    can mend has a type that says so.
    """
    error = give_up((), obstacles, "m").error
    assert (error.status, error.type) == (status, kind)
    assert error.sent_headers()["x-should-retry"] == retries


def test_every_channel_is_named_with_its_reason_and_time():
    """What is back first stands first; of many a few."""
    message = give_up((), [LATER, REFUSED], "m").error.message
    assert message == (
        "No channel for `m` is available at the moment: a/m: its key was refused (no), for 40 s"
        " yet; d/m: it rests, for 15 min yet."
    )
    many = give_up((), [LATER] * 9, "m").error.message
    assert "and 5 more" in many


def test_what_rests_is_not_the_clients_doing():
    """It stands among the failures; a limit of the client's own, or a request that no channel
    takes, does not.
    """
    own = Obstacle(channel="a/m", kind="client_limit", text="its nested key is at its limit")
    ruled_out = Obstacle(channel="a/m", kind="ruled_out", text="the provider takes no tools")
    for obstacles, expected in (
        ([REFUSED], True),
        ([PASSING], True),
        ([own, ruled_out], False),
        ([own, PASSING], True),
        ([], False),
    ):
        assert give_up((), obstacles, "m").is_unavailable is expected
    assert give_up((), [], "m", is_late=True).is_unavailable
