"""The attempt loop and time: how long an upstream may be silent, what a waiting client hears
meanwhile, and how long a client may take nothing.
"""

import json

import pytest
from ends import Saying, SlowClient
from fakes import DONE, chunk
from playbook import CHAT, COMPLETIONS, GEMINI, MESSAGES, RESPONSES, answer, provider

ROLE = chunk({"role": "assistant", "content": ""})
HELLO = chunk({"content": "Hello"})
BEAT = b": \n\n"
ONCE = [{"preferences": {"AUTO_RETRY": False}}]
BEATS = {"keepalive_interval": 25}
GEMINI_STREAM = f"{GEMINI}/models/m:streamGenerateContent"


def total(seconds):
    return {"timeout_policy": {"default": {"total": seconds}}}


def error_of(body):
    """The error in the last event of a stream of chat chunks."""
    events = [line[6:] for line in body.decode().splitlines() if line.startswith("data: {")]
    return json.loads(events[-1])["error"]["message"]


def test_no_first_token_in_time_goes_to_the_next_channel(play):
    """Comments are life, not tokens; the request that was waited for is closed."""
    p = play(provider("a"), provider("b"))
    p.asks(stream=True)
    a = p.upstream("a#1")
    a.begins()
    for _ in range(3):
        p.passes(33)
        a.says(b": still there\n\n")
    p.expects(told=[], written=[])
    p.passes(1)
    assert a.is_cancelled
    p.upstream("b#1").answers(answer(text="hello", stream=True))
    p.expects(
        told=["timeout", "succeeded", "finished, 18 tokens"], recorded="ok 200: a timeout, b ok"
    )


def test_a_whole_answer_is_waited_for_as_long_as_a_first_token(play):
    p = play(provider("a"), preferences={"model_timeout": 40}, keys=ONCE)
    p.asks()
    a = p.upstream("a#1")
    a.begins(content_type="application/json")
    a.says(b'{"id": "1", ')
    p.passes(39)
    p.expects(written=[])
    p.passes(1)
    p.expects(
        told=["timeout", "finished"],
        written=[504, Saying("no first token within 40 s"), "end"],
        recorded="timeout 504: a timeout",
    )


def test_silence_after_the_first_token_ends_the_answer_in_the_clients_words(play):
    """Every byte starts the wait anew. It is too late for another channel, and this one rests."""
    p = play(provider("a"), provider("b"))
    p.asks(stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(ROLE, HELLO)
    p.passes(99)
    a.says(HELLO, b": thinking\n\n")
    p.passes(99)
    p.expects(written=[200, ROLE, HELLO, HELLO, b": thinking\n\n"])
    p.passes(1)
    assert a.is_cancelled
    assert "silent for 100 s" in error_of(p.client.body)
    p.expects(told=["succeeded", "broke, timeout", "finished"], recorded="timeout 200: a timeout")
    assert p.resting == ["a"]


def test_text_is_held_back_for_error_triggers_two_seconds_at_most(play):
    """As long as it might still become one; then it goes out, and what comes after it at once."""
    p = play(provider("a"), preferences={"error_triggers": ["Hello, I am overloaded"]})
    p.asks(stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(ROLE, HELLO)
    p.passes(1.9)
    p.expects(told=[], written=[])
    p.passes(0.1)
    p.expects(told=["succeeded"], written=[200, ROLE, HELLO])
    a.says(HELLO)
    p.expects(written=[200, ROLE, HELLO, HELLO])


def test_the_time_for_the_whole_call_ends_an_answer_that_goes_on(play):
    """However lively it is."""
    p = play(provider("a"), provider("b"), preferences=total(60))
    p.asks(stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(ROLE)
    for _ in range(5):
        a.says(HELLO)
        p.passes(11)
    p.expects(told=["succeeded"])
    p.passes(5)
    assert a.is_cancelled
    assert "the time for the whole call is over" in error_of(p.client.body)
    p.expects(told=["succeeded", "broke, timeout", "finished"], recorded="timeout 200: a timeout")


def test_the_time_for_the_whole_call_is_for_all_attempts_together(play):
    """The second gets what the first left, and there is no third."""
    p = play(provider("a"), provider("b"), provider("c"), preferences=total(60))
    p.asks(stream=True)
    p.passes(50)
    p.upstream("a#1").answers(500)
    b = p.upstream("b#1")
    p.passes(9)
    p.expects(told=["server_error"])
    p.passes(1)
    assert b.is_cancelled
    p.expects(
        told=["server_error", "timeout", "finished"], written=[504, Saying("whole call"), "end"]
    )
    p.expects(recorded="timeout 504: a server_error, b timeout")


def test_the_time_that_the_client_sets_itself_is_nobodys_fault(play):
    """`x-stainless-timeout`: when its SDK gives up, nothing more is tried, and nothing rests."""
    p = play(provider("a"), provider("b"))
    p.asks(stream=True, headers={"x-stainless-timeout": "30"})
    a = p.upstream("a#1")
    p.passes(30)
    assert a.is_cancelled
    p.expects(told=["timeout", "finished"], recorded="timeout 504: a timeout")
    assert p.resting == []


@pytest.mark.parametrize(
    "path, beat",
    [
        (CHAT, BEAT),
        (COMPLETIONS, BEAT),
        (RESPONSES, BEAT),
        (MESSAGES, b'event: ping\ndata: {"type":"ping"}\n\n'),
        (GEMINI_STREAM, b"\n"),
    ],
)
def test_a_waiting_client_hears_beats_of_its_own_dialect(play, path, beat):
    """From the first on the answer has begun; behind them it comes whole."""
    p = play(provider("a"), preferences=BEATS)
    stream = {} if path == GEMINI_STREAM else {"stream": True}
    p.asks(path, **stream)
    a = p.upstream("a#1")
    p.passes(24)
    p.expects(written=[])
    p.passes(1)
    p.expects(written=[200, beat])
    p.passes(25)
    p.expects(written=[200, beat, beat])
    a.answers(answer(text="hello", stream=True))
    assert p.client.body.startswith(beat + beat)
    assert b"lo" in p.client.body
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a ok")


def test_there_are_no_beats_once_the_answer_flows(play):
    p = play(provider("a"), preferences=BEATS)
    p.asks(stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(ROLE, HELLO)
    p.passes(60)
    p.expects(written=[200, ROLE, HELLO])


def test_an_answer_that_is_no_conversation_has_no_beats(play):
    """What it will be is not known before its head."""
    p = play(provider("a"), preferences=BEATS)
    p.asks("/v1/embeddings")
    p.passes(80)
    p.expects(written=[])


@pytest.mark.parametrize("path, dialect", [(CHAT, "chat"), (MESSAGES, "anthropic")])
def test_a_whole_answer_has_white_space_before_it(play, path, dialect):
    """Its client waits no longer than the interval for something, and reads JSON all the same."""
    p = play(provider("a", path=path), provider("b", path=path), preferences=BEATS)
    p.asks(path)
    p.passes(60)
    assert p.client.headers["content-type"] == "application/json"
    p.expects(written=[200, b"\n\n"])
    p.upstream("a#1").answers(503)
    p.upstream("b#1").answers(answer(dialect, text="hello"))
    assert b"hello" in json.dumps(json.loads(p.client.body)).encode()
    p.expects(
        told=["overloaded", "succeeded", "finished, 18 tokens"],
        written=[200, Saying("hello"), "end"],
        recorded="ok 200: a overloaded, b ok",
    )


def test_a_failure_behind_white_space_is_the_body(play):
    """The status is spent; the body is the error in the client's dialect."""
    p = play(provider("a"), preferences=BEATS, keys=ONCE)
    p.asks()
    a = p.upstream("a#1")
    p.passes(25)
    a.answers(500)
    assert (
        json.loads(p.client.body)["error"]["message"]
        == "The provider `a` failed (500): status 500."
    )
    p.expects(
        written=[200, Saying("status 500"), "end"], recorded="server_error 200: a server_error"
    )


def test_failover_goes_on_behind_beats(play):
    """The second channel answers in the stream that the first one's silence began."""
    p = play(provider("a"), provider("b"), preferences=BEATS)
    p.asks(stream=True)
    a = p.upstream("a#1")
    p.passes(30)
    a.answers(503)
    *first, _, last = answer(text="hello", stream=True).pieces
    p.upstream("b#1").answers(answer(text="hello", stream=True))
    p.expects(
        told=["overloaded", "succeeded", "finished, 18 tokens"],
        written=[200, BEAT, *first, last, "end"],
        recorded="ok 200: a overloaded, b ok",
    )


def test_the_interval_is_the_clients_not_an_attempts(play):
    """Two attempts, each quicker than the interval, are slower together; what the first promised
    holds for the second, which has none.
    """
    p = play(provider("a", preferences={"keepalive_interval": 25}), provider("b"))
    p.asks(stream=True)
    p.passes(20)
    p.upstream("a#1").answers(503)
    p.passes(4)
    p.expects(written=[])
    p.passes(1)
    p.expects(written=[200, BEAT])
    p.passes(25)
    p.expects(written=[200, BEAT, BEAT])


def test_a_failure_behind_beats_is_said_in_the_stream(play):
    """The status is spent: the dialect's own error ends the stream properly, and 200 is what is
    recorded.
    """
    p = play(provider("a"), preferences=BEATS, keys=ONCE)
    p.asks(stream=True)
    a = p.upstream("a#1")
    p.passes(25)
    a.answers(500)
    assert error_of(p.client.body) == "The provider `a` failed (500): status 500."
    p.expects(
        told=["server_error", "finished"],
        written=[200, Saying(DONE.decode()), "end"],
        recorded="server_error 200: a server_error",
    )


def test_a_clients_own_mistake_behind_beats_is_said_in_the_stream_too(play):
    """Its body cannot be handed on any more."""
    p = play(provider("a"), preferences=BEATS)
    p.asks(MESSAGES, stream=True)
    a = p.upstream("a#1")
    p.passes(25)
    a.answers(400)
    p.expects(
        written=[200, Saying("event: error"), "end"], recorded="bad_request 200: a bad_request"
    )


def test_a_refusal_behind_beats_is_said_in_the_stream(play):
    """The first channel is relayed; the second would translate, and the body makes no sense."""
    p = play(provider("a"), provider("b", path=MESSAGES), preferences=BEATS)
    p.asks(stream=True, messages=[{"role": "user", "content": 7}])
    a = p.upstream("a#1")
    p.passes(25)
    a.answers(500)
    assert "messages[0].content" in error_of(p.client.body)
    p.expects(
        told=["server_error", "finished"],
        written=[200, Saying(DONE.decode()), "end"],
        recorded="refused 200: a server_error",
    )


def test_a_plan_that_ends_before_any_attempt_behind_beats(play):
    """What was waited for did not come in time: the plan's own error is said in the stream."""
    p = play(
        provider("a", preferences={"api_key_rate_limit": "1/min"}), provider("b"), preferences=BEATS
    )
    p.serves("a#1", answer(text="one"))
    p.asks(stream=True)
    b = p.upstream("b#1")
    p.passes(25)
    b.answers(503)
    p.upstream("b#1").answers(503)
    assert error_of(p.client.body) == "The provider `b` failed (503): status 503."
    p.expects(recorded="overloaded 200: b overloaded, b overloaded")


def test_a_gemini_array_of_beats_ends_as_an_array(play):
    """White space is all that may stand before it."""
    p = play(provider("a"), preferences=BEATS, keys=ONCE)
    p.asks(GEMINI_STREAM)
    a = p.upstream("a#1")
    p.passes(50)
    a.answers(503)
    assert p.client.body.startswith(b"\n\n")
    assert json.loads(p.client.body)[0]["error"]["message"] == (
        "The provider `a` failed (503): status 503."
    )
    p.expects(recorded="overloaded 200: a overloaded")


def flooded(p, size):
    """A call whose client has so many bytes before it that it does not take."""
    p.asks(stream=True, client=SlowClient())
    a = p.upstream("a#1")
    a.begins()
    a.says(ROLE, HELLO)
    a.says(b": " + bytes(size) + b"\n\n")
    return a


def test_a_slow_client_pauses_the_upstream_until_it_has_caught_up(play):
    """Memory stays bounded, and the silence is not the upstream's."""
    p = play(provider("a"))
    a = flooded(p, 300_000)
    assert a.told == ["pause"]
    p.passes(200)
    p.client.takes(240_000)
    p.passes(1)
    assert a.told == ["pause", "resume"]
    p.passes(98)
    a.says(chunk({}, "stop"), DONE)
    a.ends()
    p.expects(told=["succeeded"])
    p.client.takes(100_000)
    p.passes(1)
    p.expects(told=["succeeded", "finished"], recorded="ok 200: a ok")


def test_a_client_that_is_only_a_little_behind_pauses_nothing(play):
    p = play(provider("a"))
    assert flooded(p, 200_000).told == []


def test_a_client_that_takes_nothing_is_given_up(play):
    """After five minutes it has left, whatever TCP says: its connection and the upstream's are
    closed, and its place is free.
    """
    p = play(provider("a"), keys=[{"preferences": {"max_concurrency": 1}}])
    a = flooded(p, 300_000)
    p.passes(299)
    assert not a.is_cancelled
    p.passes(2)
    assert a.is_cancelled
    assert p.client.written[-1] == "cut"
    p.expects(told=["succeeded", "finished"], recorded="client_left 200: a ok")
    p.serves("a#1", answer(text="hello"))


def test_a_client_that_takes_a_little_is_not(play):
    """The five minutes begin anew with all it takes."""
    p = play(provider("a"))
    a = flooded(p, 300_000)
    for _ in range(3):
        p.passes(299)
        p.client.takes(1000)
    p.passes(299)
    assert a.told == ["pause"]
