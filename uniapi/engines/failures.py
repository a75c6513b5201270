"""What only the vendor's name tells of an error: its own numbers, the clock on its wall, and
whether the vendor spoke at all (docs/design.md, Blame).

The dialect has read the body and its words first; what is here then corrects it.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Failure, FailureKind
from uniapi.dialects import delay_until, is_wall, reset_seconds, retry_after_seconds
from uniapi.values import replace

_K = FailureKind

CODES: Mapping[str, Mapping[str, FailureKind]] = {
    # Zhipu: https://docs.z.ai/api-reference/api-code (2026-11-30). 1113 is left to its words, as it
    # is said of an empty purse and of a wrong key.
    "zai": {
        "1000": _K.CREDENTIAL_REFUSED,
        "1001": _K.CREDENTIAL_REFUSED,
        "1002": _K.CREDENTIAL_REFUSED,
        "1003": _K.CREDENTIAL_REFUSED,
        "1004": _K.CREDENTIAL_REFUSED,
        "1110": _K.CREDENTIAL_REFUSED,
        "1111": _K.CREDENTIAL_REFUSED,
        "1112": _K.CREDENTIAL_REFUSED,
        "1121": _K.CREDENTIAL_REFUSED,
        "1210": _K.BAD_REQUEST,
        "1211": _K.MODEL_MISSING,
        "1212": _K.NOT_SERVED,
        "1213": _K.BAD_REQUEST,
        "1214": _K.BAD_REQUEST,
        "1220": _K.NOT_SERVED,
        "1221": _K.NOT_SERVED,
        "1222": _K.NOT_SERVED,
        "1234": _K.SERVER_ERROR,
        "1261": _K.TOO_LONG,
        "1301": _K.BAD_REQUEST,
        "1302": _K.RATE_LIMITED,
        "1303": _K.RATE_LIMITED,
        "1304": _K.QUOTA,
        "1305": _K.OVERLOADED,
        "1308": _K.QUOTA,
        "1309": _K.QUOTA,
        "1310": _K.QUOTA,
        "1311": _K.MODEL_REFUSED,
        "1312": _K.OVERLOADED,
        "1313": _K.RATE_LIMITED,
    },
}

CHINAS_CLOCK = frozenset(
    {"zai", "volcengine", "dashscope", "minimax", "siliconflow", "moonshot", "modelscope"}
)
"""Vendors whose errors name moments without a zone, which are China's: Zhipu's 1308, Ark's and
DashScope's plans.
"""
_CHINA_S = 8 * 3600.0


PAGES_OF_VENDORS = frozenset({("perplexity", 401)})
"""Refusals that a vendor tells as a web page, and that no wall does: «401 Authorization Required»
of a key that is no good (BerriAI/litellm#2584, perplexityai/api-discussion#281; 2026-11-30).
"""


def corrected(
    vendor: str, status: int, headers: Mapping[str, str], body: bytes, failure: Failure
) -> Failure:
    """`failure` of an answer that is no success, as this vendor means it. `headers` have lower-case
    names; `date` is this host's where the upstream sent none.
    """
    if is_wall(status, headers, body) and (vendor, status) not in PAGES_OF_VENDORS:
        return replace(failure, kind=_K.WALL, retry_after_s=None, is_daily=False)
    failure = spoken_by(vendor, headers, failure)
    if failure.kind not in _LIMITS or failure.retry_after_s is not None or failure.is_daily:
        return failure
    is_rate = failure.kind is not _K.QUOTA
    return replace(failure, retry_after_s=reset_seconds(headers, body, is_rate=is_rate))


_LIMITS = frozenset({_K.RATE_LIMITED, _K.QUOTA, _K.OVERLOADED})


def spoken_by(vendor: str, headers: Mapping[str, str], failure: Failure) -> Failure:
    """`failure` as this vendor means it, wherever it stood: in an answer of its own, or in a stream
    that had begun with 200.
    """
    kind = _by_code(vendor, failure)
    if kind is not None:
        failure = replace(failure, kind=kind)
    if vendor not in CHINAS_CLOCK or retry_after_seconds(headers) is not None:
        return failure
    delay = delay_until(headers, failure.message, _CHINA_S)
    return failure if delay is None else replace(failure, retry_after_s=delay)


def _by_code(vendor: str, failure: Failure) -> FailureKind | None:
    """By its number, which stands in `code`, in `type`, or in brackets before the words."""
    codes = CODES.get(vendor)
    if codes is None:
        return None
    bracketed = failure.message[1:5] if failure.message[5:6] == "]" else ""
    for code in (failure.code, failure.type, bracketed):
        if code is not None and code in codes:
            return codes[code]
    return None
