"""Answers, whole and streamed: one table read both as a response and as chunks, and what clients of
this dialect are told.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import (
    Choice,
    Citation,
    Event,
    FailureKind,
    Finish,
    FoldError,
    Media,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Response,
    ResponseEnd,
    ResponseFailed,
    Search,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    Unknown,
    Usage,
    checked,
    fold,
    unfold,
)
from uniapi.dialects import ReplyContext, UpstreamContext
from uniapi.dialects.gemini import CLIENT, UPSTREAM
from uniapi.errors import WireError
from uniapi.wire import JsonArrayDecoder, SseDecoder

SIGNED = Opaque(family="gemini", value="QUJD")
CONTEXT = UpstreamContext(id_seed="ab")
REPLY = ReplyContext(requested_model="asked", id_seed="seed", created_s=1)


def answer(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    return {
        "candidates": [
            {
                "content": {"parts": list(parts), "role": "model"},
                "finishReason": "STOP",
                "index": 0,
                **candidate,
            }
        ],
        "modelVersion": "m",
        "responseId": "r",
    }


def sse(*chunks: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n" for chunk in chunks)


def decoded(
    raw: bytes, context: UpstreamContext = CONTEXT, sizes: tuple[int, ...] = (1 << 20,)
) -> list[Event]:
    """The events of a stream cut into pieces of these sizes, through the grammar."""
    framer, decoder = SseDecoder(), UPSTREAM.stream_decoder(context)
    events: list[Event] = []
    at = turn = 0
    while at < len(raw):
        size = sizes[turn % len(sizes)]
        for frame in framer.feed(raw[at : at + size]):
            events += decoder.feed(frame)
        at, turn = at + size, turn + 1
    for frame in framer.eof():
        events += decoder.feed(frame)
    return list(checked(events + decoder.eof()))


def failure_kind(raw: bytes) -> FailureKind:
    last = decoded(raw)[-1]
    assert isinstance(last, ResponseFailed)
    return last.failure.kind


CASES: list[tuple[str, list[dict[str, Any]], tuple[Part, ...]]] = [
    ("text", [{"text": "hel"}, {"text": "lo"}], (Text(text="hello"),)),
    (
        "thoughts and text",
        [{"text": "h", "thought": True}, {"text": "m", "thought": True}, {"text": "yes"}],
        (Reasoning(text="hm"), Text(text="yes")),
    ),
    (
        "a signature on text",
        [{"text": "a"}, {"text": "b", "thoughtSignature": "QUJD"}],
        (Text(text="ab", opaque=SIGNED),),
    ),
    (
        "a signature on empty text",
        [{"text": "a"}, {"text": "", "thoughtSignature": "QUJD"}],
        (Text(text="a", opaque=SIGNED),),
    ),
    (
        "a signature alone",
        [{"text": "hm", "thought": True}, {"thoughtSignature": "QUJD"}],
        (Reasoning(text="hm"), Text(text="", opaque=SIGNED)),
    ),
    (
        "text after a signature",
        [{"text": "a", "thoughtSignature": "QUJD"}, {"text": "b"}],
        (Text(text="a", opaque=SIGNED), Text(text="b")),
    ),
    (
        "a signed thought",
        [{"text": "hm", "thought": True, "thoughtSignature": "QUJD"}, {"text": "a"}],
        (Reasoning(text="hm", opaque=SIGNED), Text(text="a")),
    ),
    ("empty text", [{"text": ""}], ()),
    (
        "calls",
        [
            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "QUJD"},
            {"functionCall": {"id": "x", "name": "g"}},
        ],
        (
            ToolCall(call_id="call_ab01", name="f", arguments='{"a": 1}', opaque=SIGNED),
            ToolCall(call_id="x", name="g", arguments="{}"),
        ),
    ),
    (
        "text around a call",
        [{"text": "a"}, {"functionCall": {"id": "x", "name": "g"}}, {"text": "b"}],
        (Text(text="a"), ToolCall(call_id="x", name="g", arguments="{}"), Text(text="b")),
    ),
    (
        "a picture",
        [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
        (Media(kind="image", mime="image/png", data="AAAA"),),
    ),
    (
        "sound in pieces of any length",
        [
            {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": data}}
            for data in ("YQ==", "YmM=", "ZA==")
        ],
        (Media(kind="audio", mime="audio/L16;rate=24000", data="YWJjZA=="),),
    ),
    (
        "code that was run",
        [
            {"text": "See:"},
            {"executableCode": {"language": "PYTHON", "code": "print(1)\n"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
            {"text": "One."},
        ],
        (Text(text="See:\n```python\nprint(1)\n```\n\n```\n1\n```\nOne."),),
    ),
    (
        "Google's own calls",
        [{"toolCall": {"id": "1"}}],
        (Unknown(dialect="gemini", name="toolCall", raw={"toolCall": {"id": "1"}}),),
    ),
    (
        "arguments in pieces",
        [
            {"functionCall": {"id": "x", "name": "f", "willContinue": True}},
            {
                "functionCall": {
                    "partialArgs": [
                        {"jsonPath": "$.city", "stringValue": "Par", "willContinue": True}
                    ],
                    "willContinue": True,
                }
            },
            {
                "functionCall": {
                    "partialArgs": [
                        {"jsonPath": "$.city", "stringValue": "is"},
                        {"jsonPath": "$.days[1].n", "numberValue": 2},
                    ],
                    "willContinue": True,
                }
            },
            {
                "functionCall": {
                    "partialArgs": [
                        {"jsonPath": "$['a b']", "boolValue": False},
                        {"jsonPath": "$.z", "nullValue": "NULL_VALUE"},
                    ],
                    "willContinue": True,
                }
            },
            {"functionCall": {}},
            {"functionCall": {"id": "y", "name": "g"}},
        ],
        (
            ToolCall(
                call_id="x",
                name="f",
                arguments='{"city": "Paris", "days": [null, {"n": 2}], "a b": false, "z": null}',
            ),
            ToolCall(call_id="y", name="g", arguments="{}"),
        ),
    ),
]


@pytest.mark.parametrize("name, parts, expected", CASES, ids=[case[0] for case in CASES])
def test_parts_whole_and_streamed(
    name: str, parts: list[dict[str, Any]], expected: tuple[Part, ...]
) -> None:
    """The parts of one answer are the same in one piece and a chunk each."""
    whole = UPSTREAM.decode_response(answer(*parts), CONTEXT)
    assert list(checked(unfold(whole)))
    assert whole.choices[0].parts == expected
    chunks = [answer(part, finishReason="") for part in parts]
    assert fold(decoded(sse(*chunks, answer()))) == whole


def test_the_clients_names_come_back() -> None:
    """A name that was cleaned for the wire, or that the model put its own namespace before, is the
    client's own again; a freeform tool gets its text, whatever member the model put it in.
    """
    request = Request(model="m", tools=(Tool(name="my tool"), Tool(name="exec", kind="custom")))
    body = answer(
        {"functionCall": {"name": "my_tool"}},
        {"functionCall": {"name": "exec", "args": {"input": "print(1)"}}},
        {"functionCall": {"name": "default_api:exec", "args": {"code": "print(2)"}}},
        {"functionCall": {"name": "default_api:unknown"}},
    )
    parts = UPSTREAM.decode_response(body, UpstreamContext(request=request)).choices[0].parts
    assert [
        (part.name, part.kind, part.arguments) for part in parts if isinstance(part, ToolCall)
    ] == [
        ("my tool", "function", "{}"),
        ("exec", "custom", "print(1)"),
        ("exec", "custom", "print(2)"),
        ("default_api:unknown", "function", "{}"),
    ]


FINISHES: list[tuple[str, str]] = [
    ("STOP", "stop"),
    ("MAX_TOKENS", "length"),
    ("SAFETY", "content_filter"),
    ("RECITATION", "content_filter"),
    ("PROHIBITED_CONTENT", "content_filter"),
    ("IMAGE_SAFETY", "content_filter"),
    ("MODEL_ARMOR", "content_filter"),
    ("ESCALATION", "content_filter"),
    ("CONTINUATION", "length"),
    ("OTHER", "stop"),
    ("NO_IMAGE", "stop"),
    ("SOMETHING_NEW", "stop"),
]


@pytest.mark.parametrize("native, reason", FINISHES)
def test_finish_reasons(native: str, reason: str) -> None:
    """Each word has its meaning, the native one and its message are kept."""
    found = UPSTREAM.decode_response(
        answer({"text": "a"}, finishReason=native, finishMessage="why"), CONTEXT
    )
    assert found.choices[0].finish == Finish(
        reason=reason, native=native, dialect="gemini", message="why"
    )  # type: ignore[arg-type]


FAILED = [
    ("MALFORMED_FUNCTION_CALL", {"text": "a"}),
    ("malformed_function_call", {"functionCall": {"name": "f"}}),
    ("UNEXPECTED_TOOL_CALL", {"text": "a"}),
    ("TOO_MANY_TOOL_CALLS", {"text": "a"}),
    ("MISSING_THOUGHT_SIGNATURE", {"text": "a"}),
    ("MALFORMED_RESPONSE", {"text": "a"}),
    ("PUP_LIMITED_DISABLED", {"text": "a"}),
    ("OTHER", {"text": "a", "thought": True}),
    ("IMAGE_OTHER", {"text": "", "thoughtSignature": "QUJD"}),
    ("NO_IMAGE", {}),
]


@pytest.mark.parametrize("native, part", FAILED)
def test_a_finish_that_is_a_failure(native: str, part: dict[str, Any]) -> None:
    """It is no clean end, whole, streamed or relayed, and says why in Google's words; some words
    are failures only where nothing but thoughts was said.
    """
    body = answer(part, finishReason=native, finishMessage="why")
    with pytest.raises(FoldError) as whole:
        UPSTREAM.decode_response(body, CONTEXT)
    failure = whole.value.failure
    assert failure.kind is FailureKind.MODEL_FAULT
    assert failure.message == f"the answer ended in failure ({native.upper()}: why)"
    assert decoded(sse(body))[-1] == ResponseFailed(failure=failure)
    of_whole, of_stream = UPSTREAM.observer(), UPSTREAM.observer()
    of_whole.whole(body)
    for frame in SseDecoder().feed(sse(body)):
        of_stream.feed(frame)
    for observer in (of_whole, of_stream):
        assert observer.failure == failure
        assert not observer.is_whole


def test_calls_are_a_finish_of_their_own() -> None:
    """Google says STOP for them."""
    assert (
        UPSTREAM.decode_response(answer({"functionCall": {"name": "f"}}), CONTEXT)
        .choices[0]
        .finish.reason
        == "tool_calls"
    )


def test_a_blocked_prompt() -> None:
    """It has no candidates, and is a whole answer."""
    body = {
        "promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "no"},
        "usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 3},
    }
    expected = Finish(reason="content_filter", native="SAFETY", dialect="gemini", message="no")
    whole = UPSTREAM.decode_response(body, CONTEXT)
    assert whole.choices == (Choice(parts=(), finish=expected),)
    assert fold(decoded(sse(body))) == whole
    assert whole.usage is not None
    assert whole.usage.output_tokens == 0


USAGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {
            "promptTokenCount": 10,
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 7,
            "cachedContentTokenCount": 4,
            "totalTokenCount": 22,
        },
        {"input_tokens": 10, "output_tokens": 12, "reasoning_tokens": 7, "cache_read_tokens": 4},
    ),
    (
        {
            "promptTokenCount": 10,
            "toolUsePromptTokenCount": 3,
            "candidatesTokenCount": 5,
            "totalTokenCount": 18,
        },
        {"input_tokens": 13, "output_tokens": 5},
    ),
    (
        {
            "promptTokenCount": 10,
            "candidatesTokenCount": 12,
            "thoughtsTokenCount": 7,
            "totalTokenCount": 22,
        },
        {"input_tokens": 10, "output_tokens": 12, "reasoning_tokens": 7},
    ),
    (
        {
            "promptTokenCount": 1,
            "candidatesTokenCount": 2,
            "totalTokenCount": 9,
            "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
        },
        {"input_tokens": 1, "output_tokens": 2, "total_tokens": 9, "output_audio_tokens": 2},
    ),
]


@pytest.mark.parametrize("stated, expected", USAGES)
def test_usage(stated: dict[str, Any], expected: dict[str, Any]) -> None:
    """Input holds the tokens of Google's tools, output the thoughts; who counts thoughts among the
    candidates is found out by the total.
    """
    found = UPSTREAM.decode_response(
        {**answer({"text": "a"}), "usageMetadata": stated}, CONTEXT
    ).usage
    assert found == Usage(**expected, raw=stated, dialect="gemini")


def test_usage_after_the_finish_counts() -> None:
    """The last figures win, also in a chunk of their own."""
    chunks = [
        {**answer({"text": "a"}, finishReason=""), "usageMetadata": {"promptTokenCount": 3}},
        answer(),
        {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 9}},
    ]
    usage = fold(decoded(sse(*chunks))).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (3, 9)


GROUNDING = {
    "groundingChunks": [
        {"web": {"uri": "https://a.example", "title": "A"}},
        {"web": {"uri": "https://b.example"}},
    ],
    "groundingSupports": [
        {"segment": {"startIndex": 4, "endIndex": 9, "text": "wörd"}, "groundingChunkIndices": [0]}
    ],
}


def test_citations() -> None:
    """Google counts bytes, we count characters; sources without a stretch are kept, and the
    metadata for its own clients.
    """
    whole = UPSTREAM.decode_response(
        answer({"text": "öx wörd"}, groundingMetadata=GROUNDING), CONTEXT
    )
    text = whole.choices[0].parts[0]
    assert isinstance(text, Text)
    assert [
        (each.url, each.title, each.start, each.end, each.cited_text) for each in text.citations
    ] == [
        ("https://a.example", "A", 3, 7, "wörd"),
        ("https://b.example", None, None, None, None),
    ]
    assert whole.extensions["gemini"] == {
        "candidates": [{"index": 0, "groundingMetadata": GROUNDING}]
    }
    assert (
        fold(
            decoded(
                sse(
                    answer({"text": "öx "}, finishReason=""),
                    answer({"text": "wörd"}, groundingMetadata=GROUNDING),
                )
            )
        )
        == whole
    )


def test_a_search_of_googles() -> None:
    """The queries and what they found are a part of the answer behind its text, and counted; a
    client of this dialect reads another vendor's search as grounding.
    """
    grounding = {"webSearchQueries": ["a", "b"], **GROUNDING}
    body = answer({"text": "x"}, groundingMetadata=grounding)
    body["usageMetadata"] = {"promptTokenCount": 3}
    whole = UPSTREAM.decode_response(body, CONTEXT)
    search = whole.choices[0].parts[-1]
    assert isinstance(search, Search)
    assert search.queries == ("a", "b")
    assert [each.url for each in search.sources] == ["https://a.example", "https://b.example"]
    assert whole.usage is not None
    assert whole.usage.web_searches == 2
    assert fold(decoded(sse(body))) == whole
    foreign = Response(
        choices=(
            Choice(parts=(Search(queries=("q",)), Text(text="x")), finish=Finish(reason="stop")),
        )
    )
    told = encoded(foreign)["candidates"][0]
    assert told["groundingMetadata"] == {"webSearchQueries": ["q"]}
    last = chunks_of(streamed(unfold(foreign)))[-1]
    assert last["candidates"][0]["groundingMetadata"] == {"webSearchQueries": ["q"]}


def test_a_file_without_a_name_is_cited_by_its_store() -> None:
    """A source must have something to be called by, or no other dialect can name it."""
    found = {"retrievedContext": {"fileSearchStore": "fileSearchStores/s1", "text": "Paris."}}
    part = (
        UPSTREAM.decode_response(
            answer({"text": "a"}, groundingMetadata={"groundingChunks": [found]}), CONTEXT
        )
        .choices[0]
        .parts[0]
    )
    assert isinstance(part, Text)
    assert [(each.title, each.cited_text) for each in part.citations] == [
        ("fileSearchStores/s1", "Paris.")
    ]


def test_log_probabilities() -> None:
    """The chosen tokens, with the alternatives at the same place."""
    result = {
        "chosenCandidates": [{"token": "a", "logProbability": -0.5}],
        "topCandidates": [{"candidates": [{"token": "b", "logProbability": -1}]}],
    }
    part = (
        UPSTREAM.decode_response(answer({"text": "a"}, logprobsResult=result), CONTEXT)
        .choices[0]
        .parts[0]
    )
    assert part == Text(
        text="a",
        logprobs=(
            TokenLogprob(
                token="a", logprob=-0.5, alternatives=(TokenLogprob(token="b", logprob=-1.0),)
            ),
        ),
    )


def test_several_candidates() -> None:
    """Each is a choice by its index, also when their chunks alternate."""
    first, second = (
        answer({"text": "a"})["candidates"][0],
        answer({"text": "b"}, index=1, finishReason="MAX_TOKENS")["candidates"][0],
    )
    found = fold(
        decoded(
            sse(
                {"candidates": [first]},
                {"candidates": [second, {**first, "content": {"parts": [{"text": "c"}]}}]},
            )
        )
    )
    assert [(choice.parts, choice.finish.reason) for choice in found.choices] == [
        ((Text(text="ac"),), "stop"),
        ((Text(text="b"),), "length"),
    ]


def test_the_envelope() -> None:
    """Id, model and time are read; unknown members are kept."""
    found = UPSTREAM.decode_response(
        {
            **answer({"text": "a"}),
            "createTime": "2026-01-01T00:00:00.123456Z",
            "modelStatus": {"x": 1},
        },
        CONTEXT,
    )
    assert (found.response_id, found.model, found.created_s) == ("r", "m", 1767225600)
    assert found.extensions == {"gemini": {"modelStatus": {"x": 1}}}


ERROR = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}


def test_streams_that_fail() -> None:
    """An error object, also in a list, a broken chunk, an impossible index, and an end without a
    finish.
    """
    begun = answer({"text": "a"}, finishReason="")
    assert failure_kind(sse(begun, ERROR)) is FailureKind.OVERLOADED
    assert failure_kind(sse(begun, [ERROR])) is FailureKind.OVERLOADED
    assert failure_kind(sse(begun) + b"data: {broken\n\n") is FailureKind.BROKEN
    assert failure_kind(sse(answer({"text": "a"}, index=10**9))) is FailureKind.BROKEN
    assert failure_kind(sse(begun)) is FailureKind.BROKEN
    assert failure_kind(b"") is FailureKind.BROKEN


@pytest.mark.parametrize("body", [{}, [], "<html>", None, {"choices": []}])
def test_what_is_no_answer(body: Any) -> None:
    """It is malformed, never an empty answer."""
    with pytest.raises(WireError, match="expected a GenerateContentResponse"):
        UPSTREAM.decode_response(body, CONTEXT)


@pytest.mark.parametrize("body", [ERROR, [ERROR], [answer({"text": "a"}, finishReason=""), ERROR]])
def test_an_error_with_status_200_is_a_failure_of_its_kind(body: Any) -> None:
    """Routing is told what it was."""
    with pytest.raises(FoldError) as raised:
        UPSTREAM.decode_response(body, CONTEXT)
    assert FailureKind.OVERLOADED is raised.value.failure.kind


def test_a_list_of_chunks_is_an_answer() -> None:
    """Some upstreams answer a whole request with the streamed array."""
    assert (
        UPSTREAM.decode_response(
            [answer({"text": "a"}, finishReason=""), answer({"text": "b"})], CONTEXT
        ).text
        == "ab"
    )


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_events_do_not_depend_on_the_split(sizes: list[int]) -> None:
    """Any split of the bytes gives the same events."""
    raw = sse(
        *[answer(part, finishReason="") for case in CASES for part in case[1]],
        answer(groundingMetadata=GROUNDING),
    )
    assert decoded(raw, sizes=tuple(sizes)) == decoded(raw)


REPLIES: list[tuple[Part, list[dict[str, Any]]]] = [
    (Text(text="a", opaque=SIGNED), [{"text": "a", "thoughtSignature": "QUJD"}]),
    (Text(text="a", opaque=Opaque(family="other", value="x")), [{"text": "a"}]),
    (Refusal(text="no"), [{"text": "no"}]),
    (Reasoning(text="hm"), [{"text": "hm", "thought": True}]),
    (Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="x")), []),
    (
        ToolCall(call_id="x", name="f", arguments='{"a": 1}', opaque=SIGNED),
        [{"functionCall": {"id": "x", "name": "f", "args": {"a": 1}}, "thoughtSignature": "QUJD"}],
    ),
    (
        ToolCall(call_id="x", name="f", arguments="{broken"),
        [{"functionCall": {"id": "x", "name": "f", "args": {"_raw": "{broken"}}}],
    ),
    (
        Media(kind="image", mime="image/png", data="AAAA"),
        [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
    ),
    (Media(kind="audio", text="transcript"), [{"text": "transcript"}]),
    (
        Media(kind="audio", mime="audio/wav", data="AAAA", text="words"),
        [{"text": "words"}, {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}],
    ),
    (Unknown(dialect="gemini", name="toolCall", raw={"toolCall": {}}), [{"toolCall": {}}]),
]


def encoded(response: Response, context: ReplyContext = REPLY) -> Any:
    return CLIENT.encode_response(response, context).body


def streamed(events: list[Event], context: ReplyContext = REPLY) -> bytes:
    encoder = CLIENT.stream_encoder(context)
    return b"".join(piece for event in events for piece in encoder.feed(event)) + b"".join(
        encoder.eof()
    )


def chunks_of(raw: bytes) -> list[Any]:
    return [json.loads(frame.data) for frame in SseDecoder().feed(raw)]


@pytest.mark.parametrize("part, expected", REPLIES)
def test_a_part_for_a_client(part: Part, expected: list[dict[str, Any]]) -> None:
    """Whole and streamed say the same; a call goes out whole."""
    response = Response(choices=(Choice(parts=(part,), finish=Finish(reason="stop")),))
    whole = encoded(response)["candidates"][0]
    assert whole["content"].get("parts", []) == expected
    *told, last = chunks_of(streamed(unfold(response)))
    said = [block for chunk in told for block in chunk["candidates"][0]["content"]["parts"]]
    assert said == expected
    assert last["candidates"][0]["finishReason"] == "STOP"


def test_the_end_of_an_answer_for_a_client() -> None:
    """Finish, usage, sources, probabilities, and the name the client asked for; the answer's own
    id.
    """
    text = Text(
        text="öx wörd",
        citations=(Citation(url="https://a.example", title="A", start=3, end=7),),
        logprobs=(TokenLogprob(token="a", logprob=-1.0),),
    )
    response = Response(
        choices=(
            Choice(parts=(text,), finish=Finish(reason="length", message="why")),
            Choice(parts=(Text(text="b"),), finish=Finish(reason="tool_calls")),
        ),
        response_id="r",
        usage=Usage(input_tokens=10, output_tokens=12, reasoning_tokens=7, cache_read_tokens=4),
    )
    body = encoded(response)
    first, second = body["candidates"]
    assert first["groundingMetadata"] == {
        "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}],
        "groundingSupports": [
            {
                "segment": {"startIndex": 4, "endIndex": 9, "text": "wörd"},
                "groundingChunkIndices": [0],
            }
        ],
    }
    assert first["logprobsResult"]["chosenCandidates"] == [{"token": "a", "logProbability": -1.0}]
    assert [(each["finishReason"], each["index"]) for each in (first, second)] == [
        ("MAX_TOKENS", 0),
        ("STOP", 1),
    ]
    assert body["usageMetadata"] == {
        "promptTokenCount": 10,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 7,
        "cachedContentTokenCount": 4,
        "totalTokenCount": 22,
    }
    assert (body["modelVersion"], body["responseId"]) == ("asked", "r")
    last = chunks_of(streamed(unfold(response)))[-1]
    assert {name: value for name, value in last["candidates"][0].items() if name != "content"} == {
        name: value for name, value in first.items() if name != "content"
    }
    assert last["usageMetadata"] == body["usageMetadata"]


def test_googles_own_words_come_back() -> None:
    """An answer of this dialect keeps its finish, usage and metadata when it is told again."""
    body = {
        **answer({"text": "a"}, finishReason="SPII", groundingMetadata=GROUNDING, safetyRatings=[]),
        "usageMetadata": {"promptTokenCount": 1, "x": 2},
    }
    response = UPSTREAM.decode_response(body, CONTEXT)
    assert encoded(response) == {**body, "modelVersion": "asked"}
    blocked = {"promptFeedback": {"blockReason": "JAILBREAK"}, "responseId": "r"}
    again = UPSTREAM.decode_response(blocked, CONTEXT)
    assert encoded(again) == {**blocked, "modelVersion": "asked"}
    assert chunks_of(streamed(unfold(again))) == [{**blocked, "modelVersion": "asked"}]


def test_text_is_told_as_it_comes() -> None:
    """Each delta is a chunk at once, in the exact form of Google's events."""
    events = decoded(sse(answer({"text": "é"}, finishReason="")))[:-1]
    encoder = CLIENT.stream_encoder(REPLY)
    out = [piece for event in events for piece in encoder.feed(event)]
    assert out == [
        (
            'data: {"candidates":[{"content":{"parts":[{"text":"é"}],'
            '"role":"model"},"index":0}],"modelVersion":"asked","responseId":"r"}\r\n'
            "\r\n"
        ).encode()
    ]


def test_an_array_for_clients_without_sse() -> None:
    """The same chunks as elements of one array, closed in every case."""
    context = ReplyContext(
        requested_model="asked", id_seed="seed", created_s=1, framing="json_array"
    )
    events = decoded(sse(answer({"text": "a"}, finishReason=""), answer({"text": "b"})))
    assert json.loads(streamed(events, context)) == chunks_of(streamed(events))
    cut = streamed(events[:-1], context)
    assert json.loads(cut)[-1]["error"]["code"] == 502
    assert len(JsonArrayDecoder().feed(cut)) == 3


def test_a_failure_in_a_stream() -> None:
    """It is an error object of this dialect; a cut stream gets one too."""
    events = decoded(sse(answer({"text": "a"}, finishReason=""), ERROR))
    assert chunks_of(streamed(events))[-1] == {
        "error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}
    }
    assert chunks_of(streamed(events[:-1]))[-1]["error"]["status"] == "UNAVAILABLE"


def test_joining_a_stream_others_began() -> None:
    """After a relay's bytes only the terminal is written; in an array, behind a comma."""
    context = ReplyContext(
        requested_model="asked", id_seed="seed", created_s=1, framing="json_array"
    )
    encoder = CLIENT.stream_encoder(context)
    encoder.join_midway()
    ended = b"".join(encoder.eof())
    assert ended.startswith(b',\n{"error":')
    assert ended.endswith(b"]")


def test_an_answer_says_what_it_could_not_carry() -> None:
    """Parts of other dialects are named."""
    response = Response(
        choices=(
            Choice(
                parts=(Unknown(dialect="anthropic", name="server_tool_use", raw={}),),
                finish=Finish(reason="stop"),
            ),
        )
    )
    assert CLIENT.encode_response(response, REPLY).losses == ("server_tool_use",)


def test_the_last_event_of_a_whole_stream() -> None:
    """One terminal, with a finish for each candidate."""
    last = decoded(sse(answer({"text": "a"})))[-1]
    assert last == ResponseEnd(finishes=(Finish(reason="stop", native="STOP", dialect="gemini"),))
