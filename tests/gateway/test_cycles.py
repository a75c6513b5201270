"""A call that is over is gone: nothing of it refers to itself, so that no request waits in memory
until the collector of cycles looks (which held every stream for a quarter of a second, when it did,
and let a process of 50 MB grow to a gigabyte, when it did not).
"""

import gc
from collections import Counter

import pytest
from playbook import MESSAGES, RESPONSES, answer, provider


def serves(p, where="a#1", stream=False):
    p.upstream(where).answers(answer(text="hello", stream=stream))
    p.passes(2)


def fails_first(p, stream=False):
    p.upstream("a#1").answers(503)
    serves(p, "b#1", stream)


def leaves(p, stream=False):
    p.upstream("a#1")
    p.leaves()


def is_silent(p, stream=False):
    p.upstream("a#1").begins()
    p.passes(101)
    serves(p, "b#1", stream)


def fails_twice(p, stream=False):
    while p.network.waiting:
        p.upstream(p.network.waiting[0].where).answers(500)
        p.passes(1)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/v1/chat/completions", MESSAGES, RESPONSES])
@pytest.mark.parametrize("happens", [serves, fails_first, leaves, is_silent, fails_twice])
def test_a_call_that_is_over_leaves_no_cycle(play, path, happens, stream):
    p = play(provider("a"), provider("b"))
    was_debugging, was_enabled = gc.get_debug(), gc.isenabled()

    def call():
        p.asks(path, stream=stream)
        happens(p, stream=stream)
        assert p.records_of_call
        p.forget()

    call()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        p.health.clear(["a", "b"])
        call()
        gc.collect()
        left = Counter(type(one).__name__ for one in gc.garbage)
    finally:
        gc.set_debug(was_debugging)
        gc.garbage.clear()
        if was_enabled:
            gc.enable()
    assert not {"Call", "CallState", "Try", "Receiver", "Plan", "Request"} & left.keys(), left
