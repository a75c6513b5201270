"""The credential that an upstream was asked with, hidden wherever its answer repeats it: also where
JSON spells it with escapes, and where two reads of the socket cut it in two.
"""

from __future__ import annotations

from collections.abc import Callable

NO_SECRET = b"\0no secret\0"
_LONGEST_SPELLING = 6
"""`\\u0073` for one character."""
_IN_ESCAPES = b"\\0123456789abcdefABCDEFu"


class KeyMask:
    """For the pieces of one answer. `mask` hides all that is secret of a provider; what may be the
    beginning of `secret`, at the end of a piece, is kept until it is known what follows.
    """

    __slots__ = ("_inside", "_longest", "_mask", "_secret", "kept")

    def __init__(self, mask: Callable[[bytes], bytes], secret: bytes) -> None:
        self._mask = mask
        self._secret = secret
        self._longest = _LONGEST_SPELLING * len(secret)
        self._inside = b"" if secret == NO_SECRET else secret + _IN_ESCAPES
        self.kept = b""
        """The end of what came, which goes on with what follows it."""

    def over(self, data: bytes, *, has_failed: bool) -> bytes:
        """What goes on of the next piece; `has_failed`: the answer says so, and may say why."""
        if self.kept:
            data, self.kept = self.kept + data, b""
        # One byte is found a hundred times as fast as several.
        has_escapes = b"\\" in data and (b"\\u00" in data or b"\\/" in data)
        if has_failed or has_escapes or self._secret in data:
            data = self._mask(data)
        # A whole frame ends in a line feed or a bracket.
        if data[-1:] not in self._inside or not data:
            return data
        at = max(data.rfind(b"\n") + 1, len(data) - self._longest)
        self.kept = data[at:]
        return data[:at]
