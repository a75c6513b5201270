"""What the status page and the terminal draw."""

import json

import pytest
from sample_calls import NOON_S, attempt, call

from uniapi.stats import Recorder, newest_rows, status_figures, terminal_report


@pytest.fixture
def recorder():
    recorder = Recorder()
    for hour in (0, 0, 1, 3):
        recorder.record(call(at_s=NOON_S + hour * 3600, cost_pd=10**12))
    failed = (
        attempt("overloaded", provider="azure", message="busy"),
        attempt("timeout", status=None),
    )
    recorder.record(
        call(
            "bad",
            at_s=NOON_S + 3600,
            outcome="timeout",
            attempts=failed,
            key_id="key2",
            key_label="bob",
        )
    )
    recorder.commit(NOON_S + 3 * 3600)
    return recorder


def figures(recorder, hours=4):
    """The steps from noon on, for four hours."""
    return status_figures(recorder, hours, NOON_S + 3 * 3600)


def test_every_step_is_there_with_its_figures(recorder):
    """Empty hours too; costs in dollars; errors and failed attempts apart."""
    status = figures(recorder)
    assert status["times"] == [NOON_S + hour * 3600 for hour in range(4)]
    assert [status["all"][name] for name in ("requests", "errors", "failed_attempts", "cost")] == [
        [2, 2, 0, 1],
        [0, 1, 0, 0],
        [0, 2, 0, 0],
        [2.0, 1.0, 0.0, 1.0],
    ]
    assert {
        line["name"]: (line["attempts"], line["failed_attempts"]) for line in status["providers"]
    } == {"openai": (5, 1), "azure": (1, 1)}
    assert {
        line["name"]: (line["requests"], line["errors"], line["cost"])
        for line in status["client_keys"]
    } == {
        "alice": (4, 0, 4.0),
        "bob": (1, 1, None),
    }
    own = status_figures(recorder, 4, NOON_S + 3 * 3600, "key2")
    assert (own["all"]["requests"], [line["name"] for line in own["client_keys"]]) == (
        [0, 1, 0, 0],
        ["bob"],
    )
    assert status["summary"]["totals"]["requests"] == 5
    assert json.loads(json.dumps(status)) == status


def test_days_and_nothing_at_all():
    """A stretch without calls has its steps."""
    recorder = Recorder()
    status = status_figures(recorder, 24 * 15, NOON_S)
    assert (status["step_s"], len(status["times"]), status["all"]["requests"]) == (
        86400,
        15,
        [0] * 15,
    )
    assert "Nothing was counted" in terminal_report(status, title="Last 72 hours")


def test_many_rows_become_a_few_and_the_rest():
    """A table that can be read; no request is lost."""
    recorder = Recorder()
    for number in range(40):
        recorder.record(call(requested_model=f"m{number}"))
    models = figures(recorder)["models"]
    assert (len(models), models[-1]["name"], sum(line["requests"] for line in models)) == (
        21,
        "(other)",
        40,
    )


def test_failures_with_their_attempts(recorder):
    """The latest begun first; a client sees its own only."""
    recorder.record(
        call(
            "worse",
            at_s=NOON_S + 3 * 3600,
            outcome="refused",
            provider=None,
            provider_id=None,
            upstream_model=None,
            attempts=(),
        )
    )
    rows = newest_rows(recorder.recent_failures, None)
    assert [row["request_id"] for row in rows] == ["worse", "bad"]
    assert [
        (tried["provider"], tried["outcome"], tried["message"]) for tried in rows[1]["attempts"]
    ] == [
        ("azure", "overloaded", "busy"),
        ("openai", "timeout", ""),
    ]
    assert [row["request_id"] for row in newest_rows(recorder.recent_failures, "key2")] == ["bad"]


@pytest.mark.parametrize(("hours", "ends"), [(1, "11-03 12:00"), (3, "11-03 10:00 to 11-03 12:00")])
def test_a_short_timeline_names_its_ends_one_beside_the_other(hours, ends):
    recorder = Recorder()
    recorder.record(call())
    text = terminal_report(status_figures(recorder, hours, NOON_S + 5), title="Last")
    assert f"\n  {ends}\n" in text


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_the_terminal_report_keeps_to_the_width(recorder, width):
    """Also with long and strange names; it says what a person looks for."""
    recorder.record(call(requested_model="a-very/long-model-name-" * 8 + "\x1b[31m"))
    text = terminal_report(figures(recorder), title="Last 3 hours", width=width)
    assert max(map(len, text.splitlines())) <= max(60, width)
    assert "\x1b" not in text
    for word in (
        "requests 6",
        "failed 1   turned away 0",
        "gpt-5",
        "openai",
        "alice",
        "azure overloaded",
        "$4.0000",
    ):
        assert word in text


def test_the_terminal_report_in_plain_ascii(recorder):
    """For terminals that show nothing else."""
    recorder.record(call(requested_model="模型"))
    assert terminal_report(figures(recorder), title="t", is_ascii=True).isascii()


def test_what_clients_did_wrong_stands_apart_from_what_failed(recorder):
    """In each step, and by model and by client key."""
    at = NOON_S + 2 * 3600
    recorder.record(call("typo", at_s=at, outcome="refused", status=404, attempts=()))
    recorder.record(call("down", at_s=at, outcome="unavailable", status=503, attempts=()))
    recorder.commit(NOON_S + 3 * 3600)
    status = figures(recorder)
    assert status["all"]["errors"] == [0, 1, 2, 0]
    assert status["all"]["mistakes"] == [0, 0, 1, 0]
    assert sum(row["mistakes"] for row in status["models"]) == 1
    assert sum(row["mistakes"] for row in status["client_keys"]) == 1
    assert status["summary"]["totals"]["mistakes"] == 1
