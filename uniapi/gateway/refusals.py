"""What a call is refused with before anything was sent: an unknown model, a limit, lists that are
still being fetched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from uniapi.canonical import ClientError, RequestRefused, repeated
from uniapi.limits import Refused


def model_not_found(name: str, near: Sequence[str], unlisted: Sequence[str] = ()) -> RequestRefused:
    """404: this key cannot use such a model.

    `unlisted`: providers that may have it, as nobody knows yet what they have.
    """
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    if unlisted:
        hint += (
            f" What {', '.join(unlisted[:5])} serve{'s' if len(unlisted) == 1 else ''} is not"
            " known: no model list could be had so far."
        )
    return RequestRefused(
        ClientError(
            status=404,
            message=(
                f"The model `{repeated(name)}` does not exist or this API key may not use it.{hint}"
            ),
            code="model_not_found",
            type="invalid_request_error",
            param="model",
        )
    )


def still_discovering() -> RequestRefused:
    """503: a provider that may serve the model has not told its list yet."""
    return RequestRefused(
        ClientError(
            status=503,
            message="The model lists of some providers are still being fetched; try again.",
            code="discovering",
            headers={"retry-after": "5"},
        )
    )


def over_limit(refused: Refused) -> RequestRefused:
    """A limit of the client's own, with the seconds until it lets the next call through."""
    seconds = refused.retry_after_s
    headers = {} if seconds is None else {"retry-after": str(max(1, math.ceil(seconds)))}
    code = "rate_limit_exceeded" if refused.status == 429 else "request_too_large"
    error = ClientError(status=refused.status, message=refused.message, code=code, headers=headers)
    return RequestRefused(error)
