"""The built-in provider behind `serve --demo`: a Transport that answers OpenAI chat requests
itself, so that a newcomer sees streaming, a tool call and usage without a key.

It is honest about what it is: it echoes, it does not think. No socket is opened.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from uniapi.canonical import estimate_text_tokens
from uniapi.wire import HttpRequest, ResponseHead, encode_sse

from .passage import USUAL, Passage
from .transport import Exchange, Sink

DEMO_MODEL = "demo"
DEMO_KEY = "sk-demo"
WORD_PAUSE_S = 0.02
DEMO_CONFIG = f"""\
providers:
  - provider: demo
    base_url: http://demo.invalid/v1/chat/completions
    api: sk-demo-provider-key
    model: [{DEMO_MODEL}]
api_keys:
  - api: {DEMO_KEY}
    role: admin
"""
_JSON = {"content-type": "application/json"}
_SSE = {"content-type": "text/event-stream; charset=utf-8"}


class DemoTransport:
    """Answers `POST …/chat/completions` and `GET …/models`; anything else is a 404."""

    def send(
        self,
        request: HttpRequest,
        sink: Sink,
        *,
        passage: Passage = USUAL,
        connect_timeout_s: float | None = None,
    ) -> Exchange:
        exchange = _DemoExchange(sink)
        head, pieces = _answer(request)
        exchange.play(head, pieces)
        return exchange

    async def close(self) -> None:
        """Nothing is open."""


class _DemoExchange:
    """Plays prepared pieces into a sink, one each WORD_PAUSE_S."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._pieces: list[bytes] = []
        self._is_paused = False
        self._timer: asyncio.TimerHandle | None = None

    def play(self, head: ResponseHead, pieces: list[bytes]) -> None:
        self._pieces = pieces
        asyncio.get_running_loop().call_soon(self._begin, head)

    def pause(self) -> None:
        self._is_paused = True

    def resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._next()

    def cancel(self) -> None:
        self._is_paused = True
        if self._timer is not None:
            self._timer.cancel()

    def _begin(self, head: ResponseHead) -> None:
        if not self._is_paused:
            self._sink.head(head)
            self._next()

    def _next(self) -> None:
        if self._is_paused:
            return
        if not self._pieces:
            self._sink.end()
            return
        self._sink.data(self._pieces.pop(0))
        self._timer = asyncio.get_running_loop().call_later(
            WORD_PAUSE_S if len(self._pieces) > 2 else 0, self._next
        )


def _answer(request: HttpRequest) -> tuple[ResponseHead, list[bytes]]:
    if request.method == "GET" and "/models" in request.url:
        return _whole(
            200,
            {
                "object": "list",
                "data": [{"id": DEMO_MODEL, "object": "model", "created": 0, "owned_by": "demo"}],
            },
        )
    if not request.url.partition("?")[0].endswith("/chat/completions"):
        return _whole(
            404,
            {
                "error": {
                    "message": "the demo provider only chats",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": "not_found",
                }
            },
        )
    body = json.loads(request.body)
    message, finish_reason = _message(body)
    usage = _usage(request.body, message)
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        return _whole(
            200,
            {
                "id": "chatcmpl-demo",
                "object": "chat.completion",
                "created": 0,
                "model": DEMO_MODEL,
                "choices": [choice],
                "usage": usage,
            },
        )
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    return ResponseHead(status=200, headers=_SSE), _stream(
        message, finish_reason, usage if wants_usage else None
    )


def _whole(status: int, value: dict[str, Any]) -> tuple[ResponseHead, list[bytes]]:
    return ResponseHead(status=status, headers=_JSON), [json.dumps(value).encode()]


def _message(body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The answer: a call of the first tool when tools are offered and none has answered yet, else
    an echo.
    """
    messages = body.get("messages") or [{}]
    last = messages[-1]
    tools = [
        tool["function"]
        for tool in body.get("tools") or []
        if isinstance(tool, dict) and isinstance(tool.get("function"), dict)
    ]
    if tools and last.get("role") != "tool" and body.get("tool_choice") != "none":
        arguments = json.dumps(
            {name: _sample(schema) for name, schema in _properties(tools[0]).items()}
        )
        call = {
            "id": "call_demo",
            "type": "function",
            "function": {"name": tools[0].get("name", "tool"), "arguments": arguments},
        }
        return {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
    said = _text(last.get("content"))
    if last.get("role") == "tool":
        text = f"The tool answered: {said}"
    else:
        text = (
            "Hello from uni-api's demo provider. It runs inside the gateway, needs no key and"
            f" thinks nothing; it can tell you that you said: {said}"
        )
    return {"role": "assistant", "content": text, "refusal": None}, "stop"


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(
            part["text"]
            for part in content
            if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return ""


def _properties(function: dict[str, Any]) -> dict[str, Any]:
    parameters = function.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    return properties if isinstance(properties, dict) else {}


def _sample(schema: Any) -> Any:
    """A value of the schema's type."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(schema, dict) and isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    samples: dict[str, Any] = {
        "integer": 1,
        "number": 1,
        "boolean": True,
        "array": [],
        "object": {},
        "null": None,
    }
    return samples.get(kind, "demo") if isinstance(kind, str) else "demo"


def _usage(request_body: bytes, message: dict[str, Any]) -> dict[str, int]:
    read = estimate_text_tokens(request_body.decode("utf-8", "replace"))
    written = estimate_text_tokens(json.dumps(message))
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _stream(
    message: dict[str, Any], finish_reason: str, usage: dict[str, int] | None
) -> list[bytes]:
    def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
        choices = (
            []
            if delta is None
            else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        )
        value = {
            "id": "chatcmpl-demo",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": DEMO_MODEL,
            "choices": choices,
            **more,
        }
        return encode_sse(json.dumps(value).encode())

    pieces = [chunk({"role": "assistant", "content": ""})]
    for number, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        pieces.append(
            chunk(
                {
                    "tool_calls": [
                        {
                            "index": number,
                            **call,
                            "function": {"name": function["name"], "arguments": ""},
                        }
                    ]
                }
            )
        )
        pieces.append(
            chunk(
                {
                    "tool_calls": [
                        {"index": number, "function": {"arguments": function["arguments"]}}
                    ]
                }
            )
        )
    words = (message.get("content") or "").split(" ")
    pieces += [
        chunk({"content": word if place == 0 else " " + word})
        for place, word in enumerate(words)
        if word
    ]
    pieces.append(chunk({}, finish_reason))
    if usage is not None:
        pieces.append(chunk(None, usage=usage))
    pieces.append(b"data: [DONE]\n\n")
    return pieces
