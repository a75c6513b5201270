"""Ids that live with one account: which of our credentials issued them, and which of them a request
names.

A response, a conversation, a container, a file or a cached content exists at the provider and under
the key that made it, and nowhere else. What a relayed answer issued is remembered for the client
key that got it; a request that names such an id is bound to its owner, relayed there, and never
falls back. An id we do not know is sent when exactly one credential could own it, and is a 404
otherwise: to a client, another client key's id is one that does not exist.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from uniapi.canonical import STORED, Call, ClientError, Json, RequestRefused
from uniapi.clock import Epoch
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.routing import Pin
from uniapi.storage import Folder, KeptMap
from uniapi.values import dataclass, replace
from uniapi.wire import dump_json, holds_twins

PINS_FILE = "pins"
PINS_LIMIT = 40_000
"""Two entries for each id: whose it is for a client key, and which client key has it."""
ANYBODY = "*"
"""In the place of a client key: whoever had an id last."""
PINS_LAST_S = 30 * 86400.0
MAX_ID_LENGTH = 512
"""Of a longer one its hash is kept."""
ESCAPE = b"\\u"
_BACKSLASH = ord("\\")
"""One byte is found a hundred times as fast as several."""


_ID = re.compile(r"[!-~]+")
"""What a provider issues has no blanks, and another reader may take those around it away."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An id in a request, and the member it stands in. `is_id`: whether it can be one at all, and
    is not a list, an object or a text with blanks. One that does not bind (`binds`) only must not
    be another client's.
    """

    member: str
    issued_id: str
    is_id: bool = True
    binds: bool = True


class IssuedIds:
    """Issued ids and their owners, for each client key."""

    def __init__(self, kept: KeptMap) -> None:
        self._kept = kept

    @classmethod
    def of_folder(cls, folder: Folder, now_s: Epoch) -> IssuedIds:
        """Those that are kept there."""
        kept = KeptMap(folder, PINS_FILE, limit=PINS_LIMIT, lasts_s=PINS_LAST_S)
        kept.load(now_s)
        return cls(kept)

    def flush(self, now_s: Epoch) -> None:
        """Make durable what changed; blocks on the disk."""
        self._kept.flush(now_s)

    def issued(self, key_id: str, ids: Iterable[str], pin: Pin, now_s: Epoch) -> None:
        """An answer for this client key issued these."""
        for issued_id in ids:
            self._kept.put(_name(key_id, issued_id), [pin.provider_id, pin.credential_id], now_s)
            self._kept.put(_name(ANYBODY, issued_id), key_id, now_s)

    def forget(self, key_id: str, issued_id: str) -> None:
        """It was deleted."""
        self._kept.remove(_name(key_id, issued_id))

    def owner(self, key_id: str, issued_id: str, now_s: Epoch) -> Pin | None:
        found = self._kept.get(_name(key_id, issued_id), now_s)
        if (
            not isinstance(found, list)
            or len(found) != 2
            or not all(isinstance(part, str) for part in found)
        ):
            return None
        return Pin(provider_id=found[0], credential_id=found[1])

    def _is_anothers(self, key_id: str, reference: Reference, now_s: Epoch) -> bool:
        """Whether it was issued for a client key, and not for this one."""
        holder = self._kept.get(_name(ANYBODY, reference.issued_id), now_s)
        own = self.owner(key_id, reference.issued_id, now_s)
        return own is None and holder not in (None, key_id)

    def bind(
        self, key_id: str, references: Sequence[Reference], possible: Sequence[Pin], now_s: Epoch
    ) -> Pin | None:
        """The one credential that a call with these references belongs to, among those that could
        serve it natively; None where they bind it to none.

        Raises RequestRefused: 404 for an id nobody here can be said to own, 400 when the ids belong
        to different owners or no channel of the model keeps such things.
        """
        known = {
            owner: reference
            for reference in references
            if reference.binds
            and (owner := self.owner(key_id, reference.issued_id, now_s)) is not None
        }
        for reference in references:
            if not reference.is_id or (
                reference not in known.values() and self._is_anothers(key_id, reference, now_s)
            ):
                raise _unknown(reference, "it was not issued here for this API key")
        binding = [reference for reference in references if reference.binds]
        if not binding:
            return None
        first = binding[0]
        if len(known) > 1:
            members = " and ".join(sorted({reference.member for reference in known.values()}))
            raise RequestRefused.bad_request(
                f"{members}: these ids were issued by different accounts, no one provider has"
                " them all",
                param=first.member,
            )
        for owner, reference in known.items():
            if owner in possible:
                return owner
            raise _unknown(reference, "its owner does not serve this model to this API key")
        if not possible:
            raise RequestRefused.bad_request(
                f"{first.member}: no provider of this model keeps such state for this API; send the"
                " whole conversation instead",
                param=first.member,
                code="unsupported_state",
            )
        if len(possible) > 1:
            raise _unknown(first, "it was not issued here for this API key")
        return possible[0]


def find_references(call: Call) -> tuple[Reference, ...]:
    """The account-bound ids that a request cannot do without, and those that it mentions, each
    once.

    Total, whatever the body holds.
    """
    if call.operation is STORED:
        return (_reference("response_id", call.resource),)
    ids = CLIENT_DIALECTS[call.dialect].issued_ids
    # A name may be spelled with escapes, and is the same name to whoever reads it.
    body = call.body
    if _BACKSLASH not in body or body.find(ESCAPE) < 0:
        for mark in ids.marks:
            if body.find(mark) >= 0:  # `in` takes longer
                break
        else:
            return ()
    found = [
        *(_reference(member, said) for member, said in ids.find(call.json) if _says(said)),
        *(
            _reference(member, said, binds=False)
            for member, said in ids.find_mentions(call.json)
            if _says(said)
        ),
    ]
    return tuple(dict.fromkeys(found))


def _says(value: Json) -> bool:
    return value is not None and value != ""


def _reference(member: str, said: Json, *, binds: bool = True) -> Reference:
    if isinstance(said, str):
        return Reference(member, said, _ID.fullmatch(said) is not None, binds)
    return Reference(member, type(said).__name__, is_id=False, binds=binds)


def said_once(call: Call) -> Call:
    """A call that names ids, in bytes that name them once: of a member that stands twice the last
    one was judged, and another reader might believe the first. The same object where none does.
    """
    try:
        has_twins = holds_twins(call.body)
    except (ValueError, RecursionError):
        return call
    return replace(call, body=dump_json(call.json)) if has_twins else call


def _unknown(reference: Reference, why: str) -> RequestRefused:
    shown = reference.issued_id[:80]
    return RequestRefused(
        ClientError(
            status=404,
            message=f"{reference.member}: {shown!r} was not found; {why}.",
            code="not_found",
            type="invalid_request_error",
            param=reference.member,
        )
    )


def _name(key_id: str, issued_id: str) -> str:
    if len(issued_id) > MAX_ID_LENGTH:
        issued_id = hashlib.sha256(issued_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{key_id} {issued_id}"
