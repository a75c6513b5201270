"""Moderation without a process: which model and keys are asked, what is a verdict, and that nothing
stands in the way of a call when there is none.
"""

import json
import random

import pytest

from uniapi.canonical import Call, Failure, FailureKind, Operation, Principal
from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.gateway import Engines, Moderation
from uniapi.gateway.lanes import Lanes
from uniapi.limits import Limits
from uniapi.routing import Catalog, Cursors, Health, Router, Sessions

URL = "https://mod.example/v1/moderations"
CONFIG = """
providers:
  - provider: mod
    base_url: https://mod.example/v1/chat/completions
    api: [sk-up-1-0123456789, sk-up-2-0123456789]
    model: [MODEL]
    preferences: {api_key_schedule_algorithm: fixed_priority}
  - {provider: chat, base_url: https://chat.example/v1/chat/completions, api: sk-up-0123456789, model: [m]}
api_keys:
  - api: sk-client-0123456789abcdef
    preferences: {ENABLE_MODERATION: true}
"""  # noqa: E501


class Asking:
    """One client key and its moderation."""

    def __init__(self, web, clock, executor_of, model):
        self.web, self.clock = web, clock
        self.config, _ = parse_config(
            CONFIG.replace("MODEL", model), source="test", engines=engine_names(), environment={}
        )
        engines = Engines()
        self.router = Router(
            catalog=Catalog(self.config),
            engines=engines,
            health=Health(),
            limits=Limits(),
            cursors=Cursors(),
            sessions=Sessions(),
        )
        self.lanes = Lanes.of(self.config.preferences, engines.engine_of)
        executor = executor_of(self.clock, lambda record: None)
        self.moderation = Moderation(executor, self.clock, random.Random(1))

    async def about(self, text, operation=Operation.GENERATE):
        value = {"model": "m", "messages": [{"role": "user", "content": text}]}
        call = Call(
            request_id="r",
            dialect="openai_chat",
            operation=operation,
            principal=Principal(key_id=self.config.client_keys[0].key_id, label="k"),
            requested_model="m",
            stream=True,
            body=json.dumps(value).encode(),
            json=value,
            path="/v1/chat/completions",
        )
        return await self.moderation.is_flagged(
            call, self.config.client_keys[0], self.router, self.lanes
        )

    @property
    def keys(self):
        return [
            request.headers["authorization"].removeprefix("Bearer sk-up-")[0]
            for request in self.web.requests
        ]


@pytest.fixture
def asking(web, clock, executor_of):
    return lambda model="omni-moderation-latest": Asking(web, clock, executor_of, model)


@pytest.mark.parametrize("model", ["omni-moderation-latest", "omni-moderation-2024-09-26"])
@pytest.mark.parametrize("flagged", [True, False])
async def test_the_users_words_are_judged(web, asking, model, flagged):
    web.answers[URL] = json.dumps({"results": [{"flagged": False}, {"flagged": flagged}]})
    ask = asking(model)
    assert await ask.about("bad words") is flagged
    assert [json.loads(request.body) for request in web.requests] == [
        {"model": model, "input": "bad words"}
    ]


@pytest.mark.parametrize("bad", [True, False])
async def test_categories_are_a_verdict_where_there_is_no_other(web, asking, bad):
    """Mistral's answer has no `flagged` (mistralai 3.7.0, 2026-11-30)."""
    web.answers[URL] = json.dumps({"results": [{"categories": {"sexual": False, "pii": bad}}]})
    assert await asking().about("bad words") is bad


async def test_nothing_is_asked_without_words_or_where_none_are_moderated(web, asking):
    ask = asking()
    assert [await ask.about("  "), await ask.about("words", Operation.COUNT_TOKENS)] == [
        False,
        False,
    ]
    assert web.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        Failure(kind=FailureKind.UNREACHABLE, message="down"),
        (500, {}),
        "[]",
        '{"results": 3}',
        '{"results": [3]}',
        "<html>",
        "",
    ],
)
async def test_no_verdict_lets_the_call_pass(web, asking, caplog, answer):
    """A gateway that stops with its moderation provider would be worse than none; the log says so,
    without the words.
    """
    web.answers[URL] = answer
    assert await asking().about("bad words") is False
    assert "passes without moderation" in caplog.text
    assert "bad words" not in caplog.text


async def test_no_model_lets_the_call_pass(web, asking, caplog):
    assert await asking("something-else").about("bad words") is False
    assert "no model omni-moderation-latest or omni-moderation-2024-09-26" in caplog.text
    assert web.requests == []


async def test_a_limited_key_rests_and_the_next_one_is_asked(web, asking):
    """As for the served operation: the second question goes to the key that works."""
    ask = asking()
    web.answers[URL] = (429, {"retry-after": "60"})
    assert await ask.about("bad words") is False
    assert ask.keys == ["1", "2"]
    ask.clock.now += 61
    web.answers[URL] = json.dumps({"results": [{"flagged": True}]})
    assert await ask.about("bad words") is True
    assert ask.keys == ["1", "2", "1"]
