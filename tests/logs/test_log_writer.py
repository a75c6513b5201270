"""Whoever reads the log may stand still: nobody who writes a line waits, what is left out is
counted, and the program ends.
"""

import logging
import threading

from uniapi.logs.writer import BackgroundHandler, write_in_background


class Reader(logging.Handler):
    """Takes a line only while `goes_on` is set."""

    def __init__(self):
        super().__init__()
        self.goes_on = threading.Event()
        self.lines = []

    def emit(self, record):
        self.goes_on.wait()
        self.lines.append(record.getMessage())


def record(text):
    return logging.makeLogRecord({"msg": text, "levelno": logging.INFO})


def test_a_reader_that_stands_still_holds_nobody_and_the_gap_is_said():
    """Memory is bounded meanwhile; afterwards the lines come in order."""
    reader = Reader()
    handler = BackgroundHandler(reader, most_waiting=10)
    for number in range(500):
        handler.handle(record(f"line {number}"))
    reader.goes_on.set()
    handler.close()
    *lines, gap = reader.lines
    assert lines == [f"line {number}" for number in range(len(lines))]
    assert 10 <= len(lines) <= 12
    assert gap == f"{500 - len(lines)} lines were left out here: nobody read the log"


def test_everything_is_written_before_the_end():
    reader = Reader()
    reader.goes_on.set()
    handler = BackgroundHandler(reader)
    for number in range(300):
        handler.handle(record(str(number)))
    handler.close()
    assert reader.lines == [str(number) for number in range(300)]


def test_filters_go_on_working_where_the_line_is_written():
    """What must not be written never waits in memory either."""
    root, reader = logging.getLogger(), Reader()
    reader.goes_on.set()
    before = root.handlers[:]
    reader.addFilter(lambda record: "secret" not in record.getMessage())
    try:
        root.handlers[:] = [reader]
        write_in_background()
        (outer,) = root.handlers
        for text in ("a secret", "nothing"):
            outer.handle(record(text))
        outer.close()
    finally:
        root.handlers[:] = before
    assert reader.lines == ["nothing"]
