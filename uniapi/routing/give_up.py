"""What a client is told when nothing is left to try: which provider said what, in its own words,
what else was tried, until when what rests, and whether the same request again can help.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from uniapi.canonical import (
    LONGEST_RETRY_S,
    LONGEST_WORDS,
    ClientError,
    Failure,
    FailureKind,
    client_error,
    cut,
)
from uniapi.values import replace

from .retry import may_have_cost
from .steps import FailedAttempt, GiveUp, Obstacle

MOST_NAMED = 4
"""Providers that one message names beside the one it speaks of."""

_USEFULNESS = {
    FailureKind.TOO_LONG: 6,
    FailureKind.BAD_REQUEST: 5,
    FailureKind.TOO_COSTLY: 5,
    FailureKind.ITEM_MISSING: 5,
    FailureKind.SIGNATURE: 5,
    FailureKind.MODEL_FAULT: 4,
    FailureKind.SERVER_ERROR: 4,
    FailureKind.OVERLOADED: 4,
    FailureKind.TIMEOUT: 4,
    FailureKind.BROKEN: 4,
    FailureKind.WALL: 4,
    FailureKind.EMPTY: 4,
    FailureKind.TRIGGERED: 4,
    FailureKind.UNREACHABLE: 4,
    FailureKind.NO_ROOM: 4,
    FailureKind.RATE_LIMITED: 3,
    FailureKind.QUOTA: 3,
    FailureKind.CREDENTIAL_REFUSED: 2,
    FailureKind.REGION: 2,
    FailureKind.MODEL_REFUSED: 2,
    FailureKind.OPERATION_REFUSED: 2,
    FailureKind.NOT_SERVED: 1,
    FailureKind.MODEL_MISSING: 1,
    FailureKind.UNSUPPORTED: 0,
}
"""What a client can act on comes first, then what a channel did, then what rests, then what only
the owner can mend; of equals the last.
"""

_RELAYED = frozenset(
    {
        FailureKind.BAD_REQUEST,
        FailureKind.TOO_LONG,
        FailureKind.TOO_COSTLY,
        FailureKind.ITEM_MISSING,
        FailureKind.SIGNATURE,
        FailureKind.NOT_SERVED,
        FailureKind.MODEL_FAULT,
    }
)
"""Failures the client's own request caused: their status, message and body are the upstream's."""

_CLIENTS_OWN = frozenset({"ruled_out", "client_limit"})
"""Obstacles that stand between this client and a channel, not before everybody."""

_FOR_THE_OWNER = frozenset(
    {
        FailureKind.CREDENTIAL_REFUSED,
        FailureKind.OPERATION_REFUSED,
        FailureKind.QUOTA,
        FailureKind.REGION,
    }
)
"""What only whoever runs this can mend: a client that repeats its request waits for nothing."""

_WORDS = {
    FailureKind.CREDENTIAL_REFUSED: "refused our key",
    FailureKind.OPERATION_REFUSED: "refused our key",
    FailureKind.MODEL_MISSING: "does not have the model",
    FailureKind.MODEL_REFUSED: "refuses the model to our key",
    FailureKind.UNREACHABLE: "cannot be reached",
    FailureKind.TIMEOUT: "did not answer in time",
    FailureKind.EMPTY: "gave an empty answer",
    FailureKind.BROKEN: "gave an answer that cannot be read",
    FailureKind.NO_ROOM: "answers with more than there is room for",
    FailureKind.QUOTA: "has no money or share left for our key",
    FailureKind.RATE_LIMITED: "limits our key",
    FailureKind.REGION: "does not serve the place we call from",
}
_WITH_ADDRESS = frozenset(
    {FailureKind.UNREACHABLE, FailureKind.WALL, FailureKind.BROKEN, FailureKind.MODEL_MISSING}
)
"""Failures that a wrong address may explain."""
_ADVICE = {
    FailureKind.UNREACHABLE: " Look at its base_url, and whether it runs.",
    FailureKind.CREDENTIAL_REFUSED: " `check --live` shows which keys are good.",
}
_NO_SUCH_ADDRESS = " If no model answers there, look at its base_url."


def give_up(
    failed: Sequence[FailedAttempt],
    obstacles: Sequence[Obstacle],
    requested_model: str,
    *,
    is_late: bool = False,
    is_bought: bool = False,
) -> GiveUp:
    """The end of a plan: the most useful failure, or, when nothing was tried, why.

    `is_late`: the call's time was over before a channel that could be called was. `is_bought`: what
    was asked for costs each time.
    """
    reasons = tuple(f"{obstacle.channel}: {obstacle.text}" for obstacle in obstacles)
    if not failed and is_late:
        return GiveUp(
            error=ClientError(
                status=504,
                message="The time for the whole call was over before it could be sent.",
                code="timeout",
            ),
            reasons=reasons,
            is_unavailable=True,
        )
    if not failed:
        return GiveUp(
            error=_untried(obstacles, requested_model),
            reasons=reasons,
            is_unavailable=any(one.kind not in _CLIENTS_OWN for one in obstacles),
        )
    shown = max(reversed(failed), key=lambda one: _USEFULNESS[one.failure.kind])
    failure = shown.failure
    relays_body = failure.kind in _RELAYED
    error = _error(shown, failed, obstacles)
    if is_bought and may_have_cost(failure):
        # OpenAI's clients try again by themselves unless they are told not to.
        error = replace(error, headers={**error.headers, "x-should-retry": "false"})
    return GiveUp(
        error=error,
        failure=failure,
        relays_body=relays_body,
        failed=tuple(failed),
        reasons=reasons,
    )


def _error(
    shown: FailedAttempt, failed: Sequence[FailedAttempt], obstacles: Sequence[Obstacle]
) -> ClientError:
    """The error of the attempt that is shown, in the provider's name."""
    failure = shown.failure
    kind, error = failure.kind, client_error(failure)
    if kind in _RELAYED or kind is FailureKind.UNSUPPORTED:
        return error
    advice = _NO_SUCH_ADDRESS if _may_be_the_address(failure) else _ADVICE.get(kind, "")
    message = f"The provider {said(shown)}{_others(shown, failed)}{advice}"
    error = replace(error, message=message)
    if kind in (FailureKind.RATE_LIMITED, FailureKind.QUOTA):
        times = [obstacle.free_in_s for obstacle in obstacles if obstacle.free_in_s is not None]
        error = _with_delay(
            replace(error, code="rate_limit_exceeded"), min(times, default=failure.retry_after_s)
        )
    elif kind in (FailureKind.CREDENTIAL_REFUSED, FailureKind.OPERATION_REFUSED):
        error = replace(error, code="provider_key_refused", type=None)
    elif kind in (FailureKind.MODEL_MISSING, FailureKind.MODEL_REFUSED):
        error = replace(error, code="model_not_found", param="model")
    if kind in _FOR_THE_OWNER:
        error = _for_the_owner(error, is_final=not _may_pass(obstacles))
    return error


def _may_be_the_address(failure: Failure) -> bool:
    """Whether a 404 says nothing of a model: «404 page not found» is what servers say of a path."""
    said_of_it = failure.message.lower()
    is_silent = "model" not in said_of_it and "模型" not in said_of_it
    return failure.kind is FailureKind.MODEL_MISSING and is_silent


def _for_the_owner(error: ClientError, *, is_final: bool) -> ClientError:
    """With a type that no agent takes for a passing trouble: OpenCode repeats whatever is of type
    `server_error` or `rate_limit_error` (1.18.33, 2026-11-30).
    """
    if not is_final:
        return error
    word = "insufficient_quota" if error.status == 429 else "permission_error"
    return replace(error, is_final=True, type=word)


def said(failed: FailedAttempt) -> str:
    """`` `openai` refused our key 2 (401): Incorrect API key provided.``: the provider, what it
    did, where that may be the trouble, and its own words.
    """
    attempt, failure = failed.attempt, failed.failure
    provider = attempt.channel.provider
    what = _WORDS.get(failure.kind, "failed")
    if what.endswith("our key") and len(provider.credentials) > 1:
        what += f" {attempt.credential.number}"
    if failure.kind is FailureKind.MODEL_MISSING:
        what += f" `{attempt.channel.upstream_model}`"
    status = f" ({failure.status})" if failure.status is not None and failure.status >= 400 else ""
    where = f" at {failure.url}" if failure.url and failure.kind in _WITH_ADDRESS else ""
    words = cut(failure.message, LONGEST_WORDS)
    end = "" if words.endswith((".", "!", "?", "…")) else "."
    return f"`{provider.name}` {what}{where}{status}: {words}{end}"


def _others(shown: FailedAttempt, failed: Iterable[FailedAttempt]) -> str:
    """What became of the other providers that were asked, each once, in a few words."""
    name = shown.attempt.channel.provider.name
    others = {
        one.attempt.channel.provider.name: one.failure
        for one in failed
        if one.attempt.channel.provider.name != name
    }
    told = [f"`{other}` {_in_short(failure)}" for other, failure in others.items()]
    if not told:
        return ""
    more = f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return f" (Also asked: {', '.join(told[:MOST_NAMED])}{more}.)"


def _in_short(failure: Failure) -> str:
    what = failure.kind.value.replace("_", " ")
    return what if failure.status is None else f"{failure.status} {what}"


def _may_pass(obstacles: Iterable[Obstacle]) -> bool:
    """Whether waiting as long as a client does may find a channel that serves."""
    return any(
        not obstacle.is_final
        and obstacle.free_in_s is not None
        and obstacle.free_in_s <= LONGEST_RETRY_S
        for obstacle in obstacles
    )


def _untried(obstacles: Sequence[Obstacle], requested_model: str) -> ClientError:
    waiting = [obstacle for obstacle in obstacles if obstacle.kind != "ruled_out"]
    if not waiting:
        return _ruled_out(obstacles, requested_model)
    waiting.sort(key=lambda one: float("inf") if one.free_in_s is None else one.free_in_s)
    soonest = waiting[0]
    reasons = "; ".join(_waits(obstacle) for obstacle in waiting[:MOST_NAMED])
    reasons += f"; and {len(waiting) - MOST_NAMED} more" if len(waiting) > MOST_NAMED else ""
    if soonest.kind in ("rate", "busy", "client_limit"):
        status, code = 429, "rate_limit_exceeded"
        message = f"Every key for `{requested_model}` rests or is at its limit: {reasons}."
    else:
        status, code = 503, "no_channel_available"
        message = f"No channel for `{requested_model}` is available at the moment: {reasons}."
    error = ClientError(status=status, message=message, code=code)
    is_final = any(obstacle.is_final for obstacle in waiting) and not _may_pass(waiting)
    return _with_delay(_for_the_owner(error, is_final=is_final), soonest.free_in_s)


def _waits(obstacle: Obstacle) -> str:
    """A channel, what stands against it, and for how long."""
    when = "" if obstacle.free_in_s is None else f", for {_spoken(obstacle.free_in_s)} yet"
    return f"{obstacle.channel}: {obstacle.text}{when}"


def _spoken(seconds: float) -> str:
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _ruled_out(obstacles: Sequence[Obstacle], requested_model: str) -> ClientError:
    if not obstacles:
        return ClientError(
            status=404,
            message=f"No channel serves `{requested_model}` for this API key.",
            code="model_not_found",
            param="model",
        )
    too_large = [obstacle for obstacle in obstacles if obstacle.status == 413]
    if too_large:
        return ClientError(
            status=413,
            message=(
                f"The request is too large for every channel of `{requested_model}`:"
                f" {too_large[0].text}."
            ),
            code="request_too_large",
        )
    reasons = "; ".join(dict.fromkeys(f"{one.channel}: {one.text}" for one in obstacles))
    return ClientError(
        status=obstacles[0].status,
        message=f"No channel of `{requested_model}` takes this request: {cut(reasons, 500)}.",
        code="unsupported_request",
        type="invalid_request_error",
    )


def _with_delay(error: ClientError, seconds: float | None) -> ClientError:
    """With `retry-after` in whole seconds, rounded up: a client that waits so long is not too
    early.
    """
    if seconds is None:
        return error
    headers = {name: value for name, value in error.headers.items() if name != "retry-after"}
    return replace(error, headers={**headers, "retry-after": str(max(1, int(-(-seconds // 1))))})
