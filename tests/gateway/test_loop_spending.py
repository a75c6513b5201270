"""Credits and budgets in the loop: an estimate is taken off before a call and put back after it;
what is used up is refused, with an honest time to come back.
"""

import json

import pytest
from fakes import Answer, whole
from playbook import CHAT, provider

MILLION = {"default": "1000000,1000000"}
"""A dollar a token."""
SPEECH, IMAGES = "/v1/audio/speech", "/v1/images/generations"


def chat(total=20):
    half = total // 2
    usage = {"prompt_tokens": half, "completion_tokens": half, "total_tokens": total}
    message = {"role": "assistant", "content": "Hi"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return whole({"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage})


def begin(play, *providers, key=None, **preferences):
    return play(
        *(providers or (provider("a"),)),
        keys=({"preferences": key or {}},),
        preferences={"model_price": MILLION, **preferences},
    )


def limited(key=None, **preferences):
    return {"key": key, **preferences}


@pytest.mark.parametrize(
    "limits",
    [
        limited({"credits": 15}),
        limited({"budget": "$15/day"}),
        limited({"budget": "$15/month,$1000/year"}),
        limited(budget="$15/hour"),
    ],
)
def test_what_is_used_up_is_refused(play, limits):
    p = begin(play, **limits)
    p.serves("a#1", chat())
    p.asks()
    p.expects(written=["refused, 429"], recorded="refused 429")
    assert p.client.refusal.code == "insufficient_quota"
    assert p.client.refusal.sent_headers()["x-should-retry"] == "false"


def test_credits_name_no_time_and_budgets_the_end_of_their_period(play):
    p = begin(play, key={"credits": 15})
    p.serves("a#1", chat())
    p.asks()
    assert "retry-after" not in p.client.refusal.sent_headers()
    p = begin(play, key={"budget": "$15/hour"})
    p.serves("a#1", chat())
    p.asks()
    wait_s = int(p.client.refusal.sent_headers()["retry-after"])
    assert 0 < wait_s <= 3600
    p.passes(wait_s - 1)
    p.asks()
    p.expects(written=["refused, 429"])
    p.passes(1)
    p.serves("a#1", chat())


def test_many_at_once_overshoot_no_more_than_one(play):
    """Each takes off what it may cost; what is left for the last one is all that it holds."""
    p = begin(play, key={"credits": 25})
    answers = []
    for _ in range(30):
        p.asks(max_tokens=10)
        if p.client.refusal is None:
            answers.append(p.network.take())
    assert len(answers) == 2
    p.expects(written=["refused, 429"])
    assert p.client.refusal.code == "rate_limit_exceeded"
    assert p.client.refusal.sent_headers()["retry-after"] == "1"
    for one in answers:
        one.answers(chat())
    p.passes(0)
    assert p.recorder.ledger.spent_pd(p.records[0].key_id) == 40 * 10**12


def test_what_was_held_is_put_back_however_a_call_ends(play):
    """Served, failed, left: the next one may use it."""
    p = begin(play, key={"credits": 25})
    p.asks(max_tokens=1000)
    p.upstream("a#1").answers(whole({"error": {"message": "no"}}, status=400))
    p.asks(max_tokens=1000)
    p.upstream("a#1")
    p.leaves()
    p.network.waiting.clear()
    p.serves("a#1", chat(2), max_tokens=1000)
    p.serves("a#1", chat(2), max_tokens=1000)


def test_a_provider_over_its_budget_is_passed_over(play):
    """Like one that rests; where no other is left, until when is told."""
    spent = provider("a", preferences={"budget": "$15/hour"})
    p = begin(play, spent, provider("b"))
    p.serves("a#1", chat())
    p.serves("b#1", chat())
    p = begin(play, spent)
    p.serves("a#1", chat())
    p.asks()
    p.passes(0)
    p.expects(recorded="unavailable 429")
    error = json.loads(p.client.body)["error"]
    assert "its budget is used up ($15/hour is spent)" in error["message"]
    assert 0 < int(p.client.headers["retry-after"]) <= 3600


def test_calls_under_way_count_against_a_providers_budget(play):
    p = begin(play, provider("a", preferences={"budget": "$15/day"}), provider("b"))
    p.asks(max_tokens=100)
    first = p.upstream("a#1")
    p.asks(max_tokens=100)
    p.upstream("b#1").answers(chat())
    first.answers(chat())
    p.passes(0)


@pytest.mark.parametrize(
    ("path", "said", "price", "dollars"),
    [
        (SPEECH, {"input": "x" * 500, "voice": "alloy"}, {"characters": 15}, 0.0075),
        (SPEECH, {"input": "x" * 400, "voice": "alloy"}, {"in": 0.6, "out": 12}, 0.00726),
        (SPEECH, {"input": "你好" * 50, "voice": "alloy"}, {"in": 0.6, "audio_out": 12}, 0.00726),
        (IMAGES, {"prompt": "a cat", "n": 3}, {"image": 0.04}, 0.12),
        ("/v1/rerank", {"query": "q", "documents": ["a"]}, {"search": 0.002}, 0.002),
    ],
)
def test_operations_fall_by_their_own_units(play, path, said, price, dollars):
    """Though their vendor says nothing of tokens."""
    p = begin(play, key={"credits": 1000}, model_price={"m": price})
    p.asks(path, **said)
    if path == SPEECH:
        p.upstream("a#1").answers(Answer([b"sound"], content_type="audio/mpeg"))
    elif path == IMAGES:
        p.upstream("a#1").answers(whole({"created": 1, "data": [{"url": "u"}] * 3}))
    else:
        p.upstream("a#1").answers(whole({"results": [{"index": 0, "relevance_score": 0.5}]}))
    p.passes(0)
    assert p.recorder.ledger.spent_pd(p.records[0].key_id) == round(dollars * 10**12)


def test_a_picture_that_nobody_waited_for_is_paid(play):
    """It is made, and billed, whoever has left."""
    p = begin(play, key={"credits": 1000}, model_price={"m": {"image": 0.04}})
    p.asks(IMAGES, prompt="a cat", n=2)
    p.upstream("a#1")
    p.leaves()
    assert p.records[0].cost_pd == 80_000_000_000
    p.network.waiting.clear()


@pytest.mark.parametrize("n", [1, 10])
def test_every_answer_of_many_is_reserved(play, n):
    """`n` answers, each as long as it may be."""
    p = begin(play, key={"credits": 50})
    p.asks(CHAT, max_tokens=10, n=n)
    first = p.upstream("a#1")
    p.asks(CHAT, max_tokens=1)
    assert (p.client.refusal is None) is (n == 1)
    first.answers(chat())
    for one in list(p.network.waiting):
        one.answers(chat())
    p.passes(0)


def test_who_hangs_up_at_once_has_had_the_prompt_read(play):
    """Where credits are counted, again and again would be for nothing else."""
    p = begin(play, key={"credits": 1000})
    p.asks(max_tokens=100)
    p.upstream("a#1")
    p.leaves()
    usage = p.records[0].usage
    assert usage.is_estimate
    assert usage.output_tokens == 0
    assert p.records[0].cost_pd == usage.input_tokens * 10**12 > 0
    p.network.waiting.clear()
