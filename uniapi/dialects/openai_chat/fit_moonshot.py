"""The rule over schemas where Moonshot's validator reads them."""

from __future__ import annotations

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.moonshot_schema import moonshot_parameters, moonshot_schema

from .request_decode_members import at


@minds("moonshot_schemas", where=("tools", "response_format"))
def moonshots_schemas(body: Body, fitting: Fitting) -> Body:
    """Of tools and of the answer: «Must conform to the MFJS specification; non-conforming schemas
    will return errors» (platform.kimi.ai/docs/api, `response_format.json_schema`, 2026-11-30).
    """
    told: Body = {}
    tools, wanted = body.get("tools"), body.get("response_format")
    if isinstance(tools, list):
        told["tools"] = [_tool_in_flavour(tool) for tool in tools]
    if wanted is not None:
        told["response_format"] = _answer_in_flavour(wanted)
    is_same = all(value == body[name] for name, value in told.items())
    return body if is_same else {**body, **told}


def _tool_in_flavour(tool: Json) -> Json:
    parameters = at(tool, "function", "parameters")
    if not isinstance(parameters, dict):
        return tool
    return {**tool, "function": {**tool["function"], "parameters": moonshot_parameters(parameters)}}


def _answer_in_flavour(wanted: Json) -> Json:
    named = at(wanted, "json_schema")
    schema = at(named, "schema")
    if not isinstance(wanted, dict) or not isinstance(named, dict) or not isinstance(schema, dict):
        return wanted
    return {**wanted, "json_schema": {**named, "schema": moonshot_schema(schema)}}
