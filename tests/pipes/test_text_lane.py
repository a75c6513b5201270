"""Most frames of a stream differ in their text alone, and are not read in full: whatever comes, and
however it is split, nothing is learned or written that reading every frame in full would not give.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest
from lane_road import cut, difference, pipe, through

from uniapi.dialects import CLIENT_DIALECTS, Quirk
from uniapi.wire import Run, encode_sse

TEXTS = (
    *("Hi", " there", " and", " more", ",", " of it", "", " 1"),
    *('a "quoted" word', "back\\slash\n\ttab", "é 你好", "🎉", "a/b"),
    *('"finish_reason":"stop"', '{"error":{"message":"no"}}', '"usage":{"prompt_tokens":1}'),
    *("data: [DONE]", "\ud83d", "\ude00", "\x7f\x01", "line\u2028end"),
)
ARGUMENTS = (
    *('{"', 'a":"', "b c", " é", '","d":', "-", "1", ",", '"e":', "N", "aN", '"f":"', "\\", '"g"'),
    *("}", "\n", "New", '{"a":"b"}', "", "Infinity", " ", '"}', '","', "\\n"),
)
"""Pieces of a call's arguments, more or less in order."""
ODD_FRAMES = (
    *(b": ping\n\n", b"\n\n", b"data: [DONE\n\n", b"event: x\ndata: {}\n\n", b":\r\n\r\n"),
    *(b"id: 7\n\n", b"data: {\ndata: }\n\n", b"retry: 9\n\n", b"\xef\xbb\xbfdata: {}\n\n"),
)


class Speller:
    """Spells a stream's values as one vendor does: escapes, spaces, line ends, padding."""

    def __init__(self, rng):
        self.rng = rng
        self._is_ascii = rng.random() < 0.5
        self._separators = rng.choice(((",", ":"), (",", ":"), (", ", ": ")))
        self._end = rng.choice((b"\n\n", b"\n\n", b"\r\n\r\n"))
        self._escapes_slash = rng.random() < 0.2
        self.pads = rng.random() < 0.4

    def frame(self, value, name=None):
        text = json.dumps(value, ensure_ascii=self._is_ascii, separators=self._separators)
        if self._escapes_slash:
            text = text.replace("/", "\\/")
        framed = encode_sse(text.encode("utf-8", "surrogatepass"), name)
        if self.rng.random() < 0.02:
            framed = framed.replace(b"data: ", b"data:")
        if self.rng.random() < 0.02:
            framed = framed.replace(b'"model"', b'"mod\\u0065l"')
        if self.pads and framed.endswith(b"}}\n\n"):
            framed = framed[:-3] + b" " * self.rng.randrange(6) + b"}\n\n"
        return framed[:-2].replace(b"\n", self._end[: len(self._end) // 2]) + self._end

    def padding(self):
        return {"obfuscation": "x" * self.rng.randrange(9)} if self.pads else {}

    def text(self):
        return self.rng.choice(TEXTS)


def chat_frames(rng: random.Random) -> Iterator[bytes]:
    spell = Speller(rng)
    envelope = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-x"}
    more_of_each = rng.choice(({}, {}, {"role": "assistant"}, {"channel": "analysis"}))

    def frame(delta, finish=None, **more):
        delta = {**delta, **more_of_each}
        choice = {"index": rng.choice((0,) * 30 + (1,)), "delta": delta, "logprobs": None}
        value = {**envelope, "choices": [{**choice, "finish_reason": finish}], **more}
        return spell.frame({**value, **spell.padding()})

    yield frame({"role": "assistant", "content": ""})
    for _ in range(rng.randrange(6)):
        kind = rng.choice(("content", "content", "reasoning_content", "reasoning", "call"))
        many = range(rng.randrange(12))
        if kind == "call":
            call = {"index": 0, "id": "t1", "function": {"name": "f", "arguments": ""}}
            yield frame({"tool_calls": [call]})
            said = [spell.text() for _ in many] if rng.random() < 0.2 else ARGUMENTS
            for text in said if rng.random() < 0.5 else ARGUMENTS[: rng.randrange(14)]:
                text = rng.choice(ARGUMENTS) if rng.random() < 0.1 else text
                call = {"index": 0, "function": {"arguments": text}}
                yield frame({"content": None, "tool_calls": [call]})
            continue
        for _ in many:
            yield frame({kind: spell.text()})
            odd = rng.randrange(60)
            if odd == 0:
                yield rng.choice(ODD_FRAMES)
            elif odd == 1:
                yield frame({kind: "x"}, usage={"prompt_tokens": 3, "completion_tokens": 4})
            elif odd == 2:
                envelope["created"] += 1
            elif odd == 3:
                yield frame({kind: "x", "content": "both"})
            elif odd == 4:
                yield frame({kind: "x"}, citations=["https://x.example"])
    ending = rng.randrange(6)
    if ending == 0:
        yield spell.frame({"error": {"message": "broken", "code": 500}})
    if ending < 4:
        yield frame({}, "stop")
        usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
        yield spell.frame({**envelope, "choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"


def messages_frames(rng: random.Random) -> Iterator[bytes]:
    spell = Speller(rng)

    def frame(kind, **value):
        return spell.frame({"type": kind, **value}, kind)

    usage = {"input_tokens": 3, "output_tokens": 1}
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "gpt-x", "content": []}
    yield frame("message_start", message={**message, "usage": usage})
    for index in range(rng.randrange(1, 5)):
        name, delta, block = rng.choice(
            (
                ("text", "text_delta", {"type": "text", "text": ""}),
                ("thinking", "thinking_delta", {"type": "thinking", "thinking": ""}),
                (
                    "partial_json",
                    "input_json_delta",
                    {"type": "tool_use", "id": "t1", "name": "f", "input": {}},
                ),
            )
        )
        yield frame("content_block_start", index=index, content_block=block)
        for _ in range(rng.randrange(16)):
            said = {"type": delta, name: spell.text()}
            yield frame("content_block_delta", index=index, delta=said)
            odd = rng.randrange(40)
            if odd == 0:
                yield frame("ping")
            elif odd == 1:
                yield rng.choice(ODD_FRAMES)
            elif odd == 2 and name == "text":
                source = {"type": "web_search_result_location", "url": "https://x.example"}
                said = {"type": "citations_delta", "citation": {**source, "title": "t"}}
                yield frame("content_block_delta", index=index, delta=said)
            elif odd == 3:
                yield frame("content_block_delta", index=index + 1, delta=said)
        if name == "thinking":
            said = {"type": "signature_delta", "signature": "c2ln"}
            yield frame("content_block_delta", index=index, delta=said)
        yield frame("content_block_stop", index=index)
    if rng.random() < 0.1:
        yield frame("error", error={"type": "overloaded_error", "message": "no"})
    if rng.random() < 0.8:
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        yield frame("message_delta", delta=delta, usage={"output_tokens": 9})
        yield frame("message_stop")


def gemini_frames(rng: random.Random) -> Iterator[bytes]:
    spell = Speller(rng)
    count = 0
    told = {"modelVersion": "gpt-x", "responseId": "r1"}
    has_sums = rng.random() < 0.8
    for _ in range(rng.randrange(1, 5)):
        is_thought = rng.random() < 0.3
        for _ in range(rng.randrange(12)):
            count += rng.randrange(20)
            part = {"text": spell.text(), **({"thought": True} if is_thought else {})}
            if rng.random() < 0.03:
                part = {"functionCall": {"name": "f", "args": {"text": spell.text()}}}
            elif rng.random() < 0.03:
                part["thoughtSignature"] = "c2ln"
            candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
            details = [{"modality": "TEXT", "tokenCount": 9}]
            sums = {"promptTokenCount": 9, "totalTokenCount": 9 + count}
            sums |= {"promptTokensDetails": details, "serviceTier": "standard"}
            if rng.random() < 0.9:
                sums["candidatesTokenCount"] = count
            yield spell.frame(
                {"candidates": [candidate], **({"usageMetadata": sums} if has_sums else {}), **told}
            )
            if rng.random() < 0.03:
                yield rng.choice(ODD_FRAMES)
            elif rng.random() < 0.03:
                # What comes behind a finish counts as well.
                yield spell.frame({"candidates": [{"finishReason": "STOP", "index": 0}], **told})
    ended = {"content": {"parts": [{"text": "."}], "role": "model"}, "finishReason": "STOP"}
    if rng.random() < 0.9:
        yield spell.frame({"candidates": [{**ended, "index": 0}], "usageMetadata": {}, **told})


def responses_frames(rng: random.Random) -> Iterator[bytes]:
    spell = Speller(rng)
    number = iter(range(10_000))

    def frame(kind, **value):
        return spell.frame({"type": kind, "sequence_number": next(number), **value}, kind)

    response = {"id": "r1", "object": "response", "created_at": 1, "model": "gpt-x", "output": []}
    yield frame("response.created", response={**response, "status": "in_progress"})
    output = []
    for index in range(rng.randrange(1, 4)):
        where = {"item_id": f"i{index}", "output_index": index}
        kind = rng.choice(("message", "message", "reasoning", "function_call"))
        item = {"id": f"i{index}", "type": kind, "status": "in_progress"}
        more = {"message": {"role": "assistant", "content": []}, "reasoning": {"summary": []}}
        call = {"call_id": f"c{index}", "name": "f", "arguments": ""}
        item |= more.get(kind, call)
        yield frame("response.output_item.added", output_index=index, item=item)
        texts = [spell.text() for _ in range(rng.randrange(16))]
        event = {
            "message": "response.output_text.delta",
            "reasoning": "response.reasoning_summary_text.delta",
            "function_call": "response.function_call_arguments.delta",
        }[kind]
        place = {"message": {"content_index": 0}, "reasoning": {"summary_index": 0}}.get(kind, {})
        for text in texts:
            said = {**where, **place, "delta": text, **spell.padding()}
            odd = rng.randrange(50)
            if odd == 0:
                said["logprobs"] = [{"token": "x", "logprob": -1.0, "top_logprobs": []}]
            elif odd == 1:
                yield rng.choice(ODD_FRAMES)
            yield frame(event, **said)
        whole = "".join(texts)
        item = {**item, "status": "completed"}
        if kind == "message":
            item["content"] = [{"type": "output_text", "text": whole, "annotations": []}]
        elif kind == "reasoning":
            item["summary"] = [{"type": "summary_text", "text": whole}]
        else:
            item["arguments"] = whole
        output.append(item)
        yield frame("response.output_item.done", output_index=index, item=item)
    if rng.random() < 0.9:
        usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
        ended = {**response, "status": "completed", "output": output, "usage": usage}
        yield frame("response.completed", response=ended)


STREAMS = {
    "openai_chat": chat_frames,
    "anthropic": messages_frames,
    "gemini": gemini_frames,
    "openai_responses": responses_frames,
}
SEEDS = range(24)
"""Few: `.ci/run` compares every recorded stream as well (lane_corpus.py)."""


@pytest.mark.parametrize("client", STREAMS)
@pytest.mark.parametrize("upstream", STREAMS)
def test_a_translation_says_the_same_with_the_lane_and_without(upstream, client):
    runs = 0
    for seed in SEEDS:
        rng = random.Random(f"{upstream}{client}{seed}")
        frames = list(STREAMS[upstream](rng))
        data = b"".join(frames)
        for pieces in ([data], frames, list(cut(data, rng))):
            found, count = difference(upstream, client, pieces)
            assert not found, (seed, found)
            runs += count
    assert runs > 10


@pytest.mark.parametrize("model", ["alias", 'an "odd" é %b name', None])
@pytest.mark.parametrize("upstream", STREAMS)
def test_a_relay_says_the_same_with_the_lane_and_without(upstream, model):
    runs = 0
    for seed in SEEDS:
        rng = random.Random(f"{upstream}{seed}")
        frames = list(STREAMS[upstream](rng))
        data = b"".join(frames)
        more = {"drops_usage": seed % 3 == 0, "remembers": seed % 5 == 0}
        for pieces in ([data], frames, list(cut(data, rng))):
            found, count = difference(upstream, upstream, pieces, road="relay", model=model, **more)
            assert not found, (seed, found)
            runs += count
    assert runs > 10


@pytest.mark.parametrize(
    "quirk", [Quirk(think_tags=True), Quirk(reasoning_beside_output=True)], ids=["tags", "beside"]
)
def test_what_a_vendor_does_otherwise_is_minded_in_the_lane(quirk):
    for seed in SEEDS:
        rng = random.Random(seed)
        frames = [frame.replace(b" and", b"<think>") for frame in chat_frames(rng)]
        found, _ = difference("openai_chat", "anthropic", frames, quirk=quirk)
        assert not found, (seed, found)


def chat_deltas(texts, tail=b'"},"finish_reason":null}]}\n\n'):
    head = b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"'
    return [head + text + tail for text in texts]


@pytest.mark.parametrize("road, client", [("relay", "openai_chat"), ("translate", "anthropic")])
def test_a_burst_of_texts_is_one_run(road, client):
    texts = [b" a", b" b\\n", b" \xc3\xa9", b' \\"c\\"', b""]
    made = pipe("openai_chat", client, road=road)
    made.feed(b"".join(chat_deltas([b"Hi", b" there"])))
    burst = b"".join(chat_deltas(texts))
    (run,) = made._lane.cut(burst)
    assert (list(run.texts), run.end) == (texts, len(burst))


@pytest.mark.parametrize(
    "frame",
    [
        *chat_deltas([b'x"},"finish_reason":"stop","y":{"z":"']),
        *chat_deltas([b"half an escape \\"]),
        *chat_deltas([b"no such escape \\x"]),
        *chat_deltas([b"half of a pair \\ud83d"]),
        *chat_deltas([b"a tab\t"]),
        *chat_deltas([b"no UTF-8 \xff"]),
        *chat_deltas([b"a"], tail=b'"},"finish_reason":"stop"}]}\n\n'),
        *chat_deltas([b"a"], tail=b'"},"finish_reason":null}],"usage":{"prompt_tokens":1}}\n\n'),
        *chat_deltas([b"a"], tail=b'"},"finish_reason":null}]}\n'),
        b"data: [DONE]\n\n",
        b": a comment\n\n",
    ],
)
@pytest.mark.parametrize("road, client", [("relay", "openai_chat"), ("translate", "anthropic")])
def test_anything_else_is_read_in_full(road, client, frame):
    made = pipe("openai_chat", client, road=road)
    made.feed(b"".join(chat_deltas([b"Hi", b" there"])))
    (more,) = chat_deltas([b"more"])
    assert made._lane.one(more) is not None
    assert made._lane.one(frame) is None
    assert made._lane.one(more + frame) is None
    first = next(made._lane.cut(more + frame))
    assert not isinstance(first, Run) or first.end == len(more)


def test_a_pattern_holds_no_longer_once_something_else_was_told():
    made = pipe("openai_chat", "anthropic")
    deltas = chat_deltas([b"Hi", b" there"])
    made.feed(b"".join(deltas))
    assert made._lane.alike is not None
    call = b'{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}]}'
    made.feed(deltas[0].replace(b'{"content":"Hi"}', call))
    assert made._lane.alike is None


def test_nothing_is_learned_before_real_output():
    made = pipe("anthropic", "openai_chat")
    start = b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    made.feed(start + b'"content_block":{"type":"text","text":""}}\n\n')
    assert made._lane.alike is None


def test_a_stream_whose_frames_are_all_different_is_tried_in_vain_only_for_a_while():
    made = pipe("openai_chat", "anthropic")
    deltas = chat_deltas([b"x"] * 500)
    frames = [
        frame.replace(b'"id":"c"', b'"id":"c%d"' % place) for place, frame in enumerate(deltas)
    ]
    through(made, frames)
    assert not made._lane.may_learn


def test_every_client_dialect_has_a_lane():
    for client in CLIENT_DIALECTS:
        assert client in STREAMS


@pytest.mark.parametrize("road, client", [("relay", "openai_chat"), ("translate", "anthropic")])
def test_while_error_triggers_are_looked_for_every_text_is_read(road, client):
    made = pipe("openai_chat", client, road=road, probes_text=True)
    for frame in chat_deltas([b"a", b"b", b"c"]):
        made.feed(frame)
    assert "".join(made.report.text) == "abc"
    assert made._lane.runs == 0


def test_the_figures_of_a_chunk_that_was_not_read_count():
    def frame(text, count, **more):
        candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0, **more}
        sums = {"promptTokenCount": 9, "candidatesTokenCount": count, "totalTokenCount": 9 + count}
        return encode_sse(json.dumps({"candidates": [candidate], "usageMetadata": sums}).encode())

    frames = [frame("a", 1, finishReason="STOP"), *(frame("b", count) for count in (2, 3, 4, 5))]
    for pieces in (frames, [b"".join(frames)]):
        assert difference("gemini", "anthropic", pieces)[0] == ""
        made = pipe("gemini", "anthropic")
        through(made, pieces)
        assert made._lane.runs
        assert made.report.usage.output_tokens == 5


def test_a_source_stands_where_its_text_is_though_that_was_copied():
    def frame(kind, **value):
        return encode_sse(json.dumps({"type": kind, **value}).encode(), kind)

    def delta(**said):
        return frame("content_block_delta", index=0, delta=said)

    source = {"type": "web_search_result_location", "url": "https://x.example", "title": "t"}
    block = {"type": "text", "text": ""}
    frames = [
        frame("message_start", message={"id": "m", "model": "x", "content": []}),
        frame("content_block_start", index=0, content_block=block),
        *(delta(type="text_delta", text=text) for text in ("a", "é", "🎉", "b")),
        delta(type="citations_delta", citation=source),
        frame("content_block_stop", index=0),
        frame("message_stop"),
    ]
    for client in CLIENT_DIALECTS.keys() & STREAMS.keys() - {"anthropic"}:
        found, runs = difference("anthropic", client, frames)
        assert runs > 1
        assert found == ""


def test_frames_that_can_be_no_pattern_are_tried_only_for_a_while():
    made = pipe("openai_chat", "anthropic")
    frames = chat_deltas([b"x"] * 100, tail=b'"},"message":{"role":"assistant"}}]}\n\n')
    through(made, frames)
    assert not made._lane.may_learn
