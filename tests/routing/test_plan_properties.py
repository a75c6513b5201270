"""What holds for every plan, whatever the config, the health before, and the answers."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uniapi.canonical import Failure, FailureKind
from uniapi.routing import Attempt, GiveUp, Rested, Road, Tried, Wait

FAILURES = st.builds(
    Failure,
    kind=st.sampled_from(list(FailureKind)),
    message=st.just("mock"),
    retry_after_s=st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.9, 3.0, 90.0, 1e9])),
    is_daily=st.booleans(),
    status=st.sampled_from([None, 402, 429, 500]),
)
POLICIES = st.sampled_from(
    [
        "fixed_priority",
        "round_robin",
        "weighted_round_robin",
        "lottery",
        "random",
        "smart_round_robin",
        "sticky",
    ]
)
KEY_POLICIES = st.sampled_from(
    [None, "round_robin", "random", "fixed_priority", "smart_round_robin", "sticky"]
)


@st.composite
def configs(draw):
    count = draw(st.integers(1, 4))
    keys_of = {name: draw(st.integers(1, 4)) for name in "abcd"[:count]}
    key_policy = draw(KEY_POLICIES)
    more = f"api_key_schedule_algorithm: {key_policy}" if key_policy else ""
    cooldown = draw(st.sampled_from([0, 5, 300]))
    nested = draw(st.sampled_from([None, "true", "false", "3"]))
    preferences = {
        "SCHEDULING_ALGORITHM": draw(POLICIES),
        "AUTO_RETRY": draw(st.sampled_from([True, False, 0, 1, 5, 100])),
    }
    return keys_of, more, cooldown, nested, preferences


def _written(yaml_of, keys_of, more, cooldown, nested, preferences):
    """The config; with `nested`, part of it is reached through a second client key with such an
    AUTO_RETRY.
    """
    if nested is None:
        return yaml_of(keys_of, more=more, cooldown=cooldown, **preferences)
    text = yaml_of(
        keys_of,
        more=more,
        cooldown=cooldown,
        rules="[sk-inner-0123456789abcdef/*, a/*]",
        **preferences,
    )
    algorithm = preferences["SCHEDULING_ALGORITHM"]
    inner = (
        f"  - api: sk-inner-0123456789abcdef\n"
        f"    preferences: {{AUTO_RETRY: {nested}, SCHEDULING_ALGORITHM: {algorithm}, "
        f"rate_limit: 2/min}}\n"
    )
    head, _, tail = text.partition("preferences:\n  cooldown_period")
    return f"{head}{inner}preferences:\n  cooldown_period{tail}"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    configs(),
    st.lists(
        st.lists(st.tuples(FAILURES, st.sampled_from(Road), st.floats(0, 20)), max_size=12),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 99),
)
def test_every_plan_is_bounded_and_leaves_the_resting_alone(
    play, yaml_of, hint, config, conversations, seed
):
    """At most ten calls and three waits, one call without retries; what rests is called on trial
    only; the end tells a status; nothing stays on trial.
    """
    keys_of, more, cooldown, nested, preferences = config
    p = play(_written(yaml_of, keys_of, more, cooldown, nested, preferences), seed=seed)
    rng = random.Random(seed)
    for answers in conversations:
        resting_before = {
            (resting.provider_id, resting.credential_id): p.now + resting.seconds_left
            for resting in p.health.snapshot(p.now)
            if resting.state == "resting"
        }
        p.asks(
            session=hint(
                rng.choice([None, "s", "t"]), continues=rng.random() < 0.5, named=rng.random() < 0.5
            )
        )
        calls = waits = sent = 0
        while not isinstance(p.step, GiveUp):
            if isinstance(p.step, Wait):
                assert 0 < p.step.seconds <= 2.0
                waits += 1
                p.waits()
                continue
            attempt = p.step
            assert isinstance(attempt, Attempt)
            calls += 1
            assert attempt.number == calls
            channel, credential = attempt.channel, attempt.credential
            for thing in (
                Rested(
                    channel.provider.provider_id, credential.credential_id, channel.upstream_model
                ),
                Rested(channel.provider.provider_id, credential.credential_id, None),
            ):
                entry = [
                    r
                    for r in p.health.snapshot(p.now)
                    if (r.credential_id, r.upstream_model)
                    == (thing.credential_id, thing.upstream_model)
                ]
                assert all(
                    resting.state != "resting" or attempt.is_trial
                    for resting in entry
                    if resting.provider_id == thing.provider_id
                )
            if len(keys_of) > 1:
                assert (
                    resting_before.get((channel.provider.provider_id, None), 0) <= p.now
                    or attempt.is_trial
                )
            if calls > len(answers):
                p.serves()
                break
            failure, road, seconds = answers[calls - 1]
            sent += failure.kind is not FailureKind.UNSUPPORTED
            p.passes(seconds)
            p.step = p.plan.next(Tried(failure=failure, road=road), p.now)
        else:
            assert 400 <= p.step.error.status < 600
            assert len(p.step.failed) == calls
            p.ends()
        assert sent <= 10
        assert waits <= 3
        if not preferences["AUTO_RETRY"]:
            assert sent <= 1
        assert all(resting.state != "trial" for resting in p.health.snapshot(p.now))
        p.passes(rng.choice([0, 1, 60, 400]))
