"""Rules about schemas: JSON that may not be asked for beside tools, and models that know the
OpenAPI subset only. https://ai.google.dev/gemini-api/docs/structured-output
"""

from __future__ import annotations

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.turn_repair import json_in_words

from .fit_members import generation_config, with_config, with_member, with_tools, without
from .request_decode_schema import decode_openapi
from .request_encode_schema import function_parameters, output_schema
from .request_encode_schema_draft import SchemaBudget
from .vocabulary import list_member, member, text_member

JSON_SCHEMA_MEMBERS = ("responseJsonSchema", "_responseJsonSchema")
"""The second is an older spelling of the API."""


@minds("json_with_tools")
def ask_for_json_in_words(body: Body, fitting: Fitting) -> Body:
    """Beside tools the system text asks for JSON."""
    config = generation_config(body)
    system = member(body, "systemInstruction")
    if not list_member(body, "tools") or not isinstance(system, dict | None):
        return body
    if text_member(config, "responseMimeType").lower() != "application/json":
        return body
    fitting.lose("response_format")
    words = {"text": json_in_words(_asked_schema(config))}
    parts = [*list_member(system, "parts"), words]
    body = with_member(body, "systemInstruction", {**(system or {}), "parts": parts})
    return with_config(
        body, without(config, "responseMimeType", "responseSchema", *JSON_SCHEMA_MEMBERS)
    )


def _asked_schema(config: Body) -> Body | None:
    found = _json_schema(config)
    return found if found is not None else decode_openapi(member(config, "responseSchema")) or None


def _json_schema(config: Body) -> Body | None:
    schemas = (member(config, name) for name in JSON_SCHEMA_MEMBERS)
    return next((schema for schema in schemas if isinstance(schema, dict)), None)


@minds("json_schema_members")
def say_schemas_in_openapi(body: Body, fitting: Fitting) -> Body:
    """JSON Schema, of an answer and of functions, in the OpenAPI subset."""
    config = generation_config(body)
    schema = _json_schema(config)
    budget = SchemaBudget()
    if schema is not None:
        body = with_config(
            body,
            {
                **without(config, *JSON_SCHEMA_MEMBERS),
                "responseSchema": output_schema(schema, "openapi", budget),
            },
        )
    return with_tools(body, lambda tool: _tool_in_openapi(tool, budget))


def _tool_in_openapi(tool: Body, budget: SchemaBudget) -> Body:
    declarations = list_member(tool, "functionDeclarations")
    changed = [_declaration_in_openapi(each, budget) for each in declarations]
    if all(new is old for new, old in zip(changed, declarations, strict=True)):
        return tool
    return with_member(tool, "functionDeclarations", changed)


def _declaration_in_openapi(declaration: Json, budget: SchemaBudget) -> Json:
    schema = member(declaration, "parametersJsonSchema")
    if not isinstance(schema, dict):
        return declaration
    kept = without(declaration, "parametersJsonSchema")
    parameters = function_parameters(schema, "openapi", budget)
    return kept if parameters is None else {**kept, "parameters": parameters}
