"""One gateway process and one fake upstream for a whole test session, and every provider behind it:
a model `to-NAME` for each upstream dialect.
"""

import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from fakes import CLIENT_KEY, FakeUpstream, Gateway, config
from replies import RENDERERS

UPSTREAMS = tuple(RENDERERS)
CONVERSE_MODEL = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/up"
"""Claude's members at Converse, for every client: a name with `claude` in it would be invoked when
the client speaks Anthropic.
"""

_PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta",
    "cohere": "/v2/chat",
}
_ENGINES = {
    "chat": "gpt",
    "responses": "responses",
    "anthropic": "claude",
    "gemini": "gemini",
    "converse": "aws",
    "cohere": "cohere",
}


def model(upstream):
    return f"to-{upstream}"


class World:
    """`tell(upstream, answer)` says what it will answer; `seen(upstream)` is the last request that
    reached it.
    """

    def __init__(self, fake, gateway):
        self.fake = fake
        self.url = gateway.url
        self.gateway = gateway
        self.key = CLIENT_KEY

    def tell(self, upstream, *answers):
        self.fake.seen.pop(upstream, None)
        self.fake.tell(upstream, *answers)

    def seen(self, upstream):
        return self.fake.seen[upstream][-1]


def _provider(fake, upstream):
    """Nothing rests: an error told to one test must not be felt by the next."""
    rests = {
        "cooldown_period": 0,
        "api_key_cooldown_period": 0,
        "api_key_quota_cooldown_period": 0,
        "api_key_schedule_algorithm": "round_robin",
    }
    value = {
        "provider": upstream,
        "engine": _ENGINES[upstream],
        "base_url": fake.url(upstream, _PATHS.get(upstream, "")),
        "api": f"up-{upstream}-key",
    }
    upstream_model = CONVERSE_MODEL if upstream == "converse" else "up-model"
    return {**value, "model": [{upstream_model: model(upstream)}], "preferences": rests}


@asynccontextmanager
async def opened(folder):
    fake = await FakeUpstream().start()
    gateway = Gateway(folder)
    preferences = {"cooldown_period": 0, "allow_private_urls": True}
    try:
        value = config([_provider(fake, upstream) for upstream in UPSTREAMS], preferences)
        value["api_keys"][0]["preferences"] = {"AUTO_RETRY": False}
        yield World(fake, await gateway.start(value))
    finally:
        await gateway.stop()
        await fake.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory):
    async with opened(tmp_path_factory.mktemp("gateway")) as value:
        yield value
