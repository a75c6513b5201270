"""What an upstream's words mean, where its status or its class alone say it wrong: one reading for
all dialects, whole answers and streams (docs/design.md, Blame).

The dialect knows the kind that its own classes and statuses give; the first row of `refusal_rows`
that may stand for this kind and whose words are there then replaces it.
"""

from __future__ import annotations

from uniapi.canonical import FailureKind
from uniapi.values import dataclass

from .error_words import Said
from .phrases import plain, says
from .refusal_row import RefusalRow
from .refusal_rows import DAILY, GONE, ITEMS, ROWS, SIZES, Size

_MAX_DIGITS = 20
_CURRENCIES = "$＄¥￥ "


@dataclass(frozen=True, slots=True)
class Reading:
    """What an error means. `is_daily`: what it speaks of returns with the provider's day."""

    kind: FailureKind
    is_daily: bool = False


def reread(kind: FailureKind, said: Said, *, has_delay: bool = False) -> Reading:
    """What the words make of `kind`. `has_delay`: it is said when to come back, so that it is a
    rate and no empty purse where the words would do for both.
    """
    text = plain(" ".join(filter(None, (said.code, said.type, said.word, said.message)))) + " "
    is_daily = says(text, DAILY)
    if kind in _OF_THE_REQUEST and _names_item(text, said, kind):
        return Reading(FailureKind.ITEM_MISSING)
    if kind in _OF_MONEY and (priced := _own_size(text)) is not None:
        return Reading(priced, is_daily)
    for row in ROWS:
        if kind in row.over and not (row.without_delay and has_delay) and _fits(row, text):
            return Reading(row.kind, is_daily or row.is_daily)
    if kind is FailureKind.BAD_REQUEST and said.param == "model":
        # Whatever language it speaks, it does not take this name.
        return Reading(FailureKind.NOT_SERVED)
    return Reading(kind, is_daily)


_OF_THE_REQUEST = frozenset(
    {FailureKind.MODEL_MISSING, FailureKind.BAD_REQUEST, FailureKind.CREDENTIAL_REFUSED}
)
_OF_MONEY = frozenset(
    {
        FailureKind.QUOTA,
        FailureKind.BAD_REQUEST,
        FailureKind.CREDENTIAL_REFUSED,
        FailureKind.RATE_LIMITED,
        FailureKind.SERVER_ERROR,
    }
)


def _fits(row: RefusalRow, text: str) -> bool:
    return says(text, row.says) and not says(text, row.unless)


def _names_item(text: str, said: Said, kind: FailureKind) -> bool:
    """Whether what is missing is something of the request: its id is named, or the member that
    holds it.
    """
    if says(text, ITEMS):
        return True
    if not any(word in text for word in GONE):
        return False
    is_404 = kind is FailureKind.MODEL_MISSING
    return is_404 and said.param is not None and not said.param.startswith("model")


def _own_size(text: str) -> FailureKind | None:
    """TOO_COSTLY where the words name what the request needs and a smaller rest that is left;
    QUOTA where nothing is left; None where no two amounts are named.
    """
    for size in SIZES:
        amounts = _amounts(text, size)
        if amounts is not None:
            need, left = amounts
            return FailureKind.TOO_COSTLY if 0 < left < need else FailureKind.QUOTA
    return None


def _amounts(text: str, size: Size) -> tuple[float, float] | None:
    if size.opens not in text:
        return None
    need, left = _amount_after(text, size.need), _amount_after(text, size.left)
    return None if need is None or left is None else (need, left)


def _amount_after(text: str, words: str) -> float | None:
    """The number behind `words`, whatever its currency."""
    found = text.find(words)
    if found < 0:
        return None
    at = found + len(words)
    written = text[at : at + _MAX_DIGITS].lstrip(_CURRENCIES)
    sign = -1.0 if written.startswith("-") else 1.0
    digits = written.lstrip("-").lstrip(_CURRENCIES).replace(",", "")
    end = 0
    while end < len(digits) and (digits[end].isdecimal() or digits[end] == "."):
        end += 1
    try:
        return sign * float(digits[:end].rstrip("."))
    except ValueError:
        return None
