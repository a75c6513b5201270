"""What a failure means for the operation that was tried.

The engine classifies for generation; the small operations beside it must not put a channel to rest
that generates well.
"""

from __future__ import annotations

from uniapi.canonical import Failure, FailureKind, Operation
from uniapi.operations import SERVICES
from uniapi.values import replace

_MISSING = frozenset({404, 405, 501})
"""How an address says that it does not have an endpoint."""

_SIDE_FAILURES = frozenset(
    {
        FailureKind.MODEL_MISSING,
        FailureKind.MODEL_FAULT,
        FailureKind.NOT_SERVED,
        FailureKind.WALL,
        FailureKind.RATE_LIMITED,
        FailureKind.OVERLOADED,
        FailureKind.SERVER_ERROR,
        FailureKind.TIMEOUT,
        FailureKind.BROKEN,
        FailureKind.EMPTY,
    }
)
"""What counts against the endpoint asked, not against the channel: token counts have rate limits of
their own, and many compatible servers lack them.
"""


def blamed(operation: Operation, failure: Failure) -> Failure:
    """`failure` as routing is to take it."""
    if operation is Operation.STORED and failure.status == 404:
        # The response is gone, which is the caller's news and no fault of the channel.
        return replace(failure, kind=FailureKind.BAD_REQUEST)
    if operation is Operation.COUNT_TOKENS:
        # Whoever may not count may well talk.
        is_aside = failure.kind in _SIDE_FAILURES or failure.status == 403
        return replace(failure, kind=FailureKind.UNSUPPORTED) if is_aside else failure
    is_missing = failure.status in _MISSING and not _is_about_model(failure)
    if is_missing and not SERVICES[operation].is_generated:
        return replace(
            failure, kind=FailureKind.UNSUPPORTED, code=failure.code or "unsupported_operation"
        )
    return failure


def _is_about_model(failure: Failure) -> bool:
    """Whether a 404 says that the model is missing, not the endpoint."""
    return failure.status == 404 and "model" in f"{failure.code} {failure.message}".lower()


def is_other_way_open(failure: Failure) -> bool:
    """Whether the endpoint itself was refused, so that the same channel may be asked in another
    way: it is missing, or the model behind it only chats.
    """
    return failure.status in _MISSING or (
        failure.status == 400 and "chat" in failure.message.lower()
    )


def unsupported(message: str, *, code: str | None = None, param: str | None = None) -> Failure:
    """This channel cannot be told what the client says: the next one may, and nobody is
    to blame.
    """
    return Failure(
        kind=FailureKind.UNSUPPORTED,
        message=message,
        code=code,
        type="invalid_request_error",
        param=param,
    )
