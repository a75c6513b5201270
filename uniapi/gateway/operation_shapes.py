"""Whose body an operation beside chat has, on either side, and whether there is a way between the
two.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from uniapi.canonical import Call
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.engines import Address
from uniapi.operations import codec_for, is_relayed, vendor_shape

_OWN = frozenset({"openai", "dialect"})


def client_shape(call: Call) -> str:
    """Gemini's clients have embeddings of their own; everything else has OpenAI's shape."""
    return CLIENT_DIALECTS[call.dialect].operation_shape


def upstream_shape(address: Address) -> str:
    """What the engine says, or, where that is OpenAI's, what is known of the host."""
    return (
        vendor_shape(urlsplit(address.url).hostname or "")
        if address.shape in _OWN
        else address.shape
    )


def is_bridged(call: Call, address: Address) -> bool | None:
    """False: the client's words are relayed; True: a codec translates them; None: there
    is no way.
    """
    sides = client_shape(call), upstream_shape(address)
    if codec_for(call.operation, *sides) is not None:
        return True
    return False if is_relayed(call.operation, *sides) else None
