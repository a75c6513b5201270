"""What went wrong, as data: upstream failures with a kind, and the error a client is shown.

A Failure is a value. One table in `routing/retry.py` says what each kind does to retry and
cooldown; the one here says which status the client gets. Both end in `assert_never`, so a new kind
cannot be forgotten.
"""

from __future__ import annotations

import math
from enum import Enum

from uniapi.errors import assert_never
from uniapi.values import dataclass, field, replace


class FailureKind(Enum):
    """The classes of upstream failure that routing, cooldown and the client's status tell apart."""

    BAD_REQUEST = "bad_request"
    """The client's own mistake: the same request would fail elsewhere too."""
    TOO_LONG = "too_long"
    """More input than this model or channel takes (413, context length)."""
    TOO_COSTLY = "too_costly"
    """This one request would cost more than the credential has left (402 with both figures)."""
    ITEM_MISSING = "item_missing"
    """An item, file or response that the request names is not there: nothing is said of the model.
    """
    SIGNATURE = "signature"
    """A signature or encrypted content in the history was refused: without it the request may pass.
    """
    CREDENTIAL_REFUSED = "credential_refused"
    """401, 403, `API_KEY_INVALID`: the credential is bad, expired, or closed."""
    MODEL_REFUSED = "model_refused"
    """This credential may not use this model; others of the provider may, and it may use others."""
    OPERATION_REFUSED = "operation_refused"
    """This credential lacks the right to this operation (a scope): it is good for others."""
    WALL = "wall"
    """Something in front of the provider said no before any key was looked at: a firewall's page, a
    web server's 403.
    """
    REGION = "region"
    """Not from the place our calls come from, whatever the credential."""
    QUOTA = "quota"
    """The credential's money or quota is used up (402, `insufficient_quota`, daily quotas)."""
    RATE_LIMITED = "rate_limited"
    MODEL_MISSING = "model_missing"
    """404, or a 403 about this model: the channel does not have it."""
    MODEL_FAULT = "model_fault"
    """The model itself produced something its provider rejects (Groq's `tool_use_failed`): worth
    another try.
    """
    OVERLOADED = "overloaded"
    """503, 529."""
    SERVER_ERROR = "server_error"
    """Other 5xx, or an error object that says so."""
    TIMEOUT = "timeout"
    """No first token, no next token, or no whole answer in time."""
    UNREACHABLE = "unreachable"
    """No connection: DNS, TCP, TLS, proxy."""
    BROKEN = "broken"
    """Bytes that make no sense, HTML in a 200, a stream that just ends."""
    EMPTY = "empty"
    """A well-formed answer with nothing in it."""
    TRIGGERED = "triggered"
    """One of the configured `error_triggers` was in the text."""
    UNSUPPORTED = "unsupported"
    """This channel cannot express the request at all (an operation or, under `reject`, a
    parameter).
    """
    NO_ROOM = "no_room"
    """The answers of all running calls fill the memory that they may have: nobody's fault."""
    NOT_SERVED = "not_served"
    """The provider says that it does not serve this: an operation, a model, a kind of client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed attempt.

    `status` and `body` are the upstream's own (None when there was no answer); `dialect` names the
    format of `body`, so that a client of the same dialect can be given it byte for byte.
    `retry_after_s` is an explicit delay, however it was said; `is_daily` marks a quota that returns
    with the provider's day. `code`, `type` and `param` are the upstream's words. `url` is where it
    was asked, without what may be a secret.
    """

    kind: FailureKind
    message: str
    kept: str | None = None
    """What of the message may be written down, where that is not all of it: some providers repeat
    the client's prompt.
    """
    status: int | None = None
    code: str | None = None
    type: str | None = None
    param: str | None = None
    retry_after_s: float | None = None
    is_daily: bool = False
    url: str | None = None
    body: bytes | None = None
    content_type: str | None = None
    dialect: str | None = None

    @property
    def words(self) -> str:
        """What the log, the journal and the page say of it."""
        return self.message if self.kept is None else self.kept

    @classmethod
    def cut(cls, message: str) -> Failure:
        """A stream that ended without its end."""
        return cls(kind=FailureKind.BROKEN, message=message)


def client_status(failure: Failure) -> int:
    """The HTTP status a client gets when `failure` is the one it is shown (docs/design.md,
    Errors).
    """
    kind = failure.kind
    match kind:
        case FailureKind.BAD_REQUEST | FailureKind.SIGNATURE:
            return _own_status(failure, 400, 499, 400)
        case FailureKind.UNSUPPORTED:
            return 400
        case FailureKind.TOO_LONG:
            return _own_status(failure, 400, 499, 413)
        case FailureKind.TOO_COSTLY:
            return _own_status(failure, 402, 499, 402)
        case FailureKind.ITEM_MISSING:
            return _own_status(failure, 400, 499, 404)
        case FailureKind.NOT_SERVED:
            # Never 401 or 402, which would speak of the client's own key and money.
            return _own_status(failure, 403, 499, 400)
        case (
            FailureKind.CREDENTIAL_REFUSED
            | FailureKind.OPERATION_REFUSED
            | FailureKind.WALL
            | FailureKind.REGION
        ):
            return 502
        case FailureKind.QUOTA | FailureKind.RATE_LIMITED:
            return 429
        case FailureKind.MODEL_MISSING | FailureKind.MODEL_REFUSED:
            return 404
        case FailureKind.MODEL_FAULT:
            return _own_status(failure, 400, 599, 502)
        case FailureKind.OVERLOADED | FailureKind.NO_ROOM:
            return 503
        case FailureKind.SERVER_ERROR:
            return _own_status(failure, 500, 599, 502)
        case FailureKind.TIMEOUT:
            return 504
        case (
            FailureKind.UNREACHABLE | FailureKind.BROKEN | FailureKind.EMPTY | FailureKind.TRIGGERED
        ):
            return 502
        case _:
            assert_never(kind)


def _own_status(failure: Failure, lowest: int, highest: int, otherwise: int) -> int:
    """The upstream's own status, where it is one of those that mean the same to a client."""
    status = failure.status
    return status if status is not None and lowest <= status <= highest else otherwise


MOST_REPEATED = 200
"""Characters of what a client sent that a message repeats."""


def repeated(words: str) -> str:
    """A client's words as a message repeats them."""
    return words if len(words) <= MOST_REPEATED else words[: MOST_REPEATED - 1] + "…"


LONGEST_WORDS = 400
"""Characters of an upstream's words in a message of ours."""


def cut(words: str, longest: int) -> str:
    """Somebody's words, no longer than that."""
    return words if len(words) <= longest else words[: longest - 1] + "…"


def broken_off(failure: Failure, provider: str) -> Failure:
    """As a client is told of an answer that had begun: in the provider's name, which no header of
    it can say any more. `provider`: empty where the message names it already.
    """
    if not provider:
        return failure
    words = cut(failure.message, LONGEST_WORDS)
    return replace(failure, message=f"The provider `{provider}` broke off its answer: {words}")


LONGEST_RETRY_S = 60
"""So long an SDK waits for a repeat."""
_PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 529})
_FINAL_CODES = frozenset({"insufficient_quota"})
"""What is used up, whatever the status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientError:
    """An error for a client, before it is put into the client's dialect.

    `code` is OpenAI's word (`model_not_found`, `rate_limit_exceeded`, …), which each dialect maps
    to its own; `type` is the upstream's or None: then the dialect takes the usual one for the
    status. `headers` go out with it (`retry-after`, `allow`). `is_final`: only whoever runs this
    can mend it, whatever the status says.
    """

    status: int
    message: str
    code: str | None = None
    type: str | None = None
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_final: bool = False

    def sent_headers(self) -> dict[str, str]:
        """Those that go out: with `x-should-retry`, which the SDKs of OpenAI and Anthropic heed
        before anything else (openai-python 3.57.0, `_should_retry`; 2026-11-30).
        """
        can_help = "true" if self._can_repeat_help() else "false"
        return {"x-should-retry": can_help, **self.headers}

    def _can_repeat_help(self) -> bool:
        """Whether the same request may be answered by the time an SDK sends it again."""
        if self.is_final or self.code in _FINAL_CODES or self.status not in _PASSING_STATUSES:
            return False
        wait = self.headers.get("retry-after", "")
        return not wait.isdecimal() or int(wait) <= LONGEST_RETRY_S


def client_error(failure: Failure) -> ClientError:
    """The error a client is shown for an upstream failure, when the upstream's own body cannot be
    handed on.
    """
    headers = {}
    if failure.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(failure.retry_after_s)))
    return ClientError(
        status=client_status(failure),
        message=failure.message,
        code=failure.code or failure.kind.value,
        type=failure.type,
        param=failure.param,
        headers=headers,
    )
