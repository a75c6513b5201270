"""Every counter keeps its meaning on the way from a call to each place that shows it: all of them
have another figure here, so that no two can change places unseen, and a new one must be added to
every table below that it is shown in.
"""

from exposition import families
from sample_calls import NOON_S, call

from uniapi.canonical import Usage
from uniapi.stats import (
    LiveFigures,
    Recorder,
    Span,
    metrics_text,
    status_figures,
    terminal_report,
    token_usage,
)
from uniapi.stats.aggregate import Aggregate
from uniapi.stats.chart_series import _lists
from uniapi.stats.chart_sums import OUTLINED, outline_of
from uniapi.stats.columns import COLUMNS, PLACE
from uniapi.stats.journal_line import decode_call, encode_call
from uniapi.stats.packing import pack, unpack
from uniapi.stats.report import figures

CALL = call(
    outcome="overloaded",
    usage=Usage(
        input_tokens=1009,
        output_tokens=211,
        total_tokens=1231,
        cache_read_tokens=307,
        cache_write_tokens=401,
        cache_write_1h_tokens=53,
        reasoning_tokens=101,
        web_searches=7,
    ),
    cost_pd=61 * 10**12,
)
UNPRICED = call("r2", outcome="ok", usage=Usage(input_tokens=0), attempts=())

TOTALS = {
    "requests": 2,
    "attempts": 1,
    "input_tokens": 1009,
    "output_tokens": 211,
    "total_tokens": 1231,
    "cache_read_tokens": 307,
    "cache_write_tokens": 401,
    "reasoning_tokens": 101,
    "cost": 61 * 10**12,
    "unpriced_requests": 1,
    "cache_write_1h_tokens": 53,
    "web_searches": 7,
}
"""What the two calls come to, by counter, in the order that the files on disk have."""

LEGACY = {
    "total_prompt_tokens": 1009,
    "total_completion_tokens": 211,
    "total_tokens": 1231,
    "cache_read_tokens": 307,
    "cache_write_tokens": 401,
    "cache_write_1h_tokens": 53,
    "reasoning_tokens": 101,
    "web_searches": 7,
    "request_count": 2,
    "cost": 61.0,
}

METRIC = {
    "input": 1009,
    "output": 211,
    "cache_read": 307,
    "cache_write": 401,
    "cache_write_1h": 53,
    "reasoning": 101,
}

CHART = {
    "requests": 2,
    "attempts": 1,
    "input_tokens": 1009,
    "output_tokens": 211,
    "cost": 61.0,
    "unpriced_requests": 1,
    "errors": 1,
    "failed_attempts": 1,
    "mistakes": 0,
}
"""In the order that the files on disk have."""


def counted():
    counts = Aggregate()
    counts.add(CALL)
    counts.add(UNPRICED)
    return counts


def test_a_call_is_counted_by_name():
    """Kept, and read again in the same order."""
    assert list(PLACE) == list(TOTALS)
    assert counted().totals() == list(TOTALS.values())
    assert unpack(pack(counted())).totals() == list(TOTALS.values())


def test_the_journal_keeps_what_is_counted():
    """A call that is read from its line counts as it did."""
    counts = Aggregate()
    for one in (CALL, UNPRICED):
        kept = decode_call(encode_call(one))
        assert kept is not None
        counts.add(kept)
    assert counts == counted()
    names = [column.journal for column in COLUMNS if column.journal]
    assert len(names) == len(set(names))


def test_the_report_names_every_counter():
    """Cost is shown in dollars."""
    shown = figures(counted(), counted().waits.totals())
    assert {name: shown[name] for name in TOTALS} == {**TOTALS, "cost": 61.0}


def test_the_predecessors_names():
    """`/v1/token_usage` has them."""
    span = Span(start_s=NOON_S, end_s=NOON_S + 1)
    (row,) = token_usage(counted(), span, key_filter="all", model=None, names={}, money={})["usage"]
    assert {
        name: row[name] for name in row.keys() - {"api_key_prefix", "key_id", "model"}
    } == LEGACY


def test_the_metric_of_tokens():
    """One sample a kind."""
    text = metrics_text(counted(), LiveFigures(version="1"), {})
    samples = families(text)["uniapi_tokens_total"][1]
    assert {dict(labels)["kind"]: value for (_, labels), value in samples.items()} == METRIC


def test_charts():
    """Failed calls have places of their own."""
    assert list(OUTLINED) == list(CHART)
    assert {
        name: values[0] for name, values in _lists(list(outline_of(counted()).values())).items()
    } == CHART


def test_the_tables_of_the_page_and_the_terminal():
    """The page is told which columns to show; the terminal has them by short names."""
    recorder = Recorder()
    for one in (CALL, UNPRICED):
        recorder.record(one)
    status = status_figures(recorder, 1, NOON_S)
    (model,) = status["models"]
    assert {column["title"]: model[column["name"]] for column in status["columns"]} == {
        "Tokens in": 1009,
        "Tokens out": 211,
        "Cost": 61.0,
    }
    lines = terminal_report(status, title="t").splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("Models"))
    assert lines[head].split() == ["Models", "requests", "in", "out", "cost"]
    assert lines[head + 1].split()[:5] == ["gpt-5", "2", "1,009", "211", "$61.0000"]
