"""Whole answers: every vendor's spelling in, OpenAI's out, valid for OpenAI's own client."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from uniapi.canonical import (
    Choice,
    Citation,
    FailureKind,
    Finish,
    FoldError,
    Media,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Response,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    Unknown,
    Usage,
    fold,
    unfold,
)
from uniapi.dialects import Quirk, ReplyContext, UpstreamContext
from uniapi.dialects.openai_chat import CLIENT, UPSTREAM
from uniapi.errors import WireError

CONTEXT = ReplyContext(requested_model="asked", id_seed="5eed", created_s=1_700_000_000)


def completion(message: Any, finish_reason: Any = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 5,
        "model": "up",
        "choices": [choice],
        **more,
    }


def decode(body: Any, quirk: Quirk | None = None, request: Request | None = None) -> Response:
    return UPSTREAM.decode_response(
        body, UpstreamContext(quirk=quirk or Quirk(), id_seed="s", request=request)
    )


def encode(response: Response, request: Request | None = None) -> dict[str, Any]:
    context = ReplyContext(
        requested_model="asked", id_seed="5eed", created_s=1_700_000_000, request=request
    )
    body: dict[str, Any] = CLIENT.encode_response(response, context).body
    ChatCompletion.model_validate(body)
    return body


def wire_call(call_id: Any, name: Any, arguments: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
        **more,
    }


F = ToolCall(call_id="c1", name="f", arguments='{"a":1}')
SIGNED = [
    {
        "type": "reasoning.text",
        "text": "Hm.",
        "signature": "sig",
        "format": "anthropic-claude-v1",
        "index": 0,
    }
]
ENCRYPTED = [
    {"type": "reasoning.summary", "summary": "Hm.", "index": 0},
    {"type": "reasoning.encrypted", "data": "xx", "index": 0},
]

PARTS: dict[str, tuple[dict[str, Any], tuple[Part, ...]]] = {
    "text": ({"content": "Hi"}, (Text(text="Hi"),)),
    "no content": ({"content": None}, ()),
    "refusal": ({"content": None, "refusal": "No."}, (Refusal(text="No."),)),
    "reasoning_content": (
        {"content": "Hi", "reasoning_content": "Hm."},
        (Reasoning(text="Hm."), Text(text="Hi")),
    ),
    "reasoning": ({"content": "Hi", "reasoning": "Hm."}, (Reasoning(text="Hm."), Text(text="Hi"))),
    "both reasoning members": (
        {"content": "Hi", "reasoning": "Hm.", "reasoning_content": "Hm."},
        (Reasoning(text="Hm."), Text(text="Hi")),
    ),
    "signed details": (
        {"content": "Hi", "reasoning": "Hm.", "reasoning_details": SIGNED},
        (Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="sig")), Text(text="Hi")),
    ),
    "encrypted details": (
        {"content": "Hi", "reasoning": "Hm.", "reasoning_details": ENCRYPTED},
        (
            Reasoning(text="Hm.", opaque=Opaque(family="openrouter", value=ENCRYPTED)),
            Text(text="Hi"),
        ),
    ),
    "thinking blocks": (
        {
            "content": "Hi",
            "reasoning_content": "Hm.",
            "thinking_blocks": [
                {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
                {"type": "redacted_thinking", "data": "xx"},
            ],
        },
        (
            Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="sig")),
            Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="xx")),
            Text(text="Hi"),
        ),
    ),
    "mistral parts": (
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "closed": True},
                {"type": "text", "text": "Hi"},
            ]
        },
        (Reasoning(text="Hm."), Text(text="Hi")),
    ),
    "text parts": ({"content": [{"type": "text", "text": "H"}, "i"]}, (Text(text="Hi"),)),
    "unknown content part": (
        {"content": [{"type": "reference", "reference_ids": [1]}]},
        (
            Unknown(
                dialect="openai_chat",
                name="reference",
                raw={"type": "reference", "reference_ids": [1]},
            ),
        ),
    ),
    "parsed content": ({"content": {"a": 1}}, (Text(text='{"a": 1}'),)),
    "image": (
        {
            "content": "",
            "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}],
        },
        (Media(kind="image", mime="image/png", data="AA=="),),
    ),
    "audio": (
        {
            "content": None,
            "audio": {"id": "audio_1", "data": "AAAA", "expires_at": 9, "transcript": "Hi"},
        },
        (
            Media(
                kind="audio",
                data="AAAA",
                text="Hi",
                opaque=Opaque(family="openai", value={"id": "audio_1", "expires_at": 9}),
            ),
        ),
    ),
    "empty audio": (
        {"content": "Hi", "audio": {"id": "", "data": "", "expires_at": 0, "transcript": ""}},
        (Text(text="Hi"),),
    ),
    "citation": (
        {
            "content": "Hi",
            "annotations": [
                {
                    "type": "url_citation",
                    "url_citation": {
                        "url": "https://x.test",
                        "title": "X",
                        "start_index": 0,
                        "end_index": 2,
                    },
                }
            ],
        },
        (
            Text(
                text="Hi",
                citations=(
                    Citation(
                        url="https://x.test",
                        title="X",
                        start=0,
                        end=2,
                        dialect="openai_chat",
                        raw={
                            "type": "url_citation",
                            "url_citation": {
                                "url": "https://x.test",
                                "title": "X",
                                "start_index": 0,
                                "end_index": 2,
                            },
                        },
                    ),
                ),
            ),
        ),
    ),
    "file annotation": (
        {"content": None, "annotations": [{"type": "file", "file": {"hash": "h"}}]},
        (
            Unknown(
                dialect="openai_chat",
                name="annotations.file",
                raw={"type": "file", "file": {"hash": "h"}},
            ),
        ),
    ),
    "text signature": (
        {"content": "Hi", "extra_content": {"google": {"thought_signature": "g"}}},
        (Text(text="Hi", opaque=Opaque(family="gemini", value="g")),),
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_message_becomes_parts(name: str) -> None:
    """Each vendor's members become the parts they mean."""
    message, parts = PARTS[name]
    assert parts == decode(completion({"role": "assistant", **message})).choices[0].parts


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in PARTS
        if name not in ("no content", "unknown content part", "parsed content", "file annotation")
    ],
)
def test_parts_become_a_message_that_means_the_same(name: str) -> None:
    """Written for a client and read again, an answer is the same; and OpenAI's own client
    takes it.
    """
    response = decode(completion({"role": "assistant", **PARTS[name][0]}))
    assert response.choices == decode(encode(response)).choices


@pytest.mark.parametrize("name", PARTS)
def test_whole_and_streamed_cannot_disagree(name: str) -> None:
    """Unfolded and folded again the answer is itself."""
    response = decode(completion({"role": "assistant", **PARTS[name][0]}))
    assert response.choices == fold(unfold(response)).choices


CALLS: dict[str, tuple[dict[str, Any], tuple[ToolCall, ...]]] = {
    "one": ({"tool_calls": [wire_call("c1", "f", '{"a":1}')]}, (F,)),
    "parallel": (
        {
            "tool_calls": [
                wire_call("c1", "f", '{"a":1}', index=0),
                wire_call("c2", "g", "{}", index=1),
            ]
        },
        (F, ToolCall(call_id="c2", name="g", arguments="{}")),
    ),
    "every index 0": (
        {
            "tool_calls": [
                wire_call("c1", "f", '{"a":1}', index=0),
                wire_call("c2", "g", "{}", index=0),
            ]
        },
        (F, ToolCall(call_id="c2", name="g", arguments="{}")),
    ),
    "twice the same": (
        {
            "tool_calls": [
                wire_call("c1", "f", '{"a":1}', index=0),
                wire_call("c2", "f", '{"a":1}', index=0),
            ]
        },
        (F, ToolCall(call_id="c2", name="f", arguments='{"a":1}')),
    ),
    "object arguments": ({"tool_calls": [wire_call("c1", "f", {"a": 1})]}, (F,)),
    "no arguments": (
        {"tool_calls": [wire_call("c1", "f", "")]},
        (ToolCall(call_id="c1", name="f"),),
    ),
    "null arguments": (
        {"tool_calls": [wire_call("c1", "f", None)]},
        (ToolCall(call_id="c1", name="f"),),
    ),
    "no ids": (
        {"tool_calls": [wire_call(None, "f", '{"a":1}'), wire_call("", "g", "{}")]},
        (
            ToolCall(call_id="call_s01", name="f", arguments='{"a":1}'),
            ToolCall(call_id="call_s02", name="g", arguments="{}"),
        ),
    ),
    "custom": (
        {"tool_calls": [{"id": "c1", "type": "custom", "custom": {"name": "f", "input": "ls"}}]},
        (ToolCall(call_id="c1", name="f", arguments="ls", kind="custom"),),
    ),
    "zero values": (
        {
            "tool_calls": [wire_call("c1", "f", '{"a":1}', custom={"name": "", "input": ""})],
            "function_call": {"name": "", "arguments": ""},
        },
        (F,),
    ),
    "legacy": (
        {"function_call": {"name": "f", "arguments": '{"a":1}'}},
        (ToolCall(call_id="call_s01", name="f", arguments='{"a":1}'),),
    ),
    "gemini signature": (
        {
            "tool_calls": [
                wire_call(
                    "c1", "f", '{"a":1}', extra_content={"google": {"thought_signature": "g"}}
                )
            ]
        },
        (
            ToolCall(
                call_id="c1",
                name="f",
                arguments='{"a":1}',
                opaque=Opaque(family="gemini", value="g"),
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_every_vendor(name: str) -> None:
    """Calls keep their ids, order and arguments, and the finish is `tool_calls` even where the
    vendor says stop.
    """
    message, calls = CALLS[name]
    choice = decode(completion({"role": "assistant", "content": None, **message})).choices[0]
    assert calls == choice.parts
    assert choice.finish.reason == "tool_calls"


def test_a_client_gets_calls_it_can_parse() -> None:
    """Empty arguments are an empty object; Gemini's signature rides along for replay."""
    signed = ToolCall(call_id="c1", name="f", opaque=Opaque(family="gemini", value="g"))
    response = Response(choices=(Choice(parts=(signed,), finish=Finish(reason="tool_calls")),))
    message = encode(response)["choices"][0]["message"]
    assert [
        wire_call("c1", "f", "{}", extra_content={"google": {"thought_signature": "g"}})
    ] == message["tool_calls"]
    assert message["content"] is None


def test_a_client_of_legacy_functions_gets_a_function_call() -> None:
    """Who offered `functions` reads `function_call`, and that word as the finish."""
    request = CLIENT.decode_request(
        {"messages": [{"role": "user", "content": "x"}], "functions": [{"name": "f"}]}, "m", False
    )
    choice = encode(
        Response(choices=(Choice(parts=(F,), finish=Finish(reason="tool_calls")),)), request
    )["choices"][0]
    assert choice["message"]["function_call"] == {"name": "f", "arguments": '{"a":1}'}
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "function_call"


def test_names_and_freeform_inputs_come_back_as_the_client_knows_them() -> None:
    """A call of a namespaced tool gets its namespace back, a stand-in for a custom tool its free
    text.
    """
    tools = (Tool(name="read", namespace="fs"), Tool(name="exec", kind="custom"), Tool(name="a.b"))
    request = Request(
        model="m", messages=(Message(role="user", parts=(Text(text="x"),)),), tools=tools
    )
    sent = [
        tool.get("function", tool.get("custom"))["name"]
        for tool in UPSTREAM.encode_request(request, Quirk()).body["tools"]
    ]
    calls = [
        wire_call("c1", sent[0], "{}"),
        wire_call("c2", sent[1], '{"input":"ls -l"}'),
        wire_call("c3", sent[2], "{}"),
    ]
    assert (
        ToolCall(call_id="c1", name="read", namespace="fs", arguments="{}"),
        ToolCall(call_id="c2", name="exec", kind="custom", arguments="ls -l"),
        ToolCall(call_id="c3", name="a.b", arguments="{}"),
    ) == decode(completion({"tool_calls": calls}), request=request).choices[0].parts


FINISHES = [
    ("stop", False, "stop"),
    ("length", False, "length"),
    ("content_filter", False, "content_filter"),
    ("tool_calls", True, "tool_calls"),
    ("stop", True, "tool_calls"),
    ("tool_calls", False, "stop"),
    ("function_call", True, "tool_calls"),
    ("eos", False, "stop"),
    ("end_turn", False, "stop"),
    ("COMPLETE", False, "stop"),
    ("tool_use", True, "tool_calls"),
    ("MAX_TOKENS", False, "length"),
    ("model_length", False, "length"),
    ("sensitive", False, "content_filter"),
    ("length", True, "length"),
    ("", False, "stop"),
    ("", True, "tool_calls"),
    (None, False, "stop"),
    (7, False, "stop"),
    ("never heard of", False, "stop"),
]


@pytest.mark.parametrize("word, has_calls, reason", FINISHES)
def test_how_an_answer_ended(word: Any, has_calls: bool, reason: str) -> None:
    """Vendors' words for the end become the five we know, and agree with the calls that
    are there.
    """
    message = {"tool_calls": [wire_call("c1", "f", "{}")]} if has_calls else {"content": "Hi"}
    assert reason == decode(completion(message, word)).choices[0].finish.reason


@pytest.mark.parametrize("word", ["insufficient_system_resource", "network_error", "error"])
def test_a_finish_that_is_a_failure(word: str) -> None:
    """It is no clean end."""
    with pytest.raises(FoldError, match=word):
        decode(completion({"content": "Hi"}, word))


USAGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
    ),
    (
        {
            "prompt_tokens": 3,
            "completion_tokens": 4,
            "prompt_tokens_details": {
                "cached_tokens": 2,
                "cache_write_tokens": 1,
                "audio_tokens": 0,
            },
            "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 2},
        },
        {
            "input_tokens": 3,
            "output_tokens": 4,
            "cache_read_tokens": 2,
            "cache_write_tokens": 1,
            "input_audio_tokens": 0,
            "reasoning_tokens": 1,
            "output_audio_tokens": 2,
        },
    ),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "total_tokens": 19,
            "completion_tokens_details": {"reasoning_tokens": 7},
        },
        {"input_tokens": 10, "output_tokens": 2, "reasoning_tokens": 7, "total_tokens": 19},
    ),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 9,
            "total_tokens": 19,
            "completion_tokens_details": {"reasoning_tokens": 7},
        },
        {"input_tokens": 10, "output_tokens": 9, "reasoning_tokens": 7, "total_tokens": 19},
    ),
    (
        {
            "prompt_tokens": 5,
            "prompt_cache_hit_tokens": 4,
            "prompt_cache_miss_tokens": 1,
            "completion_tokens": 1,
        },
        {"input_tokens": 5, "cache_read_tokens": 4, "output_tokens": 1},
    ),
    ({"prompt_tokens": 5, "cached_tokens": 4}, {"input_tokens": 5, "cache_read_tokens": 4}),
    (
        {
            "prompt_tokens": 5,
            "cached_tokens": 9,
            "completion_tokens": 1,
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        {"input_tokens": 5, "cache_read_tokens": 5, "output_tokens": 1, "reasoning_tokens": 1},
    ),
    (
        {"prompt_tokens": 5, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 1},
        {"input_tokens": 5, "cache_write_tokens": 3, "cache_read_tokens": 1},
    ),
    ({"prompt_tokens": 5, "cost": 0.25}, {"input_tokens": 5, "cost": 0.25}),
    ({"prompt_tokens": 5, "cost": {"total_cost": 0.5}}, {"input_tokens": 5, "cost": 0.5}),
    ({"prompt_tokens": 5, "cost_in_usd_ticks": 20_000_000_000}, {"input_tokens": 5, "cost": 2.0}),
    (
        {"prompt_tokens": 5, "num_search_queries": 2, "service_tier": "flex"},
        {"input_tokens": 5, "web_searches": 2, "service_tier": "flex"},
    ),
    (
        {"prompt_tokens": 5.0, "completion_tokens": None, "total_tokens": "many"},
        {"input_tokens": 5},
    ),
]


@pytest.mark.parametrize("wire, counts", USAGES)
def test_usage_of_every_vendor(wire: dict[str, Any], counts: dict[str, Any]) -> None:
    """Cached tokens are part of the input, whatever the vendor's spelling; the output is the
    vendor's own figure.
    """
    assert (
        Usage(**counts, raw=wire, dialect="openai_chat")
        == decode(completion({"content": "Hi"}, usage=wire)).usage
    )
    encoded = encode(decode(completion({"content": "Hi"}, usage=wire)))["usage"]
    assert (counts.get("input_tokens", 0), counts.get("output_tokens", 0)) == (
        encoded["prompt_tokens"],
        encoded["completion_tokens"],
    )
    assert encoded["total_tokens"] >= encoded["prompt_tokens"] + encoded["completion_tokens"]


def test_reasoning_that_a_vendor_counts_beside_the_output_joins_it() -> None:
    """xAI's figure leaves it out, and its total says so; a total that does not is believed."""
    details = {"completion_tokens_details": {"reasoning_tokens": 50}}
    counts = {"prompt_tokens": 100, "completion_tokens": 10, **details}
    quirk = Quirk(reasoning_beside_output=True)
    for total, output in ((160, 60), (110, 10)):
        body = completion({"content": "Hi"}, usage={**counts, "total_tokens": total})
        usage = decode(body, quirk).usage
        assert usage is not None
        assert usage.output_tokens == output


def test_a_foreign_usage_is_spelled_out() -> None:
    """Another dialect's counts become OpenAI's members, its own object stays behind."""
    usage = Usage(
        input_tokens=9,
        output_tokens=4,
        cache_read_tokens=5,
        cache_write_tokens=2,
        reasoning_tokens=1,
        raw={"input_tokens": 2},
        dialect="anthropic",
    )
    body = encode(
        Response(
            choices=(Choice(parts=(Text(text="Hi"),), finish=Finish(reason="stop")),), usage=usage
        )
    )
    assert body["usage"] == {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def test_think_tags_at_the_start_are_reasoning() -> None:
    """Where the row says so, and only where the text begins with the tag."""
    quirk = Quirk(think_tags=True)
    assert (Reasoning(text="Hm."), Text(text="Hi <think>")) == decode(
        completion({"content": "\n<think>Hm.</think>\n\nHi <think>"}), quirk
    ).choices[0].parts
    assert (Text(text="Hi <think>Hm.</think>"),) == decode(
        completion({"content": "Hi <think>Hm.</think>"}), quirk
    ).choices[0].parts
    assert (Text(text="<think>Hm.</think>Hi"),) == decode(
        completion({"content": "<think>Hm.</think>Hi"})
    ).choices[0].parts
    assert (Reasoning(text="cut off"),) == decode(
        completion({"content": "<think>cut off"}, "length"), quirk
    ).choices[0].parts


def test_sources_beside_the_choices_are_citations() -> None:
    """Perplexity's and xAI's lists, each source once, with its title when there is one."""
    body = completion(
        {"content": "Hi[1]"},
        citations=["https://a.test", {"url": "https://b.test", "title": "B"}],
        search_results=[
            {"url": "https://a.test", "title": "A", "snippet": "s"},
            {"title": "no url"},
        ],
    )
    assert (
        Citation(url="https://a.test", title="A", cited_text="s"),
        Citation(url="https://b.test", title="B"),
    ) == decode(body).choices[0].parts[0].citations  # type: ignore[union-attr]


def test_perplexity_repeats_the_message_beside_an_empty_delta() -> None:
    """In a whole answer the message counts."""
    body = completion({"role": "assistant", "content": "Hi"})
    body["choices"][0]["delta"] = {"role": "assistant", "content": ""}
    assert decode(body).text == "Hi"


def test_several_choices_and_logprobs() -> None:
    """Each choice keeps its parts, its end and its token probabilities."""
    logprobs = {
        "content": [
            {
                "token": "Hi",
                "logprob": -0.5,
                "bytes": [72, 105],
                "top_logprobs": [{"token": "Ho", "logprob": -1, "bytes": None}],
            }
        ]
    }
    body = completion({"content": "Hi"}, logprobs=None)
    body["choices"][0]["logprobs"] = logprobs
    body["choices"].append({"index": 1, "message": {"content": "Ho"}, "finish_reason": "length"})
    response = decode(body)
    entry = TokenLogprob(
        token="Hi",
        logprob=-0.5,
        utf8=(72, 105),
        alternatives=(TokenLogprob(token="Ho", logprob=-1.0),),
    )
    assert (Text(text="Hi", logprobs=(entry,)),) == response.choices[0].parts
    assert [choice.finish.reason for choice in response.choices] == ["stop", "length"]
    written = encode(response)
    assert written["choices"][0]["logprobs"]["content"][0]["token"] == "Hi"
    assert response.choices == decode(written).choices


def test_the_envelope() -> None:
    """The client reads the model it asked for and one id; members we do not know are carried."""
    response = decode(
        completion({"content": "Hi"}, system_fingerprint="fp", provider="P", service_tier=None)
    )
    assert response.extensions == {"openai_chat": {"system_fingerprint": "fp", "provider": "P"}}
    body = encode(response)
    assert (
        body["id"],
        body["model"],
        body["created"],
        body["system_fingerprint"],
        body["provider"],
    ) == ("chatcmpl-1", "asked", 5, "fp", "P")
    foreign = encode(
        Response(choices=(Choice(parts=(), finish=Finish(reason="stop")),), response_id="msg_1")
    )
    assert (foreign["id"], foreign["created"]) == ("chatcmpl-5eed", 1_700_000_000)
    assert foreign["choices"][0]["message"]["content"] == ""


def test_what_a_client_cannot_be_told_is_a_loss() -> None:
    """Foreign unknown parts, sources without a name and films have no chat form."""
    parts = (
        Unknown(dialect="anthropic", name="server_tool_use", raw={}),
        Text(
            text="Hi",
            citations=(Citation(cited_text="words"), Citation(title="a book", start=0, end=2)),
        ),
        Media(kind="video", data="AA"),
    )
    encoded = CLIENT.encode_response(
        Response(choices=(Choice(parts=parts, finish=Finish(reason="stop")),)), CONTEXT
    )
    assert encoded.losses == ("server_tool_use", "citations", "video")
    # A document without an address is named by its title, because the wire's type wants a `url`.
    named = {"url": "a book", "title": "a book", "start_index": 0, "end_index": 2}
    assert [{"type": "url_citation", "url_citation": named}] == encoded.body["choices"][0][
        "message"
    ]["annotations"]


def test_citation_offsets_count_in_the_whole_content() -> None:
    """Several text parts become one content, so offsets move along."""
    parts = (
        Text(text="One. "),
        Text(text="Two.", citations=(Citation(url="https://x.test", start=0, end=4),)),
    )
    message = encode(Response(choices=(Choice(parts=parts, finish=Finish(reason="stop")),)))[
        "choices"
    ][0]["message"]
    assert message["content"] == "One. Two."
    assert message["annotations"][0]["url_citation"] == {
        "url": "https://x.test",
        "title": "https://x.test",
        "start_index": 5,
        "end_index": 9,
    }


@pytest.mark.parametrize(
    "body, kind",
    [
        ({"error": {"message": "slow down", "code": 429}}, FailureKind.RATE_LIMITED),
        ({"error": "boom"}, FailureKind.SERVER_ERROR),
        (
            {
                "choices": [
                    {"error": {"code": 502, "message": "upstream"}, "finish_reason": "error"}
                ]
            },
            FailureKind.SERVER_ERROR,
        ),
        (
            {"choices": None, "base_resp": {"status_code": 1004, "status_msg": "invalid api key"}},
            FailureKind.CREDENTIAL_REFUSED,
        ),
        ({"detail": "Not Found"}, FailureKind.SERVER_ERROR),
        (
            [
                {
                    "error": {
                        "code": 400,
                        "message": "API key not valid. Please pass a valid API key.",
                        "status": "INVALID_ARGUMENT",
                    }
                }
            ],
            FailureKind.CREDENTIAL_REFUSED,
        ),
    ],
)
def test_an_error_in_an_answer_of_status_200(body: Any, kind: FailureKind) -> None:
    """It is the failure it says it is, not an answer."""
    with pytest.raises(FoldError) as error:
        decode(body)
    assert kind == error.value.failure.kind


@pytest.mark.parametrize(
    "body",
    [
        None,
        3,
        "x",
        [],
        {},
        {"choices": []},
        {"choices": "x"},
        {"choices": [3]},
        {"choices": [{"message": 3}]},
        {"choices": [{"index": 10**9, "message": {}}]},
    ],
)
def test_what_is_no_completion_is_a_wire_error(body: Any) -> None:
    """Whatever else came, the caller sees one kind of exception."""
    with pytest.raises(WireError):
        decode(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "reasoning",
                    "reasoning_details",
                    "audio",
                    "images",
                    "annotations",
                    "url_citation",
                    "type",
                    "text",
                    "thinking_blocks",
                    "function_call",
                    "id",
                    "index",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=40, deadline=None)
@given(JSON, JSON, JSON)
def test_hostile_answers_are_read_or_refused(message: Any, usage: Any, logprobs: Any) -> None:
    """Any JSON gives an answer that can be written, a WireError or a failure; nothing else."""
    body = completion(message, usage=usage)
    body["choices"][0]["logprobs"] = logprobs
    try:
        response = decode(body, Quirk(think_tags=True))
    except (WireError, FoldError):
        return
    assert "choices" in CLIENT.encode_response(response, CONTEXT).body
