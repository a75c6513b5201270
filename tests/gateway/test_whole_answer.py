"""An answer that goes to its client in one piece: decided when all of it is there, however its
upstream sends it. What it has in common with streams is tried in `test_receiver`.
"""

import asyncio

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.gateway.key_mask import NO_SECRET, KeyMask
from uniapi.gateway.patience import Patience, TriggerProbe
from uniapi.gateway.whole_answer import WholeAnswer
from uniapi.pipes.pipe import Report
from uniapi.wire import ResponseHead

OK = ResponseHead(status=200, headers={"content-type": "application/json"})
PATIENT = Patience(first_token_s=5, idle_s=5)


class Folding:
    """Keeps what comes; `!` is output, `E` an error, `.` its dialect's end."""

    streams = False
    may_end = False
    held = 0

    def __init__(self):
        self.report = Report()
        self.is_over = False
        self.said = b""

    def feed(self, data):
        self.said += data
        self.report.committed = b"!" in self.said
        self.is_over = b"." in self.said
        if b"E" in data:
            self.report.failure = Failure.cut("said E")
        return []

    def eof(self):
        self.report.is_whole = self.report.committed
        if not self.report.committed:
            self.report.failure = Failure(kind=FailureKind.EMPTY, message="nothing")
        self.report.text = [self.said.decode()]
        return [self.said]

    def abort(self, failure):
        raise AssertionError("nothing was written")


class Exchange:
    def __init__(self):
        self.is_cancelled = False

    def cancel(self):
        self.is_cancelled = True


def answer(probe=None, secret=NO_SECRET):
    made = WholeAnswer(
        asyncio.get_running_loop(),
        lambda head: Folding(),
        lambda head, body: Failure(kind=FailureKind.SERVER_ERROR, message=body.decode()),
        PATIENT,
        asyncio.get_running_loop().time(),
        probe,
        KeyMask(lambda data: data.replace(secret, b"***"), secret),
    )
    exchange = Exchange()
    made.started(exchange)
    return made, exchange


async def test_nothing_is_decided_before_all_of_it_is_there():
    """Though its pipe has seen output."""
    made, _ = answer()
    made.head(OK)
    made.data(b"one!")
    made.data(b" two")
    assert not made.outcome.done()
    made.end()
    assert await made.outcome is None
    assert made.is_committed
    assert made.first_token_after_s is not None
    assert made.take_whole() == b"one! two"


async def test_it_ends_with_its_dialect_and_its_connection_may_end_by_itself():
    """What is said behind the end is not waited for, and a connection that stays open is closed
    a moment later, not at once.
    """
    made, exchange = answer()
    made.head(OK)
    made.data(b"one!.")
    assert await made.outcome is None
    made.data(b"more")
    assert made.take_whole() == b"one!."
    made.close()
    assert not exchange.is_cancelled


@pytest.mark.parametrize("said", [b"E", b"!E."])
async def test_an_error_in_it_fails_the_attempt_at_once(said):
    """And its connection is given up."""
    made, exchange = answer()
    made.head(OK)
    made.data(said)
    assert (await made.outcome).message == "said E"
    assert exchange.is_cancelled


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (lambda made: made.end(), FailureKind.EMPTY),
        (lambda made: made.fail(Failure.cut("reset")), FailureKind.BROKEN),
        (lambda made: made.look(made._loop.time() + 9, False), FailureKind.TIMEOUT),
    ],
    ids=["empty", "cut", "late"],
)
async def test_what_does_not_become_whole_is_a_failed_attempt(step, kind):
    """Nothing has reached the client."""
    made, _ = answer()
    made.head(OK)
    made.data(b" said ")
    step(made)
    assert (await made.outcome).kind is kind
    assert not made.is_committed


async def test_an_error_status_is_read_and_classified():
    """Not by the pipe."""
    made, _ = answer()
    made.head(ResponseHead(status=500, headers={}))
    made.data(b"oh ")
    made.data(b"no!.")
    assert not made.outcome.done()
    made.end()
    assert (await made.outcome).message == "oh no!."


async def test_a_trigger_in_it_fails_the_attempt():
    """All of its text is there."""
    for said, kind in ((b"all is overloaded!", FailureKind.TRIGGERED), (b"all is well!", None)):
        made, _ = answer(probe=TriggerProbe(("overload",)))
        made.head(OK)
        made.data(said)
        made.end()
        failure = await made.outcome
        assert (failure and failure.kind) is kind


async def test_the_credential_is_hidden_in_it_to_its_last_byte():
    """Its end may be the beginning of one, and is part of the answer all the same."""
    for said, shown in (
        (b"key sk-secret!", b"key ***!"),
        (b"!sk-secret", b"!***"),
        (b"!sk-s", b"!sk-s"),
    ):
        made, _ = answer(secret=b"sk-secret")
        made.head(OK)
        made.data(said)
        made.end()
        assert await made.outcome is None
        assert made.take_whole() == shown


async def test_a_client_that_was_sent_heartbeats_gets_it_behind_them():
    """And nothing more is waited for."""

    class Outlet:
        data = b"\n"

        def write(self, data):
            self.data += data

    made, _ = answer()
    made.head(OK)
    made.data(b"one!")
    made.end()
    assert await made.outcome is None
    outlet = Outlet()
    await made.attach(outlet)
    assert outlet.data == b"\none!"


async def test_an_outcome_that_nobody_waits_for_any_more_is_no_mistake(caplog):
    """The client left in the moment in which the answer was there."""
    made, _ = answer()
    made.head(OK)
    made.outcome.cancel()
    made.data(b"one!.")
    assert not caplog.records
