"""The table of connections: the longest idle gives way, a busy one never does."""

import logging

from uniapi.server.connections import BUSY, ConnectionTable, connections_for


def at_once(function, *arguments):
    """The loop's next round is now: every socket was looked at."""
    function(*arguments)


class Connection:
    has_given_way = False

    def give_way(self):
        self.has_given_way = True


def table(most):
    return ConnectionTable(most, lambda: 0.0, at_once)


def test_the_longest_idle_gives_way_to_the_newest():
    """A hundred idle strangers lock nobody out."""
    connections = table(3)
    strangers = [Connection() for _ in range(3)]
    for one in strangers:
        assert connections.opened(one)
    connections.busy(strangers[0])
    connections.idle(strangers[0])
    assert connections.opened(Connection())
    assert [one.has_given_way for one in strangers] == [False, True, False]
    assert len(connections) == 3


def test_who_has_just_come_gives_way_to_nobody_before_its_socket_was_looked_at():
    """Many are let in at once, and each may have its request waiting in its socket."""
    rounds = []
    connections = ConnectionTable(2, lambda: 0.0, lambda *call: rounds.append(call))
    first, second = Connection(), Connection()
    assert connections.opened(first)
    assert connections.opened(second)
    refused = Connection()
    assert not connections.opened(refused)
    connections.closed(refused)
    for function, *arguments in (rounds.pop(0), rounds.pop(0)):
        function(*arguments)
    connections.busy(first)
    for function, *arguments in rounds:
        function(*arguments)
    assert connections.opened(Connection())
    assert (first.has_given_way, second.has_given_way) == (False, True)


def test_what_is_being_answered_never_gives_way():
    """The newest is told to come back."""
    connections = table(2)
    busy = [Connection(), Connection()]
    for one in busy:
        connections.opened(one)
        connections.busy(one)
    newest = Connection()
    assert not connections.opened(newest)
    connections.closed(newest)
    connections.idle(busy[0])
    assert connections.opened(Connection())
    assert busy[0].has_given_way
    assert not busy[1].has_given_way


def test_the_end_of_an_answer_on_a_connection_that_is_gone_counts_nothing():
    connections = table(1)
    one = Connection()
    connections.opened(one)
    connections.busy(one)
    connections.closed(one)
    connections.idle(one)
    assert connections.opened(Connection())
    assert not one.has_given_way


def test_it_is_a_line_a_minute(caplog):
    caplog.set_level(logging.WARNING)
    connections = table(1)
    for _ in range(50):
        connections.opened(Connection())
    assert len(caplog.records) == 1


def test_each_client_has_room_for_a_connection_to_its_provider():
    assert 2 * connections_for(256) < 256
    assert b"retry-after: 2" in BUSY.answer("r")
