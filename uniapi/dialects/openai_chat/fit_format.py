"""The rule over structured output where only `json_object` is known: the schema is told in words.

OpenAI's `json_object` mode, and those made after it, also want the word JSON to be said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds

from .fit_system import with_system_words
from .request_decode_members import at


@minds("json_schema", where=("response_format",))
def schema_in_words(body: Body, fitting: Fitting) -> Body:
    schema = at(body.get("response_format"), "json_schema", "schema")
    messages = body.get("messages")
    if not isinstance(schema, dict) or not isinstance(messages, list):
        return body
    return {
        **body,
        "response_format": {"type": "json_object"},
        "messages": with_system_words(messages, schema_instruction(schema)),
    }


@minds("json_object", where=("response_format",))
def json_in_words(body: Body, fitting: Fitting) -> Body:
    """«'response_format.type' must be 'json_schema' or 'text'»"""
    messages = body.get("messages")
    if at(body.get("response_format"), "type") != "json_object" or not isinstance(messages, list):
        return body
    rest = {name: value for name, value in body.items() if name != "response_format"}
    return {**rest, "messages": with_system_words(messages, JSON_WORDS)}


@minds("json_needs_word", where=("response_format",))
def say_json(body: Body, fitting: Fitting) -> Body:
    """«'messages' must contain the word 'json' in some form, to use 'response_format' of type
    'json_object'.»
    """
    messages = body.get("messages")
    if at(body.get("response_format"), "type") != "json_object" or not isinstance(messages, list):
        return body
    if any(says_json(at(message, "content")) for message in messages):
        return body
    return {**body, "messages": with_system_words(messages, JSON_WORDS)}


JSON_WORDS = "Answer with one JSON object only, without any text around it."


def says_json(content: Json) -> bool:
    """Whether the word stands in a content: a text, or a list of parts."""
    parts = content if isinstance(content, list) else [content]
    texts = (part if isinstance(part, str) else at(part, "text") for part in parts)
    return any(isinstance(text, str) and "json" in text.lower() for text in texts)


def schema_instruction(schema: Mapping[str, Json]) -> str:
    """What tells a model its schema where the wire cannot."""
    return (
        "Answer with one JSON object only, without any text around it. It must fit this JSON"
        f" Schema:\n{json.dumps(schema, ensure_ascii=False, separators=(',', ':'))}"
    )
