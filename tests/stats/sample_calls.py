"""Calls to count, written by hand and at random."""

import random

from hypothesis import strategies as st

from uniapi.canonical import Usage
from uniapi.config import ClientKey, Config, Preferences, Price
from uniapi.stats import AttemptRecord, CallRecord

HOUR_S = 3600
NOON_S = 1_793_707_200.0
"""2026-11-03 12:00 UTC."""


def attempt(outcome="ok", provider="openai", credential_id="cred1", **members):
    usual = {
        "provider": provider,
        "provider_id": provider,
        "upstream_model": "gpt-5-2026",
        "credential_id": credential_id,
        "credential_display": f"sk-{credential_id}…wxyz",
        "outcome": outcome,
        "status": 200 if outcome == "ok" else 429,
        "duration_s": 0.5,
    }
    return AttemptRecord(**{**usual, **members})


def call(request_id="r1", *, at_s=NOON_S, outcome="ok", attempts=None, **members):
    """A call served by openai, unless it says otherwise."""
    usual = {
        "request_id": request_id,
        "at_s": at_s,
        "key_id": "key1",
        "key_label": "alice",
        "operation": "chat",
        "endpoint": "POST /v1/chat/completions",
        "requested_model": "gpt-5",
        "provider": "openai",
        "provider_id": "openai",
        "upstream_model": "gpt-5-2026",
        "status": 200 if outcome == "ok" else 502,
        "outcome": outcome,
        "stream": True,
        "attempts": (attempt(outcome),) if attempts is None else attempts,
        "usage": Usage(input_tokens=100, output_tokens=10),
        "first_token_s": 0.3,
        "total_s": 1.5,
        "client_ip": "10.0.0.1",
    }
    return CallRecord(**{**usual, **members})


def client_key(key_id="key1", **members):
    return ClientKey(
        key_id=key_id, display=f"sk-{key_id}…", secret="sk-secret", label="alice", **members
    )


def config(*keys, **preferences):
    prices = preferences.pop(
        "prices",
        {
            "default": Price(
                figures={"in": 2.5, "out": 10.0, "cache_read": 0.25, "cache_write": 3.0}
            )
        },
    )
    return Config(
        providers=(),
        client_keys=keys or (client_key(),),
        preferences=Preferences(prices=prices, **preferences),
    )


_names = st.sampled_from(["a", "b", "c/d", "模型"])
_tokens = st.none() | st.integers(0, 10**6)
_outcomes = st.sampled_from(["ok", "ok", "rate_limited", "client_left"])


@st.composite
def calls(draw):
    provider = draw(st.none() | _names)
    attempts = draw(
        st.lists(
            st.builds(
                attempt,
                outcome=_outcomes,
                provider=_names,
                credential_id=_names,
                duration_s=st.floats(0, 500),
                message=st.text(max_size=5),
            ),
            max_size=3,
        )
    )
    usage = draw(
        st.none()
        | st.builds(
            Usage,
            input_tokens=_tokens,
            output_tokens=_tokens,
            cache_read_tokens=_tokens,
            reasoning_tokens=_tokens,
            total_tokens=_tokens,
        )
    )
    return call(
        draw(st.text(max_size=8)),
        at_s=round(NOON_S + draw(st.floats(-90_000, 90_000)), 3),
        outcome=draw(_outcomes),
        key_id=draw(_names),
        requested_model=draw(_names),
        provider=provider,
        provider_id=None if provider is None else draw(st.just(provider) | _names),
        upstream_model=None if provider is None else draw(_names),
        attempts=tuple(attempts) if provider is not None else (),
        usage=usage,
        cost_pd=draw(st.none() | st.integers(0, 10**13)),
        first_token_s=draw(st.none() | st.floats(0, 400)),
        total_s=draw(st.floats(0, 400)),
        client_ip=draw(st.none() | st.sampled_from(["10.0.0.1", "::1"])),
    )


def random_calls(seed, number):
    """So many calls of a few keys, models and providers, from a seed: hypothesis draws two numbers
    in place of hundreds.
    """
    rng = random.Random(seed)

    def name():
        return rng.choice(["a", "b", "c/d", "模型"])

    def outcome():
        return rng.choice(["ok", "ok", "rate_limited", "client_left"])

    def tokens():
        return rng.choice([None, 0, rng.randrange(10**6)])

    made = []
    for place in range(number):
        tries = tuple(
            attempt(outcome(), name(), name(), duration_s=rng.uniform(0, 500))
            for _ in range(rng.randrange(4))
        )
        made.append(
            call(
                f"{seed}-{place}",
                at_s=NOON_S + rng.uniform(-90_000, 90_000),
                outcome=outcome(),
                key_id=name(),
                requested_model=name(),
                provider_id=name(),
                attempts=tries,
                usage=rng.choice(
                    [
                        None,
                        Usage(
                            input_tokens=tokens(),
                            output_tokens=tokens(),
                            cache_read_tokens=tokens(),
                            total_tokens=tokens(),
                        ),
                    ]
                ),
                cost_pd=rng.choice([None, rng.randrange(10**13)]),
                first_token_s=rng.choice([None, rng.uniform(0, 400)]),
                total_s=rng.uniform(0, 400),
                client_ip=rng.choice([None, "10.0.0.1", "::1"]),
            )
        )
    return made
