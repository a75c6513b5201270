"""What the log says of attempts: which provider's which key failed, with what, how long it rests,
and that it is back; at the level debug also what was asked and what was passed over.
"""

import logging

import pytest
from fakes import whole
from playbook import answer, provider

from uniapi.gateway.attempt_log import spoken

FIXED = {"preferences": {"api_key_schedule_algorithm": "fixed_priority"}}


def error(message, status):
    return whole({"error": {"message": message}}, status=status)


REFUSED = error("Incorrect API key provided.", 401)


def said(caplog, level):
    return [one.getMessage() for one in caplog.records if one.levelname == level]


def test_a_refused_key_is_a_warning_and_its_return_a_line(play, caplog):
    """Named by provider, number in the file and masked form, with the words and the rest."""
    caplog.set_level(logging.INFO)
    p = play(provider("a", keys=2, **FIXED))
    p.asks()
    p.upstream("a#1").answers(REFUSED)
    p.upstream("a#2").answers(answer(text="hello"))
    p.passes(0)
    assert said(caplog, "WARNING") == [
        "call-1 a key 1 (a-k…6789), m: 401 credential_refused, key rests 10 min:"
        " Incorrect API key provided."
    ]
    fields = next(one.fields for one in caplog.records if one.levelname == "WARNING")
    assert (fields["request_id"], fields["key_number"], fields["rest_s"]) == ("call-1", 1, 600)
    p.passes(601)
    p.asks()
    p.upstream("a#1").answers(answer(text="hello"))
    p.passes(0)
    assert said(caplog, "INFO") == [
        "call-2 a key 1 (a-k…6789) is back: it had rested (refused: Incorrect API key provided.)"
    ]


def test_a_failing_channel_is_named_with_its_rest(play, caplog):
    """Where nothing else can serve it does not rest, and nothing is said of one."""
    caplog.set_level(logging.INFO)
    p = play(provider("a"), provider("b"))
    p.asks()
    p.upstream("a#1").answers(error("too busy", 503))
    p.upstream("b#1").answers(answer(text="hello"))
    p.passes(0)
    assert said(caplog, "WARNING") == ["call-1 a/m: 503 overloaded, channel rests 5 s: too busy"]


def test_the_same_failure_of_one_call_is_told_once(play, caplog):
    """Another one is a line of its own."""
    caplog.set_level(logging.INFO)
    p = play(provider("a", keys=2))
    p.asks()
    p.upstream("a#1").answers(error("too busy", 503))
    p.upstream("a#2").answers(error("too busy", 503))
    p.upstream("a#1").answers(error("on fire", 500))
    p.passes(0)
    lines = ["call-1 a/m: 503 overloaded: too busy", "call-1 a/m: 500 server_error: on fire"]
    assert said(caplog, "WARNING") == lines


def test_the_clients_own_mistake_warns_nobody(play, caplog):
    """It is a line all the same, with the code and the parameter: the words may be the prompt's."""
    caplog.set_level(logging.INFO)
    p = play(provider("a"))
    p.asks()
    told = {"message": "must be at most 2", "code": "invalid_value", "param": "temperature"}
    p.upstream("a#1").answers(whole({"error": told}, status=400))
    p.passes(0)
    assert said(caplog, "WARNING") == []
    assert said(caplog, "INFO") == ["call-1 a/m: 400 bad_request: invalid_value temperature"]


def test_debug_tells_what_is_asked_where_and_what_is_passed_over(play, caplog):
    """The address, headers without keys, and why another channel is not asked; no prompt."""
    caplog.set_level(logging.DEBUG)
    p = play(provider("a", keys=1), provider("b", exclude_endpoints=["/v1/chat/completions"]))
    p.asks()
    p.upstream("a#1").answers(answer(text="hello"))
    p.passes(0)
    lines = said(caplog, "DEBUG")
    assert any("attempt 1: a/m with a key 1 (a-k…6789)" in line for line in lines)
    assert any("passed over: b/m: " in line for line in lines)
    (sent,) = [line for line in lines if " POST " in line]
    assert "https://a.example/v1/chat/completions, relayed" in sent
    assert "authorization: …" in sent
    assert "a-key-1" not in "\n".join(lines)


@pytest.mark.parametrize(
    "seconds, expected",
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (90, "1.5 min"), (3600, "1 h"), (200000, "2.31 d")],
)
def test_times_are_said_for_people(seconds, expected):
    """In the unit in which one would say them."""
    assert spoken(seconds) == expected
