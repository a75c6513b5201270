"""The Prometheus page."""

from exposition import families
from sample_calls import attempt, call

from uniapi.canonical import Usage
from uniapi.stats import LiveFigures, Recorder, metrics_text


def page(*calls, **live):
    recorder = Recorder()
    for one in calls:
        recorder.record(one)
    return metrics_text(recorder.lifetime(), LiveFigures(version="1.2", **live), {"key1": "alice"})


def test_counters_gauges_and_histograms():
    """One line each, by the labels that dashboards group by; never a key."""
    usage = Usage(input_tokens=100, output_tokens=10, cache_read_tokens=60)
    lines = page(
        call(
            attempts=(attempt("rate_limited"), attempt()),
            usage=usage,
            cost_pd=5 * 10**11,
            first_token_s=0.3,
            total_s=1.5,
        ),
        live_calls=3,
        resting={("openai", "key"): 2},
    ).splitlines()
    for line in (
        'uniapi_build_info{version="1.2",python=""} 1',
        "uniapi_live_calls 3",
        'uniapi_resting{provider="openai",kind="key"} 2',
        'uniapi_requests_total{key="alice",model="gpt-5",outcome="ok"} 1',
        'uniapi_attempts_total{provider="openai",model="gpt-5-2026",outcome="rate_limited"} 1',
        'uniapi_tokens_total{provider="openai",model="gpt-5-2026",kind="cache_read"} 60',
        'uniapi_cost_dollars_total{provider="openai",model="gpt-5-2026"} 0.5',
        'uniapi_first_token_seconds_bucket{provider="openai",model="gpt-5-2026",le="0.25"} 0',
        'uniapi_first_token_seconds_bucket{provider="openai",model="gpt-5-2026",le="0.5"} 1',
        'uniapi_first_token_seconds_bucket{provider="openai",model="gpt-5-2026",le="+Inf"} 1',
        'uniapi_request_seconds_sum{provider="openai",model="gpt-5-2026"} 1.5',
        'uniapi_request_seconds_count{provider="openai",model="gpt-5-2026"} 1',
    ):
        assert line in lines
    assert not any("cred1" in line for line in lines)


NAMES = ["gpt-5", 'q"\\\n{}', "é, \u2028", "", "a=b,c", "#"]


def test_a_strict_reader_takes_the_page():
    """Each family is described once and whole, no series comes twice, histograms add up; any name
    can be a label.
    """
    usage = Usage(
        input_tokens=100,
        output_tokens=10,
        cache_read_tokens=60,
        cache_write_tokens=5,
        reasoning_tokens=1,
    )
    calls = [
        call(
            requested_model=name,
            outcome=outcome,
            usage=usage,
            cost_pd=cost,
            first_token_s=seconds,
            total_s=seconds * 2,
        )
        for name in NAMES
        for outcome, cost, seconds in (
            ("ok", 1, 0.001),
            ("ok", 5 * 10**11, 3.0),
            ("ok", None, 900.0),
            ("overloaded", None, 0.1),
            ("client_left", None, 0.1),
        )
    ]
    text = page(
        *calls,
        call(),
        config_loaded_at_s=5.5,
        started_at_s=1.0,
        live_calls=3,
        resting={('p"\n', "key"): 1, ('p"\n', "channel"): 2},
    )
    found = families(text)
    names = {
        "uniapi_build_info",
        "uniapi_live_calls",
        "uniapi_resting",
        "uniapi_requests_total",
        "uniapi_attempts_total",
        "uniapi_tokens_total",
        "uniapi_cost_dollars_total",
        "uniapi_first_token_seconds",
        "uniapi_request_seconds",
    }
    assert names <= set(found)
    assert sum(found["uniapi_requests_total"][1].values()) == len(calls) + 1
    models = {dict(labels)["model"] for _, labels in found["uniapi_requests_total"][1]}
    assert len(models) == len(NAMES)


def test_an_idle_gateway_has_a_page():
    """Gauges only."""
    assert "uniapi_live_calls 0" in page()
    assert {kind for kind, _ in families(page()).values()} == {"gauge"}
