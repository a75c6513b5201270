"""The Prometheus page."""

import re

from sample_calls import attempt, call

from uniapi.canonical import Usage
from uniapi.stats import LiveFigures, Recorder, metrics_text

SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="(\\\\|\\"|\\n|[^"\\\n])*",?)+\})? -?[0-9.e+-]+')


def page(*calls, **live):
    recorder = Recorder()
    for one in calls:
        recorder.record(one)
    return metrics_text(recorder.lifetime(), LiveFigures(version="1.2", **live), {"key1": "alice"})


def test_counters_gauges_and_histograms():
    """One line each, by the labels that dashboards group by; never a key."""
    usage = Usage(input_tokens=100, output_tokens=10, cache_read_tokens=60)
    lines = page(
        call(attempts=(attempt("rate_limited"), attempt()), usage=usage, cost_pd=5 * 10**11, first_token_s=0.3, total_s=1.5),
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


def test_the_page_is_well_formed():
    """Each family is described once, before its samples; any name can be a label."""
    text = page(call(requested_model='q"\\\n{}'), call(outcome="overloaded"), config_loaded_at_s=5.5, started_at_s=1.0)
    assert text.endswith("\n")
    described = re.findall("^# TYPE ([a-z_]+) ", text, re.MULTILINE)
    assert len(described) == len(set(described))
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in samples if not SAMPLE.fullmatch(line)] == []


def test_an_idle_gateway_has_a_page():
    """Gauges only."""
    assert "uniapi_live_calls 0" in page()
