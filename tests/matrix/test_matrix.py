"""Every client dialect, by its vendor's own SDK, against every upstream dialect, whole and
streamed: what the upstream reads is what was asked, what the client reads is what was told.
"""

import json

import pytest
import pytest_asyncio
from asks import ASKS, BOTH, CALLS, HELLO, Ask
from clients import CLIENTS
from readers import READERS
from replies import CACHED, INPUT, OUTPUT, RENDERERS, Reply, error
from world import UPSTREAMS

pytestmark = pytest.mark.asyncio(loop_scope="session")

REPLIES = {
    "text": Reply(text="Hello \u4e16\u754c \U0001f600, friend."),
    "cut": Reply(text="Hello wor", finish="length"),
    "reasoning": Reply(text="Four.", reasoning="Two and two."),
    "call": Reply(calls=CALLS[:1], finish="tool_calls"),
    "parallel calls": Reply(
        text="Let me look.",
        calls=(*CALLS, ("call_c3", "get_weather", {"city": "Rome"})),
        finish="tool_calls",
    ),
    "thought calls": Reply(reasoning="I need both.", calls=CALLS, finish="tool_calls"),
    "no arguments": Reply(calls=(("call_a1", "get_weather", {}),), finish="tool_calls"),
    "structured": Reply(text='{"name": "Ada", "age": 36}'),
}
ASKED_FOR = {
    **{title: Ask(turns=HELLO, tools=BOTH) for title, reply in REPLIES.items() if reply.calls},
    "structured": ASKS["structured"],
}
PAIRS = [(client, upstream) for client in CLIENTS for upstream in UPSTREAMS]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def drivers(world):
    made = {name: client(world) for name, client in CLIENTS.items()}
    yield made
    for driver in made.values():
        await driver.close()


def _turns(ask, client, upstream):
    """The turns as this client can say them and this upstream can be told them."""
    numbers = {}
    flagless = upstream in ("chat", "responses", "cohere")
    turns = []
    for role, items in ask.turns:
        said = []
        for item in items:
            match item[0]:
                case "call":
                    said.append(("call", numbers.setdefault(item[1], len(numbers)), *item[2:]))
                case "result":
                    is_error = item[4] and client in ("anthropic", "gemini")
                    text = (
                        json.dumps({"error": item[3]})
                        if is_error and upstream == "cohere"
                        else item[3]
                    )
                    said.append(("result", numbers[item[1]], text, None if flagless else is_error))
                case "pdf" if upstream == "cohere":
                    pass
                case _:
                    said.append(item)
        turns.append((role, said))
    return turns


def _plain(turns):
    """Texts that stand side by side are joined: whether a vendor keeps them apart is its own
    affair.
    """
    joined = []
    for role, items in turns:
        kept = []
        for item in items:
            if item[0] == "text" and kept and kept[-1][0] == "text":
                kept[-1] = ("text", kept[-1][1] + item[1])
            else:
                kept.append(item)
        joined.append(
            (
                role,
                [
                    ("text", item[1].replace("\n", "")) if item[0] == "text" else item
                    for item in kept
                ],
            )
        )
    return joined


COMPARED = ("system", "max_tokens", "temperature", "schema", "thinks", "tools", "choice", "stop")


def understood(read):
    """What a reader found, without what says nothing: an absent member, and the choice `auto`."""
    members = {name: read[name] for name in COMPARED if read[name] not in (None, "auto", False, [])}
    return {"turns": _plain(read["turns"]), **members}


def told(ask, client, upstream):
    """What should be found upstream when this client says `ask`."""
    members = {
        name: getattr(ask, name) for name in COMPARED if name not in ("thinks", "tools", "stop")
    }
    members |= {
        "turns": _turns(ask, client, upstream),
        "tools": list(ask.tools),
        "thinks": ask.effort is not None,
    }
    # Responses has no stop sequences, as a client or as an upstream.
    members["stop"] = (
        [] if "responses" in (upstream, client.removeprefix("openai_")) else list(ask.stop)
    )
    if upstream == "cohere" and ask.choice not in (None, "auto", "none", "required"):
        # Cohere knows no single tool: it is the only one offered.
        members |= {
            "choice": "required",
            "tools": [tool for tool in ask.tools if tool[0] == ask.choice],
        }
    return understood(members)


@pytest.mark.parametrize("client, upstream", PAIRS)
async def test_what_was_asked_reaches_the_upstream(world, drivers, subtests, client, upstream):
    """The body is valid for the vendor's own types and means what the SDK's user said."""
    world.tell(upstream, RENDERERS[upstream](Reply(text='{"name": "Ada", "age": 36}'), False))
    for title, ask in ASKS.items():
        with subtests.test(title):
            await drivers[client].ask(ask, upstream, False)
            assert told(ask, client, upstream) == understood(
                READERS[upstream](world.seen(upstream).json)
            )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client, upstream", PAIRS)
async def test_what_the_upstream_said_reaches_the_client(
    world, drivers, subtests, client, upstream, stream
):
    """Text, reasoning, calls with their own ids, the finish and the usage, as the SDK's user reads
    them; a stream arrives in pieces.
    """
    for title, reply in REPLIES.items():
        with subtests.test(title):
            world.tell(upstream, RENDERERS[upstream](reply, stream))
            heard = await drivers[client].ask(
                ASKED_FOR.get(title, ASKS["thinking"]), upstream, stream
            )
            assert (reply.text, reply.reasoning) == (heard.text, heard.reasoning)
            assert [(name, arguments) for _, name, arguments in reply.calls] == heard.calls
            assert [call_id for call_id, _, _ in reply.calls] == heard.call_ids
            assert reply.finish == heard.finish
            assert heard.usage == (INPUT, CACHED, OUTPUT)
            assert not stream or heard.pieces >= len(reply.calls) + bool(reply.text)


@pytest.mark.parametrize("client, upstream", PAIRS)
async def test_an_upstreams_error_is_the_sdks_own_exception(
    world, drivers, subtests, client, upstream
):
    """The status the client should see, and the upstream's words.

    Our key refused is not the client's fault: 502.
    """
    driver = drivers[client]
    for status, shown in {
        400: (400,),
        401: (502,),
        404: (404,),
        429: (429,),
        500: (500, 502, 503),
    }.items():
        with subtests.test(f"{status}"):
            world.tell(upstream, error(upstream, status))
            with pytest.raises(driver.errors) as caught:
                await driver.ask(Ask(), upstream, status == 429)
            assert driver.status(caught.value) in shown
            assert "the upstream's own words" in str(caught.value)
