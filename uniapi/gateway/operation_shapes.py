"""Whose body an operation beside chat has, on either side, and whether there is a way between the
two.
"""

from __future__ import annotations

from uniapi.canonical import Call
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.engines import Address
from uniapi.operations import codec_for, is_relayed


def client_shape(call: Call) -> str:
    """Gemini's clients have embeddings of their own; everything else has OpenAI's shape."""
    return CLIENT_DIALECTS[call.dialect].operation_shape


def upstream_shape(address: Address) -> str:
    """What the engine says; a dialect's own is OpenAI's, whose clients name no other."""
    return "openai" if address.shape == "dialect" else address.shape


def is_bridged(call: Call, address: Address) -> bool | None:
    """False: the client's words are relayed; True: a codec translates them; None: there
    is no way.
    """
    sides = client_shape(call), upstream_shape(address)
    if codec_for(call.operation, *sides) is not None:
        return True
    return False if is_relayed(call.operation, *sides) else None
