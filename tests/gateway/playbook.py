"""Calls through the attempt loop, played as conversations of a client, the gateway and upstreams:

    p = play(provider("a"), provider("b"))
    p.asks()
    p.upstream("a#1").answers(503)
    p.upstream("b#1").answers(answer(text="hello"))
    p.expects(
        told=["overloaded", "succeeded", "finished, 18 tokens"],
        written=[200, Saying("hello"), "end"],
        recorded="ok 200: a overloaded, b ok",
    )

All between the client and the network is the gateway's own, put together as `uniapi.app` does it.
The plan is the router's; it only writes down what it is told. The network is the test, the client
keeps what it is sent, and time passes when the test says so (`passes`). Nothing is asserted about
how the loop is written: such a test stays as it is when the loop is built anew.
"""

import json
import random
from types import SimpleNamespace

from ends import Client, Network
from hand_loop import HandClock, HandLoop
from replies import RENDERERS, Reply

from uniapi.canonical import Principal, RequestRefused
from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.gateway import (
    CacheRounds,
    CallSurroundings,
    Engines,
    Executor,
    IssuedIds,
    IssuedItems,
    LearnedModels,
    ModelLists,
    Moderation,
    ReasoningCache,
    Reception,
    Snapshot,
    Spending,
)
from uniapi.limits import Limits
from uniapi.money import PriceBook
from uniapi.network import AccessTokens, MediaFetcher
from uniapi.operations import SERVICES
from uniapi.routing import Catalog, Cursors, Health, Road, Router, Sessions
from uniapi.server.inference import Arrival, make_call, make_stored_call
from uniapi.server.paths import find_route
from uniapi.stats import Recorder
from uniapi.storage import KeptMap, MemoryFolder

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
RESPONSES = "/v1/responses"
COMPLETIONS = "/v1/completions"
GEMINI = "/v1beta"

_HELLO = [{"role": "user", "content": "Hello"}]
_BODIES = {
    CHAT: {"messages": _HELLO},
    MESSAGES: {"messages": _HELLO, "max_tokens": 9},
    f"{MESSAGES}/count_tokens": {"messages": _HELLO},
    RESPONSES: {"input": "Hello"},
    COMPLETIONS: {"prompt": "Hello"},
    "/v1/embeddings": {"input": "Hello"},
    "/v1/rerank": {},
    "/v1/images/generations": {},
    "/v1/audio/speech": {},
}
"""What a client says at each path when the test does not care."""
_CONTENTS = {"contents": [{"parts": [{"text": "Hello"}]}]}
"""The same at Gemini's paths, which name a model."""


def provider(name, keys=1, path=CHAT, **more):
    """An entry of `providers`: at `NAME.example`, with so many keys, and the model `m`."""
    held = [f"{name}-key-{number}-0123456789" for number in range(1, keys + 1)]
    return {
        "provider": name,
        "base_url": f"https://{name}.example{path}",
        "api": held,
        "model": ["m"],
        **more,
    }


def answer(dialect="chat", text="", stream=False, **more):
    """What a vendor of this dialect answers; `more` as in `replies`: reasoning, calls, finish."""
    return RENDERERS[dialect](Reply(text=text, **more), stream)


class ToldPlan:
    """A plan that writes down what it is told of a call, in few words."""

    def __init__(self, plan):
        self._plan = plan
        self.question, self.started_at = plan.question, plan.started_at
        self.told = []

    def next(self, tried, now):
        if tried is not None:
            translated = ", translated" if tried.road is Road.TRANSLATE else ""
            counted = "" if tried.calls == 1 else f", {tried.calls} calls"
            self.told.append(tried.failure.kind.value + translated + counted)
        return self._plan.next(tried, now)

    def succeeded(self, now):
        self.told.append("succeeded")
        return self._plan.succeeded(now)

    def broke(self, failure, now):
        self.told.append(f"broke, {failure.kind.value}")
        return self._plan.broke(failure, now)

    def passed_over(self, now):
        return self._plan.passed_over(now)

    @property
    def failed(self):
        return self._plan.failed

    def finished(self, now, tokens=None):
        self.told.append("finished" if tokens is None else f"finished, {tokens} tokens")
        self._plan.finished(now, tokens=tokens)


class ListeningRouter(Router):
    """A router that keeps the plans it made."""

    def __init__(self, **state):
        super().__init__(**state)
        self.plans = []

    def plan(self, asked, candidates, *moment, **named):
        self.plans.append(ToldPlan(super().plan(asked, candidates, *moment, **named)))
        return self.plans[-1]


class Playbook:
    """One gateway with its configuration, its network, its clock, and the call at hand."""

    def __init__(self, config, engines=None):
        self.loop = HandLoop()
        self.clock = HandClock(self.loop)
        self.network = Network(self.loop)
        self.health, self.limits = Health(), Limits()
        self.records = []
        self.learned = LearnedModels(KeptMap(MemoryFolder(), "learned", limit=10, lasts_s=3600.0))
        self.client = Client()
        self._config = parse_config(
            json.dumps(config), source="test", engines=engine_names(), environment={}
        )[0]
        self.recorder = Recorder()
        self.recorder.configure(self._config)
        prices = PriceBook(self._config.preferences.prices)
        self.caches = CacheRounds(MemoryFolder(), self.clock, prices.cache_gap_pd)
        self.spending = Spending(self.recorder.ledger, self.clock)
        self.spending.configure(self._config, prices)
        self.limits.over_budget = self.spending.over_budget
        self._engines = engines or Engines()
        self._router = ListeningRouter(
            catalog=Catalog(self._config),
            engines=self._engines,
            health=self.health,
            limits=self.limits,
            cursors=Cursors(),
            sessions=Sessions(),
        )
        self._reception = self._put_together(random.Random(1))
        self._running = None
        self._asked = 0

    def _record(self, call):
        self.records.append(self.recorder.record(call))

    def _put_together(self, rng):
        pins = IssuedIds(KeptMap(MemoryFolder(), "pins", limit=10, lasts_s=3600.0))
        items = IssuedItems()
        around = CallSurroundings(
            caches=self.caches,
            transport=self.network,
            credentials=AccessTokens(self.clock),
            media=MediaFetcher(self.network),
            pins=pins,
            reasoning=ReasoningCache(),
            items=items,
            learned=self.learned,
            clock=self.clock,
        )
        snapshot = Snapshot.of(self._config, self._router, self._engines)
        return Reception(
            in_force=SimpleNamespace(current=snapshot),
            spending=self.spending,
            record=self._record,
            lists=ModelLists(self.clock),
            pins=pins,
            items=items,
            limits=self.limits,
            moderation=Moderation(Executor(around, lambda record: None), self.clock, rng),
            executor=Executor(around, self._record),
            clock=self.clock,
            rng=rng,
        )

    def asks(self, path=CHAT, *, key=0, client=None, method="POST", headers=None, **members):
        """A client's request arrives, and is worked on until it needs the network.

        `members` are its body's, beside those that it cannot do without.
        """
        route = find_route(path, method)
        client_key = self._config.client_keys[key]
        self._asked += 1
        arrival = Arrival(
            request_id=f"call-{self._asked}",
            principal=Principal(key_id=client_key.key_id, label=client_key.label),
            headers=headers or {},
            query={},
            client_ip=None,
            received_at_s=self.clock.now_s(),
        )
        if route.kind == "stored":
            call = make_stored_call(arrival, route, method, b"", "")
        else:
            value = {"model": "m", **_BODIES.get(path, _CONTENTS), **members}
            body = json.dumps(value).encode()
            if SERVICES[route.operation].is_carried:
                named = {"requested_model": value["model"], "stream": False}
                call = arrival.call(route, **named, body=body, json=value)
            else:
                call = make_call(arrival, route, body, value)
        self.client = client or Client()
        self._running = self.loop.create_task(self._answer(call, client_key, self.client))
        self.passes(0)

    async def _answer(self, call, client_key, client):
        try:
            await self._reception.run(call, client_key, client)
        except RequestRefused as refused:
            client.refusal = refused.error
            client.written.append(f"refused, {refused.error.status}")
        except ConnectionError:
            """The server's front knows that the client is gone."""

    def upstream(self, where):
        """The request that has reached the network and waits there for its answer."""
        self.passes(0)
        assert [where] == [one.where for one in self.network.waiting]
        return self.network.take()

    def passes(self, seconds):
        """Time goes by. A mistake of the gateway's that ended the call comes out here."""
        self.loop.pass_time(seconds)
        if self._running is not None and self._running.done() and not self._running.cancelled():
            self._running.result()

    def leaves(self):
        """The client of the call at hand closes its connection."""
        self._running.cancel()
        self.passes(0)

    def expects(self, *, told=None, written=None, recorded=None):
        """What came of the call so far: what the plan was told, what was written to the client,
        and, of a call that is over, the one record: `ok 200: a overloaded, b ok`.
        """
        self.passes(0)
        if told is not None:
            assert told == self._router.plans[-1].told
        if written is not None:
            assert _joined(written) == _joined(self.client.written)
        if recorded is not None:
            assert self._running.done(), "the call is not over"
            assert self.network.waiting == [], "somebody waits for an answer"
            assert [recorded] == [_line(record) for record in self.records_of_call]

    def serves(self, where, answer, **asked):
        """A whole call that the first upstream answers."""
        self.asks(**asked)
        self.upstream(where).answers(answer)
        self.passes(0)
        assert [record.outcome for record in self.records_of_call] == ["ok"]

    @property
    def records_of_call(self):
        """What was recorded of the call at hand."""
        return [record for record in self.records if record.request_id == f"call-{self._asked}"]

    @property
    def resting(self):
        """Providers of which something rests."""
        return sorted({resting.provider_id for resting in self.health.snapshot(self.loop.time())})

    def forget(self):
        """What the test itself still holds of calls that are over."""
        self.records.clear()
        self._router.plans.clear()
        self._running, self.client = None, Client()

    def close(self):
        if self._running is not None and not self._running.done():
            self.leaves()
        self.loop.close()


def _line(record):
    """`ok 200: a overloaded, b ok`, or `refused 400` where nothing was tried."""
    tries = [f"{attempt.provider} {attempt.outcome}" for attempt in record.attempts]
    return f"{record.outcome} {record.status}: {', '.join(tries)}".removesuffix(": ")


def _joined(pieces):
    """With neighbouring bytes as one."""
    joined = []
    for piece in pieces:
        if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += piece
        elif piece != b"":
            joined.append(piece)
    return joined


def play_with(*providers, preferences=None, keys=({},), engines=None):
    """A playbook for these providers; `keys` has what is written beside each client key."""
    api_keys = [
        {"api": f"sk-client-{number}-0123456789", **members} for number, members in enumerate(keys)
    ]
    config = {"providers": list(providers), "api_keys": api_keys, "preferences": preferences or {}}
    return Playbook(config, engines)
