"""Look-ups of names: each in a thread of its own, waited for a while, kept for a minute."""

import asyncio
import socket
import threading

import pytest

from uniapi.network.names import (
    FRESH_S,
    MAX_OF_DOMAIN,
    MAX_OF_STRANGERS,
    Names,
    NameUnknown,
    NotPublic,
)


def info(address):
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))


class Resolver:
    """Stands for the system's: answers from a table; names that are not in it hang until the test
    is over.
    """

    def __init__(self):
        self.table = {"a.example": [info("93.184.216.34")]}
        self.asked = []
        self.over = threading.Event()

    def __call__(self, host):
        self.asked.append(host)
        if host not in self.table:
            self.over.wait()
            raise socket.gaierror(-2, "Name or service not known")
        found = self.table[host]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def resolver():
    made = Resolver()
    yield made
    made.over.set()


async def test_a_name_is_looked_up_once_for_many(resolver):
    """At the same time, and for a while after."""
    names = Names(resolver)
    found = await asyncio.gather(*(names.find("a.example", 443) for _ in range(5)))
    assert found == [[(*info("")[:4], ("93.184.216.34", 443))]] * 5
    await names.find("a.example", 80)
    assert resolver.asked == ["a.example"]


async def test_an_address_needs_no_look_up(resolver):
    names = Names(resolver)
    (found,) = await names.find("127.0.0.1", 80)
    (other,) = await names.find("::1", 80)
    assert (found[4], other[4][:2], resolver.asked) == (("127.0.0.1", 80), ("::1", 80), [])


async def test_a_name_that_never_answers_delays_nobody_else(resolver):
    """It is given up after a while; the look-up still runs, so it is not started again."""
    names = Names(resolver, patience_s=0.01)
    for _ in range(3):
        with pytest.raises(NameUnknown, match=r"dead\.example cannot be looked up: no answer"):
            await names.find("dead.example", 443)
    names._patience_s = 5
    assert await names.find("a.example", 443)
    assert resolver.asked == ["dead.example", "a.example"]


async def test_names_that_clients_give_leave_room_for_the_providers(resolver):
    """However many of them hang."""
    names = Names(resolver, patience_s=0.01)
    for number in range(MAX_OF_STRANGERS + 5):
        with pytest.raises(NameUnknown):
            await names.find(f"slow-{number}.example", 443, only_public=True)
    assert len(resolver.asked) == MAX_OF_STRANGERS
    names._patience_s = 5
    assert await names.find("a.example", 443)


async def test_names_of_one_domain_leave_room_for_those_of_others(resolver):
    """Whoever owns a domain decides how long its look-ups hang."""
    names = Names(resolver, patience_s=0.01)
    for number in range(MAX_OF_STRANGERS):
        with pytest.raises(NameUnknown):
            await names.find(f"p{number}.Slow.example", 443, only_public=True)
    assert len(resolver.asked) == MAX_OF_DOMAIN
    names._patience_s = 5
    assert await names.find("a.example", 443, only_public=True)


async def test_a_look_up_waits_for_a_place(resolver):
    """A crowd of good names is no reason to refuse one."""
    names, turn = Names(resolver), threading.Event()
    resolver.table |= {f"cdn{number}.b.example": [info("93.184.216.34")] for number in range(40)}

    def answer(host):
        turn.wait()
        return resolver(host)

    names._look_up = answer
    asked = [
        asyncio.ensure_future(names.find(host, 443, only_public=True)) for host in resolver.table
    ]
    await asyncio.sleep(0)
    turn.set()
    assert all(await asyncio.gather(*asked))


async def test_an_unknown_name_says_so(resolver):
    resolver.table["gone.example"] = socket.gaierror(-2, "Name or service not known")
    with pytest.raises(NameUnknown, match="Name or service not known"):
        await Names(resolver).find("gone.example", 443)


async def test_only_public_addresses_may_be_asked_for(resolver):
    """A name with one private address among its own is refused."""
    names = Names(resolver)
    resolver.table["inside.example"] = [info("93.184.216.34"), info("10.0.0.1")]
    assert await names.find("a.example", 443, only_public=True)
    assert await names.find("inside.example", 443)
    for host in ("inside.example", "127.0.0.1"):
        with pytest.raises(NotPublic):
            await names.find(host, 443, only_public=True)


async def test_what_only_a_proxy_can_resolve_passes_unless_it_sounds_local(resolver):
    names = Names(resolver)
    resolver.table["far.example"] = socket.gaierror(-2, "Name or service not known")
    resolver.table["inside.example"] = [info("10.0.0.1")]
    await names.check_public("far.example")
    for host in ("nas", "db.internal", "inside.example", "10.0.0.1"):
        with pytest.raises(NotPublic):
            await names.check_public(host)


async def test_an_address_and_a_name_that_was_found_are_at_hand():
    names = Names(lambda host: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0))])
    assert names.at_hand("a.example", 80, 0.0) == []
    await names.find("a.example", 80)
    now = asyncio.get_running_loop().time()
    assert [info[4] for info in names.at_hand("a.example", 80, now)] == [("192.0.2.7", 80)]
    assert names.at_hand("a.example", 80, now + FRESH_S) == []
    assert [info[4] for info in names.at_hand("127.0.0.1", 81, now)] == [("127.0.0.1", 81)]
