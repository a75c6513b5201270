"""OpenAI's legacy Completions, as a client's dialect: a prompt in, `text_completion` out. It is
chat's older brother and shares its errors, usage and framing, so the dialect is chat's with the
three pieces a client sees exchanged; an upstream that has the endpoint is relayed and read by
chat's own observer, which knows `text`.
"""

from __future__ import annotations

from uniapi.dialects.deferred import deferred
from uniapi.dialects.dialect import ClientDialect


def _client() -> ClientDialect:
    from .client import CLIENT

    return CLIENT


CLIENT = deferred(ClientDialect, _client)

__all__ = ["CLIENT"]
