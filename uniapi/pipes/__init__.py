"""Upstream's bytes → client's bytes, with a report. Sans-I/O: `feed`, `eof`, `abort`.

Reading order: `pipe` (the protocol and the report), `framing`, `relay` and `translate` (the six
pipes of a generation), `operation_relay`, `operation_events` and `operation_translate` (those of
the other operations), `choose` (which of them reads an answer), `turn_reader` (what a model
signed, read in passing).
"""

from .choose import PipeChoice, Sides, ending
from .framing import framing_of, labelled
from .operation_events import Classify
from .operation_relay import RelayChoice
from .operation_translate import TranslateAnswer, TranslateEvents
from .pipe import MAX_WHOLE_BYTES, Collecting, Pipe, Report
from .relay import RelayBody, RelayStream
from .turn_reader import UNSIGNED_FAMILY, SignedTurn, TurnReader, is_signed_by

__all__ = [
    "MAX_WHOLE_BYTES",
    "UNSIGNED_FAMILY",
    "Classify",
    "Collecting",
    "Pipe",
    "PipeChoice",
    "RelayBody",
    "RelayChoice",
    "RelayStream",
    "Report",
    "Sides",
    "SignedTurn",
    "TranslateAnswer",
    "TranslateEvents",
    "TurnReader",
    "ending",
    "framing_of",
    "is_signed_by",
    "labelled",
]
