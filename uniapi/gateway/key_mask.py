"""The credential that an upstream was asked with, hidden wherever its answer repeats it: also where
JSON spells it with escapes, and where two reads of the socket cut it in two.
"""

from __future__ import annotations

import re
from collections.abc import Callable

NO_SECRET = b"\0no secret\0"
_LONGEST_SPELLING = 6
"""`\\u0073` for one character."""
_IN_ESCAPES = b"\\0123456789abcdefABCDEFu"
_ESCAPE = re.compile(rb"\\u00")
_ESCAPE_OR_SLASH = re.compile(rb"\\(?:u00|/)")
"""With which a byte of a secret may be spelled. Searched for in half the time of `bytes.find`."""


class KeyMask:
    """For the answers of one credential. `mask` hides all that is secret of its provider."""

    __slots__ = ("_absent", "_escape", "_inside", "_longest", "_mask", "_secret")

    def __init__(self, mask: Callable[[bytes], bytes], secret: bytes) -> None:
        self._mask = mask
        self._secret = secret
        self._longest = _LONGEST_SPELLING * len(secret)
        self._escape = _ESCAPE_OR_SLASH if b"/" in secret else _ESCAPE
        self._absent = secret[0]
        """One of its bytes, which did not stand in what was looked at last."""
        self._inside = frozenset(b"" if secret == NO_SECRET else secret + _IN_ESCAPES)

    def over(self, data: bytes, *, has_failed: bool) -> tuple[bytes, bytes]:
        """What goes on of a piece, and its end that is kept, to go on with the next one, because
        the secret may begin in it. `has_failed`: the answer says so, and may say why.
        """
        # One byte is found a hundred times as fast as several.
        may_be_spelled = data.find(b"\\") >= 0 and self._escape.search(data) is not None
        may_be_plain = data.find(self._absent) >= 0
        if has_failed or may_be_spelled or (may_be_plain and self._is_in(data)):
            data = self._mask(data)
        # A whole frame ends in a line feed or a bracket.
        if not data or data[-1] not in self._inside:
            return data, b""
        at = max(data.rfind(b"\n") + 1, len(data) - self._longest)
        return data[:at], data[at:]

    def _is_in(self, data: bytes) -> bool:
        """Whether the secret stands in `data` as it is: not where one of its bytes does not, which
        is seen sooner, and is looked for first in what comes next.
        """
        for byte in self._secret:
            if data.find(byte) < 0:
                self._absent = byte
                return False
        return data.find(self._secret) >= 0
