"""The exceptions that someone catches. What is not caught by kind is a builtin; what went wrong
upstream is data (`canonical.Failure`).

    Exception
    ├── ConfigProblems      config/    everything wrong with an api.yaml, at once; shown and exit 2
    ├── RequestRefused      anywhere   we say no to the client; the server writes `error` in the
    client's dialect
    ├── WireError           wire/, dialects/, engines/   malformed upstream bytes; a pipe turns it
    into a Failure
    └── StartError          app, cli   cannot start: message and exit code, never a traceback

ConfigProblems lives in `config/` and RequestRefused in `canonical/`, because they carry types of
those rooms.
"""

from __future__ import annotations

import logging
from typing import NoReturn


class WireError(Exception):
    """Upstream bytes that do not follow their format.

    The message says what was found and what was expected.
    """


class StartError(Exception):
    """The program cannot run.

    `exit_code` is what the process ends with (1 run-time failure, 2 usage or config, 3 already
    running).
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def assert_never(value: NoReturn) -> NoReturn:
    """Marks the end of an exhaustive `match`: a type checker proves it is not reached (`typing` has
    it only from 3.11).
    """
    raise AssertionError(f"unhandled case: {value!r}")


_NO_THREAD = "can't start new thread"
"""What Python says when the system gives it no memory for a thread, or no place in its table."""


def is_want_of_memory(error: BaseException) -> bool:
    """Whether the machine gave no more, which is no mistake of the program's."""
    return isinstance(error, MemoryError) or str(error) == _NO_THREAD


def log_mistake(log: logging.Logger, error: BaseException, text: str, *arguments: object) -> None:
    """Say what went wrong here, with its traceback; want of memory is one line."""
    if is_want_of_memory(error):
        log.error(text + ": there is not enough memory", *arguments)
    else:
        log.error(text, *arguments, exc_info=error)
