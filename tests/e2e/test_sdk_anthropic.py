"""The `anthropic` SDK against the running gateway: thinking that returns, the stream helper, token
counts, its exceptions. What holds for all four clients is in `tests/matrix`.
"""

import anthropic
import pytest
import pytest_asyncio
from asks import CALLS, WEATHER
from clients import AnthropicClient
from fakes import whole
from pydantic import BaseModel
from readers import READERS
from replies import INPUT, RENDERERS, Reply
from world import UPSTREAMS, model

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVERY = pytest.mark.parametrize("upstream", UPSTREAMS)
HELLO = [{"role": "user", "content": "Hello"}]
TOOL = {"name": WEATHER[0], "description": WEATHER[1], "input_schema": WEATHER[2]}
THOUGHT = Reply(
    reasoning="I need the weather.", text="Let me look.", calls=CALLS[:1], finish="tool_calls"
)


class Person(BaseModel):
    name: str
    age: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(world):
    driver = AnthropicClient(world)
    yield driver.sdk
    await driver.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@EVERY
async def test_thinking_is_handed_back_as_it_came(world, client, upstream, stream):
    """An agent appends the answer's own blocks and the tool's result: a valid conversation
    upstream, with its own signature where it signed one.
    """
    world.tell(
        upstream,
        RENDERERS[upstream](THOUGHT, stream),
        RENDERERS[upstream](Reply(text="Cold."), False),
    )
    asked = {
        "model": model(upstream),
        "max_tokens": 20000,
        "tools": [TOOL],
        "thinking": {"type": "enabled", "budget_tokens": 4000},
    }
    if stream:
        async with client.messages.stream(messages=HELLO, **asked) as events:
            first = await events.get_final_message()
    else:
        first = await client.messages.create(messages=HELLO, **asked)
    assert [block.type for block in first.content] == ["thinking", "text", "tool_use"]
    result = {"type": "tool_result", "tool_use_id": first.content[2].id, "content": "4 degrees"}
    messages = [
        *HELLO,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = await client.messages.create(messages=messages, **asked)
    assert second.content[0].text == "Cold."
    (_, _), (_, said), (_, results) = READERS[upstream](world.seen(upstream).json)["turns"]
    assert said[-1] == ("call", 0, "get_weather", CALLS[0][2])
    assert [(item[1], item[2]) for item in results] == [(0, "4 degrees")]
    if upstream in ("anthropic", "converse"):
        assert said[0] == ("thought", THOUGHT.reasoning, THOUGHT.signature)
    if upstream == "chat":
        assert said[0] == ("thought", THOUGHT.reasoning)


@EVERY
async def test_the_first_event_holds_input_tokens(world, client, upstream):
    """Claude Code reads them there: exact from Anthropic, an estimate from others; the last ones
    are exact.
    """
    world.tell(upstream, RENDERERS[upstream](Reply(text="Hello there."), True))
    started, ended, texts = None, None, []
    async for event in await client.messages.create(
        model=model(upstream), max_tokens=100, messages=HELLO, stream=True
    ):
        if event.type == "message_start":
            started = event.message.usage.input_tokens
        elif event.type == "message_delta":
            ended = event.usage
        elif event.type == "content_block_delta":
            texts.append(event.delta.text)
    assert started > 0
    assert "".join(texts) == "Hello there."
    assert len(texts) > 1
    if upstream != "anthropic":
        assert (ended.input_tokens or 0) + (ended.cache_read_input_tokens or 0) == INPUT


@EVERY
async def test_the_parse_helper_gives_an_object(world, client, upstream):
    """`parse(output_format=Model)`."""
    world.tell(upstream, RENDERERS[upstream](Reply(text='{"name": "Ada", "age": 36}'), False))
    answer = await client.messages.parse(
        model=model(upstream), max_tokens=100, messages=HELLO, output_format=Person
    )
    assert Person(name="Ada", age=36) == answer.parsed_output
    assert READERS[upstream](world.seen(upstream).json)["schema"] is not None


@EVERY
async def test_tokens_are_counted_or_estimated(world, client, upstream):
    """By the upstream where it counts in this dialect, else an estimate: never a 404."""
    counts = upstream == "anthropic"
    world.tell(
        upstream,
        whole(
            {"input_tokens": 42} if counts else {"message": "no such thing"},
            status=200 if counts else 404,
        ),
    )
    counted = await client.messages.count_tokens(
        model=model(upstream), messages=[{"role": "user", "content": "one two three four " * 20}]
    )
    assert counted.input_tokens == 42 if counts else 42 < counted.input_tokens < 400


async def test_errors_of_the_gateway(world, client):
    """In Anthropic's shape, so that the SDK raises its own classes and reads the type."""
    async with anthropic.AsyncAnthropic(
        base_url=world.url, api_key="sk-wrong", max_retries=0
    ) as stranger:
        with pytest.raises(anthropic.AuthenticationError) as refused:
            await stranger.messages.create(model=model("chat"), max_tokens=10, messages=HELLO)
    assert refused.value.body["error"]["type"] == "authentication_error"
    with pytest.raises(anthropic.NotFoundError) as unknown:
        await client.messages.create(model="no-such-model", max_tokens=10, messages=HELLO)
    assert unknown.value.body["error"]["type"] == "not_found_error"


async def test_models_are_listed(world, client):
    """In Anthropic's shape."""
    found = [entry.id async for entry in client.models.list()]
    assert sorted(found) == sorted(model(upstream) for upstream in UPSTREAMS)
