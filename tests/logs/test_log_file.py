"""The log: one line a thing, as text or JSON, in a file that rotates, and never a secret."""

import datetime
import json
import logging

import pytest

from uniapi.logs.log import LOG_FILES_KEPT, set_secrets, set_up_logging

SECRET = "totally-private-0123456789"
LOOKS_SECRET = "sk-proj-abcdefghijklmnop123456"


@pytest.fixture
def log_file(tmp_path):
    """The root logger as it was is put back."""
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    yield tmp_path / "log"
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raises
    logging.getLogger("aiohttp.server").filters.clear()


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_json_lines_hold_time_level_and_message(log_file):
    """Each line is one JSON object, whatever the message holds; an exception is one member."""
    set_up_logging(level="info", file=str(log_file), format_name="json")
    log = logging.getLogger("uniapi.test")
    log.debug("not this")
    log.info('a "quoted" line\nand another → %s', "ü")
    try:
        raise ValueError(f"bad key {LOOKS_SECRET}")
    except ValueError:
        log.exception("it failed")
    first, second = map(json.loads, lines(log_file))
    assert (first["level"], first["logger"], first["message"]) == (
        "info",
        "uniapi.test",
        'a "quoted" line\nand another → ü',
    )
    assert datetime.datetime.fromisoformat(first["time"]).tzinfo is not None
    assert (second["level"], second["message"], "ValueError" in second["exception"]) == (
        "error",
        "it failed",
        True,
    )
    assert LOOKS_SECRET not in second["exception"]


def test_one_message_is_one_line(log_file):
    """A client cannot write a line of its own, nor control a terminal, by what it calls a model."""
    set_up_logging(level="info", file=str(log_file), format_name="text")
    logging.getLogger("uniapi.test").info(
        "model %s", "a\n2026-01-01 00:00:00 INFO    forged\r\x1b[2J\x9b é"
    )
    (line,) = lines(log_file)
    assert line.endswith("model a\\n2026-01-01 00:00:00 INFO    forged\\x0d\\x1b[2J\\x9b é")


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_half_a_character_costs_no_line_and_no_code_moves_a_cursor(log_file, format_name):
    """JSON lets C1 codes stand (0x9b is what ESC [ is), and a lone surrogate is no UTF-8."""
    set_up_logging(level="info", file=str(log_file), format_name=format_name)
    logging.getLogger("uniapi.test").info("model \ud800 \x9b2J \x7f \u202etxt.exe\u2028 end")
    (line,) = lines(log_file)
    assert "\\ud800" in line
    assert not set(line) & set("\x9b\x7f\u202e\u2028")
    if format_name == "json":
        assert json.loads(line)["message"].endswith("\u202etxt.exe\u2028 end")


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_no_secret_is_written_in_any_form(log_file, format_name):
    """Those of the configuration, and what looks like one: in the message, in arguments, in
    exceptions.
    """
    set_up_logging(level="debug", file=str(log_file), format_name=format_name)
    set_secrets([SECRET])
    log = logging.getLogger("uniapi.test")
    log.debug("headers %s", {"authorization": f"Bearer {SECRET}", "x-api-key": LOOKS_SECRET})
    log.info(f"GET /v1/models?key={SECRET}&x=1")
    log.info("a call", extra={"fields": {"model": SECRET, "status": 200}})
    try:
        raise OSError(f"the upstream said: {SECRET} is wrong, so is {LOOKS_SECRET}")
    except OSError as error:
        log.exception("it failed: %s", error)
    text = log_file.read_text(encoding="utf-8")
    assert SECRET not in text
    assert LOOKS_SECRET not in text
    assert "it failed" in text


def test_the_file_rotates_and_stays_bounded(log_file):
    """At its size the file is set aside; only so many are kept, and nothing is lost at the seam."""
    set_up_logging(level="info", file=str(log_file), format_name="text")
    (handler,) = logging.getLogger().handlers
    handler.maxBytes = 2000
    for number in range(400):
        logging.getLogger("uniapi.test").info("line %d", number)
    files = sorted(log_file.parent.iterdir())
    assert len(files) == LOG_FILES_KEPT + 1
    assert all(path.stat().st_size <= 2000 for path in files)
    kept = [int(line.rsplit(" ", 1)[1]) for path in reversed(files[1:]) for line in lines(path)] + [
        int(line.rsplit(" ", 1)[1]) for line in lines(log_file)
    ]
    assert list(range(kept[0], 400)) == kept


@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
def test_a_file_that_somebody_else_took_away_is_opened_anew(log_file, how):
    """As logrotate and `mv` do: the next line stands in a file of the old name."""
    set_up_logging(level="info", file=str(log_file), format_name="text")
    log = logging.getLogger("uniapi.test")
    log.info("before")
    if how == "deleted":
        log_file.unlink()
    else:
        log_file.rename(log_file.with_name("aside"))
    if how == "replaced":
        log_file.write_text("somebody's\n", encoding="utf-8")
    log.info("after")
    assert lines(log_file)[-1].endswith("after")
    assert not any(line.endswith("before") for line in lines(log_file))
    if how == "moved":
        assert len(lines(log_file.with_name("aside"))) == 1


def test_a_folder_that_is_gone_costs_no_call(log_file, tmp_path):
    """The line is lost, and nothing else."""
    folder = tmp_path / "logs"
    folder.mkdir()
    set_up_logging(level="info", file=str(folder / "log"), format_name="text")
    (folder / "log").unlink()
    folder.rmdir()
    logging.getLogger("uniapi.test").info("lost")
    folder.mkdir()
    logging.getLogger("uniapi.test").info("again")
    assert lines(folder / "log")[-1].endswith("again")
