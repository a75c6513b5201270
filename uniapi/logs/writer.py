"""Log lines written by a thread of their own: whoever reads them may stand still (Ctrl-S in a
terminal, a frozen `tee`, a disk that hangs), and the gateway goes on.

The first line after a pause is written at once, those that follow it together, NAP_S later: many
lines are one change of threads and one write. So many lines wait; the next ones are left out, and
the first line after that says how many.
"""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from uniapi.stats import CallRecord

from .call_log import CallLine, PassesCalls

MOST_WAITING = 5000
"""Lines."""
MOST_AT_ONCE = 200
"""Lines of one write."""
CLOSE_PATIENCE_S = 2.0
"""How long the end of the program waits for a reader that stands still."""
NAP_S = 0.05
"""Between two rounds of writing."""


class FormatsMany(logging.Formatter):
    """A formatter that has a way for many."""

    @abstractmethod
    def format_all(self, records: Sequence[logging.LogRecord]) -> str:
        """The lines, with their ends, as `format` gives them one by one; empty where they have to
        be made so.
        """


class LinesHandler(logging.Handler):
    """A handler that writes many lines as cheaply as one."""

    @abstractmethod
    def write_text(self, text: str) -> None:
        """Whole lines, each with its end. Raises OSError and ValueError as streams do."""

    def emit_all(self, records: Sequence[logging.LogRecord]) -> None:
        """Each record that passes the filters, in one write; one that cannot be written is lost."""
        self.acquire()
        try:
            # One in the background has filtered them before.
            passing = [one for one in records if self.filter(one)] if self.filters else records
            text = self._lines(passing)
            if text:
                self.write_text(text)
        except (OSError, ValueError):
            self.handleError(records[-1])
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.write_text(self._line(record))
        except (OSError, ValueError):
            self.handleError(record)

    def _lines(self, records: Sequence[logging.LogRecord]) -> str:
        formatter = self.formatter
        together = formatter.format_all(records) if isinstance(formatter, FormatsMany) else ""
        return together or "".join(map(self._line, records))

    def _line(self, record: logging.LogRecord) -> str:
        """Empty for what cannot be said: the others of the same write are not to blame."""
        try:
            return self.format(record) + "\n"
        except Exception:
            self.handleError(record)
            return ""


_EndedCall: TypeAlias = tuple[CallRecord, float]
"""A call of which the line is still to be made, and when it ended."""


class BackgroundHandler(logging.Handler):
    """Hands what passes its filters to `inner`, in a thread that is begun by the first line."""

    def __init__(self, inner: logging.Handler, most_waiting: int = MOST_WAITING) -> None:
        super().__init__()
        self._inner = inner
        self._most_waiting = most_waiting
        self._waiting: deque[logging.LogRecord | _EndedCall | threading.Event] = deque()
        """An event is set when all before it is written."""
        self.cleans_calls: Callable[[str], str] | None = None
        """What its filters would do with the line of a call, where that is all: none of them has to
        be asked about it.
        """
        self._cleans: Callable[[str], str] | None = None
        """The same for the lines that wait, whatever came since."""
        self._in_hand = 0
        """Lines that are being written."""
        self._left_out = 0
        self._is_asleep = True
        self._has_lines = threading.Event()
        self._hurries = threading.Event()
        """Somebody waits for the end of what waits."""
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Never waits, not even for another caller."""
        if not self.filter(record):
            return False
        if len(self._waiting) + self._in_hand >= self._most_waiting:
            self._left_out += 1
            return True
        self._waiting.append(record)
        if self._is_asleep:
            self._wake()
        return True

    def take_call(self, call: CallRecord, ended_at_s: float) -> None:
        """The line of a call, past the filters (see `cleans_calls`)."""
        if len(self._waiting) + self._in_hand >= self._most_waiting:
            self._left_out += 1
            return
        self._waiting.append((call, ended_at_s))
        if self._is_asleep:
            self._wake()

    def take_over_filters(self, inner: logging.Handler) -> None:
        """Ask from now on those that `inner` has asked."""
        self.filters, inner.filters = inner.filters, []
        passing = [one for one in self.filters if isinstance(one, PassesCalls)]
        cleaning = [one.cleans for one in passing if one.cleans is not None]
        if len(passing) == len(self.filters) and len(cleaning) == 1:
            self._cleans = self.cleans_calls = cleaning[0]

    def addFilter(self, filter: logging._FilterType) -> None:
        super().addFilter(filter)
        self.cleans_calls = None

    def drain(self) -> bool:
        """Wait until everything is written, but not for ever; whether it is."""
        if self._thread is None or not self._thread.is_alive():
            return not self._waiting
        is_written = threading.Event()
        self._waiting.append(is_written)
        self._hurries.set()
        self._wake()
        return is_written.wait(CLOSE_PATIENCE_S)

    def close(self) -> None:
        self.drain()
        self._is_closed = True
        self._hurries.set()
        self._has_lines.set()
        super().close()

    def _wake(self) -> None:
        self._has_lines.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="log", daemon=True)
            self._thread.start()

    def _write(self) -> None:
        while not self._is_closed:
            self._is_asleep = True
            # A line may have come before that was said.
            if not self._waiting:
                self._has_lines.wait()
            self._is_asleep = False
            self._has_lines.clear()
            while self._waiting:
                self._write_some()
            self._hurries.wait(NAP_S)
            self._hurries.clear()

    def _write_some(self) -> None:
        """What waits, as far as it goes into one write."""
        records: list[logging.LogRecord] = []
        is_written: threading.Event | None = None
        while self._waiting and is_written is None and len(records) < MOST_AT_ONCE:
            one = self._waiting.popleft()
            if isinstance(one, threading.Event):
                is_written = one
                continue
            records.append(self._line_of(*one) if isinstance(one, tuple) else one)
            self._in_hand = len(records)
        if self._left_out and not self._waiting:
            records.append(self._gap())
        if isinstance(self._inner, LinesHandler):
            self._inner.emit_all(records)
        else:
            for record in records:
                self._inner.handle(record)
        self._in_hand = 0
        if is_written is not None:
            is_written.set()

    def _line_of(self, call: CallRecord, ended_at_s: float) -> CallLine:
        line = CallLine(call, ended_at_s)
        if self._cleans is not None:
            line.clean = self._cleans
        return line

    def _gap(self) -> logging.LogRecord:
        count, self._left_out = self._left_out, 0
        return logging.makeLogRecord(
            {
                "name": "uniapi.logs.log",
                "levelno": logging.WARNING,
                "levelname": "WARNING",
                "msg": f"{count} lines were left out here: nobody read the log",
            }
        )


def write_in_background() -> tuple[BackgroundHandler, ...]:
    """From now on nobody who writes a line to the root logger waits for its reader. A program that
    ends while one of these is not drained must not wait for its locks: `os._exit`.
    """
    root = logging.getLogger()
    handlers = []
    for inner in root.handlers:
        outer = BackgroundHandler(inner)
        outer.take_over_filters(inner)
        handlers.append(outer)
    root.handlers[:] = handlers
    return tuple(handlers)


def say_call(log: logging.Logger, call: CallRecord, ended_at_s: float) -> None:
    """Put the line of a finished call into the log, the shortest way: what leads to one handler in
    the background, and there past all filters, is handed over without asking around.
    """
    handlers = log.root.handlers
    leads_there_alone = log.parent is log.root and log.propagate and len(handlers) == 1
    if leads_there_alone and not (log.disabled or log.handlers or log.filters):
        handler = handlers[0]
        if isinstance(handler, BackgroundHandler) and handler.cleans_calls and not handler.level:
            handler.take_call(call, ended_at_s)
            return
    log.handle(CallLine(call, ended_at_s))
