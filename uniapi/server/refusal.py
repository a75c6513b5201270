"""How a refusal is said, in the dialect of the path."""

from __future__ import annotations

from uniapi.canonical import ClientError
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.wire import dump_json

from .incoming import Incoming
from .paths import dialect_of


def refusal(incoming: Incoming, error: ClientError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    encode = CLIENT_DIALECTS[dialect_of(incoming.path, incoming.headers)].encode_error
    assert encode is not None
    headers = {"content-type": "application/json", **error.sent_headers()}
    return error.status, headers, dump_json(encode(error))
