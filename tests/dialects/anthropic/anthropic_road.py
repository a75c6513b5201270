"""A canonical request on its way to the API: encoded in the plain dialect, then fitted."""

from __future__ import annotations

from dataclasses import replace

from uniapi.canonical import Request
from uniapi.dialects import EncodedRequest, Quirk
from uniapi.dialects.anthropic import UPSTREAM


def fitted(request: Request, quirk: Quirk | None = None) -> EncodedRequest:
    """What leaves, with the losses of both steps."""
    quirk = quirk or Quirk()
    encoded = UPSTREAM.encode_request(request, quirk)
    body, lost = UPSTREAM.fit(encoded.body, quirk, encoded.beside)
    return replace(encoded, body=body, losses=tuple(dict.fromkeys((*encoded.losses, *lost))))
