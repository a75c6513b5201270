"""The OpenAI Responses API, spoken by clients (Codex, the Vercel AI SDK, n8n) and upstream (OpenAI,
Azure, xAI, OpenRouter, vLLM).

Reading order: `vocabulary`, `opaque`; `request_decode`, `request_decode_items`,
`answer_decode_content`, `tools`; `request_encode`, `request_encode_items`, `fit`;
`answer_decode_items`, `answer_decode`, `stream_decode_items`, `stream_decode`;
`answer_encode_items`, `answer_encode_envelope`, `stream_encode_events`, `stream_encode_writers`,
`stream_encode`; `usage`, `error`, `observe`, `client`.
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


CLIENT = deferred(ClientDialect, _client, name=NAME, own_headers=(), own_query=())
UPSTREAM = deferred(RelayedDialect, _upstream, name=NAME, family=FAMILY, framing="sse")

__all__ = ["CLIENT", "UPSTREAM"]
