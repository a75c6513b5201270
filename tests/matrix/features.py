"""The features of a request, one row each: how every client dialect says it, and how each upstream
dialect would.

`sends[client]` is merged into that client's plain request (objects member by member, lists
replaced). `finds[upstream]` are the places where the feature may be found in the body that arrives:
a path whose values must hold the wanted value is *kept*; one behind `~` is *adapted*, the same wish
in the vendor's other words. A path goes through objects by name and through lists by `*`;
`path=value` wants that JSON value, a bare path wants anything there, `path~=text` wants `text`
inside the value. No place: the upstream has no word for it.
"""

import json
from dataclasses import dataclass

from asks import PDF, PERSON, PNG
from world import UPSTREAMS

CLIENT_NAMES = ("openai_chat", "openai_responses", "anthropic", "gemini")
RELAYED = dict(zip(CLIENT_NAMES, ("chat", "responses", "anthropic", "gemini"), strict=True))
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA="
HI = {"role": "user", "content": "Hello"}
GEMINI_HI = {"role": "user", "parts": [{"text": "Hello"}]}

PLAIN = {
    "openai_chat": {"messages": [HI]},
    "openai_responses": {"input": "Hello"},
    "anthropic": {"max_tokens": 20000, "messages": [HI]},
    "gemini": {"contents": [GEMINI_HI]},
}


@dataclass(frozen=True)
class Feature:
    name: str
    sends: dict
    finds: dict


def clients(chat=None, responses=None, anthropic=None, gemini=None):
    given = zip(CLIENT_NAMES, (chat, responses, anthropic, gemini), strict=True)
    return {client: value for client, value in given if value is not None}


def upstreams(chat=(), responses=(), anthropic=(), gemini=(), converse=(), cohere=()):
    given = zip(UPSTREAMS, (chat, responses, anthropic, gemini, converse, cohere), strict=True)
    return {name: (places,) if isinstance(places, str) else places for name, places in given}


def scalar(name, value, names, places):
    """One value, found as it is.

    `names`: the member in each client (None: no such word), `places` the path in each upstream.
    """
    wanted = json.dumps(value)
    sends = {
        client: nested(path, value)
        for client, path in zip(CLIENT_NAMES, names, strict=True)
        if path
    }
    return Feature(
        name,
        sends,
        {
            upstream: (f"{path}={wanted}",) if path else ()
            for upstream, path in zip(UPSTREAMS, places, strict=True)
        },
    )


def nested(path, value):
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def chat_parts(*parts):
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "See"}, *parts]}]}


def responses_parts(*parts):
    return {"input": [{"role": "user", "content": [{"type": "input_text", "text": "See"}, *parts]}]}


def anthropic_parts(*parts):
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "See"}, *parts]}]}


def gemini_parts(*parts):
    return {"contents": [{"role": "user", "parts": [{"text": "See"}, *parts]}]}


SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def chat_tools(*names, **more):
    return {
        "tools": [
            {
                "type": "function",
                "function": {"name": name, "description": "d", "parameters": SCHEMA, **more},
            }
            for name in names
        ]
    }


def responses_tools(*names, **more):
    return {
        "tools": [
            {
                "type": "function",
                "name": name,
                "description": "d",
                "parameters": SCHEMA,
                "strict": None,
                **more,
            }
            for name in names
        ]
    }


def anthropic_tools(*names, **more):
    return {
        "tools": [
            {"name": name, "description": "d", "input_schema": SCHEMA, **more} for name in names
        ]
    }


def gemini_tools(*names):
    functions = [
        {"name": name, "description": "d", "parametersJsonSchema": SCHEMA} for name in names
    ]
    return {"tools": [{"functionDeclarations": functions}]}


def choosing(chat, responses, anthropic, gemini):
    tools = (
        chat_tools("f", "g", "h"),
        responses_tools("f", "g", "h"),
        anthropic_tools("f", "g", "h"),
        gemini_tools("f", "g", "h"),
    )
    config = gemini and {"toolConfig": {"functionCallingConfig": gemini}}
    choices = (
        chat and {"tool_choice": chat},
        responses and {"tool_choice": responses},
        anthropic and {"tool_choice": anthropic},
        config,
    )
    return {
        client: tool | choice
        for client, tool, choice in zip(CLIENT_NAMES, tools, choices, strict=True)
        if choice
    }


CHAT_TURN = [
    HI,
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "f", "arguments": '{"city":"Oslo"}'},
            }
        ],
    },
]
RESPONSES_TURN = [
    HI,
    {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"city":"Oslo"}'},
]
ANTHROPIC_TURN = [
    HI,
    {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {"city": "Oslo"}}],
    },
]
GEMINI_TURN = [
    GEMINI_HI,
    {
        "role": "model",
        "parts": [{"functionCall": {"id": "c1", "name": "f", "args": {"city": "Oslo"}}}],
    },
]
ANTHROPIC_PNG = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
}
ANTHROPIC_PDF = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
}
IMAGE_FINDS = upstreams(
    f"messages.*.content.*.image_url.url~={PNG}",
    f"input.*.content.*.image_url~={PNG}",
    f"messages.*.content.*.source.data~={PNG}",
    f"contents.*.parts.*.inlineData.data~={PNG}",
    f"messages.*.content.*.image.source.bytes~={PNG}",
    f"messages.*.content.*.image_url.url~={PNG}",
)


def image_url(url):
    return Feature(
        "image by URL",
        clients(
            chat_parts({"type": "image_url", "image_url": {"url": url}}),
            responses_parts({"type": "input_image", "image_url": url, "detail": "auto"}),
            anthropic_parts({"type": "image", "source": {"type": "url", "url": url}}),
            gemini_parts({"fileData": {"mimeType": "image/png", "fileUri": url}}),
        ),
        upstreams(
            f'messages.*.content.*.image_url.url="{url}"',
            f'input.*.content.*.image_url="{url}"',
            (f'messages.*.content.*.source.url="{url}"', "~messages.*.content.*.source.data"),
            (f'contents.*.parts.*.fileData.fileUri="{url}"', "~contents.*.parts.*.inlineData.data"),
            "~messages.*.content.*.image.source.bytes",
            f'messages.*.content.*.image_url.url="{url}"',
        ),
    )


def features(picture_url):
    """Every row; `picture_url` is an address from which the gateway can fetch a picture."""
    penalty = "generationConfig.{}".format
    return (
        Feature(
            "system text",
            clients(
                {"messages": [{"role": "system", "content": "Be brief."}, HI]},
                {"instructions": "Be brief."},
                {"system": "Be brief."},
                {"systemInstruction": {"parts": [{"text": "Be brief."}]}},
            ),
            upstreams(
                "messages.*.content~=Be brief.",
                ('instructions="Be brief."', "~input.*.content~=Be brief."),
                "system~=Be brief.",
                'systemInstruction.parts.*.text="Be brief."',
                'system.*.text="Be brief."',
                "messages.*.content~=Be brief.",
            ),
        ),
        Feature(
            "developer role",
            clients(
                {"messages": [{"role": "developer", "content": "Be brief."}, HI]},
                {"input": [{"role": "developer", "content": "Be brief."}, HI]},
            ),
            upstreams(
                ('messages.*.role="developer"', "~messages.*.content~=Be brief."),
                ('input.*.role="developer"', "~instructions"),
                "~system~=Be brief.",
                "~systemInstruction.parts.*.text",
                "~system.*.text",
                "~messages.*.content~=Be brief.",
            ),
        ),
        Feature(
            "speaker's name",
            clients({"messages": [{**HI, "name": "bob"}]}),
            upstreams('messages.*.name="bob"'),
        ),
        scalar(
            "max tokens",
            12000,
            (
                "max_completion_tokens",
                "max_output_tokens",
                "max_tokens",
                "generationConfig.maxOutputTokens",
            ),
            (
                "max_tokens",
                "max_output_tokens",
                "max_tokens",
                "generationConfig.maxOutputTokens",
                "inferenceConfig.maxTokens",
                "max_tokens",
            ),
        ),
        scalar(
            "temperature",
            0.3,
            ("temperature", "temperature", "temperature", "generationConfig.temperature"),
            (
                "temperature",
                "temperature",
                "temperature",
                "generationConfig.temperature",
                "inferenceConfig.temperature",
                "temperature",
            ),
        ),
        scalar(
            "top_p",
            0.4,
            ("top_p", "top_p", "top_p", "generationConfig.topP"),
            ("top_p", "top_p", "top_p", "generationConfig.topP", "inferenceConfig.topP", "p"),
        ),
        scalar(
            "top_k",
            7,
            (None, None, "top_k", "generationConfig.topK"),
            (
                "top_k",
                None,
                "top_k",
                "generationConfig.topK",
                "additionalModelRequestFields.top_k",
                "k",
            ),
        ),
        scalar(
            "stop",
            ["END"],
            ("stop", None, "stop_sequences", "generationConfig.stopSequences"),
            (
                "stop",
                None,
                "stop_sequences",
                "generationConfig.stopSequences",
                "inferenceConfig.stopSequences",
                "stop_sequences",
            ),
        ),
        scalar(
            "seed",
            5,
            ("seed", None, None, "generationConfig.seed"),
            ("seed", None, None, "generationConfig.seed", None, "seed"),
        ),
        scalar(
            "n",
            2,
            ("n", None, None, "generationConfig.candidateCount"),
            ("n", None, None, "generationConfig.candidateCount", None, None),
        ),
        scalar(
            "presence_penalty",
            0.5,
            ("presence_penalty", None, None, penalty("presencePenalty")),
            ("presence_penalty", None, None, penalty("presencePenalty"), None, "presence_penalty"),
        ),
        scalar(
            "frequency_penalty",
            0.5,
            ("frequency_penalty", None, None, penalty("frequencyPenalty")),
            (
                "frequency_penalty",
                None,
                None,
                penalty("frequencyPenalty"),
                None,
                "frequency_penalty",
            ),
        ),
        scalar(
            "logit_bias",
            {"50256": -100},
            ("logit_bias", None, None, None),
            ("logit_bias", None, None, None, None, None),
        ),
        Feature(
            "logprobs",
            clients(
                {"logprobs": True, "top_logprobs": 2},
                {"top_logprobs": 2, "include": ["message.output_text.logprobs"]},
                None,
                {"generationConfig": {"responseLogprobs": True, "logprobs": 2}},
            ),
            upstreams(
                "top_logprobs=2",
                "top_logprobs=2",
                (),
                "generationConfig.logprobs=2",
                (),
                "~logprobs=true",
            ),
        ),
        Feature(
            "tools",
            clients(chat_tools("f"), responses_tools("f"), anthropic_tools("f"), gemini_tools("f")),
            upstreams(
                "tools.*.function.parameters=" + json.dumps(SCHEMA),
                "tools.*.parameters=" + json.dumps(SCHEMA),
                "tools.*.input_schema=" + json.dumps(SCHEMA),
                "tools.*.functionDeclarations.*.parametersJsonSchema=" + json.dumps(SCHEMA),
                "toolConfig.tools.*.toolSpec.inputSchema.json=" + json.dumps(SCHEMA),
                "tools.*.function.parameters=" + json.dumps(SCHEMA),
            ),
        ),
        Feature(
            "strict tools",
            clients(
                chat_tools("f", strict=True),
                responses_tools("f", strict=True),
                anthropic_tools("f", strict=True),
            ),
            upstreams(
                "tools.*.function.strict=true",
                "tools.*.strict=true",
                "tools.*.strict=true",
                '~toolConfig.functionCallingConfig.mode="VALIDATED"',
                "toolConfig.tools.*.toolSpec.strict=true",
                "strict_tools=true",
            ),
        ),
        Feature(
            "freeform tools",
            clients(
                {"tools": [{"type": "custom", "custom": {"name": "shell", "description": "d"}}]},
                {"tools": [{"type": "custom", "name": "shell", "description": "d"}]},
            ),
            upstreams(
                ('tools.*.custom.name="shell"', '~tools.*.function.name="shell"'),
                'tools.*.type="custom"',
                '~tools.*.name="shell"',
                '~tools.*.functionDeclarations.*.name="shell"',
                '~toolConfig.tools.*.toolSpec.name="shell"',
                '~tools.*.function.name="shell"',
            ),
        ),
        Feature(
            "tool_choice required",
            choosing("required", "required", {"type": "any"}, {"mode": "ANY"}),
            upstreams(
                'tool_choice="required"',
                'tool_choice="required"',
                'tool_choice.type="any"',
                'toolConfig.functionCallingConfig.mode="ANY"',
                "toolConfig.toolChoice.any",
                'tool_choice="REQUIRED"',
            ),
        ),
        Feature(
            "tool_choice none",
            choosing("none", "none", {"type": "none"}, {"mode": "NONE"}),
            upstreams(
                'tool_choice="none"',
                'tool_choice="none"',
                'tool_choice.type="none"',
                'toolConfig.functionCallingConfig.mode="NONE"',
                "~!toolConfig.tools",
                'tool_choice="NONE"',
            ),
        ),
        Feature(
            "tool_choice one tool",
            choosing(
                {"type": "function", "function": {"name": "g"}},
                {"type": "function", "name": "g"},
                {"type": "tool", "name": "g"},
                {"mode": "ANY", "allowedFunctionNames": ["g"]},
            ),
            upstreams(
                'tool_choice.function.name="g"',
                'tool_choice.name="g"',
                'tool_choice.name="g"',
                'toolConfig.functionCallingConfig.allowedFunctionNames=["g"]',
                'toolConfig.toolChoice.tool.name="g"',
                '~tool_choice="REQUIRED"',
            ),
        ),
        Feature(
            "tool_choice some tools",
            choosing(
                {
                    "type": "allowed_tools",
                    "allowed_tools": {
                        "mode": "required",
                        "tools": [
                            {"type": "function", "function": {"name": name}} for name in "fg"
                        ],
                    },
                },
                {
                    "type": "allowed_tools",
                    "mode": "required",
                    "tools": [{"type": "function", "name": name} for name in "fg"],
                },
                None,
                {"mode": "ANY", "allowedFunctionNames": ["f", "g"]},
            ),
            upstreams(
                ('tool_choice.type="allowed_tools"', '~tool_choice="required"'),
                ('tool_choice.type="allowed_tools"', '~tool_choice="required"'),
                '~tool_choice.type="any"',
                'toolConfig.functionCallingConfig.allowedFunctionNames=["f","g"]',
                "~toolConfig.toolChoice.any",
                '~tool_choice="REQUIRED"',
            ),
        ),
        Feature(
            "no parallel calls",
            clients(
                chat_tools("f") | {"parallel_tool_calls": False},
                responses_tools("f") | {"parallel_tool_calls": False},
                anthropic_tools("f")
                | {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            ),
            upstreams(
                "parallel_tool_calls=false",
                "parallel_tool_calls=false",
                "tool_choice.disable_parallel_tool_use=true",
                (),
                "additionalModelRequestFields.tool_choice.disable_parallel_tool_use=true",
                (),
            ),
        ),
        Feature(
            "image by value",
            clients(
                chat_parts(
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
                ),
                responses_parts(
                    {
                        "type": "input_image",
                        "image_url": f"data:image/png;base64,{PNG}",
                        "detail": "auto",
                    }
                ),
                anthropic_parts(ANTHROPIC_PNG),
                gemini_parts({"inlineData": {"mimeType": "image/png", "data": PNG}}),
            ),
            IMAGE_FINDS,
        ),
        image_url(picture_url),
        Feature(
            "PDF by value",
            clients(
                chat_parts(
                    {
                        "type": "file",
                        "file": {
                            "filename": "a.pdf",
                            "file_data": f"data:application/pdf;base64,{PDF}",
                        },
                    }
                ),
                responses_parts(
                    {
                        "type": "input_file",
                        "filename": "a.pdf",
                        "file_data": f"data:application/pdf;base64,{PDF}",
                    }
                ),
                anthropic_parts(ANTHROPIC_PDF),
                gemini_parts({"inlineData": {"mimeType": "application/pdf", "data": PDF}}),
            ),
            upstreams(
                f"messages.*.content.*.file.file_data~={PDF}",
                f"input.*.content.*.file_data~={PDF}",
                f"messages.*.content.*.source.data~={PDF}",
                f"contents.*.parts.*.inlineData.data~={PDF}",
                f"messages.*.content.*.document.source.bytes~={PDF}",
                "~documents",
            ),
        ),
        Feature(
            "text document",
            clients(
                None,
                None,
                anthropic_parts(
                    {
                        "type": "document",
                        "title": "T",
                        "source": {
                            "type": "text",
                            "media_type": "text/plain",
                            "data": "Moss is green.",
                        },
                    }
                ),
                gemini_parts(
                    {"inlineData": {"mimeType": "text/plain", "data": "TW9zcyBpcyBncmVlbi4="}}
                ),
            ),
            upstreams(
                ("~messages.*.content~=Moss", "~messages.*.content.*.text~=Moss"),
                ("~input.*.content.*.text~=Moss", "~input.*.content.*.file_data"),
                (
                    'messages.*.content.*.source.data="Moss is green."',
                    "~messages.*.content.*.text~=Moss",
                ),
                ("~contents.*.parts.*.text~=Moss", "contents.*.parts.*.inlineData.data"),
                ("messages.*.content.*.document.source", "~messages.*.content.*.text~=Moss"),
                ("documents", "~messages.*.content~=Moss"),
            ),
        ),
        Feature(
            "words about a document",
            clients(anthropic=anthropic_parts({**ANTHROPIC_PDF, "context": "From 1998."})),
            upstreams(
                anthropic="messages.*.content.*.context",
                converse="messages.*.content.*.document.context",
            ),
        ),
        Feature(
            "audio",
            clients(
                chat_parts({"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}}),
                None,
                None,
                gemini_parts({"inlineData": {"mimeType": "audio/wav", "data": WAV}}),
            ),
            upstreams(
                f"messages.*.content.*.input_audio.data~={WAV}",
                "input.*.content.*.input_audio",
                (),
                f"contents.*.parts.*.inlineData.data~={WAV}",
                "messages.*.content.*.audio.source.bytes",
                (),
            ),
        ),
        Feature(
            "video",
            clients(
                None,
                None,
                None,
                gemini_parts({"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}}),
            ),
            upstreams(
                "messages.*.content.*.video_url",
                (),
                (),
                "contents.*.parts.*.inlineData.data",
                "messages.*.content.*.video.source.bytes",
                (),
            ),
        ),
        Feature(
            "image in a tool result",
            clients(
                None,
                responses_tools("f")
                | {
                    "input": [
                        *RESPONSES_TURN,
                        {
                            "type": "function_call_output",
                            "call_id": "c1",
                            "output": [
                                {
                                    "type": "input_image",
                                    "image_url": f"data:image/png;base64,{PNG}",
                                    "detail": "auto",
                                }
                            ],
                        },
                    ]
                },
                anthropic_tools("f")
                | {
                    "messages": [
                        *ANTHROPIC_TURN,
                        {
                            "role": "user",
                            "content": [
                                {
                                    "type": "tool_result",
                                    "tool_use_id": "c1",
                                    "content": [ANTHROPIC_PNG],
                                }
                            ],
                        },
                    ]
                },
                gemini_tools("f")
                | {
                    "contents": [
                        *GEMINI_TURN,
                        {
                            "role": "user",
                            "parts": [
                                {
                                    "functionResponse": {
                                        "id": "c1",
                                        "name": "f",
                                        "response": {},
                                        "parts": [
                                            {"inlineData": {"mimeType": "image/png", "data": PNG}}
                                        ],
                                    }
                                }
                            ],
                        },
                    ]
                },
            ),
            upstreams(
                f"~messages.*.content.*.image_url.url~={PNG}",
                f"input.*.output.*.image_url~={PNG}",
                f"messages.*.content.*.content.*.source.data~={PNG}",
                f"contents.*.parts.*.functionResponse.parts.*.inlineData.data~={PNG}",
                f"messages.*.content.*.toolResult.content.*.image.source.bytes~={PNG}",
                f"~messages.*.content.*.image_url.url~={PNG}",
            ),
        ),
        Feature(
            "failed tool result",
            clients(
                None,
                None,
                anthropic_tools("f")
                | {
                    "messages": [
                        *ANTHROPIC_TURN,
                        {
                            "role": "user",
                            "content": [
                                {
                                    "type": "tool_result",
                                    "tool_use_id": "c1",
                                    "is_error": True,
                                    "content": "boom",
                                }
                            ],
                        },
                    ]
                },
                gemini_tools("f")
                | {
                    "contents": [
                        *GEMINI_TURN,
                        {
                            "role": "user",
                            "parts": [
                                {
                                    "functionResponse": {
                                        "id": "c1",
                                        "name": "f",
                                        "response": {"error": "boom"},
                                    }
                                }
                            ],
                        },
                    ]
                },
            ),
            upstreams(
                "~messages.*.content~=boom",
                "~input.*.output~=boom",
                "messages.*.content.*.is_error=true",
                "contents.*.parts.*.functionResponse.response.error",
                'messages.*.content.*.toolResult.status="error"',
                "~messages.*.content~=boom",
            ),
        ),
        Feature(
            "JSON schema output",
            clients(
                {
                    "response_format": {
                        "type": "json_schema",
                        "json_schema": {"name": "p", "schema": PERSON, "strict": True},
                    }
                },
                {
                    "text": {
                        "format": {
                            "type": "json_schema",
                            "name": "p",
                            "schema": PERSON,
                            "strict": True,
                        }
                    }
                },
                {"output_config": {"format": {"type": "json_schema", "schema": PERSON}}},
                {
                    "generationConfig": {
                        "responseMimeType": "application/json",
                        "responseJsonSchema": PERSON,
                    }
                },
            ),
            upstreams(
                "response_format.json_schema.schema",
                "text.format.schema",
                "output_config.format.schema",
                "generationConfig.responseJsonSchema",
                "outputConfig.textFormat",
                "response_format.json_schema",
            ),
        ),
        Feature(
            "JSON output",
            clients(
                {"response_format": {"type": "json_object"}},
                {"text": {"format": {"type": "json_object"}}},
                None,
                {"generationConfig": {"responseMimeType": "application/json"}},
            ),
            upstreams(
                'response_format.type="json_object"',
                'text.format.type="json_object"',
                "~system~=JSON",
                'generationConfig.responseMimeType="application/json"',
                "~system.*.text~=JSON",
                'response_format.type="json_object"',
            ),
        ),
        Feature(
            "reasoning effort",
            clients(
                {"reasoning_effort": "low"},
                {"reasoning": {"effort": "low"}},
                {"output_config": {"effort": "low"}},
                {"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}},
            ),
            upstreams(
                'reasoning_effort="low"',
                'reasoning.effort="low"',
                'output_config.effort="low"',
                'generationConfig.thinkingConfig.thinkingLevel="low"',
                'outputConfig.effort="low"',
                "~thinking.token_budget",
            ),
        ),
        Feature(
            "thinking budget",
            clients(
                None,
                None,
                {"thinking": {"type": "enabled", "budget_tokens": 4096}},
                {"generationConfig": {"thinkingConfig": {"thinkingBudget": 4096}}},
            ),
            upstreams(
                "~reasoning_effort",
                "~reasoning.effort",
                ("thinking.budget_tokens=4096", "~output_config.effort"),
                "~generationConfig.thinkingConfig.thinkingLevel",
                (
                    "additionalModelRequestFields.thinking.budget_tokens=4096",
                    "~outputConfig.effort",
                ),
                "thinking.token_budget=4096",
            ),
        ),
        Feature(
            "thinking off",
            clients(
                {"reasoning_effort": "none"},
                {"reasoning": {"effort": "none"}},
                {"thinking": {"type": "disabled"}},
                {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}},
            ),
            upstreams(
                'reasoning_effort="none"',
                'reasoning.effort="none"',
                'thinking.type="disabled"',
                (
                    "generationConfig.thinkingConfig.thinkingBudget=0",
                    "~generationConfig.thinkingConfig.thinkingLevel",
                ),
                'additionalModelRequestFields.thinking.type="disabled"',
                'thinking.type="disabled"',
            ),
        ),
        Feature(
            "reasoning handed back",
            clients(
                {
                    "messages": [
                        HI,
                        {"role": "assistant", "content": "Yes", "reasoning_content": "Hm."},
                        HI,
                    ]
                },
                {
                    "input": [
                        HI,
                        {
                            "type": "reasoning",
                            "id": "rs_1",
                            "summary": [{"type": "summary_text", "text": "Hm."}],
                            "encrypted_content": "QUJD",
                        },
                        {"role": "assistant", "content": "Yes"},
                        HI,
                    ]
                },
                {
                    "messages": [
                        HI,
                        {
                            "role": "assistant",
                            "content": [
                                {"type": "thinking", "thinking": "Hm.", "signature": "QUJD"},
                                {"type": "text", "text": "Yes"},
                            ],
                        },
                        HI,
                    ]
                },
                {
                    "contents": [
                        GEMINI_HI,
                        {
                            "role": "model",
                            "parts": [
                                {"text": "Hm.", "thought": True},
                                {"text": "Yes", "thoughtSignature": "QUJD"},
                            ],
                        },
                        GEMINI_HI,
                    ]
                },
            ),
            upstreams(
                '~messages.*.reasoning_content="Hm."',
                'input.*.encrypted_content="QUJD"',
                'messages.*.content.*.signature="QUJD"',
                'contents.*.parts.*.thoughtSignature="QUJD"',
                'messages.*.content.*.reasoningContent.reasoningText.signature="QUJD"',
                '~messages.*.content.*.thinking="Hm."',
            ),
        ),
        Feature(
            "cache hints",
            clients(
                None,
                None,
                {
                    "system": [
                        {
                            "type": "text",
                            "text": "Be brief.",
                            "cache_control": {"type": "ephemeral"},
                        }
                    ]
                },
            ),
            upstreams((), (), "system.*.cache_control", (), "system.*.cachePoint", ()),
        ),
        Feature(
            "citations",
            clients(None, None, anthropic_parts({**ANTHROPIC_PDF, "citations": {"enabled": True}})),
            upstreams(
                (),
                (),
                "messages.*.content.*.citations",
                (),
                "messages.*.content.*.document.citations",
                "documents",
            ),
        ),
        Feature(
            "web search",
            clients(
                {"web_search_options": {}},
                {"tools": [{"type": "web_search"}]},
                {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
                {"tools": [{"googleSearch": {}}]},
            ),
            upstreams(
                "web_search_options",
                'tools.*.type="web_search"',
                'tools.*.name="web_search"',
                "tools.*.googleSearch",
                (),
                (),
            ),
        ),
        Feature(
            "code execution",
            clients(
                None,
                {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]},
                {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]},
                {"tools": [{"codeExecution": {}}]},
            ),
            upstreams(
                (),
                'tools.*.type="code_interpreter"',
                'tools.*.name="code_execution"',
                "tools.*.codeExecution",
                (),
                (),
            ),
        ),
        Feature(
            "end user",
            clients({"user": "u1"}, {"user": "u1"}, {"metadata": {"user_id": "u1"}}),
            upstreams(
                'user="u1"',
                ('user="u1"', '~safety_identifier="u1"'),
                'metadata.user_id="u1"',
                (),
                "~requestMetadata",
                (),
            ),
        ),
        Feature(
            "safety_identifier",
            clients({"safety_identifier": "s1"}, {"safety_identifier": "s1"}),
            upstreams('safety_identifier="s1"', 'safety_identifier="s1"'),
        ),
        Feature(
            "metadata",
            clients(
                {"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}, None, {"labels": {"a": "b"}}
            ),
            upstreams(
                'metadata.a="b"', 'metadata.a="b"', (), 'labels.a="b"', 'requestMetadata.a="b"', ()
            ),
        ),
        Feature(
            "service_tier",
            clients(
                {"service_tier": "priority"},
                {"service_tier": "priority"},
                None,
                {"serviceTier": "priority"},
            ),
            upstreams(
                "service_tier",
                "service_tier",
                "service_tier",
                "serviceTier",
                "serviceTier",
                "~priority",
            ),
        ),
        scalar(
            "prompt_cache_key",
            "k1",
            ("prompt_cache_key", "prompt_cache_key", None, None),
            ("prompt_cache_key", "prompt_cache_key", None, None, None, None),
        ),
        scalar(
            "store",
            True,
            ("store", "store", None, None),
            ("store", "store", None, None, None, None),
        ),
        scalar(
            "verbosity",
            "low",
            ("verbosity", "text.verbosity", None, None),
            ("verbosity", "text.verbosity", None, None, None, None),
        ),
        scalar(
            "previous_response_id",
            "resp_0",
            (None, "previous_response_id", None, None),
            (None, "previous_response_id", None, None, None, None),
        ),
        scalar(
            "truncation",
            "auto",
            (None, "truncation", None, None),
            (None, "truncation", None, None, None, None),
        ),
        scalar(
            "background",
            True,
            (None, "background", None, None),
            (None, "background", None, None, None, None),
        ),
        Feature(
            "audio output",
            clients(
                {"modalities": ["text", "audio"], "audio": {"voice": "ash", "format": "wav"}},
                None,
                None,
                {
                    "generationConfig": {
                        "responseModalities": ["AUDIO"],
                        "speechConfig": {
                            "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}
                        },
                    }
                },
            ),
            upstreams("modalities", (), (), "generationConfig.responseModalities", (), ()),
        ),
        Feature(
            "image output",
            clients(
                None,
                {"tools": [{"type": "image_generation"}]},
                None,
                {"generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}},
            ),
            upstreams(
                "modalities",
                'tools.*.type="image_generation"',
                (),
                "generationConfig.responseModalities",
                (),
                (),
            ),
        ),
        Feature(
            "prediction",
            clients({"prediction": {"type": "content", "content": "x"}}),
            upstreams("prediction"),
        ),
        Feature(
            "safety settings",
            clients(
                None,
                None,
                None,
                {
                    "safetySettings": [
                        {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}
                    ]
                },
            ),
            upstreams(gemini="safetySettings"),
        ),
        Feature(
            "cached content",
            clients(None, None, None, {"cachedContent": "cachedContents/x"}),
            upstreams(gemini="cachedContent"),
        ),
        Feature(
            "context management",
            clients(
                None,
                None,
                {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
            ),
            upstreams(
                anthropic="context_management",
                converse="additionalModelRequestFields.context_management",
            ),
        ),
        Feature(
            "MCP servers",
            clients(
                None,
                {
                    "tools": [
                        {
                            "type": "mcp",
                            "server_label": "m",
                            "server_url": "https://mcp.example/sse",
                        }
                    ]
                },
                {"mcp_servers": [{"type": "url", "name": "m", "url": "https://mcp.example/sse"}]},
            ),
            upstreams(responses='tools.*.type="mcp"', anthropic="mcp_servers"),
        ),
        Feature(
            "unknown members",
            clients(
                {"vendor_thing": 1}, {"vendor_thing": 1}, {"vendor_thing": 1}, {"vendorThing": 1}
            ),
            upstreams("vendor_thing", "vendor_thing", "vendor_thing", "vendorThing"),
        ),
    )
