"""Mutated inputs at every door of a running gateway: HTTP heads, JSON, forms, queries; and from the
upstreams heads, events, JSON and binary frames. Nothing may crash, hang, be answered 500, leave a
traceback, or come out as bad HTTP. No test.

    .venv/bin/python tests/endurance/fuzz.py [--seconds 300] [--clients 4] [--seed 1]
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter

from ground import (
    CLIENTS,
    DIALECTS,
    RENDERERS,
    Gateway,
    Reply,
    Upstreams,
    Watch,
    ask,
    configuration,
    request,
    status_of,
    tell,
    tracebacks,
)

PATIENCE_S = 40.0
UNFINISHED_PATIENCE_S = 0.5
"""For mutated heads: of one that is not whole nothing comes until its 15 s are over."""
UNFINISHED = ("head", "get")
NASTY = (
    *(None, True, -1, 0, 1e308, 10**400, "", "\ud800", "\0", "x" * 300, [], {}, [[]], {"a": {}}),
    *([None], [{}], ["a"], {"type": "text"}, {"type": None}, "data:,", "http://[", "\x9b2J"),
    *({"url": "http://127.0.0.1:1/x"}, "user", "assistant", "tool", "system", "-" * 5000),
)
BYTES = (
    b"",
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"{",
    b"}",
    b"[",
    b'"',
    b":",
    b",",
    b"data:",
)


def mutated(data, rng):
    """Some bytes of it taken out, doubled, or replaced."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        size = rng.choice((1, 1, 2, 8, 64))
        match rng.randrange(5):
            case 0:
                del data[at : at + size]
            case 1:
                data[at:at] = data[at : at + size] * rng.choice((1, 2, 30))
            case 2:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 3:
                data[at:at] = rng.choice(BYTES)
            case _:
                del data[at:]
    return bytes(data)


def spoiled(value, rng, depth=0):
    """A JSON value in which something is another."""
    if depth > 0 and rng.random() < 0.04:
        return rng.choice(NASTY)
    if isinstance(value, dict):
        made = {name: spoiled(inner, rng, depth + 1) for name, inner in value.items()}
        if rng.random() < 0.05 and made:
            made.pop(rng.choice(list(made)))
        if rng.random() < 0.06:
            made[rng.choice((*made, "tools", "tool_choice", "metadata", "\ud800"))] = rng.choice(
                NASTY
            )
        return made
    if isinstance(value, list):
        made = [spoiled(inner, rng, depth + 1) for inner in value]
        return made * rng.choice((0, *(1,) * 12, 2))
    return value


CHAT = {
    "model": "chat",
    "messages": [
        {"role": "system", "content": "be good"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "seen"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "f",
                "parameters": {
                    "type": "object",
                    "properties": {"a": {"type": "string", "enum": ["x"]}},
                    "required": ["a"],
                },
            },
        }
    ],
    "tool_choice": "auto",
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}}},
    "temperature": 0.5,
    "stop": ["x"],
    "stream_options": {"include_usage": True},
}
CLAUDE = {
    "model": "chat",
    "max_tokens": 9,
    "system": [{"type": "text", "text": "be good", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "s"}]},
    ],
    "tools": [{"name": "f", "input_schema": {"type": "object", "properties": {}}}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}
GEMINI = {
    "systemInstruction": {"parts": [{"text": "be good"}]},
    "contents": [
        {"role": "user", "parts": [{"text": "hi"}, {"inlineData": {"mimeType": "image/png"}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]},
    ],
    "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
    "generationConfig": {"thinkingConfig": {"thinkingBudget": 9}, "stopSequences": ["x"]},
}
RESPONSES = {
    "model": "chat",
    "instructions": "be good",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "reasoning", "id": "r1", "summary": [], "encrypted_content": "x"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "seen"},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": {}}, {"type": "web_search"}],
    "reasoning": {"effort": "low"},
    "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}},
}
OTHERS = {
    "/v1/completions": {"model": "chat", "prompt": ["a"], "echo": True},
    "/v1/embeddings": {"model": "chat", "input": ["a"], "dimensions": 3},
    "/v1/rerank": {"model": "cohere", "query": "q", "documents": ["a", {"text": "b"}]},
    "/v1/moderations": {"model": "chat", "input": ["a"]},
    "/v1/images/generations": {"model": "chat", "prompt": "a", "n": 1},
    "/v1/audio/speech": {"model": "chat", "input": "a", "voice": "alloy"},
    "/v1/messages/count_tokens": CLAUDE,
    "/v1beta/models/gemini:countTokens": GEMINI,
    "/v1beta/models/chat:batchEmbedContents": {"requests": [{"content": {"parts": []}}]},
    "/v1/add_credits": {"api_key": "x", "amount": 1},
    "/v1/responses/compact": RESPONSES,
}
BODIES = {
    "/v1/chat/completions": CHAT,
    "/v1/messages": CLAUDE,
    "/v1beta/models/chat:generateContent": GEMINI,
    "/v1/models/anthropic:streamGenerateContent?alt=sse": GEMINI,
    "/v1/responses": RESPONSES,
    **OTHERS,
}
GETS = (
    *("/", "/v1/models", "/v1/stats?hours=7", "/v1/token_usage", "/v1/channel_key_rankings"),
    *("/v1/api_keys_states", "/metrics", "/v1/requests?last=5", "/v1/models/chat", "/healthz"),
    *(
        "/v1/responses/resp_1",
        "/v1/dashboard/billing/usage?start_date=2026-01-01",
        "/v1/api_config",
    ),
)
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nchat\r\n--b\r\n'
    b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\nRIFF....WAVE\r\n--b--\r\n"
)


def client_input(rng):
    """(kind, bytes) of one request."""
    kind = rng.choice(("head", "body", "json", "json", "json", "form", "get"))
    if kind == "head":
        return kind, mutated(request("POST", "/v1/chat/completions", CHAT), rng)
    if kind == "get":
        path = mutated(rng.choice(GETS).encode(), rng) if rng.random() < 0.7 else b"/v1/models"
        return kind, request("GET", "/X").replace(b"/X", path, 1)
    if kind == "form":
        path = rng.choice(("/v1/audio/transcriptions", "/v1/images/edits"))
        body = mutated(FORM, rng)
        data = request("POST", path, body)
        return kind, data.replace(b"application/json", b"multipart/form-data; boundary=b")
    path, value = rng.choice(list(BODIES.items()))
    if "model" in value:
        value = {**value, "model": rng.choice(DIALECTS), "stream": rng.random() < 0.5}
    if kind == "body":
        return kind, request("POST", path, mutated(json.dumps(value).encode(), rng))
    return kind, request("POST", path, spoiled(value, rng))


def upstream_bytes(dialect, rng):
    """An answer in which something is another, head included."""
    calls = (("c1", "f", {"a": 1}),) if rng.random() < 0.5 else ()
    reply = Reply(text="all is well", calls=calls, reasoning="hm")
    answer = RENDERERS[dialect](reply, rng.random() < 0.5)
    content = b"".join(answer.pieces)
    if answer.content_type.startswith("application/json") and rng.random() < 0.5:
        content = json.dumps(spoiled(json.loads(content), rng)).encode()
    elif rng.random() < 0.5 and b"data: {" in content:
        lines = [
            b"data: " + json.dumps(spoiled(json.loads(line[6:]), rng)).encode()
            if line.startswith(b"data: {")
            else line
            for line in content.split(b"\n")
        ]
        content = b"\n".join(lines)
    else:
        content = mutated(content, rng)
    head = (
        f"HTTP/1.1 {rng.choice((200, 200, 200, 200, 400, 500, 204, 206, 301, 418, 599))} X\r\n"
        f"content-type: {answer.content_type}\r\ncontent-length: {len(content)}\r\n"
        "openai-organization: o\r\nx-ratelimit-reset: 1\r\nretry-after: 1\r\n\r\n"
    ).encode()
    return (mutated(head, rng) if rng.random() < 0.2 else head) + content


def bad_http(answer):
    """Why an answer is none; None for a good one. Its end is where it says."""
    if not answer:
        return None
    if status_of(answer) is None:
        return "no status line"
    head, found, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")[1:]
    if not found or any(b":" not in line or line[:1] in b" \t" for line in lines):
        return "a broken head"
    if any(byte < 32 and byte != 9 for line in lines for byte in line):
        return "a control character in a header"
    fields = {
        name.lower(): text.strip() for name, _, text in (line.partition(b":") for line in lines)
    }
    has_body = status_of(answer) not in (101, 204, 304)
    if has_body and len(body) < int(fields.get(b"content-length", b"0")):
        return "a body that is shorter than it says"
    return None


class Fuzz:
    def __init__(self, gateway, until):
        self._gateway = gateway
        self._until = until
        self.inputs = Counter()
        self.statuses = Counter()
        self.faults = {}

    async def run(self, rng):
        while time.monotonic() < self._until and len(self.faults) < 200:
            if rng.random() < 0.5:
                kind, data = client_input(rng)
            else:
                path, body = ask(
                    rng.choice(CLIENTS), rng.choice(DIALECTS), rng, stream=rng.random() < 0.5
                )
                kind, data = "upstream", request("POST", path, body)
            self.inputs[kind] += 1
            patience_s = UNFINISHED_PATIENCE_S if kind in UNFINISHED else PATIENCE_S
            answer = await self._gateway.send(data, patience_s)
            self._judge(kind, data, answer)

    def _judge(self, kind, data, answer):
        fault = bad_http(answer)
        if answer is None:
            fault = None if kind in UNFINISHED else "no answer"
        elif status_of(answer) == 500 and b"made a mistake" in answer:
            fault = "a mistake of ours"
        self.statuses[status_of(answer)] += 1
        if fault is not None:
            self.faults.setdefault(
                f"{kind}: {fault}", f"{data[:600]!r} -> {(answer or b'')[:300]!r}"
            )


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    upstreams = await Upstreams(
        lambda dialect: upstream_bytes(dialect, rng) if rng.random() < 0.6 else "sound"
    ).start()
    gateway = await Gateway().start(configuration(upstreams.port))
    fuzz = Fuzz(gateway, time.monotonic() + chosen.seconds)
    with Watch(gateway) as watch:
        clients = (fuzz.run(random.Random(chosen.seed + one)) for one in range(chosen.clients))
        await asyncio.gather(*clients)
    code = await gateway.stop()
    await upstreams.stop()
    faults = [f"{name}: {example}" for name, example in fuzz.faults.items()]
    faults += tracebacks(gateway.log())
    if code != 0:
        faults.append(f"it ended with {code}")
    figures = {
        "seconds": chosen.seconds,
        "seed": chosen.seed,
        "inputs": sum(fuzz.inputs.values()) + upstreams.calls["bytes"],
        "kinds": {**fuzz.inputs, "upstream answers": upstreams.calls["bytes"]},
        "statuses": {str(name): count for name, count in fuzz.statuses.items()},
        **watch.report(),
    }
    return tell("fuzz", figures, faults)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
