"""Access tokens for a Google service account: one POST of an assertion that we sign
(developers.google.com/identity/protocols/oauth2/service-account).
"""

from __future__ import annotations

from collections.abc import Generator
from urllib.parse import urlencode

from uniapi.clock import Epoch
from uniapi.errors import WireError
from uniapi.wire import HttpRequest, ResponseHead, load_json

from .engine import Target, Token, TokenFlow
from .google_jwt import service_account_jwt

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URL = "https://oauth2.googleapis.com/token"


def account_token(target: Target, now_s: Epoch) -> TokenFlow | None:
    """How to get a token where the credential is a service account, else None."""
    credential = target.credential
    if credential.kind != "service_account":
        return None
    return _token_flow(credential.secret, credential.account or "", now_s)


def _token_flow(
    private_key: str, client_email: str, now_s: Epoch
) -> Generator[HttpRequest, tuple[ResponseHead, bytes], Token]:
    try:
        assertion = service_account_jwt(private_key, client_email, SCOPE, TOKEN_URL, now_s)
    except ValueError as error:
        raise WireError(f"the service account's private key cannot sign: {error}") from None
    form = urlencode(
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    )
    head, body = yield HttpRequest(
        method="POST",
        url=TOKEN_URL,
        headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
        body=form.encode(),
    )
    try:
        answer = load_json(body)
    except WireError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    value, lifetime = answer.get("access_token"), answer.get("expires_in")
    if head.status != 200 or not isinstance(value, str) or not value:
        raise WireError(
            f"no access token for {client_email}: {head.status}"
            f" {answer.get('error_description') or answer.get('error') or ''}".rstrip()
        )
    lifetime_s = (
        float(lifetime)
        if isinstance(lifetime, int | float) and not isinstance(lifetime, bool) and lifetime > 0
        else 3600.0
    )
    return Token(value=value, expires_at_s=now_s + lifetime_s)
