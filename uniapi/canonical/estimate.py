"""A labelled estimate of tokens, for where no exact count can be had: `message_start` toward a
foreign upstream, `count_tokens` without a native one, `tpm` admission.

No tokenizer is at hand (they are compiled, and their vocabularies are downloads). The rule: about
four characters of Latin text to a token, one character of a script written without spaces, a fixed
price for a picture, and a few tokens around each message and tool.
"""

from __future__ import annotations

import json

from .parts import Media, Part, Reasoning, Refusal, Search, Text, ToolCall, ToolResult, Unknown
from .request import HostedTool, Request

TOKENS_PER_MESSAGE = 4
TOKENS_PER_TOOL = 12
TOKENS_PER_IMAGE = 1000
TOKENS_PER_DOCUMENT = 2000
CHARACTERS_PER_TOKEN = 4


def estimate_text_tokens(text: str) -> int:
    """Tokens in `text`, roughly; 0 only for empty text."""
    if not text:
        return 0
    if text.isascii():
        return -(-len(text) // CHARACTERS_PER_TOKEN)
    # A character of a script without spaces takes three bytes of UTF-8, two more than a Latin
    # letter: counted so, the estimate costs no loop in Python.
    dense = (len(text.encode("utf-8", "surrogatepass")) - len(text)) // 2
    return dense + -(-(len(text) - dense) // CHARACTERS_PER_TOKEN)


def estimate_input_tokens(request: Request) -> int:
    """Input tokens of a request, roughly; at least 1."""
    total = 0
    for message in request.messages:
        total += TOKENS_PER_MESSAGE + sum(_part_tokens(part) for part in message.parts)
    for tool in request.tools:
        described = (
            tool.raw
            if isinstance(tool, HostedTool)
            else [tool.name, tool.description, tool.parameters]
        )
        total += TOKENS_PER_TOOL + estimate_text_tokens(json.dumps(described, ensure_ascii=False))
    if request.output_format is not None and request.output_format.schema is not None:
        total += estimate_text_tokens(json.dumps(request.output_format.schema, ensure_ascii=False))
    return max(1, total)


def _part_tokens(part: Part) -> int:
    match part:
        case Text(text=text) | Reasoning(text=text) | Refusal(text=text):
            return estimate_text_tokens(text)
        case ToolCall():
            return (
                TOKENS_PER_MESSAGE
                + estimate_text_tokens(part.name)
                + estimate_text_tokens(part.arguments)
            )
        case ToolResult():
            return TOKENS_PER_MESSAGE + sum(_part_tokens(inner) for inner in part.content)
        case Media(kind="image"):
            return TOKENS_PER_IMAGE
        case Media():
            return estimate_text_tokens(part.text) if part.text else TOKENS_PER_DOCUMENT
        case Search():
            return 0
        case Unknown():
            return estimate_text_tokens(json.dumps(part.raw, ensure_ascii=False))
