"""How a place is asked for one call: at which address, and whose words it is told."""

import json

import pytest

from uniapi.canonical import Call, Operation, Principal
from uniapi.config import Credential, Provider
from uniapi.engines import Target, engine_for
from uniapi.gateway.route import find_ways
from uniapi.routing import Road

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def call(dialect, stream, **members):
    body = {"messages": [{"role": "user", "content": "hi"}], **members}
    return Call(
        request_id="r",
        dialect=dialect,
        operation=Operation.GENERATE,
        principal=Principal(key_id="k", label="k"),
        requested_model="m",
        stream=stream,
        body=json.dumps(body).encode(),
        json=body,
        path="/v1/x",
    )


def way(asked, model, **members):
    key = Credential(credential_id="c", display="c", kind="api_key", secret="s")
    provider = Provider(provider_id="p", name="p", credentials=(key,), **members)
    place = Target(provider=provider, credential=key, upstream_model=model, alias="m")
    (found,) = find_ways(asked, place, engine_for(provider))
    return found


@pytest.mark.parametrize(
    ("model", "stream", "tools", "verb"),
    [
        ("us.meta.llama4-scout-17b-instruct-v1:0", True, [TOOL], "converse"),
        ("us.meta.llama4-scout-17b-instruct-v1:0", True, [], "converse-stream"),
        ("us.meta.llama4-scout-17b-instruct-v1:0", False, [TOOL], "converse"),
        ("amazon.nova-pro-v1:0", True, [TOOL], "converse-stream"),
    ],
)
def test_where_tools_do_not_stream_the_answer_is_asked_for_whole(model, stream, tools, verb):
    """«This model doesn't support tool use in streaming mode»: it is told as a stream here."""
    found = way(call("openai_chat", stream, tools=tools), model, engine="aws")
    assert found.address.url.rpartition("/")[2] == verb


URL = {"type": "image", "source": {"type": "url", "url": "https://x/a.png"}}


@pytest.mark.parametrize(
    ("engine", "model", "members", "road"),
    [
        ("claude", "claude-opus-5", {}, Road.RELAY),
        ("claude", "claude-sonnet-4-0", {"output_config": {"effort": "low"}}, Road.RELAY),
        (
            "claude",
            "claude-sonnet-4-0",
            {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
            Road.TRANSLATE,
        ),
        ("claude", "claude-opus-5", {"messages": [{"role": "user", "content": [URL]}]}, Road.RELAY),
        (
            "aws",
            "anthropic.claude-opus-5",
            {"messages": [{"role": "user", "content": [URL]}]},
            Road.TRANSLATE,
        ),
    ],
)
def test_a_relay_gives_way_where_the_answer_must_be_read(engine, model, members, road):
    """A stand-in's answer, and pictures that must be fetched first."""
    assert way(call("anthropic", False, **members), model, engine=engine).road is road
