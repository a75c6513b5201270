"""Plans as conversations: what is tried first, what next after each failure, and how it ends.

What was observed of the predecessor stands at the end, each marked.
"""

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.routing import Attempt, GiveUp, Pin, Wait

START_EPOCH_S = 1_700_000_000.0
"""The playbook's clock begins 1000 seconds later."""


def test_channel_failures_walk_the_ring(play, yaml_of):
    """Two channels and AUTO_RETRY true: a, b, a, then the failure is shown."""
    p = play(yaml_of({"a": 1, "b": 1}))
    p.asks()
    p.expects("a")
    p.fails(500)
    p.expects("b")
    p.fails(503)
    p.expects("a")
    p.fails(500, message="third")
    p.expects(status=500)
    assert [one.failure.status for one in p.step.failed] == [500, 503, 500]
    assert p.step.error.message == (
        "The provider `a` failed (500): third. (Also asked: `b` 503 overloaded.)"
    )


def test_number_of_retries(play, yaml_of):
    """AUTO_RETRY: N adds N attempts."""
    p = play(yaml_of({"a": 1, "b": 1}, AUTO_RETRY=3))
    assert p.tries(lambda at: 500) == ["a#1", "b#1", "a#1", "b#1", "a#1", "500"]


@pytest.mark.parametrize("off", [False, 0])
@pytest.mark.parametrize("status", [500, 401, 429])
def test_no_retry_is_one_call(play, yaml_of, off, status):
    """AUTO_RETRY false or 0: exactly one upstream call, whatever failed."""
    p = play(yaml_of({"a": 2, "b": 1}, AUTO_RETRY=off))
    assert len(p.tries(lambda at: status)) == 2


def test_one_channel_tries_each_key_and_once_more(play, yaml_of):
    """One candidate with k keys has k retries, one key after the other."""
    p = play(yaml_of({"a": 3}))
    assert p.tries(lambda at: 500) == ["a#1", "a#2", "a#3", "a#1", "500"]


def test_one_channel_with_one_key_is_tried_twice(play, yaml_of):
    p = play(yaml_of({"a": 1}))
    assert p.tries(lambda at: 500) == ["a#1", "a#1", "500"]


def test_what_cannot_be_reached_is_asked_again_after_a_moment(play, yaml_of):
    """A server that starts anew is not there 5 ms later; at most two such waits a request."""
    p = play(yaml_of({"a": 3}))
    p.asks()
    waited = []
    while not isinstance(p.step, GiveUp):
        p.fails(FailureKind.UNREACHABLE)
        if isinstance(p.step, Wait):
            waited.append(p.waits())
    assert len(waited) == 2
    assert all(0.4 <= seconds <= 0.6 for seconds in waited)
    assert len(p.plan.failed) == 4


def test_another_channel_or_another_way_out_is_asked_at_once(play, yaml_of):
    """Only a repeat waits: not the next place in the ring, nor a key with a proxy of its own, nor
    what has failed in another way.
    """
    p = play(yaml_of({"a": 1, "b": 1}))
    p.asks()
    p.fails(FailureKind.UNREACHABLE)
    p.expects("b")
    p.fails(FailureKind.UNREACHABLE)
    p.waits()
    p.expects("a")
    p.fails(500)
    assert isinstance(p.step, GiveUp)
    p = play(
        "providers: [{provider: a, base_url: http://a, model: [m], api:"
        " [{key: k1, proxy: http://one:1}, {key: k2, proxy: http://two:2}]}]\n"
        "api_keys: [{api: sk-one, model: [all]}]"
    )
    p.asks()
    p.fails(FailureKind.UNREACHABLE)
    p.expects("a", key=2)


def test_a_key_that_was_tried_waits_for_the_others(play, yaml_of):
    """A channel's failure says nothing against its key, and yet the next try takes another one,
    also where the first key always comes first.
    """
    p = play(yaml_of({"a": 3}, more="api_key_schedule_algorithm: fixed_priority"))
    assert p.tries(lambda at: 500) == ["a#1", "a#2", "a#3", "a#1", "500"]


@pytest.mark.parametrize("status", [401, 403, 429, 402])
def test_credential_failures_go_to_the_next_key_and_do_not_count(play, yaml_of, status):
    """All keys of a, then b, whose failures count as usual."""
    p = play(yaml_of({"a": 3, "b": 1}))
    assert p.tries(lambda at: status if at.startswith("a") else 500) == [
        "a#1",
        "a#2",
        "a#3",
        "b#1",
        "b#1",
        "b#1",
        "500",
    ]


def test_ten_calls_end_any_plan(play, yaml_of):
    """The last call is for the channel that has not been asked."""
    p = play(yaml_of({"a": 15, "b": 1}))
    stops = p.tries(lambda at: 429)
    assert stops == [*(f"a#{number}" for number in range(1, 10)), "b#1", "429"]


def test_key_rests_and_the_next_request_passes_it_over(play, yaml_of):
    """fails(429, retry_after=3) → the second key serves, also the next request; three seconds later
    the first is back.
    """
    p = play(yaml_of({"a": 2}, more="api_key_schedule_algorithm: fixed_priority"))
    p.asks()
    p.fails(429, retry_after=3)
    p.expects("a", key=2)
    p.serves()
    p.asks()
    p.expects("a", key=2)
    p.serves()
    p.passes(3)
    p.asks()
    p.expects("a", key=1)
    assert p.step.is_trial


def test_a_trial_is_one_at_a_time(play, yaml_of):
    """While the half-open key is tried, others use the other one; success brings it back for all,
    failure lets it rest again.
    """
    p = play(yaml_of({"a": 2}, more="api_key_schedule_algorithm: fixed_priority"))
    p.asks()
    p.fails(429, retry_after=3)
    p.serves()
    p.passes(3)
    p.asks()
    p.expects("a", key=1)
    trying = p.plan
    p.asks()
    p.expects("a", key=2)
    p.ends()
    trying.succeeded(p.now)
    trying.finished(p.now)
    assert p.served() == "a#1"
    p.asks()
    assert not p.step.is_trial


def test_a_trial_without_outcome_does_not_wedge(play, yaml_of):
    """A client that leaves frees the trial at once; one that is never heard of again, after its
    lease.
    """
    p = play(yaml_of({"a": 2}, more="api_key_schedule_algorithm: fixed_priority"))
    p.asks()
    p.fails(429, retry_after=3)
    p.serves()
    p.passes(3)
    p.asks()
    p.expects("a", key=1)
    p.ends()
    p.asks()
    p.expects("a", key=1)
    p.passes(121)
    p.asks()
    p.expects("a", key=1)


def test_channel_rests_for_the_cooldown_period(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}, cooldown=60))
    assert p.tries(lambda at: 500 if at == "a#1" else None) == ["a#1", "b#1"]
    p.passes(59)
    assert p.served() == "b#1"
    p.passes(1)
    p.asks()
    p.expects("a")
    assert p.step.is_trial


def test_provider_has_a_cooldown_of_its_own(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}, more="cooldown_period: 5", cooldown=60))
    p.tries(lambda at: 500 if at == "a#1" else None)
    p.passes(5)
    assert p.served() == "a#1"


def test_the_last_usable_channel_never_rests(play, yaml_of):
    """a rests, b fails and does not: the next request still has somewhere to go."""
    p = play(yaml_of({"a": 1, "b": 1}, cooldown=60))
    p.tries(lambda at: 500)
    assert [(resting.provider_id, resting.state) for resting in p.health.snapshot(p.now)] == [
        ("a", "resting")
    ]
    assert p.tries(lambda at: 500) == ["b#1", "b#1", "500"]


def test_own_candidate_is_tried_though_another_client_key_put_it_to_rest(play, parts):
    """A channel that is a request's only one is called, resting or not."""
    providers, client = parts
    p = play(
        providers({"a": 1, "b": 1})
        + "api_keys:\n"
        + client()
        + client("[a/*]", api="sk-second-0123456789abcdef")
    )
    p.tries(lambda at: 500 if at == "a#1" else None)
    assert p.served(key=1) == "a#1"


def test_every_channel_resting_is_503(play, parts):
    """Put to rest by other client keys for the time that is written, a and b rest for this one: 503
    and when to come again. Where the time is a guess, the one that is back first is asked.
    """
    providers, client = parts
    text = (
        providers({"a": 1, "b": 1, "c": 1})
        + "api_keys:\n"
        + client("[a/*, c/*]")
        + client("[b/*, c/*]", api="sk-second-0123456789abcdef")
    )
    text += client("[a/*, b/*]", api="sk-third-0123456789abcdef")
    p = play(text + "preferences: {cooldown_period: 300}\n")
    p.tries(lambda at: 500 if at == "a#1" else None)
    p.passes(10)
    p.tries(lambda at: 500 if at == "b#1" else None, key=1)
    p.asks(key=2)
    p.expects(status=503, retry_after=290)
    assert p.step.failure is None
    p = play(text)
    p.tries(lambda at: 500 if at == "a#1" else None)
    p.passes(2)
    p.tries(lambda at: 500 if at == "b#1" else None, key=1)
    assert p.served(key=2) == "a#1"


@pytest.mark.parametrize("status", [400, 413])
def test_client_mistake_is_answered_at_once(play, yaml_of, status):
    """Relayed and refused: nobody else is asked, nothing rests."""
    p = play(yaml_of({"a": 2, "b": 1}))
    assert p.tries(lambda at: status) == ["a#1", str(status)]
    assert p.health.snapshot(p.now) == ()
    assert p.step.relays_body


def _two_models(more=""):
    return f"""
providers:
  - {{provider: a, base_url: https://a.example/v1/chat/completions, api: sk-a-0123456789abcdef, model: [{{small: m}}]}}
  - {{provider: b, base_url: https://b.example/v1/chat/completions, api: sk-b-0123456789abcdef, model: [{{small: m}}]}}
  - {{provider: c, base_url: https://c.example/v1/chat/completions, api: sk-c-0123456789abcdef, model: [{{large: m}}]}}
  - {{provider: d, engine: claude, base_url: https://d.example/v1/messages, api: sk-d-0123456789abcdef, model: [{{small: m}}]}}
api_keys:
  - api: sk-client-0123456789abcdef
    model: [{more or "all"}]
"""  # noqa: E501


def test_too_long_tries_other_models_and_dialects(play):
    """413 from small over Chat: b has the same, c and d differ.

    Nothing rests, and 413 is what is shown.
    """
    p = play(_two_models())
    assert p.tries(lambda at: 413) == ["a#1", "c#1", "d#1", "413"]
    assert p.health.snapshot(p.now) == ()


def test_refused_after_translation_tries_other_models_and_dialects(play):
    p = play(_two_models())
    p.asks()
    p.expects("a")
    p.fails(400, translated=True)
    p.expects("c")
    p.fails(400, translated=False)
    p.expects(status=400)


def test_missing_model_rests_the_channel_and_is_not_asked_again(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}))
    assert p.tries(lambda at: 404 if at == "a#1" else 500) == ["a#1", "b#1", "b#1", "500"]
    assert [resting.provider_id for resting in p.health.snapshot(p.now)] == ["a"]


def test_missing_everywhere_is_404(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}))
    assert p.tries(lambda at: 404) == ["a#1", "b#1", "404"]


def test_model_fault_is_the_next_attempt_and_rests_nothing(play, yaml_of):
    """Groq's tool_use_failed: the same channel again when it is the only one."""
    p = play(yaml_of({"a": 1}))
    assert p.tries(lambda at: FailureKind.MODEL_FAULT) == ["a#1", "a#1", "502"]
    assert p.health.snapshot(p.now) == ()


def test_unsupported_costs_no_call(play, yaml_of):
    """A channel that cannot express the request was never called: even with AUTO_RETRY false the
    next one is.
    """
    p = play(yaml_of({"a": 2, "b": 1}, AUTO_RETRY=False))
    assert p.tries(lambda at: FailureKind.UNSUPPORTED if at.startswith("a") else 500) == [
        "a#1",
        "b#1",
        "500",
    ]
    p = play(yaml_of({"a": 1, "b": 1}))
    assert p.tries(lambda at: FailureKind.UNSUPPORTED) == ["a#1", "b#1", "400"]


def test_a_channel_that_had_to_be_asked_to_know_costs_a_call(play, yaml_of):
    """An endpoint that answers 404 is not there: ten calls are the end, AUTO_RETRY false is one,
    the key's limit counts it, and nothing rests.
    """
    p = play(yaml_of({f"p{number}": 1 for number in range(12)}))
    p.asks()
    calls = 0
    while isinstance(p.step, Attempt):
        p.fails(FailureKind.UNSUPPORTED, calls=1)
        calls += 1
    assert calls == 10
    assert p.health.snapshot(p.now) == ()
    p = play(yaml_of({"a": 1, "b": 1}, AUTO_RETRY=False, more="api_key_rate_limit: 1/min"))
    p.asks()
    p.fails(FailureKind.UNSUPPORTED, calls=1)
    p.expects(status=400)
    p.ends()
    assert p.served() == "b#1"


def test_short_wait_replaces_a_429(play, yaml_of):
    """The only key is back in 1.5 s: a wait that costs nothing, then the same key."""
    p = play(yaml_of({"a": 1}))
    p.asks()
    p.fails(429, retry_after=1.5)
    assert 1.5 < p.waits() <= 2.0
    p.expects("a")
    assert p.serves() == "a#1"


def test_no_wait_while_another_channel_can_serve(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}))
    p.asks()
    p.fails(429, retry_after=1)
    p.expects("b")


def test_waits_end(play, yaml_of):
    """A key that is refused after each short wait is given up in the end."""
    p = play(yaml_of({"a": 1}))
    p.asks()
    for _ in range(3):
        p.fails(429, retry_after=1)
        p.waits()
    p.fails(429, retry_after=1)
    p.expects(status=429, retry_after=1)


def test_a_resting_channel_is_better_than_a_429(play, yaml_of):
    """a's keys are back in minutes, b rests after a failure: b is tried, by one request at a time,
    and is sound again when it serves.
    """
    p = play(yaml_of({"b": 1, "a": 2}, cooldown=300))
    assert p.tries(lambda at: 500 if at == "b#1" else None) == ["b#1", "a#1"]
    p.asks()
    p.fails(429, retry_after=200)
    p.fails(429, retry_after=100)
    p.expects("b")
    assert p.step.is_trial
    trying = p.plan
    p.asks()
    p.expects(status=429, retry_after=100)
    trying.succeeded(p.now)
    trying.finished(p.now)
    assert p.served() == "b#1"


def test_a_resting_channel_that_fails_again_is_the_end(play, yaml_of):
    p = play(yaml_of({"b": 1, "c": 1, "a": 2}))
    assert p.tries(lambda at: None if at == "a#1" else 500) == ["b#1", "c#1", "a#1"]
    assert p.tries(lambda at: 429 if at.startswith("a") else 503) == [
        "a#2",
        "a#1",
        "b#1",
        "c#1",
        "503",
    ]


def test_longer_delay_is_a_429_that_says_so(play, yaml_of):
    """Two keys, back in 20 and 30 s: the client is told the sooner one, rounded up."""
    p = play(yaml_of({"a": 2}))
    p.asks()
    p.fails(429, retry_after=30)
    p.passes(0.5)
    p.fails(429, retry_after=20.2)
    p.expects(status=429, retry_after=21)
    p.passes(5)
    p.asks()
    p.expects(status=429, retry_after=16)
    assert p.step.error.code == "rate_limit_exceeded"
    assert p.step.failure is None


def test_refused_keys_name_the_provider(play, yaml_of):
    """401 from every key: 502 with the provider's name and its words; the next request finds them
    resting: 503.
    """
    p = play(yaml_of({"a": 2}))
    p.asks()
    p.fails(401, message="invalid x-api-key")
    p.fails(401, message="invalid x-api-key")
    p.expects(status=502)
    assert p.step.error.message == (
        "The provider `a` refused our key 2 (401): invalid x-api-key. `check --live` shows which"
        " keys are good."
    )
    p.ends()
    # Neither had been refused before: each is asked once more, by one request each.
    assert p.tries(lambda at: 401) == ["a#1", "502"]
    assert p.tries(lambda at: 401) == ["a#2", "502"]
    p.asks()
    p.expects(status=503, retry_after=60)


def test_an_only_key_does_not_rest(play, yaml_of):
    """One key that serves, refused: the next request tries it again."""
    p = play(yaml_of({"a": 1}))
    assert p.served() == "a#1"
    assert p.tries(lambda at: 401) == ["a#1", "502"]
    assert p.tries(lambda at: 429) == ["a#1", "429"]
    assert p.served() == "a#1"


def test_refused_key_backs_off(play, yaml_of):
    """10 min, doubled at each failed trial, up to 6 h; success starts anew."""
    p = play(yaml_of({"a": 2}, more="api_key_schedule_algorithm: fixed_priority"))
    for expected_s in (600, 1200, 2400, 4800, 9600, 19200, 21600, 21600):
        p.asks()
        p.expects("a", key=1)
        p.fails(401)
        p.expects("a", key=2)
        p.serves()
        assert [resting.seconds_left for resting in p.health.snapshot(p.now)] == [expected_s]
        p.passes(expected_s)
    assert p.served() == "a#1"
    p.asks()
    p.fails(401)
    assert [resting.seconds_left for resting in p.health.snapshot(p.now)] == [600]


def test_rate_limited_key_backs_off_for_that_model_only(play):
    text = """
providers:
  - provider: a
    base_url: https://a.example/v1/chat/completions
    api: [sk-a1-0123456789abcdef, sk-a2-0123456789abcdef]
    model: [m, n]
    preferences: {api_key_schedule_algorithm: fixed_priority}
api_keys:
  - api: sk-client-0123456789abcdef
"""
    p = play(text)
    for expected_s in (30, 60, 120, 240, 480, 600, 600):
        p.asks()
        p.fails(429)
        assert p.serves() == "a#2"
        assert [resting.seconds_left for resting in p.health.snapshot(p.now)] == [expected_s]
        assert p.served("n") == "a#1"
        p.passes(expected_s)


def test_no_attempt_after_the_deadline(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}))
    p.asks(deadline=p.now + 10)
    p.passes(10)
    p.fails(504)
    p.expects(status=504)


def test_the_time_a_client_set_does_not_cut_what_flows(play, yaml_of):
    """`x-stainless-timeout` bounds the time to the first token, in every attempt; a stream that
    flows may be longer than it.
    """
    p = play(yaml_of({"a": 1, "b": 1}))
    p.asks(deadline=p.now + 10)
    assert (p.step.timeouts.first_token_s, p.step.timeouts.idle_s, p.step.timeouts.total_s) == (
        10,
        100,
        None,
    )
    p.passes(4)
    p.fails(500)
    assert (p.step.timeouts.first_token_s, p.step.timeouts.total_s) == (6, None)


def test_patience_bounds_every_attempt(play, yaml_of):
    """A caller inside the gateway that will not wait long: a slow channel is to blame as usual."""
    p = play(yaml_of({"a": 1, "b": 1}))
    p.asks(patience_s=5.0)
    assert p.step.timeouts.first_token_s == 5
    p.passes(5)
    p.fails(504)
    p.expects("b")
    assert p.step.timeouts.first_token_s == 5
    assert [resting.provider_id for resting in p.health.snapshot(p.now)] == ["a"]


def test_what_is_bought_is_not_bought_twice(play, yaml_of):
    """A picture that was not waited for may have been painted and billed: no other key is asked,
    and the client's own retries are told to stay away.
    """
    p = play(yaml_of({"a": 2, "b": 1}))
    p.asks(is_bought=True, timeout_s=600.0)
    assert p.step.timeouts.first_token_s == 600
    p.fails(504)
    p.expects(status=504)
    assert p.step.error.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("status, next_one", [(429, "a"), (401, "a"), (503, "b"), (500, "b")])
def test_what_cost_nothing_is_tried_again_though_it_is_bought(play, yaml_of, status, next_one):
    """The provider itself said that it did not do it."""
    p = play(yaml_of({"a": 2, "b": 1}))
    p.asks(is_bought=True)
    p.fails(status)
    p.expects(next_one)


def test_a_written_timeout_holds_for_purchases_too(play, yaml_of):
    """Six hundred seconds are for who wrote none."""
    p = play(yaml_of({"a": 1}) + "preferences: {model_timeout: {default: 7}}\n")
    p.asks(timeout_s=600.0)
    assert p.step.timeouts.first_token_s == 7


def test_time_over_before_the_first_attempt_is_a_504(play, yaml_of):
    """Used up by what came before, or by a wait for a key: not a 404, the model is there."""
    p = play(yaml_of({"a": 1}))
    p.asks(deadline=p.now)
    p.expects(status=504)
    p = play(
        yaml_of({"a": 1}, more="api_key_rate_limit: 1/s")
        + "preferences:\n  timeout_policy: {default: {total: 0.5}}\n"
    )
    p.served()
    p.asks()
    assert isinstance(p.step, Wait)
    p.passes(p.step.seconds)
    p.step = p.plan.next(None, p.now)
    p.expects(status=504)


def test_total_of_the_timeout_policy_is_a_deadline(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}) + "preferences:\n  timeout_policy: {default: {total: 30}}\n")
    p.asks()
    p.passes(20)
    p.fails(500)
    p.expects("b")
    assert p.step.timeouts.total_s == 10
    p.passes(11)
    p.fails(500)
    p.expects(status=500)


def test_pinned_call_goes_where_it_belongs_or_nowhere(play, yaml_of):
    """Restricted to one key of one provider: no fallback to other keys or channels."""
    p = play(yaml_of({"a": 2, "b": 2}))
    key = p.config.providers[1].credentials[1].credential_id
    p.asks(pin=Pin(provider_id="b", credential_id=key))
    p.expects("b", key=2)
    p.fails(500)
    p.expects("b", key=2)
    p.fails(429, retry_after=30)
    p.expects(status=500)
    p.ends()
    p.asks(pin=Pin(provider_id="b", credential_id=key))
    p.expects(status=429, retry_after=30)
    p.asks(
        "",
        pin=Pin(provider_id="a", credential_id=p.config.providers[0].credentials[1].credential_id),
    )
    p.expects("a", key=2)
    p.asks(pin=Pin(provider_id="b", credential_id="gone"))
    p.expects(status=404)


def test_ruled_out_channels(play):
    """What an entry excludes is skipped; when all are, the client is told why."""
    text = """
providers:
  - {provider: a, base_url: https://a.example/v1/chat/completions, api: sk-a-0123456789abcdef, model: [m], exclude_endpoints: /v1/responses, max_request_body_bytes: 100}
  - {provider: b, base_url: https://b.example/v1/chat/completions, api: sk-b-0123456789abcdef, model: [m], max_request_body_bytes: 1000}
api_keys:
  - api: sk-client-0123456789abcdef
"""  # noqa: E501
    p = play(text)
    assert p.served(path="/v1/responses") == "b#1"
    assert p.served(body_bytes=500) == "b#1"
    p.asks(body_bytes=5000)
    p.expects(status=413)
    p.asks(rules_out=lambda channel: "its engine has no embeddings")
    p.expects(status=400)
    assert "no embeddings" in p.step.error.message
    assert p.step.reasons == (
        "a/m: its engine has no embeddings",
        "b/m: its engine has no embeddings",
    )


def test_unknown_model(play, yaml_of):
    p = play(yaml_of({"a": 1}))
    p.asks("nothing-like-it")
    p.expects(status=404)


def test_own_limit_on_keys_passes_them_over(play, yaml_of):
    """1/min for each key: two requests, then 429 with the time until the first is free."""
    p = play(yaml_of({"a": 2}, more="api_key_rate_limit: 1/min"))
    assert [p.served(), p.served()] == ["a#1", "a#2"]
    p.passes(10)
    p.asks()
    p.expects(status=429, retry_after=50)
    p.passes(49)
    p.asks()
    p.waits()
    p.expects("a", key=1)


def test_a_key_that_used_up_its_limit_still_was_a_candidate(play, yaml_of):
    """a, b and one retry are three attempts, though a's key may be called only once a minute."""
    p = play(yaml_of({"a": 1, "b": 1}, more="api_key_rate_limit: 2/min"))
    p.limits.take_credential(
        p.config.providers[0], p.config.providers[0].credentials[0], "m", "m", now=p.now
    )
    assert p.tries(lambda at: 500) == ["a#1", "b#1", "b#1", "500"]


def test_tokens_per_request_skip_the_channel(play, yaml_of):
    """`tpr`: 413 when the request is too large for every channel."""
    p = play(yaml_of({"a": 2}, more="api_key_rate_limit: 1000/tpr"))
    assert p.served(tokens=1000) == "a#1"
    p.asks(tokens=1001)
    p.expects(status=413)


def test_failure_after_the_commit_rests_the_channel(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}))
    p.asks()
    p.plan.succeeded(p.now)
    p.plan.broke(Failure.cut("the stream ended"), p.now)
    p.ends()
    assert p.served() == "b#1"


NESTED = """
api_keys:
  - api: sk-outer-0123456789abcdef
    model: [sk-inner-0123456789abcdef/*, c/*]
  - api: sk-inner-0123456789abcdef
    model: [a/*, b/*]
    preferences: {%s}
"""


def test_nested_key_keeps_its_order_and_retries(play, parts):
    """The inner key's round robin and retries, inside the outer one's place."""
    p = play(
        parts[0]({"a": 1, "b": 1, "c": 1})
        + NESTED % "SCHEDULING_ALGORITHM: round_robin, AUTO_RETRY: 0"
    )
    assert p.served() == "a#1"
    assert p.served() == "b#1"
    p = play(parts[0]({"a": 1, "b": 1, "c": 1}) + NESTED % "AUTO_RETRY: false")
    assert p.tries(lambda at: 500 if at == "a#1" else None) == ["a#1", "c#1"]
    p = play(parts[0]({"a": 1, "b": 1, "c": 1}) + NESTED % "AUTO_RETRY: true")
    assert p.tries(lambda at: None if at == "c#1" else 500) == ["a#1", "b#1", "a#1", "c#1"]
    p.passes(300)
    p.asks()
    assert p.step.channel.key_path == (p.config.client_keys[1].key_id,)


def test_nested_key_limits_apply(play, parts):
    """Over the inner key's limit its channels are passed over, counted once a request; alone, it is
    a 429.
    """
    p = play(parts[0]({"a": 1, "b": 1, "c": 1}) + NESTED % "rate_limit: 1/min")
    assert p.tries(lambda at: 500 if at == "a#1" else None) == ["a#1", "b#1"]
    assert p.served() == "c#1"
    p = play(
        parts[0]({"a": 1, "b": 1, "c": 1}) + (NESTED % "rate_limit: 1/min").replace(", c/*", "")
    )
    p.served()
    p.asks()
    p.expects(status=429)


def test_nested_retries_are_not_multiplied_by_keys(play, parts):
    """One nested key with one channel of three keys: its own 1 + 3, and once more for the outer
    retry, within ten calls.
    """
    p = play(
        parts[0]({"a": 3, "b": 1, "c": 1})
        + (NESTED % "AUTO_RETRY: true").replace(", c/*", "").replace(", b/*", "")
    )
    assert p.tries(lambda at: 500) == [
        "a#1",
        "a#2",
        "a#3",
        "a#1",
        "a#2",
        "a#3",
        "a#1",
        "a#2",
        "500",
    ]


def test_a_pin_reaches_through_nested_keys(play, parts):
    p = play(parts[0]({"a": 1, "b": 2, "c": 1}) + NESTED % "AUTO_RETRY: true")
    p.asks(
        pin=Pin(provider_id="b", credential_id=p.config.providers[1].credentials[1].credential_id)
    )
    p.expects("b", key=2)
    p.fails(500)
    assert [one.failure.status for one in p.plan.failed] == [500]
    p.asks(pin=Pin(provider_id="nobody", credential_id="x"))
    p.expects(status=404)


def test_nested_limits_are_not_waited_for(play, parts):
    """A wait is for our keys upstream; a client's own limit is told at once, even when it frees up
    in a second.
    """
    p = play(parts[0]({"a": 1, "b": 1, "c": 1}) + (NESTED % "rate_limit: 1/s").replace(", c/*", ""))
    p.served()
    p.asks()
    p.expects(status=429, retry_after=1)


def test_a_channel_reached_twice_is_one_candidate(play, parts):
    """Through the nested key and directly: the direct way counts, no attempt is added."""
    text = parts[0]({"a": 1, "b": 1}) + (NESTED % "AUTO_RETRY: true").replace(", c/*", ", a/*")
    p = play(text)
    assert p.tries(lambda at: 500) == ["b#1", "b#1", "a#1", "b#1", "b#1", "500"]
    p.passes(300)
    p.asks()
    p.fails(404)
    p.expects("a")
    assert p.step.channel.key_path == ()


def test_a_delay_of_nothing_is_no_invitation(play, yaml_of):
    """`retry-after: 0` does not send the same key back at once."""
    p = play(yaml_of({"a": 1}))
    p.asks()
    p.fails(429, retry_after=0)
    p.expects(status=429)


def test_the_time_a_client_set_is_nobodys_fault(play, yaml_of):
    """A time-out because the client's own deadline came rests nothing."""
    p = play(yaml_of({"a": 1, "b": 1}))
    p.asks(deadline=p.now + 5)
    p.passes(5)
    p.fails(504)
    p.expects(status=504)
    assert p.health.snapshot(p.now) == ()


def test_unsent_requests_use_up_no_limit(play, yaml_of):
    p = play(yaml_of({"a": 1}, more="api_key_rate_limit: 1/min"))
    p.asks()
    p.fails(FailureKind.UNSUPPORTED)
    p.expects(status=400)
    p.ends()
    assert p.served() == "a#1"


def test_reported_tokens_correct_the_estimate_of_a_key(play, yaml_of):
    """`tpm` of a provider key: admitted by estimate, corrected by the usage; a failed attempt used
    none.
    """
    p = play(yaml_of({"a": 1}, more="api_key_rate_limit: 1000/tpm"))
    p.asks(tokens=900)
    p.fails(500)
    p.expects("a")
    p.serves(tokens=200)
    p.asks(tokens=800)
    p.expects("a")
    p.serves(tokens=900)
    p.asks(tokens=10)
    p.expects(status=429)


def test_daily_quota_rests_until_the_day_ends(play, yaml_of):
    """At Google until midnight in California, and the client is told so."""
    text = yaml_of({"a": 2}).replace(
        "base_url: https://a.example/v1/chat/completions",
        "engine: gemini\n    base_url: https://a.example/v1beta",
    )
    p = play(text)
    p.asks()
    p.fails(429, daily=True)
    p.fails(429, daily=True)
    assert [round(resting.seconds_left) for resting in p.health.snapshot(p.now)] == [34200, 34200]
    p.expects(status=429, retry_after=34200)


def test_an_attempt_says_its_heartbeats(play, yaml_of):
    p = play(yaml_of({"a": 1, "b": 1}, more="keepalive_interval: 20"))
    p.asks()
    assert p.step.keepalive_s == 20
    p = play(yaml_of({"a": 1}))
    p.asks()
    assert p.step.keepalive_s is None


def test_nested_concurrency_ends_with_the_call(play, parts):
    p = play(parts[0]({"a": 1, "b": 1, "c": 1}) + NESTED % "max_concurrency: 1")
    p.asks()
    p.expects("a")
    first = p.plan
    assert p.served() == "c#1"
    first.finished(p.now)
    assert p.served() == "a#1"


# Observed on the predecessor, the running FastAPI version.


def test_vector_two_channels_fixed(play, yaml_of):
    """Kept: a (2 keys) + b, cooldown 0: a, b, a, keys alternating, and the upstream's status."""
    p = play(yaml_of({"a": 2, "b": 1}, cooldown=0))
    assert p.tries(lambda at: 500 if at.startswith("a") else 501) == ["a#1", "b#1", "a#2", "500"]


def test_vector_auto_retry_false(play, yaml_of):
    """Changed: the old version ignored AUTO_RETRY: false (a, b, a); it means one call."""
    p = play(yaml_of({"a": 2, "b": 1}, cooldown=0, AUTO_RETRY=False))
    assert p.tries(lambda at: 500) == ["a#1", "500"]


def test_vector_413(play, yaml_of):
    """Kept: a answers 413, the other channel has the same model and dialect: 413 at once (a
    different one may be tried, see above).
    """
    p = play(yaml_of({"a": 1, "b": 1}))
    assert p.tries(lambda at: 413 if at == "a#1" else None) == ["a#1", "413"]


def test_vector_three_keys_500(play, yaml_of):
    """Changed: 500 is the channel's fault, so no key rests, the client sees the 500 (not a 429),
    and another model of the provider still works. k1, k2, k3 as before, then k1 once more.
    """
    text = yaml_of({"a": 3}, more="api_key_cooldown_period: 60").replace(
        "model: [m]", "model: [m, n]"
    )
    p = play(text)
    assert p.tries(lambda at: 500) == ["a#1", "a#2", "a#3", "a#1", "500"]
    assert p.served("n") == "a#1"


def test_vector_cooled_keys_then_failing_channel(play, yaml_of):
    """Kept: a's keys rest for a time that is written, b fails: b, b and b's status. (Changed: where
    it is a guess, a is asked before the request is lost.)
    """
    p = play(yaml_of({"a": 2, "b": 1}, cooldown=3, more="api_key_cooldown_period: 60"))
    p.tries(lambda at: 429 if at.startswith("a") else None)
    assert p.tries(lambda at: 503) == ["b#1", "b#1", "503"]


def test_vector_cooldown_of_a_failing_channel(play, yaml_of):
    """Kept: a's keys rest, b fails, c serves: b, c; within three seconds the second request goes
    straight to c.
    """
    p = play(yaml_of({"a": 2, "b": 1, "c": 1}, cooldown=3))
    p.tries(lambda at: 429 if at.startswith("a") else None)
    assert p.tries(lambda at: 500 if at == "b#1" else None) == ["b#1", "c#1"]
    assert p.served() == "c#1"
    p.passes(3)
    assert p.served() == "b#1"


def test_vector_random_with_one_cooling(play, yaml_of):
    """Changed: the old version crashed (500); the cooling one is passed over."""
    p = play(yaml_of({"a": 1, "b": 1, "c": 1}, SCHEDULING_ALGORITHM="random"))
    p.tries(lambda at: 500 if at == "a#1" else None)
    while "a" not in {resting.provider_id for resting in p.health.snapshot(p.now)}:
        p.tries(lambda at: 500 if at == "a#1" else None)
    assert {p.served() for _ in range(30)} == {"b#1", "c#1"}


def test_vector_auto_retry_three(play, yaml_of):
    """Kept: a unusable, b failing, AUTO_RETRY: 3: b four times."""
    more = "api_key_cooldown_period: 60"
    p = play(yaml_of({"a": 2, "b": 1}, cooldown=3, more=more, AUTO_RETRY=3))
    p.tries(lambda at: 429 if at.startswith("a") else None)
    assert p.tries(lambda at: 503) == ["b#1"] * 4 + ["503"]


def test_vector_key_limit(play, yaml_of):
    """Kept (429), with an honest retry-after that the old version lacked."""
    p = play(yaml_of({"a": 1}, more="api_key_rate_limit: 1/min"))
    p.served()
    p.asks()
    p.expects(status=429, retry_after=60)


def test_vector_limit_names(play):
    """Changed: of several keys contained in the name the longest counts, not the first:
    `gpt-m-x-long` has the limit of `gpt-m-x`. Exact as before.
    """
    text = """
providers:
  - provider: a
    base_url: https://a.example/v1/chat/completions
    api: sk-a-0123456789abcdef
    model: [gpt-m-x, gpt-m-x-long, gpt-m-y]
    preferences: {api_key_rate_limit: {gpt-m: 5/min, gpt-m-x: 1/min}}
api_keys:
  - api: sk-client-0123456789abcdef
"""
    p = play(text)
    for model, expected in (("gpt-m-x-long", 1), ("gpt-m-x", 1), ("gpt-m-y", 5)):
        count = 0
        while True:
            p.asks(model)
            if isinstance(p.step, GiveUp):
                break
            p.serves()
            count += 1
        assert count == expected


@pytest.mark.parametrize(
    "kind, status",
    [
        (
            FailureKind.EMPTY,
            502,
        ),  # stream with only [DONE]: was 400 `No data returned`, which blamed the client
        (FailureKind.TIMEOUT, 504),  # kept
        (FailureKind.BROKEN, 502),  # a 200 with HTML: was 500 `Expecting value`
    ],
)
def test_vector_broken_answers(play, yaml_of, kind, status):
    """Kept: an empty answer, a time-out, a page of HTML are tried again (three calls with two
    keys). Changed: the status says whose fault it was.
    """
    p = play(yaml_of({"a": 2}))
    assert p.tries(lambda at: kind) == ["a#1", "a#2", "a#1", str(status)]


def test_step_after_the_end_is_the_end_again(play, yaml_of):
    """Asking a plan that gave up, or whose call is over, does no harm."""
    p = play(yaml_of({"a": 1}))
    p.asks()
    p.fails(400)
    assert isinstance(p.plan.next(None, p.now), GiveUp)
    p.asks()
    assert isinstance(p.step, Attempt)
    p.ends()
    assert isinstance(p.plan.next(None, p.now), GiveUp)


def test_a_nested_key_whose_time_is_over_leads_nowhere(play, parts):
    """It works to its end; afterwards the outer key's other channels serve, and without any the
    model is not there.
    """
    until = int(START_EPOCH_S + 1000 + 60)
    p = play(parts[0]({"a": 1, "b": 1, "c": 1}) + NESTED % f"expires_at: {until}")
    assert p.served() == "a#1"
    p.passes(60)
    assert p.served() == "c#1"
    p = play(
        parts[0]({"a": 1, "b": 1, "c": 1}) + (NESTED % f"expires_at: {until}").replace(", c/*", "")
    )
    assert p.served() == "a#1"
    p.passes(60)
    p.asks()
    p.expects(status=404)
