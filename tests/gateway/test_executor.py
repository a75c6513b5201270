"""The attempt loop alone: what it tells the plan of each attempt, what the client is told, and one
record whatever happens.
"""

import json
import random

import pytest

from uniapi.canonical import Call, Operation, Principal
from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.gateway import Engines, Setting, rules_out
from uniapi.limits import Limits
from uniapi.routing import Catalog, Cursors, Health, Question, Router, Sessions

CONFIG = """
providers: [{}]
api_keys:
  - api: sk-client-0123456789abcdef
"""
OK = json.dumps(
    {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "model": "m",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }
)


class Reply:
    """Keeps what the client would get."""

    status = None
    is_started = False

    async def send(self, status, headers, body):
        self.status, self.headers, self.value = status, headers, json.loads(body)


class Gate:
    """Providers `p0`, `p1`, … with one key each, asked for embeddings by one client key."""

    def __init__(self, web, clock, executor_of, count):
        entries = ", ".join(
            (
                f"{{provider: p{number}, base_url: "
                f"'https://p{number}.example/v1/chat/completions', api: "
                f"sk-up-{number}-0123456789, model: [m]}}"
            )
            for number in range(count)
        )
        self.web, self.clock, self.records = web, clock, []
        self.config, _ = parse_config(
            CONFIG.replace("{}", entries), source="test", engines=engine_names(), environment={}
        )
        self.engines, self.health = Engines(), Health()
        self.router = Router(
            catalog=Catalog(self.config),
            engines=self.engines,
            health=self.health,
            limits=Limits(),
            cursors=Cursors(),
            sessions=Sessions(),
        )
        self.executor = executor_of(clock, self.records.append)

    def tell(self, number, answer):
        self.web.answers[f"https://p{number}.example/v1/embeddings"] = answer

    async def asks(self):
        value = {"model": "m", "input": "x"}
        key = self.config.client_keys[0]
        call = Call(
            request_id="r",
            dialect="openai_chat",
            operation=Operation.EMBED,
            principal=Principal(key_id=key.key_id, label="k"),
            requested_model="m",
            stream=False,
            body=json.dumps(value).encode(),
            json=value,
            path="/v1/embeddings",
        )
        out = rules_out(call, self.engines.engine_of, is_bound=False)
        asked = Question(
            client_key=key,
            requested_model="m",
            client_dialect="openai_chat",
            path=call.path,
            rules_out=out,
        )
        plan = self.router.plan(
            asked, now=self.clock.now, now_s=self.clock.now, rng=random.Random(1)
        )
        reply = Reply()
        await self.executor.run(
            call,
            plan,
            Setting(preferences=self.config.preferences, engine_of=self.engines.engine_of),
            reply,
        )
        return reply


@pytest.fixture
def gate(web, clock, executor_of):
    return lambda count: Gate(web, clock, executor_of, count)


async def test_a_failure_goes_to_the_next_channel_and_is_recorded_once(gate):
    world = gate(2)
    world.tell(0, (500, {}))
    world.tell(1, OK)
    reply = await world.asks()
    assert (reply.status, reply.headers["x-uniapi-attempts"]) == (200, "p0#1=500, p1#1=200")
    assert [(record.outcome, len(record.attempts)) for record in world.records] == [("ok", 2)]


async def test_addresses_that_had_to_be_asked_count_as_calls(gate):
    """Ten are the end, and none of them rests."""
    world = gate(12)
    for number in range(12):
        world.tell(number, (404, {}))
    reply = await world.asks()
    assert (reply.status, len(world.web.requests)) == (400, 10)
    assert world.health.snapshot(world.clock.now) == ()


async def test_a_date_is_measured_against_our_clock_where_the_upstream_has_none(gate):
    """`retry-after` as an HTTP date, with and without the upstream's own `date`."""
    world = gate(1)
    world.tell(0, (429, {"retry-after": "Tue, 14 Nov 2023 22:14:20 GMT"}))
    assert (await world.asks()).headers["retry-after"] == "60"
    world = gate(1)
    world.tell(
        0,
        (
            429,
            {
                "retry-after": "Tue, 14 Nov 2023 22:14:20 GMT",
                "date": "Tue, 14 Nov 2023 22:13:50 GMT",
            },
        ),
    )
    assert (await world.asks()).headers["retry-after"] == "30"
