"""What was counted: records of calls and attempts → journal → hourly counts → reports.

Reading order: `records` (a fact), `columns` and `aggregate` (sums of them), `store` (how they
outlive the process: `write_queue`, `pending_hours`, `journal_line`, `packing`, `day_files`,
`kept_hours`, `written_calls`), `recorder` (what the gateway holds); `ledger` for who has spent
what; `report` and its neighbours for what is shown. Reports are pure functions over aggregates.
"""

from typing import TYPE_CHECKING

from uniapi.late import late

from .aggregate import Aggregate, CellKey
from .ledger import Ledger
from .packing import TooNew
from .period_sums import EVERYBODY, of_client, of_provider
from .recent import MOST_READ_BYTES, newest_rows, request_list, request_row
from .recent_sums import RecentSums, series_report
from .recorder import Recorder
from .records import AttemptRecord, CallRecord

if TYPE_CHECKING:
    from .chart_series import hour_figures, status_figures
    from .metrics import METRICS_TYPE, LiveFigures, metrics_text
    from .report import key_rankings, key_states, money_shown, stats_report, summary, token_usage
    from .several import Several
    from .span import Span, key_asked_for, parse_span, whole_number
    from .terminal import terminal_report
else:
    __getattr__ = late(
        __name__,
        chart_series="hour_figures status_figures",
        metrics="METRICS_TYPE LiveFigures metrics_text",
        report="key_rankings key_states money_shown stats_report summary token_usage",
        several="Several",
        span="Span key_asked_for parse_span whole_number",
        terminal="terminal_report",
    )

__all__ = [
    "EVERYBODY",
    "METRICS_TYPE",
    "MOST_READ_BYTES",
    "Aggregate",
    "AttemptRecord",
    "CallRecord",
    "CellKey",
    "Ledger",
    "LiveFigures",
    "RecentSums",
    "Recorder",
    "Several",
    "Span",
    "TooNew",
    "hour_figures",
    "key_asked_for",
    "key_rankings",
    "key_states",
    "metrics_text",
    "money_shown",
    "newest_rows",
    "of_client",
    "of_provider",
    "parse_span",
    "request_list",
    "request_row",
    "series_report",
    "stats_report",
    "status_figures",
    "summary",
    "terminal_report",
    "token_usage",
    "whole_number",
]
