"""No secret leaves through the log, whatever the message; both formats; a file that stays within
bounds.
"""

import contextlib
import json
import logging

import pytest

from uniapi.logs.log import redact, set_secrets, set_up_logging


@pytest.fixture
def root():
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    for handler in logger.handlers:
        if handler not in handlers:
            handler.close()
    logger.handlers[:], logger.level = handlers, level


@pytest.mark.parametrize(
    "text, expected",
    [
        ("key sk-abcdefghijklmnop used", "key sk-abc… used"),
        ("GET /v1/models?key=AIzaSyA0123456789012345678901 HTTP", "GET /v1/models?key=… HTTP"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("x-api-key: topsecret", "x-api-key: …"),
        ("nothing here", "nothing here"),
    ],
)
def test_what_looks_like_a_key_is_cut_short(text, expected):
    """Also where the configuration does not know it."""
    assert redact(text) == expected


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_configured_secrets_never_reach_the_file(root, tmp_path, format_name):
    """Whatever their form, also as an argument of the message and in a traceback."""
    path = tmp_path / "log"
    set_up_logging(level="info", file=str(path), format_name=format_name)
    set_secrets(["my-odd-secret-value"])
    logging.getLogger("uniapi.test").info("a %s b", "my-odd-secret-value")
    try:
        raise ValueError("Bearer sk-abcdefghijklmnop")
    except ValueError:
        logging.getLogger("uniapi.test").exception("failed")
    written = path.read_text()
    assert "odd-secret" not in written
    assert "defghijklmnop" not in written
    assert "ValueError" in written
    if format_name == "json":
        first = json.loads(written.splitlines()[0])
        assert (first["level"], first["message"]) == ("info", "a my-… b")


@pytest.mark.parametrize(
    ("printed", "format_name", "lines"),
    [("log", "text", 1), ("other", "text", 2), ("log", "json", 2)],
)
def test_what_is_printed_into_the_same_file_needs_no_line(
    root, tmp_path, printed, format_name, lines
):
    """`>log 2>&1`, and services whose output is one pipe; machines read JSON alone."""
    with (
        (tmp_path / "log").open("a") as log,
        (tmp_path / printed).open("a") as out,
        contextlib.redirect_stderr(log),
        contextlib.redirect_stdout(out),
    ):
        set_up_logging(level="info", file=None, format_name=format_name)
        logger = logging.getLogger("uniapi.test")
        logger.info("listens", extra={"is_printed": True})
        logger.info("something else")
        for handler in root.handlers:
            handler.close()
    assert len((tmp_path / "log").read_text().splitlines()) == lines


def test_a_file_that_cannot_be_opened_is_the_callers_matter(root, tmp_path):
    """The command line turns it into a message."""
    with pytest.raises(OSError, match="directory"):
        set_up_logging(level="info", file=str(tmp_path), format_name="text")
