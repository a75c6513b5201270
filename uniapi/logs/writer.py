"""Log lines written by a thread of their own: whoever reads them may stand still (Ctrl-S in a
terminal, a frozen `tee`, a disk that hangs), and the gateway goes on.

So many lines wait for them; the next ones are left out, and the first line after that says how
many.
"""

from __future__ import annotations

import logging
import threading
from collections import deque

MOST_WAITING = 5000
"""Lines."""
CLOSE_PATIENCE_S = 2.0
"""How long the end of the program waits for a reader that stands still."""
NAP_S = 0.005
"""Between two rounds of writing, so that a burst of lines is one change of threads."""


class BackgroundHandler(logging.Handler):
    """Hands what passes its filters to `inner`, in a thread that is begun by the first line."""

    def __init__(self, inner: logging.Handler, most_waiting: int = MOST_WAITING) -> None:
        super().__init__()
        self._inner = inner
        self._most_waiting = most_waiting
        self._waiting: deque[logging.LogRecord] = deque()
        self._left_out = 0
        self._has_lines = threading.Event()
        self._is_idle = threading.Event()
        self._is_idle.set()
        self._is_closed = threading.Event()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Never waits for more than another caller of this method."""
        if len(self._waiting) >= self._most_waiting:
            self._left_out += 1
            return
        self._waiting.append(record)
        self._is_idle.clear()
        self._has_lines.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="log", daemon=True)
            self._thread.start()

    def drain(self) -> bool:
        """Wait until everything is written, but not for ever; whether it is."""
        return self._is_idle.wait(CLOSE_PATIENCE_S)

    def close(self) -> None:
        self.drain()
        self._is_closed.set()
        self._has_lines.set()
        super().close()

    def _write(self) -> None:
        while not self._is_closed.is_set():
            self._has_lines.wait()
            self._has_lines.clear()
            while self._waiting:
                self._inner.handle(self._waiting.popleft())
                if self._left_out and not self._waiting:
                    self._inner.handle(self._gap())
            self._is_idle.set()
            if self._waiting:
                self._is_idle.clear()
                self._has_lines.set()
            self._is_closed.wait(NAP_S)

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
        outer.filters, inner.filters = inner.filters, []
        handlers.append(outer)
    root.handlers[:] = handlers
    return tuple(handlers)
