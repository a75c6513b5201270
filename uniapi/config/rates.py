"""The rate grammar: `N/unit[,N/unit…]`, as in `15/min,1500/day` or `4/min,32000/tpr`.

N is a positive integer. Units are lengths of time (a month is 30 days, a year 365), `tpm` (tokens a
minute) and `tpr` (tokens in one request). Words may stand in the plural and in capitals; blanks do
not matter. All parts of a rate hold together.
"""

from __future__ import annotations

import re

from uniapi.near import near_words

from .common_schema import Rate, Rates

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0

SECONDS: dict[str, float] = {
    **dict.fromkeys(("s", "sec", "second"), 1.0),
    **dict.fromkeys(("m", "min", "minute"), _MINUTE),
    **dict.fromkeys(("h", "hr", "hour"), _HOUR),
    **dict.fromkeys(("d", "day"), _DAY),
    **dict.fromkeys(("mo", "month"), 30 * _DAY),
    **dict.fromkeys(("y", "year"), 365 * _DAY),
}
UNITS = "s, sec, second, m, min, minute, h, hr, hour, d, day, mo, month, y, year, tpr, tpm"

_EXAMPLE = "a rate such as `15/min` or `15/min,1500/day`"
_MAX_DIGITS = 15
_MAX_LENGTH = 500


def parse_rates(text: str) -> Rates:
    """The windows `text` asks for. ValueError with a message for the user when it is not a rate."""
    if not text.strip():
        raise ValueError(f"expected {_EXAMPLE}, found nothing")
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"expected {_EXAMPLE}, found {len(text)} characters")
    return tuple(_parse_part(part, text) for part in text.split(","))


def _parse_part(part: str, whole: str) -> Rate:
    if not part.strip():
        raise ValueError(f"expected a number and a unit between the commas of `{whole}`")
    amount_text, slash, unit_text = (piece.strip() for piece in part.partition("/"))
    if not slash:
        raise ValueError(f"expected {_EXAMPLE}, found `{part.strip()}`{_near_rate(part)}")
    amount = _amount(amount_text, part)
    unit = _unit(unit_text, part)
    text = f"{amount}/{unit}"
    if unit == "tpr":
        return Rate(amount=amount, counts="tokens_per_request", window_s=0.0, text=text)
    if unit == "tpm":
        return Rate(amount=amount, counts="tokens", window_s=_MINUTE, text=text)
    return Rate(amount=amount, counts="requests", window_s=SECONDS[unit], text=text)


def _amount(text: str, part: str) -> int:
    if not re.fullmatch(r"[0-9]+", text) or len(text) > _MAX_DIGITS or int(text) == 0:
        raise ValueError(
            f"expected a positive whole number before the `/`, found `{text}` in `{part.strip()}`"
        )
    return int(text)


def _unit(text: str, part: str) -> str:
    """The unit in the singular."""
    word = text.lower()
    if word in ("tpr", "tpm") or word in SECONDS:
        return word
    if len(word) > 2 and word.endswith("s") and word[:-1] in SECONDS:
        return word[:-1]
    if re.match(r"[0-9]", word):
        raise ValueError(
            f"expected a unit alone after the `/`, found `{text}` in `{part.strip()}`: a window of"
            " several units cannot be written"
        )
    close = near_words(word, [*SECONDS, "tpr", "tpm"], n=1, cutoff=0.5)
    meant = f"; did you mean `{close[0]}`?" if close else ""
    raise ValueError(f"unknown unit `{text}` in `{part.strip()}`: expected one of {UNITS}{meant}")


def _near_rate(part: str) -> str:
    """What was probably meant by a part without a slash: `5 per min`, `15`."""
    words = re.fullmatch(r"\s*([0-9]+)\s*(?:per|a|an|each|every)?\s*([a-z]*)\s*", part.lower())
    if not words:
        return ""
    unit = words[2] if words[2].rstrip("s") in SECONDS or words[2] in ("tpr", "tpm") else "min"
    return f"; did you mean `{words[1]}/{unit}`?"
