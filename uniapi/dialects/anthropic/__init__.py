"""The Anthropic Messages API, spoken by clients (Claude Code) and upstream (Anthropic, Vertex AI,
Bedrock's invoke).

Reading order: `vocabulary`, `answer_decode_parts`; `request_decode`, `request_encode` (with
`request_encode_turns`, `request_encode_parts`, `request_encode_tools`, `request_encode_thinking`,
`request_encode_schema`); `answer_decode`, `answer_encode_parts`, `stream_decode`, `stream_encode`;
`error`, `observe`, `client`.
"""

from __future__ import annotations

from uniapi.dialects.deferred import deferred
from uniapi.dialects.dialect import ClientDialect, RelayedDialect

from .vocabulary import FAMILY, NAME


def _client() -> ClientDialect:
    from .client import CLIENT

    return CLIENT


def _upstream() -> RelayedDialect:
    from .upstream import UPSTREAM

    return UPSTREAM


CLIENT = deferred(ClientDialect, _client, name=NAME, own_headers=("anthropic-version",))
UPSTREAM = deferred(RelayedDialect, _upstream, name=NAME, family=FAMILY, framing="sse")

__all__ = ["CLIENT", "UPSTREAM"]
