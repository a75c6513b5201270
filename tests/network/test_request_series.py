"""Several requests as one exchange: in turn, the last answer for the sink; what is bought by the
piece is kept though a later piece fails.
"""

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.network import send_all
from uniapi.wire import ResponseHead


class Network:
    """Holds what was sent until the test answers it."""

    def __init__(self):
        self.sent = []

    def send(self, request, sink, *, passage, connect_timeout_s):
        self.sent.append((request, sink))
        return self

    def pause(self):
        pass

    resume = cancel = pause

    def answers(self, status, body=b""):
        _, sink = self.sent[-1]
        sink.head(ResponseHead(status=status, headers={}))
        sink.data(body)
        sink.end()


class Sink:
    def __init__(self):
        self.seen = []

    def head(self, head):
        self.seen.append(head.status)

    def data(self, data):
        self.seen.append(data)

    def end(self):
        self.seen.append("end")

    def fail(self, failure):
        self.seen.append(failure.kind.value)


@pytest.fixture
def series():
    """Starts a series of three; gives its network, its sink and the answers before the last."""

    def start(keeps_part):
        network, sink, answers = Network(), Sink(), []
        send_all(
            network,
            ["one", "two", "three"],
            sink,
            answers,
            passage=None,
            connect_timeout_s=None,
            keeps_part=keeps_part,
        )
        return network, sink, answers

    return start


@pytest.mark.parametrize("keeps_part", [True, False])
def test_they_go_in_turn_and_the_last_answer_is_the_sinks(series, keeps_part):
    network, sink, answers = series(keeps_part)
    for body in (b"1", b"2", b"3"):
        network.answers(200, body)
    assert [request for request, _ in network.sent] == ["one", "two", "three"]
    assert [body for _, body in answers] == [b"1", b"2"]
    assert sink.seen == [200, b"3", "end"]


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("fault", [429, "broken"])
def test_what_was_bought_before_a_failure_is_the_answer(series, pieces, fault):
    """Whether the piece was refused or its connection broke; no more is bought."""
    network, sink, answers = series(True)
    for number in range(pieces):
        network.answers(200, b"%d" % number)
    if fault == "broken":
        network.sent[-1][1].fail(Failure(kind=FailureKind.BROKEN, message="reset"))
    else:
        network.answers(fault, b"too many")
    assert len(network.sent) == pieces + 1
    assert len(answers) == pieces - 1
    assert sink.seen == [200, b"%d" % (pieces - 1), "end"]


def test_elsewhere_a_failure_is_the_answer(series):
    """Vectors of a part of the texts are of no use; and nothing bought is nothing to keep."""
    for keeps_part, answered in ((False, 1), (True, 0)):
        network, sink, _ = series(keeps_part)
        for _ in range(answered):
            network.answers(200, b"1")
        network.answers(429, b"too many")
        assert sink.seen == [429, b"too many", "end"]


def test_how_much_is_kept_of_the_answers_before_the_last_is_told():
    network, weighed = Network(), []
    send_all(
        network,
        ["one", "two", "three"],
        Sink(),
        [],
        passage=None,
        connect_timeout_s=None,
        weigh=weighed.append,
    )
    for body in (b"12", b"345", b"6789"):
        network.answers(200, body)
    assert weighed == [2, 5]
