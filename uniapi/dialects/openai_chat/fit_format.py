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


@minds("json_schema")
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


def schema_instruction(schema: Mapping[str, Json]) -> str:
    """What tells a model its schema where the wire cannot."""
    return (
        "Answer with one JSON object only, without any text around it. It must fit this JSON"
        f" Schema:\n{json.dumps(schema, ensure_ascii=False, separators=(',', ':'))}"
    )
