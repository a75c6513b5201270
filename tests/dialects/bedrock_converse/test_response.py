"""Whole Converse answers, and the same answers streamed: one table, both must tell the same."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import (
    Citation,
    FailureKind,
    Finish,
    FinishReason,
    FoldError,
    Media,
    Opaque,
    OutputFormat,
    Reasoning,
    Request,
    Response,
    Text,
    Tool,
    ToolCall,
    Unknown,
    Usage,
    checked,
    fold,
    unfold,
)
from uniapi.dialects import Quirk, UpstreamContext
from uniapi.dialects.bedrock_converse import UPSTREAM
from uniapi.errors import WireError
from uniapi.wire import Frame

USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
PLAIN = UpstreamContext()
WEB = {"location": {"web": {"url": "https://ruby-lang.org/", "domain": "ruby-lang.org"}}}
FACTS = {
    "title": "facts",
    "location": {"documentChar": {"documentIndex": 0, "start": 0, "end": 9}},
    "sourceContent": [{"text": "Ruby was created."}],
}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


def event(name: str, data: Any) -> Frame:
    return Frame(name, json.dumps(data).encode(), b"")


def body_of(content: list[Any], reason: str = "end_turn", **members: Any) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": reason,
        "usage": USAGE,
        **members,
    }


def decoded(
    content: list[Any], context: UpstreamContext = PLAIN, reason: str = "end_turn"
) -> Response:
    response = UPSTREAM.decode_response(body_of(content, reason), context)
    assert fold(checked(unfold(response))) == response
    return response


def streamed(
    deltas: list[Any],
    context: UpstreamContext = PLAIN,
    reason: str = "end_turn",
    **metadata: Any,
) -> Response:
    """`deltas` per block: a start or None, then the deltas."""
    decoder = UPSTREAM.stream_decoder(context)
    frames = [event("messageStart", {"role": "assistant"})]
    for index, (start, *pieces) in enumerate(deltas):
        frames += (
            [event("contentBlockStart", {"contentBlockIndex": index, "start": start})]
            if start
            else []
        )
        frames += [
            event("contentBlockDelta", {"contentBlockIndex": index, "delta": piece, "p": "abc"})
            for piece in pieces
        ]
        frames.append(event("contentBlockStop", {"contentBlockIndex": index}))
    frames += [
        event("messageStop", {"stopReason": reason}),
        event("metadata", {"usage": USAGE, **metadata}),
    ]
    return fold(
        checked([found for frame in frames for found in decoder.feed(frame)] + decoder.eof())
    )


def asking(quirk: Quirk = PLAIN.quirk, **members: Any) -> UpstreamContext:
    return UpstreamContext(quirk=quirk, request=Request(model="m", **members))


REDACTED = base64.b64encode(b"EqRedacted").decode()
CASES: dict[str, tuple[list[Any], list[Any], tuple[Any, ...]]] = {
    "text": ([{"text": "Hello"}], [[None, {"text": "Hel"}, {"text": "lo"}]], (Text(text="Hello"),)),
    "thinking": (
        [
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "Sig=="}}},
            {"text": "A"},
        ],
        [
            [
                None,
                {"reasoningContent": {"text": "H"}},
                {"reasoningContent": {"text": "m."}},
                {"reasoningContent": {"signature": "Sig=="}},
            ],
            [None, {"text": "A"}],
        ],
        (Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="Sig==")), Text(text="A")),
    ),
    "unsigned thinking": (
        [{"reasoningContent": {"reasoningText": {"text": "Hm."}}}, {"text": "A"}],
        [[None, {"reasoningContent": {"text": "Hm."}}], [None, {"text": "A"}]],
        (Reasoning(text="Hm."), Text(text="A")),
    ),
    "redacted thinking": (
        [{"reasoningContent": {"redactedContent": REDACTED}}, {"text": "A"}],
        [[None, {"reasoningContent": {"redactedContent": REDACTED}}], [None, {"text": "A"}]],
        (
            Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="EqRedacted")),
            Text(text="A"),
        ),
    ),
    "calls": (
        [
            {"text": "Let me see."},
            {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
            {"toolUse": {"toolUseId": "t2", "name": "g", "input": {}}},
        ],
        [
            [None, {"text": "Let me see."}],
            [
                {"toolUse": {"toolUseId": "t1", "name": "f"}},
                {"toolUse": {"input": ""}},
                {"toolUse": {"input": '{"a"'}},
                {"toolUse": {"input": ": 1}"}},
            ],
            [{"toolUse": {"toolUseId": "t2", "name": "g"}}, {"toolUse": {"input": ""}}],
        ],
        (
            Text(text="Let me see."),
            ToolCall(call_id="t1", name="f", arguments='{"a": 1}'),
            ToolCall(call_id="t2", name="g", arguments="{}"),
        ),
    ),
    "cited text": (
        [
            {
                "citationsContent": {
                    "content": [{"text": "Ruby "}, {"text": "is old."}],
                    "citations": [FACTS],
                }
            }
        ],
        [[None, {"text": "Ruby "}, {"text": "is old."}, {"citation": FACTS}]],
        (
            Text(
                text="Ruby is old.",
                citations=(
                    Citation(
                        title="facts",
                        cited_text="Ruby was created.",
                        dialect="bedrock_converse",
                        raw=FACTS,
                    ),
                ),
            ),
        ),
    ),
    "citations behind their text": (
        [{"text": "Ruby."}, {"citationsContent": {"citations": [WEB]}}, {"text": "!"}],
        [[None, {"text": "Ruby."}], [None, {"citation": WEB}], [None, {"text": "!"}]],
        (
            Text(
                text="Ruby.",
                citations=(
                    Citation(
                        url="https://ruby-lang.org/",
                        title="ruby-lang.org",
                        dialect="bedrock_converse",
                        raw=WEB,
                    ),
                ),
            ),
            Text(text="!"),
        ),
    ),
    "a provider's own tool": (
        [
            {
                "toolUse": {
                    "toolUseId": "t",
                    "name": "nova_grounding",
                    "type": "server_tool_use",
                    "input": {"query": "q"},
                }
            },
            {"toolResult": {"toolUseId": "t", "content": [{"text": "r"}]}},
            {"text": "A"},
        ],
        [
            [
                {
                    "toolUse": {
                        "toolUseId": "t",
                        "name": "nova_grounding",
                        "type": "server_tool_use",
                    }
                },
                {"toolUse": {"input": '{"query": "q"}'}},
            ],
            [{"toolResult": {"toolUseId": "t"}}, {"toolResult": [{"text": "r"}]}],
            [None, {"text": "A"}],
        ],
        (
            Unknown(
                dialect="bedrock_converse",
                name="server_tool_use",
                raw={
                    "toolUse": {
                        "toolUseId": "t",
                        "name": "nova_grounding",
                        "type": "server_tool_use",
                        "input": {"query": "q"},
                    }
                },
            ),
            Unknown(
                dialect="bedrock_converse",
                name="toolResult",
                raw={"toolResult": {"toolUseId": "t", "content": [{"text": "r"}]}},
            ),
            Text(text="A"),
        ),
    ),
    "an image": (
        [{"image": {"format": "png", "source": {"bytes": "AAAA"}}}],
        [
            [
                {"image": {"format": "png"}},
                {"image": {"source": {"bytes": "AA"}}},
                {"image": {"source": {"bytes": "AA"}}},
            ]
        ],
        (Media(kind="image", mime="image/png", data="AAAA"),),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_whole_and_streamed_tell_the_same(name: str) -> None:
    """Each kind of block, as a whole and in pieces."""
    content, deltas, parts = CASES[name]
    assert parts == decoded(content).choices[0].parts
    assert parts == streamed(deltas).choices[0].parts


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("tool_use", "stop"),
        ("something_new", "stop"),
    ],
)
def test_stop_reasons(native: str, reason: FinishReason) -> None:
    """The vendor's words and what they mean; `tool_use` without a call is an ordinary end."""
    expected = Finish(reason=reason, native=native, dialect="bedrock_converse")
    assert expected == decoded([{"text": "x"}], reason=native).choices[0].finish
    assert expected == streamed([[None, {"text": "x"}]], reason=native).choices[0].finish


@pytest.mark.parametrize("native", ["malformed_model_output", "malformed_tool_use"])
def test_a_stop_reason_that_is_a_failure(native: str) -> None:
    """It is no clean end, whole or streamed."""
    for decode in (
        lambda: decoded([{"text": "x"}], reason=native),
        lambda: streamed([[None, {"text": "x"}]], reason=native),
    ):
        with pytest.raises(FoldError, match=native):
            decode()


def test_a_call_ends_with_tool_calls() -> None:
    """A turn that calls a tool says so."""
    content, deltas, _ = CASES["calls"]
    assert decoded(content, reason="tool_use").choices[0].finish.reason == "tool_calls"
    assert streamed(deltas, reason="tool_use").choices[0].finish.reason == "tool_calls"


def test_usage_counts_cached_input_as_input() -> None:
    """Converse counts it apart; an hour's cache is told from five minutes'."""
    usage = {
        "inputTokens": 3,
        "outputTokens": 5,
        "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 20,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 15}, {"ttl": "5m", "inputTokens": 5}],
    }
    expected = Usage(
        input_tokens=123,
        output_tokens=5,
        cache_read_tokens=100,
        cache_write_tokens=20,
        cache_write_1h_tokens=15,
        raw=usage,
        dialect="bedrock_converse",
    )
    assert (
        expected
        == UPSTREAM.decode_response({**body_of([{"text": "x"}]), "usage": usage}, PLAIN).usage
    )


def test_the_tier_that_served_is_told_with_the_usage() -> None:
    """It may have a price of its own; whole and streamed."""
    told = {"usage": USAGE, "serviceTier": {"type": "flex"}}
    whole = UPSTREAM.decode_response({**body_of([{"text": "x"}]), **told}, PLAIN)
    stated = streamed([(None, {"text": "x"})], serviceTier={"type": "flex"}).usage
    assert whole.usage is not None
    assert stated is not None
    assert (whole.usage.service_tier, stated.service_tier) == ("flex", "flex")


def test_the_stop_sequence_and_other_members_are_kept() -> None:
    """Claude names the sequence in its own fields; trace and metrics ride along."""
    body = body_of(
        [{"text": "x"}],
        "stop_sequence",
        additionalModelResponseFields={"delta": {"stop_sequence": "END"}},
        trace={"guardrail": {}},
    )
    response = UPSTREAM.decode_response(body, PLAIN)
    assert response.choices[0].finish.stop_sequence == "END"
    assert response.extensions["bedrock_converse"]["trace"] == {"guardrail": {}}


def test_calls_come_back_under_the_clients_names() -> None:
    """Names the wire would not take, namespaces and freeform tools are undone."""
    context = asking(
        tools=(
            Tool(name="mcp.files/read"),
            Tool(name="run", kind="custom"),
            Tool(name="go", namespace="box"),
        )
    )
    wired = [
        tool["toolSpec"]["name"]
        for tool in UPSTREAM.encode_request(context.request or Request(model="m"), Quirk()).body[
            "toolConfig"
        ]["tools"]
    ]
    content = [
        {"toolUse": {"toolUseId": str(number), "name": name, "input": {"input": "ls"}}}
        for number, name in enumerate(wired)
    ]
    deltas = [
        [
            {"toolUse": {"toolUseId": str(number), "name": name}},
            {"toolUse": {"input": '{"input":'}},
            {"toolUse": {"input": ' "ls"}'}},
        ]
        for number, name in enumerate(wired)
    ]
    expected = (
        ToolCall(call_id="0", name="mcp.files/read", arguments='{"input": "ls"}'),
        ToolCall(call_id="1", name="run", arguments="ls", kind="custom"),
        ToolCall(call_id="2", name="go", arguments='{"input": "ls"}', namespace="box"),
    )
    assert expected == decoded(content, context).choices[0].parts
    assert expected == streamed(deltas, context).choices[0].parts


@pytest.mark.parametrize(
    ("schema", "written", "text"),
    [(SCHEMA, {"n": 1}, '{"n": 1}'), ({"type": "array"}, {"value": [1, 2]}, "[1, 2]")],
    ids=["object", "array"],
)
def test_the_forced_tool_of_structured_output_is_the_answers_text(
    schema: Any, written: Any, text: str
) -> None:
    """The client asked for JSON, not for a call: it gets text and an ordinary end."""
    context = asking(
        Quirk(anthropic_structured=False),
        output_format=OutputFormat(kind="json_schema", schema=schema),
    )
    content = [{"toolUse": {"toolUseId": "t", "name": "json_response", "input": written}}]
    dump = json.dumps(written)
    deltas = [
        [
            {"toolUse": {"toolUseId": "t", "name": "json_response"}},
            {"toolUse": {"input": dump[:4]}},
            {"toolUse": {"input": dump[4:]}},
        ]
    ]
    for response in (decoded(content, context, "tool_use"), streamed(deltas, context, "tool_use")):
        assert (text, "stop") == (response.text, response.choices[0].finish.reason)


def test_signed_reasoning_of_another_maker_stays_on_bedrock() -> None:
    """Nova's blobs are no Claude signatures."""
    context = UpstreamContext(quirk=Quirk(converse_fields="nova"))
    (part,) = (
        decoded([{"reasoningContent": {"redactedContent": REDACTED}}], context).choices[0].parts
    )
    assert Reasoning(is_redacted=True, opaque=Opaque(family="bedrock", value=REDACTED)) == part


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}},
        {"output": {"message": []}},
        body_of([1]),
        body_of([{"toolUse": {"name": 1, "toolUseId": "x"}}]),
        body_of([{"toolUse": {"name": "f"}}]),
        body_of([{"reasoningContent": {"redactedContent": "%"}}]),
        body_of([{"citationsContent": {"citations": ["x"]}}]),
    ],
)
def test_what_is_no_answer_is_a_wire_error(body: Any) -> None:
    """Malformed answers are refused in one way."""
    with pytest.raises(WireError):
        UPSTREAM.decode_response(body, PLAIN)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"message": "nope"}, FailureKind.SERVER_ERROR),
        (
            {"__type": "com.amazon.coral.service#ThrottlingException", "message": "slow down"},
            FailureKind.RATE_LIMITED,
        ),
        (
            {"error": {"type": "ValidationException", "message": "Input is too long"}},
            FailureKind.TOO_LONG,
        ),
    ],
)
def test_an_error_with_status_200_is_a_failure_of_its_kind(body: Any, kind: FailureKind) -> None:
    """Routing is told what it was."""
    with pytest.raises(FoldError) as raised:
        UPSTREAM.decode_response(body, PLAIN)
    assert kind is raised.value.failure.kind


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "toolUse", "input", "name", "toolUseId", "reasoningContent"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(json_values)
def test_hostile_blocks_give_an_answer_or_a_wire_error(block: Any) -> None:
    """Wrong types anywhere never raise anything else."""
    try:
        response = UPSTREAM.decode_response(body_of([block]), PLAIN)
    except WireError:
        return
    assert fold(checked(unfold(response))).choices == response.choices
