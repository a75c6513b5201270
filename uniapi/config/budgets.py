"""`budget`: how much may be spent in a calendar period: `$5/day,$60/month`, in the grammar of
rates.
"""

from __future__ import annotations

import re

from uniapi.near import near_words

from .common_schema import PeriodName, SpendingCap
from .levels import Form
from .nodes import Node, ProblemList
from .values import wrong

_UNITS: dict[str, PeriodName] = {
    **dict.fromkeys(("s", "sec", "second"), "second"),
    **dict.fromkeys(("m", "min", "minute"), "minute"),
    **dict.fromkeys(("h", "hr", "hour"), "hour"),
    **dict.fromkeys(("d", "day"), "day"),
    **dict.fromkeys(("w", "week"), "week"),
    **dict.fromkeys(("mo", "month"), "month"),
    **dict.fromkeys(("y", "year"), "year"),
}
_EXAMPLE = "a budget such as `$5/day` or `$5/day,$60/month`"
_AMOUNT = re.compile(r"\$?\s*([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(?:\$|usd)?", re.IGNORECASE)
_LONGEST = 500


def read_budgets(node: Node, report: ProblemList) -> tuple[SpendingCap, ...] | None:
    """All of them hold together."""
    if not node.is_scalar or len(node.text) > _LONGEST or not node.text.strip():
        wrong(node, report, _EXAMPLE)
        return None
    try:
        return tuple(_part(part.strip()) for part in node.text.split(","))
    except ValueError as error:
        report.error(node, str(error))
        return None


def _part(part: str) -> SpendingCap:
    amount_text, slash, unit_text = (piece.strip() for piece in part.partition("/"))
    amount = _AMOUNT.fullmatch(amount_text)
    if not slash or amount is None:
        near = f"; did you mean `${amount[1]}/day`?" if amount is not None else ""
        raise ValueError(f"expected {_EXAMPLE}, found `{part}`{near}")
    word = unit_text.lower()
    period = _UNITS.get(word) or (_UNITS.get(word[:-1]) if word.endswith("s") else None)
    if period is None:
        close = near_words(word, _UNITS, n=1, cutoff=0.5)
        meant = f"; did you mean `{close[0]}`?" if close else ""
        units = "second, minute, hour, day, week, month, year"
        raise ValueError(
            f"unknown period `{unit_text}` in `{part}`: expected one of {units}{meant}"
        )
    return SpendingCap(dollars=float(amount[1]), period=period)


BUDGET = Form(
    said="dollars for a period, such as `$5/day,$60/month`", shapes=("text",), reader=read_budgets
)
