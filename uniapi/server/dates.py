"""The `date` of answers (RFC 9110 §6.6.1), made once a second."""

from __future__ import annotations

from email.utils import formatdate

from uniapi.clock import Epoch


class HttpDates:
    """Remembers the last one."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def at(self, now_s: Epoch) -> str:
        second = int(now_s)
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text
