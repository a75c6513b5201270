"""A tool's parameters become what OpenAI's validator takes, whatever an MCP server wrote."""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.canonical import Request, Tool
from uniapi.dialects import UPSTREAM_DIALECTS, Quirk
from uniapi.dialects.openai_chat.request_encode_schema import function_parameters

TEXT = {"type": "string"}
CASES: list[tuple[str, dict[str, Any] | None, dict[str, Any]]] = [
    ("none", None, {"type": "object", "properties": {}}),
    ("empty", {}, {"type": "object", "properties": {}}),
    ("no properties", {"type": "object"}, {"type": "object", "properties": {}}),
    ("no type", {"properties": {"a": TEXT}}, {"type": "object", "properties": {"a": TEXT}}),
    (
        "not at the root",
        {"type": "object", "properties": {"a": TEXT}, "not": {}},
        {"type": "object", "properties": {"a": TEXT}},
    ),
    (
        "alternatives",
        {"anyOf": [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]},
        {"type": "object", "properties": {"a": TEXT, "b": TEXT}},
    ),
    (
        "arrays",
        {
            "type": "object",
            "properties": {
                "a": {
                    "anyOf": [{"type": "array", "prefixItems": [TEXT]}, {"type": ["array", "null"]}]
                }
            },
        },
        {
            "type": "object",
            "properties": {
                "a": {
                    "anyOf": [
                        {"type": "array", "prefixItems": [TEXT], "items": {}},
                        {"type": ["array", "null"], "items": {}},
                    ]
                }
            },
        },
    ),
]


@pytest.mark.parametrize(
    "parameters, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_the_validator_refuses_is_mended(
    parameters: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    """Every tool of a request is refused for one of them."""
    found = function_parameters(parameters)
    assert found == expected
    assert function_parameters(found) == found


def test_both_apis_of_openai_get_it() -> None:
    """Chat and Responses check alike."""
    request = Request(model="m", tools=(Tool(name="f", parameters={"type": "object"}),))
    chat = (
        UPSTREAM_DIALECTS["openai_chat"]
        .encode_request(request, Quirk())
        .body["tools"][0]["function"]["parameters"]
    )
    responses = (
        UPSTREAM_DIALECTS["openai_responses"]
        .encode_request(request, Quirk())
        .body["tools"][0]["parameters"]
    )
    assert chat == responses == {"type": "object", "properties": {}}
