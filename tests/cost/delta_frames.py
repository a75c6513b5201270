"""Streams of the four dialects as their vendors write them: what is said, in `count` deltas. Forms
of recordings of 2025 and 2026 (../shared/conformance), with the padding that hides how long a token
is, and the figures that stand on every chunk.
"""

from __future__ import annotations

import json

TEXTS = ("Hello", " there", ",", " how", " are", " you", '?" he', " said\n")
ARGUMENTS = ('{"', "city", '":"', "Paris", '","', "unit", '":"', "C", '"}')


def _said(kind, count):
    """Each piece that is said, and as much padding as keeps it as long as the others."""
    texts = list(TEXTS)
    if kind == "call":
        begin, *middle, end = ARGUMENTS
        texts = [begin, *([*middle, " "] * count)[: count - 2], end]
    return [(text, "abcdefghij"[: 10 - len(text)]) for text in (texts * count)[:count]]


def _compact(value):
    return json.dumps(value, separators=(",", ":"))


def _chat(kind, count, *, pads):
    def frame(delta, finish=None, padding=None):
        value = {"id": "chatcmpl-CugUbFnMkpXISLZPDmla5Pi4j8yng", "object": "chat.completion.chunk"}
        value |= {"created": 1767625745, "model": "gpt-4o-mini-2024-07-18"}
        value |= {"service_tier": "default", "system_fingerprint": "fp_29330a9688"}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        value["choices"] = [choice]
        if pads and padding is not None:
            value |= {"usage": None, "obfuscation": padding}
        return f"data: {_compact(value)}\n\n".encode()

    call = {"index": 0, "id": "call_1", "type": "function"}
    yield frame({"role": "assistant", "content": ""})
    if kind == "call":
        yield frame({"tool_calls": [{**call, "function": {"name": "weather", "arguments": ""}}]})
    for text, padding in _said(kind, count):
        deltas = {
            "text": {"content": text},
            "reasoning": {"reasoning_content": text},
            "call": {"tool_calls": [{"index": 0, "function": {"arguments": text}}]},
        }
        yield frame(deltas[kind], padding=padding)
    yield frame({}, "stop")
    yield b"data: [DONE]\n\n"


def _messages(kind, count, *, pads):
    def frame(value, padding=""):
        text = _compact(value)
        text = text[:-1] + (" " * len(padding) if pads else "") + "}"
        return f"event: {value['type']}\ndata: {text}\n\n".encode()

    usage = {"input_tokens": 9, "output_tokens": 1}
    message = {"id": "msg_01", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5"}
    yield frame({"type": "message_start", "message": {**message, "content": [], "usage": usage}})
    block, delta, member = {
        "text": ({"type": "text", "text": ""}, "text_delta", "text"),
        "reasoning": ({"type": "thinking", "thinking": ""}, "thinking_delta", "thinking"),
        "call": (
            {"type": "tool_use", "id": "toolu_01", "name": "weather", "input": {}},
            "input_json_delta",
            "partial_json",
        ),
    }[kind]
    yield frame({"type": "content_block_start", "index": 0, "content_block": block})
    yield frame({"type": "ping"})
    for text, padding in _said(kind, count):
        said = {"type": delta, member: text}
        yield frame({"type": "content_block_delta", "index": 0, "delta": said}, padding)
    yield frame({"type": "content_block_stop", "index": 0})
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    yield frame({"type": "message_delta", "delta": ending, "usage": usage})
    yield frame({"type": "message_stop"})


def _gemini(kind, count):
    def frame(part, told, finish=None):
        candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        usage = {"promptTokenCount": 11, "candidatesTokenCount": told, "totalTokenCount": 72 + told}
        usage["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": 11}]
        usage |= {"thoughtsTokenCount": 61, "serviceTier": "standard"}
        value = {"candidates": [candidate], "usageMetadata": usage}
        value |= {"modelVersion": "gemini-3.5-flash", "responseId": "iCUhao2zJ-LHjuMP1vvH2Qk"}
        return f"data: {json.dumps(value, separators=(',', ': '))}\r\n\r\n".encode()

    for place, (text, _) in enumerate(_said("text", count)):
        part = {"text": text, **({"thought": True} if kind == "reasoning" else {})}
        yield frame(part, place)
    yield frame({"text": "."}, count, "STOP")


def _responses(kind, count):
    number = 0

    def frame(event, **value):
        nonlocal number
        value = dict(sorted({**value, "sequence_number": number}.items()))
        number += 1
        return f"event: {event}\ndata: {_compact({'type': event, **value})}\n\n".encode()

    response = {"id": "resp_1", "object": "response", "created_at": 1767625745, "model": "gpt-5"}
    item_id = "msg_0c7da7e19c79a80a0169fb7c693ad4819e89442c4a489dd731"
    item, event, place = {
        "text": (
            {"type": "message", "role": "assistant", "content": []},
            "response.output_text.delta",
            {"content_index": 0, "logprobs": []},
        ),
        "reasoning": (
            {"type": "reasoning", "summary": []},
            "response.reasoning_summary_text.delta",
            {"summary_index": 0},
        ),
        "call": (
            {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": ""},
            "response.function_call_arguments.delta",
            {},
        ),
    }[kind]
    item = {"id": item_id, "status": "in_progress", **item}
    yield frame("response.created", response={**response, "status": "in_progress", "output": []})
    yield frame("response.in_progress", response={**response, "status": "in_progress"})
    yield frame("response.output_item.added", item=item, output_index=0)
    if kind == "text":
        part = {"type": "output_text", "text": "", "annotations": []}
        where = {"item_id": item_id, "output_index": 0, "content_index": 0}
        yield frame("response.content_part.added", part=part, **where)
    said = _said(kind, count)
    for text, padding in said:
        where = {"item_id": item_id, "output_index": 0, **place}
        yield frame(event, delta=text, obfuscation=padding, **where)
    whole = "".join(text for text, _ in said)
    done = {
        "text": {"content": [{"type": "output_text", "text": whole, "annotations": []}]},
        "reasoning": {"summary": [{"type": "summary_text", "text": whole}]},
        "call": {"arguments": whole},
    }[kind]
    item = {**item, **done, "status": "completed"}
    yield frame("response.output_item.done", item=item, output_index=0)
    ended = {**response, "status": "completed", "output": [item]}
    yield frame("response.completed", response=ended)


FRAMES = {
    "openai_chat": lambda kind, count: list(_chat(kind, count, pads=False)),
    "openai_chat padded": lambda kind, count: list(_chat(kind, count, pads=True)),
    "anthropic": lambda kind, count: list(_messages(kind, count, pads=False)),
    "anthropic padded": lambda kind, count: list(_messages(kind, count, pads=True)),
    "openai_responses": lambda kind, count: list(_responses(kind, count)),
    "gemini": lambda kind, count: list(_gemini(kind, count)),
}
"""Name of the dialect, and how it is written → the frames of a stream."""
