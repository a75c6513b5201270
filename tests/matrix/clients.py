"""The four client dialects, each driven by its vendor's own SDK.

`CLIENTS[name](world)` is a driver; `await driver.ask(ask, upstream, stream)` sends an `Ask` through
the SDK and gives the `Told` that its user would read. The error of a driver is the SDK's own
exception; `status(error)` reads its HTTP status.
"""

import base64
import json
import warnings
from dataclasses import dataclass, field

import anthropic
import httpx
import openai

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from google import genai
    from google.genai import errors as genai_errors
    from google.genai import types as google

from asks import Ask
from world import model

BUDGET = 8192


@dataclass(kw_only=True)
class Told:
    """`finish` is one of stop, length, tool_calls, content_filter; `usage` (input with cached,
    cached, output with reasoning), None where the client's format has no word for it.
    """

    text: str = ""
    calls: list = field(default_factory=list)
    call_ids: list = field(default_factory=list)
    reasoning: str = ""
    signature: str | None = None
    finish: str | None = None
    usage: tuple = ()
    pieces: int = 0


class OpenAiClient:
    """What both of the `openai` SDK's clients have in common."""

    names_call_ids = True
    errors = (openai.APIError,)

    def __init__(self, world):
        self.sdk = openai.AsyncOpenAI(base_url=world.url + "/v1", api_key=world.key, max_retries=0)

    async def close(self):
        await self.sdk.close()

    @staticmethod
    def status(error):
        return error.status_code


class ChatClient(OpenAiClient):
    """`openai`: chat completions.

    Streams go through its `.stream()` accumulator as well as a plain loop.
    """

    name = "openai_chat"

    def arguments(self, ask, upstream):
        messages = [{"role": "system", "content": ask.system}] if ask.system else []
        for role, items in ask.turns:
            results = [item for item in items if item[0] == "result"]
            messages += [
                {"role": "tool", "tool_call_id": item[1], "content": item[3]} for item in results
            ]
            if results:
                continue
            content = [part for item in items if (part := self._part(item))]
            message = {
                "role": role,
                "content": content if role == "user" else content[0]["text"] if content else None,
            }
            calls = [item for item in items if item[0] == "call"]
            if calls:
                message["tool_calls"] = [
                    {
                        "id": call_id,
                        "type": "function",
                        "function": {"name": name, "arguments": json.dumps(value)},
                    }
                    for _, call_id, name, value in calls
                ]
            messages.append(message)
        value = {
            "model": model(upstream),
            "messages": messages,
            "max_completion_tokens": ask.max_tokens,
        }
        if ask.tools:
            value["tools"] = [
                {
                    "type": "function",
                    "function": {"name": name, "description": text, "parameters": schema},
                }
                for name, text, schema in ask.tools
            ]
        if ask.choice:
            named = ask.choice not in ("auto", "none", "required")
            value["tool_choice"] = (
                {"type": "function", "function": {"name": ask.choice}} if named else ask.choice
            )
        if ask.schema:
            value["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "person", "schema": ask.schema, "strict": True},
            }
        more = {
            "reasoning_effort": ask.effort,
            "temperature": ask.temperature,
            "stop": list(ask.stop),
            "seed": ask.seed,
            "parallel_tool_calls": ask.parallel,
        }
        return value | {key: item for key, item in more.items() if item not in (None, [])}

    @staticmethod
    def _part(item):
        match item[0]:
            case "text":
                return {"type": "text", "text": item[1]}
            case "image":
                return {
                    "type": "image_url",
                    "image_url": {"url": f"data:image/png;base64,{item[1]}"},
                }
            case "pdf":
                return {
                    "type": "file",
                    "file": {
                        "filename": "a.pdf",
                        "file_data": f"data:application/pdf;base64,{item[1]}",
                    },
                }

    async def ask(self, ask, upstream, stream):
        arguments = self.arguments(ask, upstream)
        if not stream:
            answer = await self.sdk.chat.completions.create(**arguments)
            return self._told(answer)
        arguments["stream_options"] = {"include_usage": True}
        if "tools" in arguments:  # the accumulating helper takes strict tools only
            arguments["tools"] = [
                {**tool, "function": {**tool["function"], "strict": True}}
                for tool in arguments["tools"]
            ]
        pieces = 0
        reasoning = ""
        async with self.sdk.chat.completions.stream(**arguments) as events:
            async for event in events:
                pieces += event.type in ("content.delta", "tool_calls.function.arguments.delta")
                if event.type == "chunk" and event.chunk.choices:
                    reasoning += (
                        getattr(event.chunk.choices[0].delta, "reasoning_content", None) or ""
                    )
            try:
                answer = await events.get_final_completion()
            except (
                openai.LengthFinishReasonError
            ) as error:  # it parses by default, and a cut answer cannot be
                answer = error.completion
        told = self._told(answer)
        told.pieces, told.reasoning = pieces, reasoning
        return told

    @staticmethod
    def _told(answer):
        choice = answer.choices[0]
        message, usage = choice.message, answer.usage
        return Told(
            text=message.content or "",
            calls=[
                (call.function.name, json.loads(call.function.arguments))
                for call in message.tool_calls or ()
            ],
            call_ids=[call.id for call in message.tool_calls or ()],
            reasoning=getattr(message, "reasoning_content", None) or "",
            finish=choice.finish_reason,
            usage=(
                usage.prompt_tokens,
                usage.prompt_tokens_details.cached_tokens,
                usage.completion_tokens,
            ),
        )


class ResponsesClient(OpenAiClient):
    """`openai`: responses."""

    name = "openai_responses"

    def arguments(self, ask, upstream):
        items = []
        for role, parts in ask.turns:
            content = []
            for part in parts:
                match part[0]:
                    case "call":
                        items.append(
                            {
                                "type": "function_call",
                                "call_id": part[1],
                                "name": part[2],
                                "arguments": json.dumps(part[3]),
                            }
                        )
                    case "result":
                        items.append(
                            {"type": "function_call_output", "call_id": part[1], "output": part[3]}
                        )
                    case "text":
                        content.append({"type": "input_text", "text": part[1]})
                    case "image":
                        content.append(
                            {
                                "type": "input_image",
                                "image_url": f"data:image/png;base64,{part[1]}",
                                "detail": "auto",
                            }
                        )
                    case "pdf":
                        content.append(
                            {
                                "type": "input_file",
                                "filename": "a.pdf",
                                "file_data": f"data:application/pdf;base64,{part[1]}",
                            }
                        )
            if content:
                # Assistant text is a plain string in the SDK's input types, and stands before the
                # calls of its turn.
                message = {
                    "role": role,
                    "content": content if role == "user" else content[0]["text"],
                }
                items.insert(len(items) - sum(part[0] == "call" for part in parts), message)
        value = {
            "model": model(upstream),
            "input": items,
            "max_output_tokens": ask.max_tokens,
            "store": False,
        }
        if ask.tools:
            value["tools"] = [
                {
                    "type": "function",
                    "name": name,
                    "description": text,
                    "parameters": schema,
                    "strict": None,
                }
                for name, text, schema in ask.tools
            ]
        if ask.choice:
            value["tool_choice"] = (
                ask.choice
                if ask.choice in ("auto", "none", "required")
                else {"type": "function", "name": ask.choice}
            )
        if ask.schema:
            value["text"] = {
                "format": {
                    "type": "json_schema",
                    "name": "person",
                    "schema": ask.schema,
                    "strict": True,
                }
            }
        if ask.effort:
            value["reasoning"] = {"effort": ask.effort, "summary": "auto"}
        more = {
            "instructions": ask.system,
            "temperature": ask.temperature,
            "parallel_tool_calls": ask.parallel,
        }
        return value | {key: item for key, item in more.items() if item is not None}

    async def ask(self, ask, upstream, stream):
        if not stream:
            return self._told(await self.sdk.responses.create(**self.arguments(ask, upstream)))
        pieces = 0
        arguments = self.arguments(ask, upstream)
        for tool in arguments.get("tools", ()):
            tool["strict"] = True
        answer = None
        async with self.sdk.responses.stream(**arguments) as events:
            async for event in events:
                pieces += event.type.endswith(".delta")
                if event.type in ("response.completed", "response.incomplete"):
                    answer = event.response
        told = self._told(answer)
        told.pieces = pieces
        return told

    @staticmethod
    def _told(answer):
        calls = [item for item in answer.output if item.type == "function_call"]
        thoughts = [item for item in answer.output if item.type == "reasoning"]
        why = answer.incomplete_details and answer.incomplete_details.reason
        finish = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(
            why, "tool_calls" if calls else "stop"
        )
        usage = answer.usage
        return Told(
            text=answer.output_text,
            calls=[(call.name, json.loads(call.arguments)) for call in calls],
            call_ids=[call.call_id for call in calls],
            reasoning="".join(
                part.text for item in thoughts for part in [*item.summary, *(item.content or ())]
            ),
            signature=thoughts[0].encrypted_content if thoughts else None,
            finish=finish,
            usage=(
                usage.input_tokens,
                usage.input_tokens_details.cached_tokens,
                usage.output_tokens,
            ),
        )


class AnthropicClient:
    """`anthropic`: messages. What its newest types no longer have goes in `extra_body`."""

    name = "anthropic"
    names_call_ids = True
    errors = (anthropic.APIError,)

    def __init__(self, world):
        self.sdk = anthropic.AsyncAnthropic(base_url=world.url, api_key=world.key, max_retries=0)

    async def close(self):
        await self.sdk.close()

    def arguments(self, ask, upstream):
        messages = [
            {"role": role, "content": [self._block(item) for item in items]}
            for role, items in ask.turns
        ]
        value = {"model": model(upstream), "messages": messages, "max_tokens": ask.max_tokens}
        if ask.tools:
            value["tools"] = [
                {"name": name, "description": text, "input_schema": schema}
                for name, text, schema in ask.tools
            ]
        if ask.choice:
            known = {
                "auto": {"type": "auto"},
                "none": {"type": "none"},
                "required": {"type": "any"},
            }
            value["tool_choice"] = known.get(ask.choice, {"type": "tool", "name": ask.choice})
        if ask.parallel is not None:
            value["tool_choice"] = value.get("tool_choice", {"type": "auto"}) | {
                "disable_parallel_tool_use": not ask.parallel
            }
        if ask.effort:
            value["thinking"] = {"type": "enabled", "budget_tokens": BUDGET}
        if ask.schema:
            value["output_config"] = {"format": {"type": "json_schema", "schema": ask.schema}}
        more = {"system": ask.system, "stop_sequences": list(ask.stop) or None}
        if ask.temperature is not None:
            more["extra_body"] = {"temperature": ask.temperature}
        return value | {key: item for key, item in more.items() if item is not None}

    @staticmethod
    def _block(item):
        match item[0]:
            case "text":
                return {"type": "text", "text": item[1]}
            case "image":
                return {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": item[1]},
                }
            case "pdf":
                return {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": item[1]},
                }
            case "thought":
                return {"type": "thinking", "thinking": item[1], "signature": item[2]}
            case "call":
                return {"type": "tool_use", "id": item[1], "name": item[2], "input": item[3]}
            case "result":
                return {
                    "type": "tool_result",
                    "tool_use_id": item[1],
                    "content": item[3],
                    "is_error": item[4],
                }

    async def ask(self, ask, upstream, stream):
        arguments = self.arguments(ask, upstream)
        if not stream:
            return self._told(await self.sdk.messages.create(**arguments))
        pieces = 0
        async with self.sdk.messages.stream(**arguments) as events:
            async for event in events:
                pieces += event.type == "content_block_delta"
            told = self._told(await events.get_final_message())
        told.pieces = pieces
        return told

    @staticmethod
    def _told(answer):
        calls = [block for block in answer.content if block.type == "tool_use"]
        thoughts = [block for block in answer.content if block.type == "thinking"]
        finish = {
            "end_turn": "stop",
            "max_tokens": "length",
            "tool_use": "tool_calls",
            "refusal": "content_filter",
        }.get(answer.stop_reason, answer.stop_reason)
        cached = answer.usage.cache_read_input_tokens or 0
        return Told(
            text="".join(block.text for block in answer.content if block.type == "text"),
            calls=[(call.name, call.input) for call in calls],
            call_ids=[call.id for call in calls],
            reasoning="".join(block.thinking for block in thoughts),
            signature=thoughts[0].signature if thoughts else None,
            finish=finish,
            usage=(answer.usage.input_tokens + cached, cached, answer.usage.output_tokens),
        )

    @staticmethod
    def status(error):
        return error.status_code


class GeminiClient:
    """`google-genai`. Its function results carry no error flag: an error is a response with an
    `error` member.
    """

    name = "gemini"
    names_call_ids = False
    errors = (genai_errors.APIError,)

    def __init__(self, world):
        self._http = httpx.AsyncClient()
        options = google.HttpOptions(
            base_url=world.url,
            retry_options=google.HttpRetryOptions(attempts=1),
            httpx_async_client=self._http,
        )
        self.sdk = genai.Client(api_key=world.key, http_options=options).aio

    async def close(self):
        await self.sdk.aclose()
        await self._http.aclose()

    def arguments(self, ask, upstream):
        contents = [
            google.Content(
                role="model" if role == "assistant" else "user",
                parts=[self._part(item) for item in items],
            )
            for role, items in ask.turns
        ]
        config = {
            "system_instruction": ask.system,
            "temperature": ask.temperature,
            "stop_sequences": list(ask.stop) or None,
            "seed": ask.seed,
        }
        config["max_output_tokens"] = ask.max_tokens
        if ask.tools:
            functions = [
                {"name": name, "description": text, "parameters_json_schema": schema}
                for name, text, schema in ask.tools
            ]
            config["tools"] = [{"function_declarations": functions}]
            config["automatic_function_calling"] = {"disable": True}
        if ask.choice:
            mode = {"auto": "AUTO", "none": "NONE"}.get(ask.choice, "ANY")
            named = (
                {}
                if ask.choice in ("auto", "none", "required")
                else {"allowed_function_names": [ask.choice]}
            )
            config["tool_config"] = {"function_calling_config": {"mode": mode, **named}}
        if ask.schema:
            config |= {"response_mime_type": "application/json", "response_json_schema": ask.schema}
        if ask.effort:
            config["thinking_config"] = {
                "thinking_level": ask.effort.upper(),
                "include_thoughts": True,
            }
        config = google.GenerateContentConfig(
            **{key: value for key, value in config.items() if value is not None}
        )
        return {"model": model(upstream), "contents": contents, "config": config}

    @staticmethod
    def _part(item):
        match item[0]:
            case "text":
                return google.Part(text=item[1])
            case "image":
                return google.Part.from_bytes(data=base64.b64decode(item[1]), mime_type="image/png")
            case "pdf":
                return google.Part.from_bytes(
                    data=base64.b64decode(item[1]), mime_type="application/pdf"
                )
            case "call":
                return google.Part(
                    function_call=google.FunctionCall(id=item[1], name=item[2], args=item[3])
                )
            case "result":
                response = {"error" if item[4] else "result": item[3]}
                return google.Part(
                    function_response=google.FunctionResponse(
                        id=item[1], name=item[2], response=response
                    )
                )

    async def ask(self, ask, upstream, stream):
        arguments = self.arguments(ask, upstream)
        if not stream:
            return self._told([await self.sdk.models.generate_content(**arguments)])
        chunks = [
            chunk async for chunk in await self.sdk.models.generate_content_stream(**arguments)
        ]
        told = self._told(chunks)
        told.pieces = sum(
            1
            for chunk in chunks
            if chunk.candidates
            and chunk.candidates[0].content
            and chunk.candidates[0].content.parts
        )
        return told

    @staticmethod
    def _told(chunks):
        parts = [
            part
            for chunk in chunks
            for one in (chunk.candidates or ())[:1]
            for part in (one.content and one.content.parts) or ()
        ]
        calls = [part.function_call for part in parts if part.function_call]
        finish = [
            one.finish_reason.value
            for chunk in chunks
            for one in chunk.candidates or ()
            if one.finish_reason
        ][-1]
        usage = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata][-1]
        words = {
            "STOP": "tool_calls" if calls else "stop",
            "MAX_TOKENS": "length",
            "SAFETY": "content_filter",
        }
        signatures = [part.thought_signature for part in parts if part.thought_signature]
        return Told(
            text="".join(part.text for part in parts if part.text and not part.thought),
            calls=[(call.name, call.args) for call in calls],
            call_ids=[call.id for call in calls],
            reasoning="".join(part.text for part in parts if part.text and part.thought),
            signature=base64.b64encode(signatures[0]).decode() if signatures else None,
            finish=words.get(finish, finish),
            usage=(
                usage.prompt_token_count,
                usage.cached_content_token_count or 0,
                (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
            ),
        )

    @staticmethod
    def status(error):
        return error.code


CLIENTS = {
    client.name: client for client in (ChatClient, ResponsesClient, AnthropicClient, GeminiClient)
}

__all__ = ["BUDGET", "CLIENTS", "Ask", "Told"]
