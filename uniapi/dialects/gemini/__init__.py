"""The Gemini API (generateContent), spoken by clients (google-genai, Gemini CLI) and upstream
(Google's API, Vertex AI, compatible addresses).

Reading order: `vocabulary`; `request_decode` (with `request_decode_contents`,
`request_decode_schema`), `request_encode` (with `request_encode_turns`, `request_encode_parts`,
`media`, `request_encode_tools`, `request_encode_names`, `request_encode_schema` (with
`request_encode_schema_types`, `request_encode_schema_draft`), `request_encode_thinking`), `fit`
(with `fit_members`, `fit_parts`, `fit_schema`, `fit_thinking`, `fit_tools`); `stream_decode` (with
`answer_decode_parts`, `stream_decode_arguments`), `answer_decode`, `answer_encode_parts`,
`stream_encode`; `error`, `observe`, `client`.
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


CLIENT = deferred(
    ClientDialect, _client, name=NAME, own_headers=("x-goog-api-key",), own_query=("key",)
)
UPSTREAM = deferred(RelayedDialect, _upstream, name=NAME, family=FAMILY, framing="sse")

__all__ = ["CLIENT", "UPSTREAM"]
