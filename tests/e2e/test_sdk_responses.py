"""The `openai` SDK's Responses against the running gateway: reasoning that returns, parsed output,
the events of a stream. What holds for all four clients is in `tests/matrix`.
"""

import openai
import pytest
import pytest_asyncio
from asks import CALLS
from clients import ResponsesClient
from pydantic import BaseModel
from readers import READERS
from replies import RENDERERS, Reply, error
from world import UPSTREAMS, model

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVERY = pytest.mark.parametrize("upstream", UPSTREAMS)
TOOL = {
    "type": "function",
    "name": "get_weather",
    "description": "d",
    "parameters": {"type": "object", "properties": {}},
    "strict": None,
}


class Person(BaseModel):
    name: str
    age: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def responses(world):
    driver = ResponsesClient(world)
    yield driver.sdk.responses
    await driver.close()


@EVERY
async def test_an_answer_can_be_handed_back_as_it_came(world, responses, upstream):
    """A stateless agent replays every output item, reasoning included, and adds the result: the
    upstream gets a valid conversation, its own signature where it signed one.
    """
    thought = Reply(reasoning="I need the weather.", calls=CALLS[:1], finish="tool_calls")
    world.tell(
        upstream,
        RENDERERS[upstream](thought, False),
        RENDERERS[upstream](Reply(text="Cold."), False),
    )
    asked = {
        "model": model(upstream),
        "tools": [TOOL],
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "low"},
    }
    first = await responses.create(input="Weather?", **asked)
    # Gemini signs the call itself: its signature travels in a reasoning item of its own.
    assert [item.type for item in first.output] == [
        "reasoning",
        *(["reasoning"] if upstream == "gemini" else []),
        "function_call",
    ]
    result = {
        "type": "function_call_output",
        "call_id": first.output[-1].call_id,
        "output": "4 degrees",
    }
    echoed = [item.model_dump(exclude_none=True) for item in first.output]
    second = await responses.create(
        input=[{"role": "user", "content": "Weather?"}, *echoed, result], **asked
    )
    assert second.output_text == "Cold."
    (_, question), (_, said), (_, results) = READERS[upstream](world.seen(upstream).json)["turns"]
    assert question == [("text", "Weather?")]
    assert said[-1] == ("call", 0, "get_weather", CALLS[0][2])
    assert [(item[1], item[2]) for item in results] == [(0, "4 degrees")]
    if upstream in ("responses", "anthropic", "converse"):
        assert said[0] == ("thought", "I need the weather.", thought.signature)
    if upstream == "gemini":
        part = world.seen(upstream).json["contents"][1]["parts"][-1]
        assert part["thoughtSignature"] == thought.signature


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "upstream", [upstream for upstream in UPSTREAMS if upstream != "responses"]
)
async def test_earlier_items_can_be_named_by_their_ids(world, responses, upstream, stream):
    """As the Vercel AI SDK does in a tool loop: the upstream is told the whole conversation; what
    was asked with `store: false`, or of another key, is not known.
    """
    thought = Reply(
        reasoning="I need the weather.", text="Let me see.", calls=CALLS[:1], finish="tool_calls"
    )
    world.tell(
        upstream,
        RENDERERS[upstream](thought, stream),
        *[RENDERERS[upstream](Reply(text="Cold."), False)] * 2,
    )
    asked = {"model": model(upstream), "tools": [TOOL]}
    question = {"role": "user", "content": "Weather?"}
    if stream:
        async with responses.stream(input=[question], **asked) as events:
            first = await events.get_final_response()
    else:
        first = await responses.create(input=[question], **asked)
    named = [{"type": "item_reference", "id": item.id} for item in first.output]
    result = {
        "type": "function_call_output",
        "call_id": first.output[-1].call_id,
        "output": "4 degrees",
    }
    second = await responses.create(input=[question, *named, result], **asked)
    assert second.output_text == "Cold."
    (_, asked_first), (_, said), (_, results) = READERS[upstream](world.seen(upstream).json)[
        "turns"
    ]
    assert asked_first == [("text", "Weather?")]
    assert ("text", "Let me see.") in said
    assert said[-1] == ("call", 0, "get_weather", CALLS[0][2])
    assert [(item[1], item[2]) for item in results] == [(0, "4 degrees")]
    kept = await responses.create(input=[question], store=False, **asked)
    with pytest.raises(openai.BadRequestError, match=r"input\[1\].id"):
        await responses.create(
            input=[question, {"type": "item_reference", "id": kept.output[0].id}], **asked
        )


@EVERY
async def test_the_events_of_a_stream(world, responses, upstream):
    """Numbered without a gap, begun by `created`, ended by one `completed` that holds what was
    streamed.
    """
    world.tell(
        upstream,
        RENDERERS[upstream](
            Reply(reasoning="Hm.", text="Hello there.", calls=CALLS, finish="tool_calls"), True
        ),
    )
    events = [
        event
        async for event in await responses.create(model=model(upstream), input="Hi", stream=True)
    ]
    assert list(range(len(events))) == [event.sequence_number for event in events]
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert [event.type for event in events].count("response.completed") == 1
    answer = events[-1].response
    assert [item.type for item in answer.output if item.type != "reasoning"] == [
        "message",
        "function_call",
        "function_call",
    ]
    assert answer.output[0].summary[0].text == "Hm."
    assert answer.output_text == "".join(
        event.delta for event in events if event.type == "response.output_text.delta"
    )
    for index, item in enumerate(answer.output):
        done = next(
            event
            for event in events
            if event.type == "response.output_item.done" and event.output_index == index
        )
        assert item.id == done.item.id


@EVERY
async def test_the_parse_helper_gives_an_object(world, responses, upstream):
    """`parse(text_format=Model)`."""
    world.tell(upstream, RENDERERS[upstream](Reply(text='{"name": "Ada", "age": 36}'), False))
    answer = await responses.parse(model=model(upstream), input="Who?", text_format=Person)
    assert Person(name="Ada", age=36) == answer.output_parsed


async def test_errors_of_the_gateway(world, responses):
    """A wrong key, an unknown model; an upstream's 429 with its wait."""
    async with openai.AsyncOpenAI(
        base_url=world.url + "/v1", api_key="sk-wrong", max_retries=0
    ) as stranger:
        with pytest.raises(openai.AuthenticationError):
            await stranger.responses.create(model=model("chat"), input="Hi")
    with pytest.raises(openai.NotFoundError):
        await responses.create(model="no-such-model", input="Hi")
    answer = error("anthropic", 429)
    answer.headers["retry-after"] = "7"
    world.tell("anthropic", answer)
    with pytest.raises(openai.RateLimitError) as caught:
        await responses.create(model=model("anthropic"), input="Hi")
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 7
