"""OpenAI Chat Completions and everything that speaks like it, as a client's and as an upstream's
dialect.

Reading order: `request_decode_parts` and `reasoning` (the pieces of a message),
`request_decode_messages`, `request_decode_tools` and `request_decode` (a client's request),
`request_encode_media`, `request_encode_messages` and `request_encode` (an upstream's),
`answer_decode_choice` and `stream_decode` (answers in), `answer_encode` and `stream_encode`
(answers out), `observe` (relayed answers), `error`.
"""

from __future__ import annotations

from uniapi.dialects.deferred import deferred
from uniapi.dialects.dialect import ClientDialect, RelayedDialect

from .request_decode_members import DIALECT_NAME as NAME


def _client() -> ClientDialect:
    from .client import CLIENT

    return CLIENT


def _upstream() -> RelayedDialect:
    from .upstream import UPSTREAM

    return UPSTREAM


CLIENT = deferred(ClientDialect, _client, name=NAME, own_headers=(), own_query=())
UPSTREAM = deferred(RelayedDialect, _upstream, name=NAME, family="openai", framing="sse")

__all__ = ["CLIENT", "UPSTREAM"]
