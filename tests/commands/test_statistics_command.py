"""The `stats` command reads the data dir, beside a running gateway or without one."""

import io
import json
from pathlib import Path

import pytest

from uniapi.canonical import Usage
from uniapi.cli import main
from uniapi.commands.stats import show_statistics
from uniapi.errors import StartError
from uniapi.stats import AttemptRecord, CallRecord, Recorder
from uniapi.storage import DiskFolder

NOW_S = 1_793_707_200.0


class Clock:
    def now_s(self):
        return NOW_S


def call(number, hours_ago):
    attempt = AttemptRecord(
        provider="p",
        provider_id="p",
        upstream_model="up",
        credential_id="c",
        credential_display="sk-…",
        outcome="ok",
        status=200,
        duration_s=1.0,
    )
    return CallRecord(
        request_id=f"r{number}",
        at_s=NOW_S - hours_ago * 3600,
        key_id="k",
        key_label="alice",
        operation="generate",
        endpoint="POST /v1/chat/completions",
        requested_model="gpt-5",
        provider="p",
        provider_id="p",
        upstream_model="up",
        status=200,
        outcome="ok",
        stream=False,
        attempts=(attempt,),
        usage=Usage(input_tokens=10, output_tokens=2),
        total_s=1.0,
    )


@pytest.fixture
def data_dir(tmp_path):
    """Three calls of the last day and one of last week; the gateway that counted them
    still runs.
    """
    recorder = Recorder(DiskFolder(tmp_path / "data"))
    recorder.open()
    for number, hours_ago in enumerate((0.1, 2, 5, 7 * 24 - 1)):
        recorder.record(call(number, hours_ago))
    recorder.commit(NOW_S)
    yield tmp_path / "data"
    recorder.close(NOW_S)


def shown(data_dir, **members):
    out = io.StringIO()
    assert (
        show_statistics(
            None,
            [data_dir] if isinstance(data_dir, Path) else data_dir,
            {},
            **{"hours": 24, "as_json": False, "out": out, "clock": Clock(), **members},
        )
        == 0
    )
    return out.getvalue()


def test_the_report_is_text_with_totals_and_tables(data_dir):
    """Only the hours asked for; longer stretches come by the day."""
    text = shown(data_dir)
    assert text.startswith("Last 24 hours\n")
    assert "requests 3 " in text
    assert "gpt-5" in text
    assert "alice" in text
    assert "cost     unknown (3 requests without a known price)" in text
    assert "requests 4 " in shown(data_dir, hours=24 * 14)


def test_json_is_what_the_stats_route_answers(data_dir):
    """The predecessor's shape with ours beside it."""
    value = json.loads(shown(data_dir, as_json=True))
    assert (value["time_range"], value["totals"]["requests"], value["totals"]["input_tokens"]) == (
        "Last 24 hours",
        3,
        30,
    )


def test_several_gateways_are_counted_together(data_dir, tmp_path):
    """A data dir each; named twice it counts once."""
    other = Recorder(DiskFolder(tmp_path / "other"))
    other.open()
    other.record(call(9, 1))
    other.commit(NOW_S)
    assert "requests 4 " in shown([data_dir, tmp_path / "other", data_dir])
    value = json.loads(shown([data_dir, tmp_path / "other"], as_json=True))
    assert value["totals"]["requests"] == 4
    other.close(NOW_S)


def test_a_data_dir_that_is_not_there_or_too_new_is_said(tmp_path, data_dir):
    """Exit code 1 with the path, no traceback; nothing is made or changed."""
    with pytest.raises(StartError, match="no data dir") as raised:
        show_statistics(None, [tmp_path / "none"], {}, hours=24, as_json=False)
    assert raised.value.exit_code == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("hours", ["0", "x", "-1", "99999"])
def test_hours_that_make_no_sense_are_a_usage_error(hours, capsys):
    """Exit code 2 and what was expected."""
    with pytest.raises(SystemExit) as raised:
        main(["stats", "--hours", hours])
    assert raised.value.code == 2
    assert "from 1 to" in capsys.readouterr().err


def test_limits_are_shown_where_the_configuration_can_be_read(data_dir, tmp_path):
    """What is used of each, from the files alone."""
    text = (
        "providers:\n  - {provider: p, base_url: https://p.example/v1, api: k-0123456789abcdef}\n"
        "api_keys: [{api: sk-client-0123456789abcdef, preferences: {budget: $5/day}}]\n"
        "preferences: {budget: $9/month}\n"
    )
    file = tmp_path / "api.yaml"
    file.write_text(text)
    out = io.StringIO()
    show_statistics(str(file), [data_dir], {}, hours=24, as_json=False, out=out, clock=Clock())
    lines = out.getvalue().splitlines()
    assert lines[-3] == "  limits"
    assert lines[-2].endswith("of $9.00 ($9/month)")
    assert lines[-1].endswith("of $5.00 ($5/day)")
