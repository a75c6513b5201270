"""What the admin surface shows."""

from dataclasses import replace

import pytest
from sample_calls import NOON_S, attempt, call, client_key, config

from uniapi.canonical import Usage
from uniapi.stats import (
    Aggregate,
    Recorder,
    Span,
    key_rankings,
    key_states,
    money_shown,
    stats_report,
    status_figures,
    summary,
    token_usage,
)

SPAN = Span(start_s=NOON_S, end_s=NOON_S + 86400)
NAMES = {"key1": "alice", "key2": "bob", "cred1": "sk-abc…wxyz", "cred2": "sk-def…wxyz"}


@pytest.fixture
def counts():
    """Alice: one call at the second try, one that failed; Bob: a cheap one, and one refused."""
    total = Aggregate()
    both = (attempt("rate_limited", credential_id="cred2"), attempt("ok", credential_id="cred1"))
    usage = Usage(input_tokens=1000, output_tokens=200, cache_read_tokens=600, reasoning_tokens=50)
    total.add(call("1", attempts=both, usage=usage, cost_pd=4 * 10**9))
    failed = attempt("overloaded", provider="azure", credential_id="cred9", duration_s=2.0)
    total.add(
        call(
            "2",
            outcome="overloaded",
            attempts=(failed,),
            provider="azure",
            provider_id="azure",
            usage=None,
            first_token_s=None,
        )
    )
    total.add(
        call(
            "3",
            key_id="key2",
            requested_model="mini",
            endpoint="POST /v1/messages",
            client_ip="::1",
        )
    )
    total.add(
        call(
            "4",
            key_id="key2",
            outcome="refused",
            provider=None,
            provider_id=None,
            upstream_model=None,
            attempts=(),
            usage=None,
            first_token_s=None,
        )
    )
    return total


def test_the_predecessors_shape(counts):
    """Attempts by channel and provider, requests by model, endpoint and address; best and largest
    first.
    """
    report = summary(counts, NAMES)
    assert report["channel_model_success_rates"] == [
        {"provider": "openai", "model": "mini", "success_rate": 1.0, "total_requests": 1},
        {"provider": "openai", "model": "gpt-5", "success_rate": 0.5, "total_requests": 2},
        {"provider": "azure", "model": "gpt-5", "success_rate": 0.0, "total_requests": 1},
    ]
    assert report["channel_success_rates"] == [
        {"provider": "openai", "success_rate": 2 / 3, "total_requests": 3},
        {"provider": "azure", "success_rate": 0.0, "total_requests": 1},
    ]
    assert report["model_request_counts"] == [
        {"model": "gpt-5", "count": 3},
        {"model": "mini", "count": 1},
    ]
    assert report["endpoint_request_counts"] == [
        {"endpoint": "POST /v1/chat/completions", "count": 3},
        {"endpoint": "POST /v1/messages", "count": 1},
    ]
    assert report["ip_request_counts"] == [
        {"ip": "10.0.0.1", "count": 3},
        {"ip": "::1", "count": 1},
    ]


def test_our_own_members(counts):
    """Totals, tokens by kind, dollars, failures by reason, keys by their display form."""
    report = summary(counts, NAMES)
    totals = report["totals"]
    assert {
        name: totals[name]
        for name in (
            "requests",
            "errors",
            "attempts",
            "input_tokens",
            "cache_read_tokens",
            "cost",
            "unpriced_requests",
        )
    } == {
        "requests": 4,
        "errors": 2,
        "attempts": 4,
        "input_tokens": 1100,
        "cache_read_tokens": 600,
        "cost": 0.004,
        "unpriced_requests": 1,
    }
    assert report["failure_counts"] == [
        {"provider": None, "kind": "refused", "count": 1},
        {"provider": "azure", "kind": "overloaded", "count": 1},
        {"provider": "openai", "kind": "rate_limited", "count": 1},
    ]
    assert [(row["key"], row["requests"], row["errors"]) for row in report["client_keys"]] == [
        ("alice", 2, 1),
        ("bob", 2, 1),
    ]
    assert [
        (row["provider"], row["key"], row["success_count"], row["total_requests"])
        for row in report["provider_keys"]
    ] == [
        ("openai", "sk-abc…wxyz", 2, 2),
        ("openai", "sk-def…wxyz", 0, 1),
        ("azure", "cred9", 0, 1),
    ]


def test_a_client_that_left_blames_no_channel():
    """Neither for nor against."""
    counts = Aggregate()
    counts.add(call(outcome="client_left", attempts=(attempt("cancelled"),)))
    assert summary(counts, {})["channel_success_rates"] == []
    assert summary(counts, {})["totals"]["errors"] == 0


def test_the_report_of_a_recorder():
    """The entry that the server calls."""
    recorder = Recorder()
    recorder.record(call())
    report = stats_report(recorder, 24, NOON_S + 3600)
    assert (report["time_range"], report["totals"]["requests"]) == ("Last 24 hours", 1)
    assert stats_report(recorder, 1, NOON_S + 86400)["totals"]["requests"] == 0


def test_token_usage_by_key_and_model(counts):
    """Rows and details as the predecessor has them; a model filter leaves the rest out."""
    usage = token_usage(
        counts, SPAN, key_filter="all", model=None, names=NAMES, money={"credits": None}
    )
    assert [
        (
            row["api_key_prefix"],
            row["model"],
            row["total_prompt_tokens"],
            row["total_completion_tokens"],
            row["total_tokens"],
            row["request_count"],
        )
        for row in usage["usage"]
    ] == [
        ("alice", "gpt-5", 1000, 200, 1200, 2),
        ("bob", "mini", 100, 10, 110, 1),
        ("bob", "gpt-5", 0, 0, 0, 1),
    ]
    assert usage["query_details"] == {
        "start_datetime": "2026-11-03T12:00:00+00:00",
        "end_datetime": "2026-11-04T12:00:00+00:00",
        "api_key_filter": "all",
        "model_filter": "all",
        "credits": None,
    }
    assert [
        row["model"]
        for row in token_usage(counts, SPAN, key_filter="all", model="mini", names=NAMES, money={})[
            "usage"
        ]
    ] == ["mini"]


def test_a_client_sees_only_its_own(counts):
    """The part of one key has nothing of the others, addresses and provider keys included."""
    own = counts.only("key2")
    assert [
        row["api_key_prefix"]
        for row in token_usage(own, SPAN, key_filter="self", model=None, names=NAMES, money={})[
            "usage"
        ]
    ] == ["bob", "bob"]
    assert summary(own, NAMES)["ip_request_counts"] == []


def test_rankings_of_a_providers_keys(counts):
    """The best first, from hours and from whole days alike."""
    expected = [
        {"api_key": "sk-abc…wxyz", "success_count": 2, "total_requests": 2, "success_rate": 1.0},
        {"api_key": "sk-def…wxyz", "success_count": 0, "total_requests": 1, "success_rate": 0.0},
    ]
    assert key_rankings(counts, "openai", SPAN, NAMES)["rankings"] == expected
    assert key_rankings(counts.daily(), "openai", SPAN, NAMES)["rankings"] == expected
    assert key_rankings(counts.compacted(), "openai", SPAN, NAMES)["rankings"] == []


def test_states_and_money_of_client_keys():
    """Credits, what is left, and whether the key still works."""
    rich, poor, free = (
        client_key("key1", credits=1.0),
        client_key("key2", credits=0.0),
        client_key("key3", created_at_s=NOON_S),
    )
    recorder = Recorder()
    recorder.configure(config(rich, poor, free))
    recorder.record(call(cost_pd=250 * 10**9))
    states = key_states(
        [rich, poor, free], recorder.ledger, recorder.tokens_since([rich, poor, free], NOON_S)
    )["api_keys_states"]
    assert {
        name: (state["credits"], state["total_cost"], state["balance"], state["enabled"])
        for name, state in states.items()
    } == {
        "sk-key1…": (1.0, 0.25, 0.75, True),
        "sk-key2…": (0.0, 0.0, 0.0, False),
        "sk-key3…": (None, 0.0, None, True),
    }
    assert states["sk-key1…"]["all_tokens_info"][0]["total_prompt_tokens"] == 100
    assert states["sk-key3…"]["created_at"] == "2026-11-03T12:00:00+00:00"
    counts = recorder.window(0, NOON_S)
    assert money_shown(rich, recorder.ledger, counts) == {
        "credits": "$1.000000",
        "total_cost": "$0.250000",
        "balance": "$0.750000",
    }
    assert money_shown(None, recorder.ledger, counts) == {
        "credits": None,
        "total_cost": "$0.250000",
        "balance": None,
    }


def test_an_unknown_cost_is_null_and_not_nothing(counts):
    """Tokens without any price: nothing is invented.

    Some with and some without: what is known. No tokens at all: nothing was spent.
    """
    report = summary(counts, NAMES)
    assert {row["model"]: row["cost"] for row in report["model_token_counts"]} == {
        "gpt-5": 0.004,
        "mini": None,
    }
    assert {
        row["key"]: (row["cost"], row["unpriced_requests"]) for row in report["client_keys"]
    } == {"alice": (0.004, 0), "bob": (None, 1)}
    assert {row["provider"]: row["cost"] for row in report["providers"]} == {
        "openai": 0.004,
        "azure": 0.0,
    }


def test_what_looks_alike_is_told_apart():
    """Masked keys and labels are short: two rows never become one, nor have one name."""
    twins = [
        replace(client_key(key_id), display="sk-a…z", label="me") for key_id in ("key1", "key2")
    ]
    recorder = Recorder()
    recorder.configure(config(*twins))
    recorder.record(call())
    recorder.record(
        call(
            key_id="key2",
            attempts=(attempt(credential_id="cred2", credential_display="sk-cred1…wxyz"),),
        )
    )
    recorder.commit(NOON_S)
    states = key_states(twins, recorder.ledger, recorder.tokens_since(twins, NOON_S))[
        "api_keys_states"
    ]
    assert list(states) == ["sk-a…z (key1)", "sk-a…z (key2)"]
    figures = status_figures(recorder, 1, NOON_S)
    assert [(line["name"], line["requests"]) for line in figures["client_keys"]] == [
        ("me (key1)", 1),
        ("me (key2)", 1),
    ]
    assert [row["key"] for row in figures["summary"]["provider_keys"]] == [
        "sk-cred1…wxyz (cred1)",
        "sk-cred1…wxyz (cred2)",
    ]
