"""Output items of translated answers, remembered for clients that name them later by their id
alone.

The Responses API keeps what it answered, and clients rely on it: the Vercel AI SDK and what is
built on it (`store` is true by default there) send the earlier turns of a tool loop as
`item_reference` (whose type may be left out). A relayed answer's items live at the provider (see
`pins`). A translated answer's items exist only here: they are kept for an hour, in memory, bounded
by size, for the client key that got them, and a request that names them is given them back in full
before anything else looks at it. An id that is not known stays as it is, for `pins` to judge.
Answers given with `store: false` are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from uniapi.canonical import Call, Json
from uniapi.clock import Monotonic
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.values import replace
from uniapi.wire import dump_json, load_json

from .expiring_map import ExpiringMap

MAX_BYTES = 16 * 1024 * 1024


class IssuedItems:
    """Items as JSON text, by client key and id."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._kept: ExpiringMap[bytes] = ExpiringMap(max_bytes)

    def remember(self, owner: str, items: Iterable[Mapping[str, Json]], now: Monotonic) -> None:
        """Keep an answer's items for a client key; not one so large that it would drive out the
        rest.
        """
        for item in items:
            item_id = item.get("id")
            if not (isinstance(item_id, str) and item_id):
                continue
            text = dump_json(item)
            if len(text) <= self._kept.max_bytes // 4:
                self._kept.put((owner, item_id), text, len(text), now)

    def resolve(self, call: Call, now: Monotonic) -> Call:
        """`call` with the items that it names written out; the same object when it names none that
        are known.
        """
        if (
            not self._kept
            or not CLIENT_DIALECTS[call.dialect].keeps_items
            or b'"id"' not in call.body
        ):
            return call
        asked = call.json.get("input")
        if not isinstance(asked, list):
            return call
        written = [self._written_out(call.principal.key_id, item, now) for item in asked]
        if all(new is old for new, old in zip(written, asked, strict=True)):
            return call
        body = {**call.json, "input": written}
        return replace(call, json=body, body=dump_json(body))

    def _written_out(self, owner: str, item: Json, now: Monotonic) -> Json:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            return item
        kind = item.get("type")
        if kind != "item_reference" and (kind is not None or item.get("role") is not None):
            return item
        text = self._kept.get((owner, item["id"]), now)
        return item if text is None else load_json(text)
