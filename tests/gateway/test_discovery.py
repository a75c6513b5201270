"""Model lists of providers that name none, on a clock turned by hand: when they are asked for, what
a failure leaves, what survives a restart.
"""

import asyncio
import json

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.config import Credential, Preferences, Provider
from uniapi.gateway import ModelLists
from uniapi.gateway.discovery import FIRST_WAIT_S, MAX_MODEL_NAME, MAX_MODELS, WANTED_RETRY_S
from uniapi.network import AccessTokens

URL = "https://a.example/v1/models"
DOWN = Failure(kind=FailureKind.UNREACHABLE, message="cannot connect")


class Clock:
    now = 1000.0

    def now_s(self):
        return self.now

    def monotonic_s(self):
        return self.now

    async def sleep(self, seconds): ...


def listing(*names):
    return json.dumps(
        {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
    )


def provider(name="a", host="a.example", **members):
    credential = Credential(credential_id="k1", display="sk-…", secret="sk-up-0123456789")
    return Provider(
        provider_id=name,
        name=name,
        base_url=f"https://{host}/v1/chat/completions",
        credentials=(credential,),
        is_discovered=True,
        **members,
    )


class Held:
    """A network whose answers wait."""

    def __init__(self, web):
        self._web = web
        self._waiting = []

    def send(self, request, sink, **members):
        self._waiting.append((request, sink, members))
        return self._web.idle()

    @property
    def requests(self):
        return self._web.requests

    def release(self):
        for request, sink, members in self._waiting:
            self._web.send(request, sink, **members)


class Lists:
    """The lists with what surrounds them."""

    def __init__(self, web):
        self.web = web
        self.clock = Clock()
        self.changes = 0
        self.wanted = 0
        self.lists = ModelLists(self.clock, self._changed, self._wanted)

    def _wanted(self):
        self.wanted += 1

    def hold(self):
        """From now on an answer comes when it is released."""
        self.web = Held(self.web)
        return self.web

    async def _changed(self):
        self.changes += 1

    async def refresh(self, *providers, **members):
        await self.lists.refresh(
            providers or (provider(),), Preferences(), self.web, AccessTokens(self.clock), **members
        )
        return len(self.web.requests)

    def names(self, one=None):
        return [entry.alias for entry in self.lists.entries(one or provider())]


@pytest.fixture
def lists(web):
    web.answers[URL] = listing("m", "n")
    return Lists(web)


async def test_a_list_is_asked_for_every_six_hours_and_at_a_reload(lists):
    """Not sooner; what has not changed is told nobody."""
    assert await lists.refresh() == 1
    assert (lists.names(), lists.changes) == (["m", "n"], 1)
    lists.clock.now += 6 * 3600 - 1
    assert await lists.refresh() == 1
    assert await lists.refresh(all_due=True) == 2
    lists.clock.now += 6 * 3600
    assert await lists.refresh() == 3
    assert lists.changes == 1
    lists.web.answers[URL] = listing("m", "new")
    await lists.refresh(all_due=True)
    assert (lists.names(), lists.changes) == (["m", "new"], 2)


async def test_a_failure_leaves_the_list_and_is_tried_again_in_a_minute(lists):
    await lists.refresh()
    lists.web.answers[URL] = DOWN
    assert await lists.refresh(all_due=True) == 2
    assert lists.names() == ["m", "n"]
    lists.clock.now += 59
    assert await lists.refresh() == 2
    lists.clock.now += 1
    assert await lists.refresh() == 3


async def test_another_address_makes_a_list_void(lists):
    """What the old one listed says nothing of the new one."""
    await lists.refresh()
    moved = provider(host="b.example")
    lists.web.answers["https://b.example/v1/models"] = DOWN
    await lists.refresh(moved)
    assert lists.names(moved) == []


async def test_lists_survive_a_restart_and_are_asked_for_again(lists, web):
    await lists.refresh()
    again = Lists(web)
    again.lists.load(json.loads(json.dumps(lists.lists.dump())))
    assert again.names() == ["m", "n"]
    assert await again.refresh() == 2


async def test_providers_that_are_gone_leave_no_list(lists):
    """The file in the data dir does not grow with every name that ever was."""
    await lists.refresh()
    await lists.refresh(provider("b"))
    assert list(lists.lists.dump()) == ["b"]


async def test_lists_come_through_the_nearest_proxy(lists):
    """A key's own before its provider's."""
    await lists.refresh(provider(proxy="socks5h://127.0.0.1:9"))
    assert lists.web.proxies == ["socks5h://127.0.0.1:9"]


async def test_nobody_waits_for_a_list_that_has_failed(lists):
    """It is asked for again at once when it is wanted, though not more often than makes sense."""
    lists.web.answers[URL] = DOWN
    await lists.refresh()
    assert await lists.lists.wait((provider(),))
    assert lists.wanted == 0
    lists.clock.now += WANTED_RETRY_S
    lists.web.answers[URL] = listing("m")
    assert await lists.lists.wait((provider(),))
    assert lists.wanted == 1
    await lists.refresh()
    assert lists.names() == ["m"]
    assert await lists.lists.wait((provider(),))
    assert lists.wanted == 1


async def test_the_first_list_is_waited_for_until_ten_seconds_after_it_was_asked_for(lists):
    """Whoever comes later does not wait at all, although the answer still may come."""
    held = lists.hold()
    refreshing = asyncio.ensure_future(lists.refresh())
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(lists.lists.wait((provider(),)))
    await asyncio.sleep(0)
    assert not waiting.done()
    lists.clock.now += FIRST_WAIT_S
    assert not await lists.lists.wait((provider(),))
    held.release()
    assert await waiting
    await refreshing
    assert lists.names() == ["m", "n"]


async def test_what_redirects_is_named(lists, caplog):
    lists.web.answers[URL] = (301, {"location": "https://moved.example/v1/models"})
    await lists.refresh()
    assert "https://moved.example/v1/models" in caplog.text


async def test_a_list_is_cut_where_nobody_reads_on(lists):
    """Some list every model there is, and a hostile one what there is not."""
    lists.web.answers[URL] = listing("m" * (MAX_MODEL_NAME + 1), *map(str, range(MAX_MODELS + 10)))
    await lists.refresh()
    assert lists.names() == [str(number) for number in range(MAX_MODELS)]
