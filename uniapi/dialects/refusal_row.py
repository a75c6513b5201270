"""How a fact about refusals is written down: words, what they mean, and what they overrule."""

from __future__ import annotations

from uniapi.canonical import FailureKind as _K
from uniapi.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """`kind` is meant where one of `says` and none of `unless` is there, and the error's own class
    or status gives one of the kinds in `over`. `without_delay`: only where no delay is named.
    """

    kind: _K
    over: frozenset[_K]
    says: tuple[str, ...]
    unless: tuple[str, ...] = ()
    is_daily: bool = False
    without_delay: bool = False


def listed(text: str) -> tuple[str, ...]:
    """Phrases as they are listed below: one line after the other, `|` between them."""
    phrases = (phrase.strip() for line in text.splitlines() for phrase in line.split("|"))
    return tuple(phrase for phrase in phrases if phrase)


BAD = frozenset({_K.BAD_REQUEST})
REFUSED = frozenset({_K.BAD_REQUEST, _K.CREDENTIAL_REFUSED, _K.MODEL_MISSING})
"""What 400, 401, 403 and 404 mean of themselves."""
FULL = frozenset({_K.RATE_LIMITED, _K.OVERLOADED, _K.SERVER_ERROR})
"""What 429, 503 and 500 mean, and an error without any status."""
ANY = REFUSED | FULL | {_K.QUOTA}
