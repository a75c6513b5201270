"""Whose body an operation beside chat has, on either side, and whether there is a way between the
two.
"""

from __future__ import annotations

from uniapi.canonical import Call
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.engines import Address
from uniapi.operations import codec_for, is_relayed
from uniapi.routing import Road


def client_shape(call: Call) -> str:
    """Gemini's clients have embeddings of their own; everything else has OpenAI's shape."""
    return CLIENT_DIALECTS[call.dialect].operation_shape


def upstream_shape(address: Address) -> str:
    """What the engine says; a dialect's own is OpenAI's, whose clients name no other."""
    return "openai" if address.shape == "dialect" else address.shape


def road_between(call: Call, address: Address) -> Road | None:
    """How the client's words come there: translated by a codec where there is one; None: not at
    all.
    """
    sides = client_shape(call), upstream_shape(address)
    if codec_for(call.operation, *sides) is not None:
        return Road.TRANSLATE
    return Road.RELAY if is_relayed(call.operation, *sides) else None
