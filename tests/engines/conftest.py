"""Targets for engines: a provider and a credential from the few words a test cares about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from uniapi.config import Credential, Provider
from uniapi.engines import Target

SERVICE_ACCOUNT_KEY = """-----BEGIN PRIVATE KEY-----
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBALa2Iy9gVST9HKRA
Td9hE7Sp7F1ciJCJn5apH9ws7CEWM5kRsSZ2ZJnOpGzIHgP+BOnc2Tf08s+Q6bEW
Gb9pNmIzLE6LP4gr3QAMj5AwyXP8pv/ZAafm+09EzdOZr/Hl0TLCv9Frv3oh8n9Z
7wK2QLJjrCJ8tcPkA7MvUTAuyuSJAgMBAAECgYAn96+6rVfyv2uEgoyGULX+zyzl
P1igRXqjelt9zlXY5wJieXxG7Z8UBh/xq9TlCqwIfEcH9o0m2oxEMJFxTZKXiWTi
iuS4ecFM5c7gh11kKq9rNRHBjS0R3TQPyVtQy3EwgWRjiwb4D8nKH8tyyPva1iXY
R27r/GVf66TeY3yAAQJBAPHHGDJ609CugclRvdmsj7M42EQ2I3TkFljjL9c7w0sE
vmxm6udjZxquRNQ5XxdCnWLiuOIwuwIYRC5bMJao3rUCQQDBdZIQo4BiJl/Zmkeo
Svi2y3pbtNPkr8+YYdYXZgAyw2JKi6tidSl6qXrsLnNBlpXTD3DLiLAb5TazKT9x
8D8FAkB5p4Q1YjhSOHx1n/u3G2zy8Rdguxz8JAhakXXxBtEtXiWyxdZMt2eZtTZM
0tFWEt6+cvY0WfC/DRbBfIDmTfJBAkEAo2uurHGBZOfntgi2mXpjaP6v6MHy8M52
/dE/qdpXNoqIAFLFvtEb7es21EZUxEXxYC496SEZKydQMr4YQyZgBQJBAKaiqS78
rGOh004WowRE012d7r654GeC/LUvtxJBtyF6JDcFgSK47tvIjh+7LApiHKG4TL2t
6SE3KjLneTYArHU=
-----END PRIVATE KEY-----"""
"""A throw-away key, made for these tests."""


def _provider(credential: Credential, **members: Any) -> Provider:
    return Provider(provider_id="p", name="p", credentials=(credential,), **members)


@pytest.fixture
def target() -> Callable[..., Target]:
    """`target("gpt-4o", base_url=…)`: what the model is called, what it is aliased to, the
    credential's members, and the provider's.
    """

    def make(
        model: str = "m",
        alias: str | None = None,
        *,
        kind: Any = "api_key",
        secret: str = "sk-upstream",
        account: str | None = None,
        session_token: str | None = None,
        key_project: str | None = None,
        **provider: Any,
    ) -> Target:
        credential = Credential(
            credential_id="c",
            display="sk-…",
            kind=kind,
            secret=secret,
            account=account,
            session_token=session_token,
            project_id=key_project,
        )
        return Target(
            provider=_provider(credential, **provider),
            credential=credential,
            upstream_model=model,
            alias=alias or model,
        )

    return make


@pytest.fixture
def service_account_key() -> str:
    return SERVICE_ACCOUNT_KEY
