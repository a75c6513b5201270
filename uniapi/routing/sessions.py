"""Which conversation a request belongs to, and who served it last: so that it goes back where its
prompt cache is.

A home is remembered for an hour after its last use; when the memory is gone, rendezvous hashing
gives every session a stable order of preference. A home that rests is passed over, for the next in
that order, and returned to.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from uniapi.clock import Monotonic
from uniapi.values import dataclass

from .policies import rendezvous

REMEMBERED_S = 3600.0
MAX_SESSIONS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHint:
    """What a request says of its conversation. `session_id` names it (None: it cannot be named);
    `continues`: it carries an assistant or tool turn; `is_named`: the client gave the name itself
    (a header, `prompt_cache_key`), so that a second use continues the conversation as well.
    """

    session_id: str | None = None
    continues: bool = False
    is_named: bool = False


NO_SESSION = SessionHint()


def name_session(*, given: Sequence[str | None], opening: str, continues: bool) -> SessionHint:
    """The hint for a request. `given`: what the client offers as a name, best first
    (`prompt_cache_key`, `x-claude-code-session-id`, `x-session-id`, `metadata.user_id`); `opening`:
    the system text and the first user message, hashed when nothing is given (empty: no name).
    """
    for name in given:
        if name:
            return SessionHint(
                session_id=_digest(f"given\0{name}"), continues=continues, is_named=True
            )
    if not opening:
        return SessionHint(continues=continues)
    return SessionHint(session_id=_digest(f"opening\0{opening}"), continues=continues)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


class Sessions:
    """(scope, session) → the name of the channel or credential that served it.

    Bounded; the longest unused go first.
    """

    def __init__(self) -> None:
        self._homes: OrderedDict[tuple[str, ...], tuple[str, float]] = OrderedDict()

    def home(self, scope: tuple[str, ...], session_id: str, now: Monotonic) -> str | None:
        """Where the session was served, None when that is not known (any more)."""
        found = self._homes.get((*scope, session_id))
        if found is None or found[1] + REMEMBERED_S <= now:
            return None
        return found[0]

    def settle(self, scope: tuple[str, ...], session_id: str, home: str, now: Monotonic) -> None:
        """Remember where the session was served, for another hour."""
        name = (*scope, session_id)
        self._homes[name] = (home, now)
        self._homes.move_to_end(name)
        while (
            len(self._homes) > MAX_SESSIONS
            or next(iter(self._homes.values()))[1] + REMEMBERED_S <= now
        ):
            self._homes.popitem(last=False)


def preference(
    names: Sequence[str], weights: Sequence[int], session_id: str, home: str | None
) -> list[int]:
    """The members in the order a session wants them: its home, then by rendezvous."""
    order = rendezvous(names, weights, session_id)
    if home is not None and home in names:
        index = names.index(home)
        order.remove(index)
        order.insert(0, index)
    return order
