"""Vendors' tokens on the Responses wire.

A token of the upstream's own family is the item it came in, kept whole (`Opaque.value`: the item
without its `type`), so that `encrypted_content` goes back byte for byte. A token of another family
travels to a client inside a reasoning item's `encrypted_content`, which clients echo unread: a
prefix that names us, then base64url of a JSON object with the family, the value, and where the
token belongs. The next request brings it back, and `unpack` restores it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Literal

from uniapi.canonical import Json, Opaque
from uniapi.values import dataclass
from uniapi.wire import dump_json

_PREFIX = "uniapi.v1."
_MAX_PACKED = 16 * 1024 * 1024

OUR_ITEMS = "rs_u"
"""How the ids of reasoning items begin that we made up; OpenAI's go on with a hexadecimal digit."""

Place = Literal["reasoning", "redacted", "call", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A token and its place: on the reasoning it came with (`redacted`: it is the reasoning), on
    the tool call `call_id`, or on the text before it.

    `standalone`: it came on an empty text of its own (Gemini ends answers so).
    """

    opaque: Opaque
    place: Place = "reasoning"
    call_id: str | None = None
    standalone: bool = False


def pack(carried: Carried) -> str:
    """The text for `encrypted_content`."""
    value: dict[str, Json] = {
        "family": carried.opaque.family,
        "value": carried.opaque.value,
        "on": carried.place,
    }
    if carried.call_id is not None:
        value["call_id"] = carried.call_id
    if carried.standalone:
        value["standalone"] = True
    return _PREFIX + base64.urlsafe_b64encode(dump_json(value)).decode("ascii")


def unpack(encrypted: Json) -> Carried | None:
    """What `pack` wrote; None for a vendor's own `encrypted_content`, and for anything that only
    looks like ours.
    """
    if not is_packed(encrypted) or len(encrypted) > _MAX_PACKED:
        return None
    try:
        value = json.loads(base64.urlsafe_b64decode(encrypted[len(_PREFIX) :].encode("ascii")))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("family"), str)
        or "value" not in value
    ):
        return None
    call_id = value.get("call_id")
    opaque = Opaque(family=value["family"], value=value["value"])
    match value.get("on"):
        case "redacted":
            return Carried(opaque=opaque, place="redacted")
        case "call" if isinstance(call_id, str):
            return Carried(opaque=opaque, place="call", call_id=call_id)
        case "text":
            return Carried(opaque=opaque, place="text", standalone=value.get("standalone") is True)
        case _:
            return Carried(opaque=opaque)


def is_packed(encrypted: Json) -> bool:
    """Whether this is text that `pack` wrote, or that looks like it."""
    return isinstance(encrypted, str) and encrypted.startswith(_PREFIX)


def item_token(item: Mapping[str, Json], names: tuple[str, ...], family: str) -> Opaque | None:
    """The members of an item that its vendor may want back (`id`, `phase`, `caller`), None when it
    has none of them.
    """
    kept = {name: item[name] for name in names if item.get(name) is not None}
    return Opaque(family=family, value=kept) if kept else None


def own_members(opaque: Opaque | None, family: str) -> dict[str, Json]:
    """The kept members of an opaque of `family`; empty for none, or another family's."""
    if opaque is None or opaque.family != family or not isinstance(opaque.value, dict):
        return {}
    return dict(opaque.value)
