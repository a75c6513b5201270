"""Amounts are whole pico-dollars (1e-12 US dollars). A price of six decimals in dollars per million
tokens is then a whole number per token, so costs are exact, and their sum is the same in whatever
order it is made: a balance kept as a running total equals the journal's sum to the last digit,
which floats would not give. As a JSON number it is exact too.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

PICO = 10**12


def picodollars(dollars: float) -> int:
    """Dollars as written (0.1 is a tenth, not the nearest binary fraction) in pico-dollars."""
    return rounded(Decimal(repr(dollars)) * PICO)


def rounded(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_EVEN))


def dollars(amount_pd: int) -> float:
    """For showing only."""
    return amount_pd / PICO


def shown(amount_pd: int) -> str:
    """For people: cents, and as many more digits as a small amount needs."""
    amount = Decimal(amount_pd) / PICO
    return f"${amount:.2f}" if not amount or abs(amount) >= Decimal("0.01") else f"${amount:.2g}"
