"""The receiver alone: nothing is written before the commit, what fails before it is a failed
attempt, large answers are read in a thread. Its times are played in `test_loop_time`.
"""

import asyncio
import threading
from functools import partial

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.config import without_secrets_in_bytes
from uniapi.gateway.key_mask import NO_SECRET, KeyMask
from uniapi.gateway.patience import Patience, TriggerProbe
from uniapi.gateway.receiver import MAX_HELD_BYTES, Receiver
from uniapi.pipes.pipe import Collecting, Report
from uniapi.wire import LARGE_BYTES, ResponseHead

OK = ResponseHead(status=200, headers={"content-type": "text/event-stream"})
PATIENT = Patience(first_token_s=5, idle_s=5)


class EchoPipe:
    """Passes bytes on; `!` commits, `E` fails, `.` is the whole end."""

    streams = True
    is_over = False
    may_end = False
    held = 0

    def __init__(self, probes=False):
        self.report = Report(text=[] if probes else None)

    def feed(self, data):
        if self.report.text is not None:
            self.report.text.append(data.decode())
        self.report.committed = self.report.committed or b"!" in data
        if b"E" in data:
            self.report.failure = Failure.cut("said E")
        return [data]

    def eof(self):
        self.report.is_whole = self.report.committed
        if not self.report.committed:
            self.report.failure = self.report.failure or Failure(
                kind=FailureKind.EMPTY, message="nothing"
            )
        return [b"."]

    def abort(self, failure):
        self.report.failure = failure
        return [b"<" + failure.kind.value.encode() + b">"]


class Outlet:
    def __init__(self):
        self.data = b""
        self.is_ended = False

    def write(self, data):
        self.data += data

    def write_last(self, data):
        self.data += data
        self.is_ended = True

    def backlog(self):
        return 0


class Exchange:
    def __init__(self):
        self.calls = []

    def pause(self):
        self.calls.append("pause")

    def resume(self):
        self.calls.append("resume")

    def cancel(self):
        self.calls.append("cancel")


def receiver(probe=None, pipe=None, mask=None, secret=NO_SECRET):
    made = Receiver(
        asyncio.get_running_loop(),
        lambda head: pipe or EchoPipe(probes=probe is not None),
        lambda head, body: Failure(
            kind=FailureKind.SERVER_ERROR, message=body.decode(), status=head.status
        ),
        PATIENT,
        asyncio.get_running_loop().time(),
        probe,
        None if mask is None else KeyMask(mask, secret),
    )
    exchange = Exchange()
    made.started(exchange)
    return made, exchange


async def test_nothing_goes_out_before_the_commit_and_everything_after():
    """What was held is released at once, later bytes go straight through."""
    made, _ = receiver()
    outlet = Outlet()
    made.head(OK)
    made.data(b"role ")
    assert not made.outcome.done()
    made.data(b"first! ")
    assert await made.outcome is None
    finished = made.attach(outlet)
    assert outlet.data == b"role first! "
    made.data(b"second")
    assert outlet.data == b"role first! second"
    made.end()
    await finished
    assert outlet.data.endswith(b".")
    assert outlet.is_ended


async def test_an_answer_that_is_over_when_its_reply_begins_is_written_with_its_end():
    made, _ = receiver()
    outlet = Outlet()
    made.head(OK)
    made.data(b"all at once!")
    made.end()
    assert await made.outcome is None
    await made.attach(outlet)
    assert (outlet.data, outlet.is_ended) == (b"all at once!.", True)


async def test_a_broken_answer_is_not_written_as_a_proper_end():
    made, _ = receiver()
    outlet = Outlet()
    made.head(OK)
    made.data(b"some!")
    assert await made.outcome is None
    finished = made.attach(outlet)
    made.fail(Failure.cut("gone"))
    await finished
    assert (outlet.data.startswith(b"some!<"), outlet.is_ended) == (True, False)


async def test_a_credential_that_is_echoed_within_the_answer_is_masked():
    """From the failure on, whether it comes by itself or at the end; what was said before goes out
    as it came.
    """
    made, _ = receiver(mask=lambda data: data.replace(b"secret", "s…t".encode()))
    outlet = Outlet()
    made.head(OK)
    made.data(b"no secret! ")
    assert await made.outcome is None
    made.attach(outlet)
    made.data(b"E: bad key secret ")
    assert outlet.data.decode() == "no secret! E: bad key s…t "
    made.end()


async def test_the_credential_of_the_call_is_masked_wherever_it_is_repeated():
    """In an answer that is no failure too."""
    made, _ = receiver(mask=lambda data: data.replace(b"secret", b"s-t"), secret=b"secret")
    outlet = Outlet()
    made.head(OK)
    made.data(b"your key is secret! ")
    assert await made.outcome is None
    made.attach(outlet)
    made.data(b"again: secret ")
    assert outlet.data == b"your key is s-t! again: s-t "
    made.end()


@pytest.mark.parametrize("key", ["sk-provider/0123456789", '"key":"sk-provider/0123456789"'])
@pytest.mark.parametrize("spelled", ["", "one", "all"])
async def test_the_credential_is_masked_however_it_is_cut_and_spelled(key, spelled):
    """In reads that end anywhere in it, and as JSON may write its characters."""
    secret = "sk-provider/0123456789"
    written = key.replace(
        secret,
        {
            "": secret,
            "one": secret.replace("s", "\\u0073").replace("/", "\\/"),
            "all": "".join(f"\\u00{ord(character):02X}" for character in secret),
        }[spelled],
    )
    said = f"data: {{{written}}} and \\u0022\\n\n".encode()
    masked = without_secrets_in_bytes(said, (secret,))
    assert b"sk-provider" not in masked
    assert b"\\u0022\\n" in masked
    for at in range(len(said) + 1):
        mask = partial(without_secrets_in_bytes, secrets=(secret,))
        made, _ = receiver(mask=mask, secret=secret.encode())
        outlet = Outlet()
        made.head(OK)
        made.data(b"hello!\n")
        assert await made.outcome is None
        made.attach(outlet)
        made.data(said[:at])
        made.data(said[at:])
        made.end()
        assert outlet.data.replace(b"hello!\n", b"").rstrip(b".") == masked, at


async def test_nothing_is_kept_of_a_frame_that_is_whole():
    """And what is kept of one that is not goes out with its end."""
    made, _ = receiver(mask=lambda data: data, secret=b"sk-provider")
    outlet = Outlet()
    made.head(OK)
    made.data(b"data: one!\n\n")
    assert await made.outcome is None
    made.attach(outlet)
    for said, seen in (
        (b'[{"a":1}', b'[{"a":1}'),
        (b"data: s", b""),
        (b"k-other\n", b"data: sk-other\n"),
    ):
        outlet.data = b""
        made.data(said)
        assert outlet.data == seen
    made.data(b"data: sk-pro")
    made.end()
    assert b"data: sk-pro" in outlet.data


async def test_an_error_status_is_read_and_classified():
    """The body of a 500 becomes the failure."""
    made, _ = receiver()
    made.head(ResponseHead(status=500, headers={}))
    made.data(b"oh ")
    made.data(b"no")
    made.end()
    assert (await made.outcome).message == "oh no"


@pytest.mark.parametrize("step", ["error frame", "empty", "cut"])
async def test_failures_before_the_commit_are_failed_attempts(step):
    """Nothing has been written, so another channel may be tried."""
    made, exchange = receiver()
    made.head(OK)
    if step == "error frame":
        made.data(b"E")
    elif step == "empty":
        made.end()
    else:
        made.fail(Failure.cut("reset"))
    assert (await made.outcome) is not None
    assert step == "empty" or "cancel" in exchange.calls


async def test_a_trigger_is_found_before_anything_is_written_and_its_absence_lets_go():
    """Text is held until it is longer than the longest trigger."""
    made, _ = receiver(probe=TriggerProbe(("overload",)))
    made.head(OK)
    made.data(b"!over")
    made.data(b"load")
    assert (await made.outcome).kind is FailureKind.TRIGGERED
    made, _ = receiver(probe=TriggerProbe(("overload",)))
    made.head(OK)
    made.data(b"!abc")
    assert not made.outcome.done()
    made.data(b"defghijkl")
    assert await made.outcome is None


async def test_no_more_than_a_megabyte_is_held_for_a_trigger():
    """An answer of pictures or reasoning has no text to wait for."""

    class Wordless(EchoPipe):
        def feed(self, data):
            super().feed(b"!")
            self.report.text = []
            return [data]

    made, _ = receiver(probe=TriggerProbe(("overload",)), pipe=Wordless(probes=True))
    made.head(OK)
    made.data(bytes(MAX_HELD_BYTES))
    assert not made.outcome.done()
    made.data(b"x")
    assert await made.outcome is None


async def test_cancelling_closes_the_upstream_and_ignores_what_still_comes():
    """The client has left."""
    made, exchange = receiver()
    made.head(OK)
    made.cancel()
    made.data(b"late!")
    made.end()
    assert exchange.calls == ["cancel"]
    assert not made.outcome.done()


class WholePipe(Collecting):
    """Reads a whole answer, when it is let; `threads` are those it was read in."""

    def __init__(self, wrong=None):
        super().__init__()
        self.may_read = threading.Event()
        self.threads = []
        self.wrong = wrong

    def eof(self):
        self.threads.append(threading.get_ident())
        assert self.may_read.wait(10)
        if self.wrong is not None:
            raise self.wrong
        self.report.committed = self.report.is_whole = True
        return [b"".join(self._pieces)]


async def test_a_large_whole_answer_is_read_in_a_thread():
    """The loop goes on meanwhile; a small one is read at once."""
    for size, is_elsewhere in ((LARGE_BYTES + 1, True), (10, False)):
        pipe = WholePipe()
        made, _ = receiver(pipe=pipe)
        if not is_elsewhere:
            pipe.may_read.set()
        made.head(OK)
        made.data(bytes(size))
        made.end()
        assert made.outcome.done() is not is_elsewhere
        pipe.may_read.set()
        assert await made.outcome is None
        assert [thread != threading.get_ident() for thread in pipe.threads] == [is_elsewhere]
        assert len(made.take_whole()) == size


async def test_a_large_whole_answer_is_masked_where_it_is_read():
    """To look for a credential in it takes as long as to read it."""
    threads, pipe = [], WholePipe()

    def mask(data):
        threads.append(threading.get_ident())
        return data.replace(b"secret", b"s-t")

    made, _ = receiver(pipe=pipe, mask=mask, secret=b"secret")
    pipe.may_read.set()
    made.head(OK)
    made.data(bytes(LARGE_BYTES) + b"secret secret!}")
    made.end()
    assert await made.outcome is None
    assert made.take_whole() == bytes(LARGE_BYTES) + b"s-t s-t!}"
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_a_mistake_in_the_thread_fails_the_attempt():
    """The call does not hang."""
    pipe = WholePipe(wrong=KeyError("ours"))
    pipe.may_read.set()
    made, _ = receiver(pipe=pipe)
    made.head(OK)
    made.data(bytes(LARGE_BYTES + 1))
    made.end()
    assert (await made.outcome).kind is FailureKind.BROKEN


async def test_too_little_memory_fails_the_attempt_in_one_line_of_the_log(caplog):
    """It is no mistake of ours: no traceback."""
    pipe = WholePipe(wrong=MemoryError())
    pipe.may_read.set()
    made, _ = receiver(pipe=pipe)
    made.head(OK)
    made.data(bytes(LARGE_BYTES + 1))
    made.end()
    assert (await made.outcome).kind is FailureKind.BROKEN
    assert [line.exc_info for line in caplog.records] == [None]
    assert "not enough memory" in caplog.text


async def test_what_is_read_after_the_call_was_cancelled_is_nobodys():
    """Nothing is decided any more."""
    pipe = WholePipe()
    made, _ = receiver(pipe=pipe)
    made.head(OK)
    made.data(bytes(LARGE_BYTES + 1))
    made.end()
    made.cancel()
    pipe.may_read.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    await asyncio.sleep(0)
    assert not made.outcome.done()


@pytest.mark.parametrize("said", [b"!", b"E"], ids=["commit", "failure"])
async def test_an_outcome_that_nobody_waits_for_any_more_is_no_mistake(said, caplog):
    """The client left in the moment in which the answer was there."""
    made, _ = receiver()
    made.head(OK)
    made.outcome.cancel()
    made.data(said)
    assert not caplog.records
