"""What becomes of each attempt, in the log: which provider's which key failed, with what, and how
long it rests; that it is back; and, at the level debug, what was asked where and what was passed
over. Every line has the id of the request, and no prompt.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from uniapi.canonical import Call, Failure, FailureKind
from uniapi.config import sounds_secret
from uniapi.engines import Target
from uniapi.routing import Attempt, EndedRest, FailedAttempt, GiveUp, Road, Step, Wait
from uniapi.wire import CREDENTIAL_HEADERS, HttpRequest

log = logging.getLogger("uniapi.call")

LONGEST_MESSAGE = 300
LONGEST_HEADER = 120
MOST_PASSED_OVER = 20
_OF_KEYS = frozenset(
    {
        *(FailureKind.CREDENTIAL_REFUSED, FailureKind.MODEL_REFUSED, FailureKind.QUOTA),
        *(FailureKind.OPERATION_REFUSED, FailureKind.RATE_LIMITED, FailureKind.REGION),
    }
)
"""Failures that speak of the key that was used."""
_OF_CLIENTS = frozenset(
    {
        *(FailureKind.BAD_REQUEST, FailureKind.TOO_LONG, FailureKind.TOO_COSTLY),
        *(FailureKind.ITEM_MISSING, FailureKind.SIGNATURE, FailureKind.UNSUPPORTED),
    }
)
"""Nothing for whoever runs the gateway to look at."""
_RESTS = {
    "credential": "key rests",
    "credential_model": "key rests for this model",
    "channel": "channel rests",
}


def tell_failure(call: Call, failed: FailedAttempt, earlier: Sequence[FailedAttempt] = ()) -> None:
    """An attempt that failed: a warning, unless the client's own request was at fault. What was
    said of an `earlier` attempt of this call is not said again: how many there were stands in the
    call's own line.
    """
    attempt, failure, rest = failed.attempt, failed.failure, failed.rest
    level = logging.INFO if failure.kind in _OF_CLIENTS else logging.WARNING
    if _gist(failed) in map(_gist, earlier):
        level = logging.DEBUG
    if not log.isEnabledFor(level):
        return
    words = failure.words[:LONGEST_MESSAGE]
    resting = "" if rest is None else f", {_RESTS[rest.what]} {spoken(rest.seconds)}"
    fields = {
        **_fields(call, attempt),
        "status": failure.status,
        "reason": failure.kind.value,
        "error": words or None,
        "rests": None if rest is None else rest.what,
        "rest_s": None if rest is None else round(rest.seconds),
    }
    log.log(
        level,
        "%s %s: %s%s%s",
        call.request_id,
        _named(attempt, failure),
        " ".join((str(failure.status or ""), failure.kind.value)).strip(),
        resting,
        f": {words}" if words else "",
        extra={"fields": {name: value for name, value in fields.items() if value is not None}},
    )


def tell_return(call: Call, attempt: Attempt, ended: Sequence[EndedRest]) -> None:
    """What had rested and serves again."""
    for one in ended:
        what = _place(attempt) if one.what == "channel" else _key(attempt)
        model = f" for {attempt.channel.upstream_model}" if one.what == "credential_model" else ""
        log.info(
            "%s %s is back%s: it had rested (%s: %s)",
            call.request_id,
            what,
            model,
            one.reason,
            one.message[:LONGEST_MESSAGE],
            extra={"fields": {**_fields(call, attempt), "is_back": one.what}},
        )


def tell_mending(call: Call, target: Target, failure: Failure) -> None:
    """A refusal that was understood: the request is asked once more, mended."""
    log.info(
        "%s %s/%s refused, and is asked once more, mended: %s",
        call.request_id,
        target.provider.name,
        target.upstream_model,
        failure.words[:LONGEST_MESSAGE],
    )


def tell_step(call: Call, step: Step, passed_over: Sequence[str]) -> None:
    """For the level debug: what comes next, and what cannot."""
    if isinstance(step, Wait):
        said = f"waits {step.seconds:.1f} s"
    elif isinstance(step, GiveUp):
        why = step.error.message if step.failure is None else step.failure.words
        said = f"gives up: {step.error.status} {why[:LONGEST_MESSAGE]}"
    else:
        trial = " on trial" if step.is_trial else ""
        said = f"attempt {step.number}: {_place(step)} with {_key(step)}{trial}"
    log.debug("%s %s", call.request_id, said)
    for reason in passed_over[:MOST_PASSED_OVER]:
        log.debug("%s passed over: %s", call.request_id, reason)
    if len(passed_over) > MOST_PASSED_OVER:
        log.debug("%s and %d more", call.request_id, len(passed_over) - MOST_PASSED_OVER)


def tell_request(call: Call, attempt: Attempt, road: Road, requests: Sequence[HttpRequest]) -> None:
    """For the level debug: what is sent where, without its body."""
    for request in requests:
        log.debug(
            "%s attempt %d: %s %s, %s, %d bytes, %s",
            call.request_id,
            attempt.number,
            request.method,
            request.url,
            "relayed" if road is Road.RELAY else "translated",
            len(request.body) if isinstance(request.body, bytes) else -1,
            shown_headers(request.headers),
        )


def shown_headers(headers: Any) -> str:
    """Headers as they may be logged: cut, and those that carry a key without it."""
    return "; ".join(
        f"{name}: {'…' if _is_secret(name) else text[:LONGEST_HEADER]}"
        for name, text in headers.items()
    )


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return lowered in CREDENTIAL_HEADERS or sounds_secret(lowered) or lowered.endswith("key")


def spoken(seconds: float) -> str:
    """A time for people: `40 s`, `10 min`, `6 h`."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (size < 86400 and seconds >= size):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.0f} s"


def _gist(failed: FailedAttempt) -> tuple[str, int | None, str, bool]:
    """What a line of the log says of it, but for times."""
    failure = failed.failure
    name = _named(failed.attempt, failure)
    return name, failure.status, failure.words, failed.rest is None


def _named(attempt: Attempt, failure: Failure) -> str:
    """The key where it is the key that failed, else the place."""
    if failure.kind not in _OF_KEYS:
        return _place(attempt)
    return f"{_key(attempt)}, {attempt.channel.upstream_model}"


def _place(attempt: Attempt) -> str:
    return f"{attempt.channel.provider.name}/{attempt.channel.upstream_model}"


def _key(attempt: Attempt) -> str:
    credential = attempt.credential
    return f"{attempt.channel.provider.name} key {credential.number} ({credential.display})"


def _fields(call: Call, attempt: Attempt) -> dict[str, Any]:
    """As members of a JSON line."""
    return {
        "request_id": call.request_id,
        "provider": attempt.channel.provider.name,
        "upstream_model": attempt.channel.upstream_model,
        "key_number": attempt.credential.number,
        "provider_key": attempt.credential.display,
    }
