"""What all answers together hold: counted in bytes, whatever kind they are; upstreams wait first,
one answer is refused second, and small ones never notice.
"""

import pytest
from hand_loop import HandLoop

from uniapi.canonical import Failure, FailureKind
from uniapi.dialects import UPSTREAM_DIALECTS
from uniapi.gateway.answer_memory import (
    FREE_BYTES,
    OVERRUN_BYTES,
    POLL_S,
    READER_S,
    TURN_S,
    WAIT_S,
    AnswerMemory,
)
from uniapi.gateway.patience import Patience
from uniapi.gateway.receiver import Receiver
from uniapi.pipes.relay import RelayBody, RelayStream
from uniapi.wire import ResponseHead, SseDecoder

MB = 1024 * 1024
MOST = 64 * MB
READ = b"x" * 65_536
JSON = ResponseHead(status=200, headers={"content-type": "application/json"})
EVENTS = ResponseHead(status=200, headers={"content-type": "text/event-stream"})


def chat_stream():
    return RelayStream(
        SseDecoder(), UPSTREAM_DIALECTS["openai_chat"].observer(), lambda failure: []
    )


class Upstream:
    """An exchange that says the same again and again, unless it is paused."""

    def __init__(self, stage, head=JSON, pipe=RelayBody):
        self.is_paused = self.is_cancelled = False
        self.receiver = Receiver(
            stage.loop,
            lambda head: pipe(),
            lambda head, body: Failure(kind=FailureKind.SERVER_ERROR, message=""),
            Patience(first_token_s=3600, idle_s=3600),
            stage.loop.time(),
            memory=stage.memory,
        )
        self.receiver.started(self)
        self.receiver.head(head)
        self.said = 0

    def pause(self):
        assert not self.is_paused
        self.is_paused = True

    def resume(self):
        assert self.is_paused
        self.is_paused = False

    def cancel(self):
        self.is_cancelled = True

    def says(self, size, data=READ):
        """Up to so many bytes, as far as it is read."""
        for _ in range(0, size, len(data)):
            if self.is_paused or self.is_cancelled:
                return
            self.receiver.data(data)
            self.said += len(data)

    @property
    def failure(self):
        outcome = self.receiver.outcome
        return outcome.result() if outcome.done() else None


class Stage:
    def __init__(self):
        self.loop = HandLoop()
        self.memory = AnswerMemory(MOST)

    def upstreams(self, count, **how):
        return [Upstream(self, **how) for _ in range(count)]


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.loop.close()


def test_endless_answers_together_stay_within_the_memory(stage):
    """Eight at once: what is held never exceeds it, and each ends in a refusal that
    says why.
    """
    endless, most = stage.upstreams(8), 0
    while not all(one.is_cancelled for one in endless):
        for one in endless:
            one.says(MB)
            if one.is_cancelled:
                one.receiver.close()
            most = max(most, stage.memory.held)
        stage.loop.pass_time(POLL_S)
    assert MOST // 2 < most <= MOST + 8 * len(READ) * 2
    assert stage.memory.held == 0
    # The last ones go on until they are larger than any answer may be.
    refused = [one.failure for one in endless if one.failure.kind is FailureKind.NO_ROOM]
    assert len(refused) >= 4
    assert "`max_answers_in_memory`" in refused[0].message
    assert refused[0].retry_after_s


def test_large_answers_that_end_all_come_one_after_the_other(stage):
    """Together they are more than fits: nobody is refused, upstreams wait."""
    size, waited = 20 * MB, set()
    images = stage.upstreams(8)
    for _ in range(400):
        for one in images:
            one.says(min(MB, size - one.said))
            if one.is_paused:
                waited.add(one)
            if one.said >= size and not one.receiver.is_over:
                one.receiver.cancel()
                one.receiver.close()
        stage.loop.pass_time(POLL_S)
    assert [one.said for one in images] == [size] * 8
    assert len(waited) >= 5
    assert stage.memory.held == 0


def test_small_answers_never_wait(stage):
    for one in stage.upstreams(8):
        one.says(10 * MB)
    (small,) = stage.upstreams(1)
    small.says(FREE_BYTES)
    assert small.said == FREE_BYTES
    assert not small.is_paused


def test_who_goes_on_alone_and_says_nothing_lets_the_next_one_go_on(stage):
    first, second = stage.upstreams(2)
    first.says(40 * MB)
    second.says(MB)
    assert not first.is_paused
    assert second.is_paused
    stage.loop.pass_time(TURN_S)
    assert second.is_paused
    stage.loop.pass_time(POLL_S * 2)
    assert not second.is_paused
    assert second.failure is None
    first.says(MB)
    assert first.is_paused


def test_what_waits_for_too_long_is_refused_and_not_before(stage):
    first, second = stage.upstreams(2)
    first.says(40 * MB)
    second.says(MB)
    passed = 0.0
    while passed < WAIT_S:
        assert second.failure is None
        first.says(len(READ) * 2)
        stage.loop.pass_time(1.0)
        passed += 1.0
    stage.loop.pass_time(POLL_S * 2)
    assert second.failure.kind is FailureKind.NO_ROOM
    assert second.is_cancelled
    assert first.failure is None
    assert not first.is_paused


def test_an_upstream_that_is_not_to_be_stopped_is_refused(stage):
    """What an inflater makes of one read comes although it is paused."""
    first, second = stage.upstreams(2)
    first.says(40 * MB)
    second.says(MB)
    assert second.is_paused
    for _ in range(OVERRUN_BYTES // len(READ) + 2):
        second.receiver.data(READ)
    assert second.failure.kind is FailureKind.NO_ROOM


def test_what_reading_a_large_answer_takes_counts(stage):
    """A few bytes may become very many: small objects take thirty times what they take on the wire;
    numbers and pictures do not.
    """
    objects, numbers, image = stage.upstreams(3)
    objects.says(3 * MB, b'{"a":1},' * 8192)
    assert stage.memory.held > 50 * MB
    objects.says(20 * MB, b'{"a":1},' * 8192)
    assert objects.failure.kind is FailureKind.NO_ROOM
    assert objects.said < 5 * MB
    objects.receiver.close()
    numbers.says(3 * MB, b"0.01234567890123456," * 3277)
    image.says(3 * MB, b"QUJD" * 16384)
    assert 6 * MB < stage.memory.held < 14 * MB


def test_answers_that_are_read_with_another_count(stage):
    """Of a request that became several."""
    first, second = stage.upstreams(2)
    first.receiver.weigh_beside(50_000)
    assert stage.memory.held == 0
    first.receiver.weigh_beside(40 * MB)
    assert stage.memory.held == 40 * MB
    second.says(MB)
    assert second.is_paused
    first.receiver.close()
    assert stage.memory.held == second.said
    stage.loop.pass_time(POLL_S)
    assert not second.is_paused


def test_a_frame_that_is_not_whole_and_a_slow_reader_count(stage):
    """Of a stream that flows."""

    class Slow:
        def __init__(self):
            self.waits = 0

        def write(self, data):
            self.waits += len(data)

        def backlog(self):
            return self.waits

    (stream,) = stage.upstreams(1, head=EVENTS, pipe=chat_stream)
    slow = Slow()
    stream.receiver.data(b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n')
    assert stream.receiver.is_committed
    stream.receiver.attach(slow)
    stream.receiver.data(b'data: {"choices":[{"index":0,"delta":{"content":"')
    stream.says(MB)
    # The unfinished frame, and what was relayed of it.
    assert 2 * stream.said - 2 * len(READ) <= stage.memory.held < 2 * stream.said + 200
    assert stream.is_paused
    stream.receiver.close()
    assert stage.memory.held == 0


def test_a_slow_client_loses_a_large_answer_to_who_waits_for_its_memory(stage):
    """The one that is furthest beyond its time; not while nobody waits, and not before."""
    slow, slower, next_one = stage.upstreams(3)
    lost = []
    for one, size in ((slower, 20 * MB), (slow, 25 * MB)):
        one.says(size)
        one.receiver.pressure.ended(size)
        one.receiver.pressure.may_let_go(lambda one=one: lost.append(one))
    stage.loop.pass_time(300)
    assert lost == []
    for one in (slow, slower):
        one.receiver.pressure.ended(one.said)
    next_one.says(30 * MB)
    stage.loop.pass_time(READER_S + 4.9)
    assert next_one.is_paused
    assert lost == []
    stage.loop.pass_time(0.2)
    assert lost == [slower]
    slower.receiver.close()
    stage.loop.pass_time(POLL_S * 2)
    assert not next_one.is_paused
    assert lost == [slower]
    assert next_one.failure is None
