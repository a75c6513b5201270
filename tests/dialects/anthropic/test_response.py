"""Whole answers, both ways: what a message says, and what a client of this dialect is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types.beta import BetaMessage
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from uniapi.canonical import (
    Choice,
    Citation,
    FailureKind,
    Finish,
    FinishReason,
    FoldError,
    Media,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    Refusal,
    Request,
    Response,
    Text,
    Tool,
    ToolCall,
    Unknown,
    Usage,
)
from uniapi.dialects import EncodedResponse, Quirk, ReplyContext, UpstreamContext
from uniapi.dialects.anthropic import CLIENT, UPSTREAM
from uniapi.errors import WireError

MESSAGE: TypeAdapter[BetaMessage] = TypeAdapter(BetaMessage)
CONTEXT = ReplyContext(
    requested_model="claude-alias", id_seed="0abc", created_s=1, input_tokens_estimate=11
)
USAGE = {
    "input_tokens": 5,
    "output_tokens": 3,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 20,
}


def message(*content: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
        **members,
    }


def decode(body: Any, context: UpstreamContext | None = None) -> Response:
    return UPSTREAM.decode_response(body, context or UpstreamContext(id_seed="5eed"))


def encode(
    *parts: Part, finish: Finish | None = None, usage: Usage | None = None, **members: Any
) -> EncodedResponse:
    choice = Choice(parts=parts, finish=finish or Finish(reason="stop"))
    encoded = CLIENT.encode_response(Response(choices=(choice,), usage=usage, **members), CONTEXT)
    MESSAGE.validate_python(encoded.body)
    return encoded


CITATION = {
    "type": "web_search_result_location",
    "url": "https://x",
    "title": "T",
    "cited_text": "c",
    "encrypted_index": "e",
}
SEARCH = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "web_search",
    "input": {"query": "q"},
}

BLOCKS: list[tuple[dict[str, Any], Part]] = [
    ({"type": "text", "text": "hi"}, Text(text="hi")),
    (
        {"type": "text", "text": "hi", "citations": [CITATION]},
        Text(
            text="hi",
            citations=(
                Citation(
                    url="https://x",
                    title="T",
                    cited_text="c",
                    start=0,
                    end=2,
                    dialect="anthropic",
                    raw=CITATION,
                ),
            ),
        ),
    ),
    (
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        Reasoning(text="hm", opaque=Opaque(family="anthropic", value="s")),
    ),
    (
        {"type": "thinking", "thinking": "", "signature": "s"},
        Reasoning(opaque=Opaque(family="anthropic", value="s")),
    ),
    (
        {"type": "redacted_thinking", "data": "d"},
        Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="d")),
    ),
    (
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": "é"}},
        ToolCall(call_id="toolu_1", name="f", arguments='{"a": "é"}'),
    ),
    (SEARCH, Unknown(dialect="anthropic", name="server_tool_use", raw=SEARCH)),
]


@pytest.mark.parametrize("block, part", BLOCKS)
def test_blocks_are_parts_both_ways(block: dict[str, Any], part: Part) -> None:
    """One table: what is read is what is written."""
    assert decode(message(block)).choices[0].parts == (part,)
    body: Any = encode(part).body
    assert [block] == body["content"]


def test_input_tokens_hold_the_cached_ones() -> None:
    """The wire leaves them out; and the vendor's own object goes back to its clients as it came."""
    raw = {
        **USAGE,
        "cache_creation": {"ephemeral_1h_input_tokens": 15, "ephemeral_5m_input_tokens": 5},
        "output_tokens_details": {"thinking_tokens": 2},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
        "service_tier": "standard",
    }
    usage = decode(message(usage=raw)).usage
    assert usage == Usage(
        input_tokens=125,
        output_tokens=3,
        cache_read_tokens=100,
        cache_write_tokens=20,
        cache_write_1h_tokens=15,
        reasoning_tokens=2,
        web_searches=1,
        service_tier="standard",
        raw=raw,
        dialect="anthropic",
    )
    body: Any = encode(Text(text="x"), usage=usage).body
    assert raw == body["usage"]


def test_foreign_usage_is_split_into_fresh_and_cached() -> None:
    """Without a figure for the input the estimate stands in."""
    usage = Usage(
        input_tokens=125,
        output_tokens=3,
        cache_read_tokens=100,
        cache_write_tokens=20,
        reasoning_tokens=1,
    )
    body: Any = encode(Text(text="x"), usage=usage).body
    assert body["usage"] == {**USAGE, "output_tokens_details": {"thinking_tokens": 1}}
    body = encode(Text(text="x")).body
    assert body["usage"] == {"input_tokens": 11, "output_tokens": 0}


@pytest.mark.parametrize(
    "native, reason",
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("compaction", "stop"),
        ("refusal", "content_filter"),
        ("brand_new", "stop"),
    ],
)
def test_stop_reasons(native: str, reason: FinishReason) -> None:
    """The vendor's word is kept beside ours, and written back when it is one this dialect knows."""
    finish = decode(message({"type": "text", "text": "x"}, stop_reason=native)).choices[0].finish
    assert (reason, native) == (finish.reason, finish.native)
    body: Any = encode(Text(text="x"), finish=finish).body
    assert body["stop_reason"] == (native if native != "brand_new" else "end_turn")


@pytest.mark.parametrize(
    "finish, parts, expected",
    [
        (Finish(reason="tool_calls"), (ToolCall(call_id="a", name="f"),), "tool_use"),
        (Finish(reason="stop"), (ToolCall(call_id="a", name="f"),), "tool_use"),
        (Finish(reason="length"), (Text(text="x"),), "max_tokens"),
        (Finish(reason="content_filter"), (Text(text="x"),), "refusal"),
        (Finish(reason="stop"), (Refusal(text="no"),), "refusal"),
        (Finish(reason="stop", stop_sequence="END"), (Text(text="x"),), "stop_sequence"),
        (
            Finish(reason="stop", native="stop", dialect="openai_chat"),
            (Text(text="x"),),
            "end_turn",
        ),
    ],
)
def test_foreign_finishes_have_a_word(
    finish: Finish, parts: tuple[Part, ...], expected: str
) -> None:
    """Calls end in `tool_use` even where a vendor said stop."""
    body: Any = encode(*parts, finish=finish).body
    assert (expected, finish.stop_sequence) == (body["stop_reason"], body["stop_sequence"])


def test_a_refusal_keeps_its_explanation() -> None:
    """`stop_details` is read into the finish and goes back as it came."""
    details = {"type": "refusal", "category": "cyber", "explanation": "blocked"}
    response = decode(
        message(
            stop_reason="refusal",
            stop_details=details,
            container={"id": "c", "expires_at": "2026-01-01T00:00:00Z"},
        )
    )
    assert response.choices[0].finish.message == "blocked"
    body: Any = encode(finish=response.choices[0].finish, extensions=response.extensions).body
    assert (details, "c") == (body["stop_details"], body["container"]["id"])


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


@pytest.mark.parametrize(
    "schema, tool_input, text",
    [
        (SCHEMA, {"n": 1}, {"n": 1}),
        ({"type": "array", "items": {"type": "integer"}}, {"value": [1, 2]}, [1, 2]),
    ],
)
def test_the_stand_in_tool_is_text_again(
    schema: dict[str, Any], tool_input: dict[str, Any], text: Any
) -> None:
    """The client asked for JSON, not for a call."""
    request = Request(model="m", output_format=OutputFormat(kind="json_schema", schema=schema))
    context = UpstreamContext(quirk=Quirk(anthropic_structured=False), request=request)
    choice = decode(
        message(
            {"type": "tool_use", "id": "t", "name": "json_response", "input": tool_input},
            stop_reason="tool_use",
        ),
        context,
    ).choices[0]
    assert isinstance(choice.parts[0], Text)
    assert (text, "stop") == (json.loads(choice.parts[0].text), choice.finish.reason)


def test_a_client_tool_of_that_name_stays_a_call() -> None:
    """Without structured output in the request the name means nothing."""
    context = UpstreamContext(request=Request(model="m", tools=(Tool(name="json_response"),)))
    choice = decode(
        message(
            {"type": "tool_use", "id": "t", "name": "json_response", "input": {}},
            stop_reason="tool_use",
        ),
        context,
    ).choices[0]
    assert (ToolCall(call_id="t", name="json_response", arguments="{}"),) == choice.parts


def test_signatures_belong_to_the_family_of_the_row() -> None:
    """A vendor that speaks this dialect with models of its own signs for itself."""
    context = UpstreamContext(quirk=Quirk(opaque_family="other"))
    part = (
        decode(message({"type": "thinking", "thinking": "hm", "signature": "s"}), context)
        .choices[0]
        .parts[0]
    )
    assert part == Reasoning(text="hm", opaque=Opaque(family="other", value="s"))


def test_a_call_without_an_id_gets_one() -> None:
    """Made of the attempt's seed."""
    part = decode(message({"type": "tool_use", "name": "f", "input": {}})).choices[0].parts[0]
    assert isinstance(part, ToolCall)
    assert part.call_id == "toolu_5eed01"


def test_the_envelope_names_what_the_client_asked_for() -> None:
    """Model and id; a foreign id is replaced, this vendor's kept."""
    body: Any = encode(Text(text="x"), response_id="chatcmpl-1").body
    assert (body["model"], body["id"]) == ("claude-alias", "msg_0abc")
    body = encode(Text(text="x"), response_id="msg_own").body
    assert body["id"] == "msg_own"


def test_what_the_wire_cannot_say_is_a_loss() -> None:
    """Other choices, sounds, foreign items, places without an address; an image becomes
    Markdown.
    """
    parts: tuple[Part, ...] = (
        Text(text="a", citations=(Citation(), Citation(url="https://x"))),
        Media(kind="audio", data="AA==", text="spoken"),
        Media(kind="image", mime="image/png", data="AA=="),
        Unknown(dialect="openai_responses", name="web_search_call", raw={}),
        Reasoning(text="hm", opaque=Opaque(family="gemini", value="g")),
        Text(text=""),
    )
    choice = Choice(parts=parts, finish=Finish(reason="stop"))
    encoded = CLIENT.encode_response(Response(choices=(choice, choice)), CONTEXT)
    body: Any = encoded.body
    assert [block["text"] for block in body["content"][:3]] == [
        "a",
        "spoken",
        "![image](data:image/png;base64,AA==)",
    ]
    assert body["content"][3:] == [{"type": "thinking", "thinking": "hm", "signature": ""}]
    assert body["content"][0]["citations"][0]["url"] == "https://x"
    assert {"choices", "citations", "audio", "web_search_call"} == set(encoded.losses)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"completion": "x", "stop_reason": "stop"},
    ],
)
def test_what_is_no_message_is_a_wire_error(body: Any) -> None:
    """It is malformed, never an empty answer."""
    with pytest.raises(WireError, match="expected an Anthropic message"):
        decode(body)


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
            FailureKind.OVERLOADED,
            "busy",
        ),
        (
            {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}},
            FailureKind.RATE_LIMITED,
            "slow down",
        ),
        ({"error": "x"}, FailureKind.SERVER_ERROR, "x"),
        (
            {"message": "The security token included in the request is invalid"},
            FailureKind.CREDENTIAL_REFUSED,
            "The security token included in the request is invalid",
        ),
    ],
)
def test_an_error_with_status_200_is_a_failure_of_its_kind(
    body: Any, kind: FailureKind, message: str
) -> None:
    """Routing and the client are told what it was, in its own words."""
    with pytest.raises(FoldError) as raised:
        decode(body)
    assert (kind, message) == (raised.value.failure.kind, raised.value.failure.message)


KEYS = st.sampled_from(
    [
        "type",
        "content",
        "text",
        "id",
        "name",
        "input",
        "usage",
        "stop_reason",
        "input_tokens",
        "citations",
        "thinking",
        "signature",
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["message", "text", "tool_use", "thinking", "refusal", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=5))
def test_any_json_is_a_response_or_a_wire_error(body: dict[str, Any]) -> None:
    """Hostile upstreams have only these two outcomes, and what is read can be written."""
    try:
        response = decode(body)
    except WireError:
        return
    json.dumps(CLIENT.encode_response(response, CONTEXT).body)
