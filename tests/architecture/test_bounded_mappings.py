"""Every mapping that strangers' words are a key of is bounded: filled here with more of them than
anybody has. docs/security.md names them; a new one belongs into both.
"""

from collections.abc import Callable, Iterator, Sized
from types import SimpleNamespace
from typing import Any

import pytest

from uniapi.canonical import ClientError
from uniapi.config import ByModel, ClientKey, Config, parse_rates
from uniapi.gateway.expiring_map import ExpiringMap
from uniapi.limits import Limits
from uniapi.money import CacheDoctor, CachedRequest
from uniapi.network.http1_connection import Origin
from uniapi.network.http1_transport import Http1Transport
from uniapi.network.media_fetcher import Shares
from uniapi.network.names import Names
from uniapi.routing import Catalog, Cursors, Sessions
from uniapi.server.quiet import Quiet
from uniapi.server.refusal_log import Stranger
from uniapi.server.strangers import Strangers
from uniapi.server.wrong_keys import WrongKeys
from uniapi.storage import KeptMap, MemoryFolder

MANY = 60_000
BOUND = 60_000
KEY = ClientKey(key_id="k", display="sk-…", secret="sk-k", label="k")


def quiet() -> tuple[Any, Callable[[int], Any]]:
    made = Quiet()
    return made, lambda number: made.unwritten(f"2001:db8::{number:x}", 0.0)


def wrong_keys() -> tuple[Any, Callable[[int], Any]]:
    made = WrongKeys()
    return made, lambda number: made._delay_s(f"2001:db8::{number:x}", 0.0)


def strangers() -> tuple[Any, Callable[[int], Any]]:
    made = Strangers()
    error = ClientError(status=404, message="m")

    def meet(number: int) -> None:
        who = Stranger(
            request_id="r", method="GET", path=f"/{number}", address="a", key=None, agent="x"
        )
        made.note(who, error, 0.0)

    return made, meet


def sessions() -> tuple[Any, Callable[[int], Any]]:
    made = Sessions()
    return made, lambda number: made.settle(("s",), f"session {number}", "home", 0.0)


def cursors() -> tuple[Any, Callable[[int], Any]]:
    made = Cursors()
    return made, lambda number: made.move(("k", f"model-{number}"), 1)


def catalog() -> tuple[Any, Callable[[int], Any]]:
    made = Catalog(Config(providers=(), client_keys=(KEY,)))
    return made._remembered, lambda number: made.candidates(KEY, f"model-{number}")


def names() -> tuple[Any, Callable[[int], Any]]:
    made = Names(lambda host: [])

    def found(number: int) -> None:
        over = SimpleNamespace(cancelled=lambda: False, exception=lambda: None, result=list)
        made._running[f"h{number}"] = over
        made._settled(f"h{number}", over, 0.0)

    return made, found


def idle_connections() -> tuple[Any, Callable[[int], Any]]:
    made = Http1Transport(None, None, None, None, None)

    def used_and_closed(number: int) -> None:
        origin = Origin("https", f"pictures-{number}.example", 443, None, True)
        loop = SimpleNamespace(call_later=lambda after_s, sweep, loop: "timer")
        connection = SimpleNamespace(origin=origin, is_usable=True, loop=loop)
        made.put_idle(connection)
        if number % 2:
            made.forget(connection)
        else:
            made.take_idle(origin)

    return made, used_and_closed


def expiring_map() -> tuple[Any, Callable[[int], Any]]:
    made = ExpiringMap(1_000_000)
    return made, lambda number: made.put(f"id {number}", b"x", 1, 0.0)


def kept_map() -> tuple[Any, Callable[[int], Any]]:
    made = KeptMap(MemoryFolder(), "m", limit=500, lasts_s=9.0)

    def put(number: int) -> None:
        made.put(f"id {number}", 1, 0.0)
        if number % 1000 == 0:
            made.flush(0.0)

    return made, put


def shares() -> tuple[Any, Callable[[int], Any]]:
    made = Shares(8)

    def one(number: int) -> None:
        opened = made.share(f"key {number}")
        entering, leaving = opened.__aenter__(), opened.__aexit__(None, None, None)
        for step in (entering, leaving):
            with pytest.raises(StopIteration):
                step.send(None)

    return made, one


def limits() -> tuple[Any, Callable[[int], Any]]:
    made = Limits()
    key = ClientKey(
        key_id="k", display="", secret="s", label="", rates=ByModel(default=parse_rates("9/min"))
    )

    def admit(number: int) -> None:
        admitted = made.admit(key, f"model-{number}", now=float(number))
        admitted.release()

    return made, admit


def cache_doctor() -> tuple[Any, Callable[[int], Any]]:
    made = CacheDoctor()

    def look(number: int) -> None:
        made.examine(
            CachedRequest(
                session=f"s{number}",
                label="k",
                model="m",
                place=("p", "c"),
                input_tokens=5000,
                read_tokens=0,
                at=0.0,
            ),
            {},
        )

    return made, look


MAPPINGS = (
    *(quiet, wrong_keys, strangers, sessions, cursors, catalog, names, idle_connections),
    *(expiring_map, kept_map, shares, limits, cache_doctor),
)


def _sizes(value: Any, depth: int = 0) -> Iterator[int]:
    """How many things the containers in an object hold."""
    if isinstance(value, Sized) and not isinstance(value, (str, bytes, memoryview)):
        yield len(value)
    if depth < 2:
        slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        for name in (*slots, *getattr(value, "__dict__", ())):
            yield from _sizes(getattr(value, name, None), depth + 1)


@pytest.mark.parametrize("make", MAPPINGS, ids=lambda make: make.__name__)
def test_a_mapping_of_strangers_words_is_bounded(make: Callable[[], Any]) -> None:
    held, meet = make()
    for number in range(MANY):
        meet(number)
    sizes = list(_sizes(held))
    assert sizes, "nothing is looked at"
    assert max(sizes) < MANY
    assert sum(sizes) < BOUND
