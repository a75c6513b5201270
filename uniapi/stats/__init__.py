"""What was counted: records of calls and attempts → hourly counts → reports."""

from .recorder import Recorder
from .records import AttemptRecord, CallRecord
from .report import stats_report

__all__ = ["AttemptRecord", "CallRecord", "Recorder", "stats_report"]
