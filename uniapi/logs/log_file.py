"""A log in a file, for whom `--log-file` asks for one."""

from __future__ import annotations

import logging.handlers
import os

from uniapi.logs.writer import LinesHandler


class LogFile(LinesHandler, logging.handlers.RotatingFileHandler):
    """A file that rotates by itself, and is opened anew where somebody else (logrotate, `mv`)
    moved or deleted it.
    """

    def write_text(self, text: str) -> None:
        if self._is_moved():
            self.close()
            self.stream = self._open()
        if self._tell() + len(text.encode("utf-8", "replace")) > self.maxBytes:
            self.doRollover()
        assert self.stream is not None
        self.stream.write(text)
        self.stream.flush()

    def _tell(self) -> int:
        return 0 if self.stream is None else self.stream.tell()

    def _is_moved(self) -> bool:
        stream = self.stream
        if stream is None:
            return True
        try:
            named, held = os.stat(self.baseFilename), os.fstat(stream.fileno())
        except FileNotFoundError:
            return True
        except (OSError, ValueError):
            return False
        return (named.st_dev, named.st_ino) != (held.st_dev, held.st_ino)
