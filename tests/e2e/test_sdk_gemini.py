"""The `google-genai` SDK against the running gateway: thought signatures that return, chats, token
counts, its exceptions. What holds for all four clients is in `tests/matrix`.
"""

import json
import warnings

import pytest
import pytest_asyncio
from asks import CALLS, WEATHER
from clients import GeminiClient
from fakes import whole
from pydantic import BaseModel
from readers import READERS
from replies import RENDERERS, Reply
from world import UPSTREAMS, model

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from google import genai
    from google.genai import errors, types

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVERY = pytest.mark.parametrize("upstream", UPSTREAMS)
TOOLS = [
    types.Tool(
        function_declarations=[
            {"name": WEATHER[0], "description": WEATHER[1], "parameters_json_schema": WEATHER[2]}
        ]
    )
]


class Person(BaseModel):
    name: str
    age: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(world):
    driver = GeminiClient(world)
    yield driver.sdk
    await driver.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@EVERY
async def test_a_chat_goes_on_after_a_function_call(world, client, upstream, stream):
    """The SDK keeps the history itself and sends it back as it came: a valid conversation upstream,
    with its own signature where it signed one.
    """
    thought = Reply(reasoning="I need the weather.", calls=CALLS[:1], finish="tool_calls")
    world.tell(
        upstream,
        RENDERERS[upstream](thought, stream),
        RENDERERS[upstream](Reply(text="Cold."), stream),
    )
    settings = types.GenerateContentConfig(
        tools=TOOLS,
        automatic_function_calling={"disable": True},
        thinking_config={"include_thoughts": True},
    )
    chat = client.chats.create(model=model(upstream), config=settings)

    async def say(message):
        if not stream:
            return [await chat.send_message(message)]
        return [chunk async for chunk in await chat.send_message_stream(message)]

    (call,) = [call for chunk in await say("Weather?") for call in chunk.function_calls or ()]
    assert (call.name, call.args) == CALLS[0][1:]
    answer = types.Part(
        function_response=types.FunctionResponse(
            id=call.id, name=call.name, response={"result": "4 degrees"}
        )
    )
    assert (
        "".join(
            part.text
            for chunk in await say(answer)
            for part in chunk.candidates[0].content.parts
            if part.text
        )
        == "Cold."
    )
    (_, question), (_, said), (_, results) = READERS[upstream](world.seen(upstream).json)["turns"]
    assert question == [("text", "Weather?")]
    assert [item for item in said if item != ("text", "")][-1] == (
        "call",
        0,
        "get_weather",
        CALLS[0][2],
    )
    told = results[0][2]
    assert (results[0][1], json.loads(told)["result"] if told.startswith("{") else told) == (
        0,
        "4 degrees",
    )
    if upstream == "gemini":
        assert thought.signature in str(world.seen(upstream).json["contents"])


@EVERY
async def test_a_schema_gives_an_object(world, client, upstream):
    """`response_schema=Model`, Google's older way to ask for structure."""
    world.tell(upstream, RENDERERS[upstream](Reply(text='{"name": "Ada", "age": 36}'), False))
    settings = types.GenerateContentConfig(
        response_mime_type="application/json", response_schema=Person
    )
    answer = await client.models.generate_content(
        model=model(upstream), contents="Who?", config=settings
    )
    assert Person(name="Ada", age=36) == answer.parsed
    schema = READERS[upstream](world.seen(upstream).json)["schema"]
    assert {name: value["type"] for name, value in schema["properties"].items()} == {
        "name": "string",
        "age": "integer",
    }


@EVERY
async def test_tokens_are_counted_or_estimated(world, client, upstream):
    """By the upstream where it counts in this dialect, else an estimate."""
    world.tell(
        upstream,
        whole(
            {"totalTokens": 42} if upstream == "gemini" else {"message": "no such thing"},
            status=200 if upstream == "gemini" else 404,
        ),
    )
    counted = await client.models.count_tokens(
        model=model(upstream), contents="one two three four " * 20
    )
    assert counted.total_tokens == 42 if upstream == "gemini" else 42 < counted.total_tokens < 400


async def test_errors_of_the_gateway(world, client):
    """In Google's shape: the SDK reads code, status and message. Both of its API versions."""
    with pytest.raises(errors.ClientError) as unknown:
        await client.models.generate_content(model="no-such-model", contents="Hi")
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    for version in ("v1", "v1beta"):
        stranger = genai.Client(
            api_key="sk-wrong",
            http_options=types.HttpOptions(base_url=world.url, api_version=version),
        )
        with pytest.raises(errors.ClientError) as refused:
            stranger.models.generate_content(model=model("chat"), contents="Hi")
        assert (refused.value.code, refused.value.status) == (401, "UNAUTHENTICATED")
        stranger.close()


async def test_models_are_listed(world, client):
    """In Gemini's shape, whatever version the path has."""
    found = [entry.name async for entry in await client.models.list()]
    assert sorted(found) == sorted(f"models/{model(upstream)}" for upstream in UPSTREAMS)
