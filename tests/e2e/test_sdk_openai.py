"""The `openai` SDK's chat completions against the running gateway, with every upstream dialect
behind it. What holds for all four clients is in `tests/matrix`.
"""

import json

import openai
import pytest
import pytest_asyncio
from asks import ASKS, BOTH, CALLS, PERSON, PNG
from clients import ChatClient
from fakes import Answer
from pydantic import BaseModel
from readers import READERS
from replies import INPUT, OUTPUT, RENDERERS, Reply, error
from world import UPSTREAMS, model

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVERY = pytest.mark.parametrize("upstream", UPSTREAMS)
HELLO = [{"role": "user", "content": "Hello"}]
PARALLEL = Reply(text="Let me look.", calls=CALLS, finish="tool_calls")


class Person(BaseModel):
    name: str
    age: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(world):
    driver = ChatClient(world)
    yield driver
    await driver.close()


@pytest.fixture
def chat(client):
    return client.sdk.chat.completions


@EVERY
async def test_a_plain_loop_puts_parallel_calls_together(world, chat, upstream):
    """Each call has its own index, from 0 on; id and name come once, at its start; the argument
    pieces join to the JSON; the finish comes once.
    """
    world.tell(upstream, RENDERERS[upstream](PARALLEL, True))
    calls, ids, text, finishes, roles = {}, {}, "", [], []
    async for chunk in await chat.create(model=model(upstream), messages=HELLO, stream=True):
        assert chunk.object == "chat.completion.chunk"
        for choice in chunk.choices:
            text += choice.delta.content or ""
            roles += [choice.delta.role] if choice.delta.role else []
            finishes += [choice.finish_reason] if choice.finish_reason else []
            for call in choice.delta.tool_calls or ():
                if call.id:
                    assert call.index not in ids
                    ids[call.index] = (call.id, call.function.name)
                calls[call.index] = calls.get(call.index, "") + (call.function.arguments or "")
    assert text == "Let me look."
    assert {index: (call_id, name) for index, (call_id, name, _) in enumerate(CALLS)} == ids
    assert [arguments for _, _, arguments in CALLS] == [
        json.loads(calls[index]) for index in sorted(calls)
    ]
    assert finishes == ["tool_calls"]
    assert roles[0] == "assistant"


@EVERY
async def test_the_usage_chunk_comes_only_when_asked_for(world, chat, upstream):
    """With `include_usage` the last chunk has usage and no choices; without, no chunk has usage."""
    world.tell(upstream, RENDERERS[upstream](Reply(text="Hi there"), True))
    asked = [
        chunk
        async for chunk in await chat.create(
            model=model(upstream),
            messages=HELLO,
            stream=True,
            stream_options={"include_usage": True},
        )
    ]
    assert (
        asked[-1].choices,
        asked[-1].usage.prompt_tokens,
        asked[-1].usage.completion_tokens,
    ) == ([], INPUT, OUTPUT)
    assert all(chunk.usage is None for chunk in asked[:-1])
    unasked = [
        chunk
        async for chunk in await chat.create(model=model(upstream), messages=HELLO, stream=True)
    ]
    assert all(chunk.usage is None and chunk.choices for chunk in unasked)
    assert {chunk.model for chunk in [*asked, *unasked]} == {model(upstream)}
    assert len({chunk.id for chunk in asked}) == 1


@EVERY
async def test_a_whole_tool_round_trip(world, client, upstream):
    """What the model asked for goes back with the tool's results, and the upstream can tell which
    result is whose.
    """
    chat = client.sdk.chat.completions
    world.tell(
        upstream,
        RENDERERS[upstream](PARALLEL, False),
        RENDERERS[upstream](Reply(text="Cold, and noon."), False),
    )
    tools = client.arguments(ASKS["parallel tools"], upstream)["tools"]
    messages = [{"role": "user", "content": "Weather and time in Oslo?"}]
    message = (
        (await chat.create(model=model(upstream), messages=messages, tools=tools))
        .choices[0]
        .message
    )
    messages.append(message)
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": f"result of {call.function.name}"}
        for call in message.tool_calls
    ]
    answer = await chat.create(model=model(upstream), messages=messages, tools=tools)
    assert answer.choices[0].message.content == "Cold, and noon."
    read = READERS[upstream](world.seen(upstream).json)
    (_, asked), (role, said), (_, results) = read["turns"]
    assert [item[:2] for item in asked] == [("text", "Weather and time in Oslo?")]
    # The fakes of all tests give their calls the same ids: signed reasoning that another test's
    # answer had for them may be restored here.
    assert (role, [item for item in said if item[0] != "thought"]) == (
        "assistant",
        [
            ("text", "Let me look."),
            *(("call", number, name, value) for number, (_, name, value) in enumerate(CALLS)),
        ],
    )
    assert [(item[1], item[2]) for item in results] == [
        (0, "result of get_weather"),
        (1, "result of get_time"),
    ]
    assert list(BOTH) == read["tools"]


@EVERY
async def test_the_parse_helper_gives_an_object(world, chat, upstream):
    """`parse(response_format=Model)`: the schema reaches the upstream, the answer is a Person."""
    world.tell(upstream, RENDERERS[upstream](Reply(text='{"name": "Ada", "age": 36}'), False))
    answer = await chat.parse(model=model(upstream), messages=HELLO, response_format=Person)
    assert Person(name="Ada", age=36) == answer.choices[0].message.parsed
    schema = READERS[upstream](world.seen(upstream).json)["schema"]
    assert PERSON["properties"].keys() == schema["properties"].keys()
    assert schema["required"] == ["name", "age"]


@EVERY
async def test_settings_reach_the_upstream(world, chat, upstream):
    """Reasoning effort, stop, seed, limits, one call at a time and a picture; what a vendor has no
    word for is named in the header.
    """
    world.tell(upstream, RENDERERS[upstream](Reply(text="Hi"), False))
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    raw = await chat.with_raw_response.create(
        model=model(upstream),
        messages=[{"role": "user", "content": [{"type": "text", "text": "See"}, picture]}],
        reasoning_effort="low",
        stop="END",
        seed=7,
        max_completion_tokens=4000,
    )
    read = READERS[upstream](world.seen(upstream).json)
    assert read["turns"] == [("user", [("text", "See"), ("image", PNG)])]
    assert (read["thinks"], read["max_tokens"]) == (True, 4000)
    dropped = raw.headers.get("x-uniapi-dropped", "").split(", ")
    assert [
        ("stop" in dropped) != bool(read["stop"]),
        ("seed" in dropped) != (read["seed"] == 7),
    ] == [True, True]


ERRORS = {
    400: openai.BadRequestError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@EVERY
async def test_upstream_errors_are_the_sdks_exceptions(world, chat, upstream, stream):
    """By class, with a body the SDK can read; a refused key of ours is a server error, never the
    client's.
    """
    for status, kind in ERRORS.items():
        world.tell(upstream, error(upstream, status))
        with pytest.raises(kind) as caught:
            await chat.create(model=model(upstream), messages=HELLO, stream=stream)
        assert "the upstream's own words" in caught.value.body["message"]
    world.tell(upstream, error(upstream, 401))
    with pytest.raises(openai.InternalServerError, match="the upstream's own words"):
        await chat.create(model=model(upstream), messages=HELLO, stream=stream)


async def test_the_gateways_own_errors_are_the_sdks_exceptions(world, chat):
    """A wrong key, an unknown model, a body that makes no sense."""
    async with openai.AsyncOpenAI(
        base_url=world.url + "/v1", api_key="sk-wrong", max_retries=0
    ) as stranger:
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.chat.completions.create(model=model("chat"), messages=HELLO)
    assert refused.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError) as unknown:
        await chat.create(model="no-such-model", messages=HELLO)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError):
        await chat.create(model=model("anthropic"), messages=[{"role": "user", "content": 7}])


@EVERY
async def test_an_unreachable_upstream_is_no_connection_error(world, chat, upstream):
    """The gateway was reached: the SDK must not think otherwise."""
    world.tell(upstream, Answer([], then="reset"))
    with pytest.raises(openai.InternalServerError):
        await chat.create(model=model(upstream), messages=HELLO)


async def test_models_are_listed(world, client):
    """The list names what can be asked for."""
    found = [entry.id async for entry in client.sdk.models.list()]
    assert sorted(found) == sorted(model(upstream) for upstream in UPSTREAMS)
