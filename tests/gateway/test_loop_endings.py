"""How a call may end: broken off by its upstream, left by its client, refused by us. In each case
it is recorded once, and gives back what it held.
"""

import pytest
from ends import Client, LeavingClient, Saying
from fakes import DONE, USAGE, Answer, chunk, whole
from playbook import CHAT, MESSAGES, answer, provider
from replies import error

from uniapi.canonical import FailureKind

ROLE = chunk({"role": "assistant", "content": ""})
HELLO = chunk({"content": "Hello"})
FLAGGED = {"id": "modr-1", "model": "omni-moderation-latest", "results": [{"flagged": True}]}
HARMLESS = {**FLAGGED, "results": [{"flagged": False}]}
MODERATOR = provider("mod", model=["omni-moderation-latest"])
MODERATED = [{"model": ["m", "omni-moderation-latest"], "preferences": {"ENABLE_MODERATION": True}}]
LONG = [{"role": "user", "content": "word " * 200}]
"""Some 200 tokens."""


def begun(p, path=CHAT):
    """A call whose answer has begun to reach the client."""
    p.asks(path, stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(ROLE, HELLO)
    return a


@pytest.mark.parametrize(
    "how, kind",
    [
        (lambda a: a.breaks(), "broken"),
        (lambda a: a.ends(), "broken"),
        (lambda a: a.fails(FailureKind.UNREACHABLE), "unreachable"),
        (
            lambda a: a.says(b'data: {"error": {"message": "no more", "code": 503}}\n\n'),
            "overloaded",
        ),
    ],
    ids=["reset", "cut", "lost", "an error event"],
)
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_an_answer_that_breaks_off_is_told_to_the_plan_and_to_the_client(play, path, how, kind):
    """It served, and then it broke: too late for another channel, but this one rests."""
    p = play(provider("a"), provider("b"))
    a = begun(p, path)
    how(a)
    if not a.is_cancelled:
        a.ends()
    p.expects(told=["succeeded", f"broke, {kind}", "finished"], recorded=f"{kind} 200: a {kind}")
    assert b"Hello" in p.client.body
    assert b"error" in p.client.body
    assert p.client.written[-1] == "end"
    assert p.resting == ["a"]
    p.serves("b#1", answer(text="hello"))


def test_a_refusal_within_an_answer_rests_nobody(play):
    """What breaks off by the client's own doing is nobody's fault, relayed or translated."""
    p = play(provider("a", path=MESSAGES), provider("b"))
    p.asks(stream=True)
    a = p.upstream("a#1")
    *begin, _, _, _ = answer("anthropic", "hello", stream=True).pieces
    a.begins()
    a.says(*begin)
    refused = error("anthropic", 400).pieces[0]
    a.says(b"event: error\ndata: " + refused + b"\n\n")
    p.expects(
        told=["succeeded", "broke, bad_request", "finished, 12 tokens"],
        recorded="bad_request 200: a bad_request",
    )
    assert p.resting == []


def test_an_answer_in_one_piece_that_cannot_say_that_it_broke_is_cut(play):
    """Speech is bare bytes: a proper end would look whole."""
    p = play(provider("a"), provider("b"))
    p.asks("/v1/audio/speech", input="Hello", voice="alloy")
    a = p.upstream("a#1")
    a.begins(content_type="audio/mpeg")
    a.says(b"\xff\xf3" + bytes(64))
    p.expects(told=["succeeded"])
    a.breaks()
    p.expects(
        told=["succeeded", "broke, broken", "finished"],
        written=[200, b"\xff\xf3" + bytes(64), "cut"],
        recorded="broken 200: a broken",
    )


def test_a_client_that_leaves_before_the_first_token(play):
    """The upstream is let go, nobody is blamed, nothing more is tried."""
    p = play(provider("a"), provider("b"))
    p.asks(stream=True)
    a = p.upstream("a#1")
    p.passes(7)
    p.leaves()
    assert a.is_cancelled
    p.expects(told=["finished"], written=[], recorded="client_left 0: a client_left")
    assert (p.records[0].provider, p.records[0].total_s, p.resting) == ("a", 7.0, [])


def test_a_client_that_leaves_between_two_attempts(play):
    """Those before are on record."""
    p = play(provider("a"), provider("b"))
    p.asks()
    p.upstream("a#1").answers(500)
    b = p.upstream("b#1")
    p.leaves()
    assert b.is_cancelled
    p.expects(
        told=["server_error", "finished"], recorded="client_left 0: a server_error, b client_left"
    )


def test_a_client_that_leaves_in_the_middle_of_its_answer(play):
    """What the upstream said of its tokens until then counts."""
    p = play(provider("a"))
    a = begun(p)
    a.says(chunk(usage=USAGE))
    p.leaves()
    assert a.is_cancelled
    p.expects(told=["succeeded", "finished, 5 tokens"], recorded="client_left 200: a ok")
    assert p.resting == []


def test_a_client_that_leaves_while_a_key_is_waited_for(play):
    p = play(provider("a", preferences={"api_key_rate_limit": "1/s"}))
    p.serves("a#1", answer(text="one"))
    p.asks()
    p.leaves()
    p.expects(told=["finished"], recorded="client_left 0")


def test_a_client_that_leaves_behind_beats(play):
    p = play(provider("a"), preferences={"keepalive_interval": 25})
    p.asks(stream=True)
    a = p.upstream("a#1")
    p.passes(30)
    p.leaves()
    assert a.is_cancelled
    p.expects(told=["finished"], recorded="client_left 200: a client_left")


def test_a_client_that_is_gone_at_the_end_of_its_answer(play):
    """It did not get all: its connection says so only when the end is written."""
    p = play(provider("a"))
    p.asks(stream=True, client=LeavingClient())
    p.upstream("a#1").answers(answer(text="hello", stream=True))
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="client_left 200: a ok")


def test_a_client_that_leaves_before_the_network_is_needed(play):
    """While its words are shown to a moderation model."""
    p = play(provider("a"), MODERATOR, keys=MODERATED)
    p.asks()
    mod = p.upstream("mod#1")
    p.leaves()
    assert mod.is_cancelled
    p.expects(written=[], recorded="client_left 0")


def test_a_request_that_makes_no_sense_is_refused_when_that_is_found_out(play):
    """Not by a relay, which hands it on; by a translation, before anything is sent."""
    p = play(provider("a", path=MESSAGES))
    p.asks(messages=[{"role": "user", "content": 7}])
    assert p.client.refusal.param == "messages[0].content"
    p.expects(told=["finished"], written=["refused, 400"], recorded="refused 400")


def test_a_flagged_request_is_refused_before_it_is_sent(play):
    """Recorded as such; what was asked of the moderation model is not recorded at all."""
    p = play(provider("a"), MODERATOR, keys=MODERATED)
    p.asks()
    mod = p.upstream("mod#1")
    assert (mod.path, mod.json["input"]) == ("/v1/moderations", "Hello")
    mod.answers(whole(FLAGGED))
    assert p.client.refusal.code == "content_policy_violation"
    p.expects(written=["refused, 400"], recorded="refused 400")
    assert [record.is_flagged for record in p.records] == [True]


@pytest.mark.parametrize("said", [whole(HARMLESS), 500, 401], ids=["harmless", "fails", "refused"])
def test_a_harmless_request_goes_on(play, said):
    """So does one that nobody could judge."""
    p = play(
        provider("a"),
        {**MODERATOR, "preferences": {"cooldown_period": 0}},
        keys=[{**MODERATED[0], "preferences": {"AUTO_RETRY": False, "ENABLE_MODERATION": True}}],
    )
    p.asks()
    p.upstream("mod#1").answers(said)
    p.upstream("a#1").answers(answer(text="hello"))
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a ok")
    assert len(p.records) == 1


ENDINGS = {
    "served": lambda p: p.upstream("a#1").answers(answer(text="hello")),
    "failed": lambda p: p.upstream("a#1").answers(500),
    "mistaken": lambda p: p.upstream("a#1").answers(400),
    "left": lambda p: p.leaves(),
}


def test_a_call_has_its_place_while_it_runs(play):
    """One at a time: there is none for another."""
    p = play(provider("a"), keys=[{"preferences": {"max_concurrency": 1}}])
    p.asks()
    a = p.upstream("a#1")
    p.asks()
    assert p.client.refusal.headers == {"retry-after": "1"}
    p.expects(written=["refused, 429"], recorded="refused 429")
    a.answers(answer(text="hello"))
    p.serves("a#1", answer(text="hello"))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_place_among_the_running_calls_is_given_back(play, ending):
    """However a call ends."""
    p = play(provider("a"), keys=[{"preferences": {"max_concurrency": 1, "AUTO_RETRY": False}}])
    p.asks()
    ENDINGS[ending](p)
    p.asks()
    assert p.upstream("a#1")


def test_a_refused_call_gives_its_place_back(play):
    """Found senseless by the loop, or flagged before it."""
    limited = {"max_concurrency": 1}
    p = play(provider("a", path=MESSAGES), keys=[{"preferences": limited}])
    for _ in range(2):
        p.asks(messages=[{"role": "user", "content": 7}])
        p.expects(recorded="refused 400")
    p = play(
        provider("a"),
        MODERATOR,
        keys=[{**MODERATED[0], "preferences": {**limited, "ENABLE_MODERATION": True}}],
    )
    for _ in range(2):
        p.asks()
        p.upstream("mod#1").answers(whole(FLAGGED))
        p.expects(recorded="refused 400")


@pytest.mark.parametrize(
    "ending, is_free", [("served", True), ("failed", True), ("mistaken", True), ("left", False)]
)
def test_the_tokens_of_a_call_that_was_not_answered_are_given_back(play, ending, is_free):
    """It was let in by an estimate of 200 of 300 a minute. An answer says what it really was;
    where the client leaves nobody knows, and the estimate stands.
    """
    p = play(provider("a"), keys=[{"preferences": {"rate_limit": "300/tpm", "AUTO_RETRY": False}}])
    p.asks(messages=LONG)
    ENDINGS[ending](p)
    p.asks(messages=LONG)
    if is_free:
        assert p.upstream("a#1")
    else:
        p.expects(written=["refused, 429"])


@pytest.mark.parametrize(
    "ending, is_free", [("served", True), ("failed", True), ("mistaken", True), ("left", False)]
)
def test_so_are_those_of_the_key_upstream(play, ending, is_free):
    """Its own limit counts attempts."""
    p = play(
        provider("a", preferences={"api_key_rate_limit": "300/tpm", "cooldown_period": 0}),
        keys=[{"preferences": {"AUTO_RETRY": False}}],
    )
    p.asks(messages=LONG)
    ENDINGS[ending](p)
    p.asks(messages=LONG)
    if is_free:
        assert p.upstream("a#1")
    else:
        p.expects(told=["finished"], written=[429, Saying("rate_limit_exceeded"), "end"])


def test_an_answer_that_says_nothing_of_its_tokens_costs_what_was_estimated(play):
    p = play(provider("a"), keys=[{"preferences": {"rate_limit": "300/tpm"}}])
    p.asks(messages=LONG, stream=True)
    p.upstream("a#1").answers(Answer([ROLE, HELLO, chunk({}, "stop"), DONE]))
    p.expects(told=["succeeded", "finished"], recorded="ok 200: a ok")
    p.asks(messages=LONG)
    p.expects(written=["refused, 429"])


def test_a_trial_that_the_client_left_is_free_for_the_next(play):
    """A key that comes back from its rest is tried by one call at a time, and one that ends
    without an outcome must not keep it.
    """
    p = play(provider("a", keys=2, preferences={"api_key_schedule_algorithm": "fixed_priority"}))
    p.asks()
    p.upstream("a#1").answers(whole({}, status=429, headers={"retry-after": "3"}))
    p.upstream("a#2").answers(answer(text="hello"))
    p.passes(3)
    p.asks()
    assert p.upstream("a#1")
    p.leaves()
    p.asks()
    assert p.upstream("a#1")


def test_an_answer_brings_a_key_back_for_all(play):
    """The trial succeeded: the next call has it without being one."""
    p = play(provider("a", keys=2, preferences={"api_key_schedule_algorithm": "fixed_priority"}))
    p.asks()
    p.upstream("a#1").answers(whole({}, status=429, headers={"retry-after": "3"}))
    p.upstream("a#2").answers(answer(text="hello"))
    assert p.resting == ["a"]
    p.passes(3)
    p.serves("a#1", answer(text="hello"))
    assert p.resting == []


def test_a_conversation_stays_with_the_key_that_served_it(play):
    """What succeeded is remembered as its home, and not what failed."""
    p = play(provider("a", keys=3, path=MESSAGES, preferences={"cooldown_period": 0}))
    says = answer("anthropic", "Two")
    turns = [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "Two"},
        {"role": "user", "content": "Three"},
    ]
    p.asks(messages=turns[:1])
    p.upstream("a#1").answers(500)
    p.upstream("a#2").answers(says)
    p.serves("a#3", says, messages=[{"role": "user", "content": "Another"}])
    p.serves("a#2", says, messages=turns)


class BrokenClient(Client):
    """What stands in for a mistake of ours behind the loop."""

    async def start(self, status, headers):
        raise ZeroDivisionError


def test_a_mistake_of_ours_is_on_record_too(play):
    """The call comes to nothing, its place is free, and the channel is not blamed."""
    p = play(provider("a"), keys=[{"preferences": {"max_concurrency": 1}}])
    p.asks(client=BrokenClient())
    p.upstream("a#1").answers(answer(text="hello"))
    with pytest.raises(ZeroDivisionError):
        p.passes(0)
    assert [(record.outcome, record.status) for record in p.records] == [("internal_error", 500)]
    assert p.resting == []
    p.serves("a#1", answer(text="hello"))
