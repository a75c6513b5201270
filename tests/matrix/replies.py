"""One answer in every vendor's own format: what the fake upstreams of the SDK tests say, whole or
as a stream.

A `Reply` is neutral; `RENDERERS[upstream](reply, stream)` gives the `Answer` that a `FakeUpstream`
plays, `error(upstream, status)` an error in that vendor's shape. The test `test_replies` reads each
of them with the vendor's own models. Formats: the vendors' API references, as their SDKs type them.
"""

import json
import struct
import zlib
from dataclasses import dataclass

from fakes import DONE, JSON, SSE, Answer, whole

CREATED = 1760000000
INPUT, CACHED, OUTPUT, THOUGHT = 11, 3, 7, 2
"""What every answer counts: tokens read (cached ones included), cached, written (reasoning
included), reasoned.
"""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`calls` are (id, name, arguments); `signature` comes with the reasoning where the vendor
    signs it.
    """

    text: str = ""
    calls: tuple = ()
    reasoning: str = ""
    signature: str = "c2lnbmVk"
    finish: str = "stop"


def halves(text):
    """Two pieces, so that every stream has deltas to put together."""
    middle = (len(text) + 1) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]


def sse(*values, named=False):
    frames = [
        (f"event: {value['type']}\n" if named else "") + f"data: {json.dumps(value)}\n\n"
        for value in values
    ]
    return [frame.encode() for frame in frames]


CHAT_USAGE = {
    "prompt_tokens": INPUT,
    "completion_tokens": OUTPUT,
    "total_tokens": INPUT + OUTPUT,
    "prompt_tokens_details": {"cached_tokens": CACHED},
    "completion_tokens_details": {"reasoning_tokens": THOUGHT},
}


def chat(reply, stream):
    finish = {
        "stop": "stop",
        "length": "length",
        "tool_calls": "tool_calls",
        "content_filter": "content_filter",
    }[reply.finish]
    calls = [
        {
            "id": call_id,
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(value)},
        }
        for call_id, name, value in reply.calls
    ]
    head = {"id": "chatcmpl-1", "created": CREATED, "model": "up-model"}
    if not stream:
        message = {
            "role": "assistant",
            "content": reply.text or None,
            "refusal": None,
            **({"tool_calls": calls} if calls else {}),
        }
        if reply.reasoning:
            message["reasoning_content"] = reply.reasoning
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return whole(
            {**head, "object": "chat.completion", "choices": [choice], "usage": CHAT_USAGE}
        )
    deltas = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in halves(reply.reasoning)] + [
        {"content": piece} for piece in halves(reply.text)
    ]
    for index, call in enumerate(calls):
        deltas.append(
            {
                "tool_calls": [
                    {
                        **call,
                        "index": index,
                        "function": {"name": call["function"]["name"], "arguments": ""},
                    }
                ]
            }
        )
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in halves(call["function"]["arguments"])
        ]
    chunks = [
        {
            **head,
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
        }
        for delta in deltas
    ]
    chunks.append(
        {
            **head,
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": {}, "finish_reason": finish}],
        }
    )
    chunks.append({**head, "object": "chat.completion.chunk", "choices": [], "usage": CHAT_USAGE})
    return Answer([*sse(*chunks), DONE])


def anthropic(reply, stream):
    stop = {
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "content_filter": "refusal",
    }[reply.finish]
    blocks = []
    if reply.reasoning:
        blocks.append(
            {"type": "thinking", "thinking": reply.reasoning, "signature": reply.signature}
        )
    if reply.text:
        blocks.append({"type": "text", "text": reply.text, "citations": None})
    blocks += [
        {"type": "tool_use", "id": call_id, "name": name, "input": value}
        for call_id, name, value in reply.calls
    ]
    usage = {
        "input_tokens": INPUT - CACHED,
        "cache_read_input_tokens": CACHED,
        "cache_creation_input_tokens": 0,
        "output_tokens": OUTPUT,
    }
    usage["output_tokens_details"] = {"thinking_tokens": THOUGHT}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "up-model",
        "content": blocks,
        "stop_reason": stop,
    }
    message |= {"stop_sequence": None, "usage": usage}
    if not stream:
        return whole(message)
    events = [
        {
            "type": "message_start",
            "message": {
                **message,
                "content": [],
                "stop_reason": None,
                "usage": {**usage, "output_tokens": 1},
            },
        }
    ]
    for index, block in enumerate(blocks):
        opening, deltas = _anthropic_block(block)
        events.append({"type": "content_block_start", "index": index, "content_block": opening})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": index})
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None},
            "usage": {"output_tokens": OUTPUT},
        }
    )
    return Answer(
        sse(events[0], {"type": "ping"}, *events[1:], {"type": "message_stop"}, named=True)
    )


def _anthropic_block(block):
    match block["type"]:
        case "thinking":
            deltas = [
                {"type": "thinking_delta", "thinking": piece} for piece in halves(block["thinking"])
            ]
            return {**block, "thinking": "", "signature": ""}, [
                *deltas,
                {"type": "signature_delta", "signature": block["signature"]},
            ]
        case "text":
            return {**block, "text": ""}, [
                {"type": "text_delta", "text": piece} for piece in halves(block["text"])
            ]
        case _:
            return {**block, "input": {}}, [
                {"type": "input_json_delta", "partial_json": piece}
                for piece in halves(json.dumps(block["input"]))
            ]


def gemini(reply, stream):
    finish = {
        "stop": "STOP",
        "length": "MAX_TOKENS",
        "tool_calls": "STOP",
        "content_filter": "SAFETY",
    }[reply.finish]
    parts = [{"text": piece, "thought": True} for piece in halves(reply.reasoning)] + [
        {"text": piece} for piece in halves(reply.text)
    ]
    for number, (call_id, name, value) in enumerate(reply.calls):
        signed = {"thoughtSignature": reply.signature} if number == 0 else {}
        parts.append({"functionCall": {"id": call_id, "name": name, "args": value}, **signed})
    usage = {
        "promptTokenCount": INPUT,
        "cachedContentTokenCount": CACHED,
        "candidatesTokenCount": OUTPUT - THOUGHT,
    }
    usage |= {"thoughtsTokenCount": THOUGHT, "totalTokenCount": INPUT + OUTPUT}
    head = {"modelVersion": "up-model", "responseId": "resp-1"}
    if not stream:
        return whole(
            {
                **head,
                "candidates": [
                    {
                        "index": 0,
                        "content": {"role": "model", "parts": parts},
                        "finishReason": finish,
                    }
                ],
                "usageMetadata": usage,
            }
        )
    chunks = [
        {
            **head,
            "candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}}],
            "usageMetadata": {"promptTokenCount": INPUT},
        }
        for part in parts
    ]
    last = {
        "index": 0,
        "content": {"role": "model", "parts": [{"text": ""}]},
        "finishReason": finish,
    }
    return Answer(sse(*chunks, {**head, "candidates": [last], "usageMetadata": usage}))


def responses(reply, stream):
    items = []
    if reply.reasoning:
        summary = [{"type": "summary_text", "text": reply.reasoning}]
        items.append(
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": summary,
                "encrypted_content": reply.signature,
                "status": "completed",
            }
        )
    if reply.text:
        content = [{"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}]
        items.append(
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": content,
            }
        )
    for number, (call_id, name, value) in enumerate(reply.calls):
        call = {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": call_id,
            "name": name,
            "arguments": json.dumps(value),
        }
        items.append({**call, "status": "completed"})
    why = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reply.finish)
    usage = {
        "input_tokens": INPUT,
        "input_tokens_details": {"cached_tokens": CACHED, "cache_write_tokens": 0},
    }
    usage |= {
        "output_tokens": OUTPUT,
        "output_tokens_details": {"reasoning_tokens": THOUGHT},
        "total_tokens": INPUT + OUTPUT,
    }
    value = {
        "id": "resp_1",
        "object": "response",
        "created_at": CREATED,
        "model": "up-model",
        "status": "incomplete" if why else "completed",
    }
    value |= {
        "output": items,
        "usage": usage,
        "error": None,
        "incomplete_details": {"reason": why} if why else None,
        "instructions": None,
    }
    value |= {
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "tool_choice": "auto",
        "tools": [],
    }
    if not stream:
        return whole(value)
    early = {
        **value,
        "status": "in_progress",
        "output": [],
        "usage": None,
        "incomplete_details": None,
    }
    events = [
        {"type": "response.created", "response": early},
        {"type": "response.in_progress", "response": early},
    ]
    for index, item in enumerate(items):
        events += _responses_item(index, item)
    events.append(
        {"type": "response.incomplete" if why else "response.completed", "response": value}
    )
    return Answer(
        sse(
            *({**event, "sequence_number": number} for number, event in enumerate(events)),
            named=True,
        )
    )


def _responses_item(index, item):
    at = {"item_id": item["id"], "output_index": index}
    empty = {
        "reasoning": {"summary": [], "encrypted_content": ""},
        "message": {"content": []},
        "function_call": {"arguments": ""},
    }[item["type"]]
    events = [
        {
            "type": "response.output_item.added",
            "output_index": index,
            "item": {**item, **empty, "status": "in_progress"},
        }
    ]
    if item["type"] == "function_call":
        events += [
            {"type": "response.function_call_arguments.delta", **at, "delta": piece}
            for piece in halves(item["arguments"])
        ]
        events.append(
            {
                "type": "response.function_call_arguments.done",
                **at,
                "name": item["name"],
                "arguments": item["arguments"],
            }
        )
    elif item["type"] == "message":
        at, part = {**at, "content_index": 0}, item["content"][0]
        events.append({"type": "response.content_part.added", **at, "part": {**part, "text": ""}})
        events += [
            {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
            for piece in halves(part["text"])
        ]
        events.append(
            {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
        )
        events.append({"type": "response.content_part.done", **at, "part": part})
    else:
        at, part = {**at, "summary_index": 0}, item["summary"][0]
        events.append(
            {"type": "response.reasoning_summary_part.added", **at, "part": {**part, "text": ""}}
        )
        events += [
            {"type": "response.reasoning_summary_text.delta", **at, "delta": piece}
            for piece in halves(part["text"])
        ]
        events.append({"type": "response.reasoning_summary_text.done", **at, "text": part["text"]})
        events.append({"type": "response.reasoning_summary_part.done", **at, "part": part})
    return [*events, {"type": "response.output_item.done", "output_index": index, "item": item}]


def converse(reply, stream):
    stop = {
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "content_filter": "guardrail_intervened",
    }[reply.finish]
    usage = {
        "inputTokens": INPUT - CACHED,
        "outputTokens": OUTPUT,
        "totalTokens": INPUT + OUTPUT,
        "cacheReadInputTokens": CACHED,
        "cacheWriteInputTokens": 0,
    }
    blocks = []
    if reply.reasoning:
        blocks.append(
            {
                "reasoningContent": {
                    "reasoningText": {"text": reply.reasoning, "signature": reply.signature}
                }
            }
        )
    if reply.text:
        blocks.append({"text": reply.text})
    blocks += [
        {"toolUse": {"toolUseId": call_id, "name": name, "input": value}}
        for call_id, name, value in reply.calls
    ]
    if not stream:
        output = {"message": {"role": "assistant", "content": blocks}}
        return whole(
            {"output": output, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 5}}
        )
    events = [("messageStart", {"role": "assistant"})]
    for index, block in enumerate(blocks):
        at = {"contentBlockIndex": index}
        if "toolUse" in block:
            call = block["toolUse"]
            events.append(
                (
                    "contentBlockStart",
                    {
                        **at,
                        "start": {
                            "toolUse": {"toolUseId": call["toolUseId"], "name": call["name"]}
                        },
                    },
                )
            )
            events += [
                ("contentBlockDelta", {**at, "delta": {"toolUse": {"input": piece}}})
                for piece in halves(json.dumps(call["input"]))
            ]
        elif "text" in block:
            events += [
                ("contentBlockDelta", {**at, "delta": {"text": piece}})
                for piece in halves(block["text"])
            ]
        else:
            events += [
                ("contentBlockDelta", {**at, "delta": {"reasoningContent": {"text": piece}}})
                for piece in halves(reply.reasoning)
            ]
            events.append(
                (
                    "contentBlockDelta",
                    {**at, "delta": {"reasoningContent": {"signature": reply.signature}}},
                )
            )
        events.append(("contentBlockStop", at))
    events += [
        ("messageStop", {"stopReason": stop}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 5}}),
    ]
    return Answer(
        [_event_stream(name, value) for name, value in events],
        content_type="application/vnd.amazon.eventstream",
    )


def _event_stream(name, value):
    """One message of AWS's binary event stream."""
    headers = b""
    for key, text in ((":event-type", name), (":content-type", JSON), (":message-type", "event")):
        headers += (
            bytes([len(key)])
            + key.encode()
            + b"\x07"
            + struct.pack(">H", len(text))
            + text.encode()
        )
    payload = json.dumps(value).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def cohere(reply, stream):
    finish = {
        "stop": "COMPLETE",
        "length": "MAX_TOKENS",
        "tool_calls": "TOOL_CALL",
        "content_filter": "ERROR",
    }[reply.finish]
    usage = {
        "billed_units": {"input_tokens": INPUT - CACHED, "output_tokens": OUTPUT},
        "tokens": {"input_tokens": INPUT, "output_tokens": OUTPUT},
    }
    usage["cached_tokens"] = CACHED
    blocks = [{"type": "thinking", "thinking": reply.reasoning}] if reply.reasoning else []
    blocks += [{"type": "text", "text": reply.text}] if reply.text else []
    calls = [
        {
            "id": call_id,
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(value)},
        }
        for call_id, name, value in reply.calls
    ]
    if not stream:
        message = {
            "role": "assistant",
            **({"content": blocks} if blocks else {}),
            **({"tool_calls": calls} if calls else {}),
        }
        return whole({"id": "c-1", "message": message, "finish_reason": finish, "usage": usage})
    events = [
        {
            "type": "message-start",
            "id": "c-1",
            "delta": {
                "message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
            },
        }
    ]
    for index, block in enumerate(blocks):
        member = block["type"]
        events.append(
            {
                "type": "content-start",
                "index": index,
                "delta": {"message": {"content": {"type": member, member: ""}}},
            }
        )
        events += [
            {
                "type": "content-delta",
                "index": index,
                "delta": {"message": {"content": {member: piece}}},
            }
            for piece in halves(block[member])
        ]
        events.append({"type": "content-end", "index": index})
    for index, call in enumerate(calls):
        opening = {**call, "function": {**call["function"], "arguments": ""}}
        events.append(
            {
                "type": "tool-call-start",
                "index": index,
                "delta": {"message": {"tool_calls": opening}},
            }
        )
        for piece in halves(call["function"]["arguments"]):
            events.append(
                {
                    "type": "tool-call-delta",
                    "index": index,
                    "delta": {"message": {"tool_calls": {"function": {"arguments": piece}}}},
                }
            )
        events.append({"type": "tool-call-end", "index": index})
    events.append(
        {"type": "message-end", "id": "c-1", "delta": {"finish_reason": finish, "usage": usage}}
    )
    return Answer(sse(*events, named=True), content_type=SSE)


RENDERERS = {
    "chat": chat,
    "responses": responses,
    "anthropic": anthropic,
    "gemini": gemini,
    "converse": converse,
    "cohere": cohere,
}

_ANTHROPIC_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
}
_GOOGLE_ERRORS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
}
_AWS_ERRORS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
}
_OPENAI_CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


def error(upstream, status, message="the upstream's own words"):
    """An error answer as this vendor writes it."""
    match upstream:
        case "anthropic":
            return whole(
                {
                    "type": "error",
                    "error": {"type": _ANTHROPIC_ERRORS[status], "message": message},
                    "request_id": "req_1",
                },
                status=status,
            )
        case "gemini":
            return whole(
                {"error": {"code": status, "message": message, "status": _GOOGLE_ERRORS[status]}},
                status=status,
            )
        case "converse":
            return whole(
                {"message": message},
                status=status,
                headers={"x-amzn-errortype": f"{_AWS_ERRORS[status]}:http://internal.amazon.com/"},
            )
        case "cohere":
            return whole({"id": "e-1", "message": message}, status=status)
        case _:
            kind = (
                "invalid_request_error"
                if status < 429
                else "rate_limit_error"
                if status == 429
                else "server_error"
            )
            return whole(
                {
                    "error": {
                        "message": message,
                        "type": kind,
                        "param": None,
                        "code": _OPENAI_CODES.get(status),
                    }
                },
                status=status,
            )
