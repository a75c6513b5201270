"""Schemas in Moonshot's flavour: what its validator refused in public reports, and what it means
instead; a schema that it takes stays as it is.
"""

import pytest

from uniapi.dialects import UPSTREAM_DIALECTS, Quirk
from uniapi.dialects.moonshot_schema import moonshot_parameters, moonshot_schema

ANY = {"type": ["string", "number", "integer", "boolean", "object", "array", "null"]}


def properties(told, **more):
    """The members of an object whose schema is told in Moonshot's flavour."""
    return moonshot_schema({"type": "object", "properties": told, **more})["properties"]


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ({"description": "d"}, {**ANY, "description": "d"}),
        ({}, ANY),
        (True, ANY),
        ({"pattern": "^a"}, {"type": "string", "pattern": "^a"}),
        ({"items": {"type": "string"}}, {"type": "array", "items": {"type": "string"}}),
        ({"default": 3}, {"type": "integer", "default": 3}),
        ({"type": "any", "description": "d"}, {**ANY, "description": "d"}),
        ({"type": ["string", "date"]}, {"type": ["string"]}),
        ({"type": []}, ANY),
        ({"type": "string", "description": 5}, {"type": "string"}),
    ],
)
def test_each_node_declares_its_type(told, meant):
    assert properties({"a": told}) == {"a": meant}


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ({"enum": ["x", "y"]}, {"type": "string", "enum": ["x", "y"]}),
        ({"type": "string", "enum": ["x", None, ""]}, {"type": "string", "enum": ["x", ""]}),
        (
            {"enum": ["x", None]},
            {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null", "enum": [None]}]},
        ),
        (
            {"type": ["string", "null"], "enum": ["x", None]},
            {"type": ["string", "null"], "enum": ["x", None]},
        ),
        (
            {"type": ["string", "integer"], "enum": ["x", 1]},
            {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "integer", "enum": [1]}]},
        ),
        ({"enum": [1, 2.5]}, {"type": "number", "enum": [1, 2.5]}),
        ({"type": "integer", "enum": []}, {"type": "integer"}),
        ({"type": "integer", "enum": ["x"]}, {"type": "integer"}),
        ({"const": "x"}, {"type": "string", "enum": ["x"]}),
    ],
)
def test_values_are_of_the_declared_type(told, meant):
    """Of several kinds, each is an alternative."""
    assert properties({"a": told}) == {"a": meant}


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (
            {"type": "string", "anyOf": [{"enum": ["x"]}, {"type": "null"}]},
            {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]},
        ),
        (
            {
                "items": {"type": "string"},
                "type": "array",
                "anyOf": [{"items": {"type": "integer"}}, {"minItems": 1}, {"type": "null"}],
            },
            {
                "anyOf": [
                    {"type": "array", "items": {"type": "integer"}},
                    {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    {"type": "null"},
                ]
            },
        ),
        (
            {"oneOf": [{"type": "string"}, {"description": "d"}]},
            {"anyOf": [{"type": "string"}, {**ANY, "description": "d"}]},
        ),
        ({"anyOf": [], "type": "string"}, {"type": "string"}),
        (
            {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        ),
        (
            {"type": "array", "items": [{"type": "string"}, {"type": "string"}]},
            {"type": "array", "items": {"type": "string"}},
        ),
        ({"type": "array", "items": True}, {"type": "array"}),
    ],
)
def test_nothing_stands_beside_alternatives(told, meant):
    assert properties({"a": told}) == {"a": meant}


def test_references_lead_into_the_definitions_of_the_root():
    """Older drafts' `definitions`, another member, a definition below the root, one with a slash in
    its name; what leads nowhere is anything.
    """
    told = moonshot_schema(
        {
            "type": "object",
            "properties": {
                "old": {"$ref": "#/definitions/Old", "description": "d"},
                "same": {"$ref": "#/properties/step", "description": "d"},
                "step": {"type": "string"},
                "below": {"$ref": "#/$defs/Below", "type": "object"},
                "holder": {"type": "object", "$defs": {"Below": {"type": "integer"}}},
                "named": {"$ref": "#/$defs/a~1b"},
                "lost": {"$ref": "#/$defs/Lost", "description": "d"},
                "far": {"$ref": "https://example.com/s.json"},
                "itself": {"$ref": "#"},
            },
            "definitions": {"Old": {"properties": {"next": {"$ref": "#/definitions/Old"}}}},
            "$defs": {"a/b": {"enum": ["x"]}},
        }
    )
    members = told["properties"]
    assert members["old"] == {"$ref": "#/$defs/Old"}
    assert members["same"] == {"$ref": "#/$defs/step"}
    assert members["below"] == {"$ref": "#/$defs/Below"}
    assert members["holder"] == {"type": "object"}
    assert members["named"] == {"$ref": "#/$defs/a_b"}
    assert members["lost"] == {**ANY, "description": "d"}
    assert members["far"] == ANY
    assert members["itself"] == {"$ref": "#"}
    assert told["$defs"] == {
        "Old": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Old"}}},
        "step": {"type": "string"},
        "Below": {"type": "integer"},
        "a_b": {"type": "string", "enum": ["x"]},
    }
    assert "definitions" not in told


def test_required_members_are_declared_ones():
    """And none is called like a keyword."""
    told = moonshot_schema(
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "$ref": {"type": "string"}},
            "required": ["a", "b", "$ref"],
        }
    )
    assert told == {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert "required" not in moonshot_schema({"type": "object", "required": None})
    assert "required" not in moonshot_schema({"type": "object", "required": True})


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_a_tools_root_is_an_object_without_alternatives(word):
    """`type` may not go there, nor stand beside them: one object admits what any of them does."""
    one, other = (
        {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
        for name in "ab"
    )
    told = moonshot_parameters({word: [one, other]})
    members = {"a": {"type": "string"}, "b": {"type": "string"}}
    assert told == {"type": "object", "properties": members}


def test_a_schema_that_it_takes_stays_as_it_is():
    sound = {
        "type": "object",
        "properties": {
            "list": {"$ref": "#/$defs/node"},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"},
            "map": {"type": "object", "additionalProperties": {}},
            "several": {"type": ["string", "null"]},
            "limit": {"type": "integer", "default": 10, "minimum": 1},
        },
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
        "required": ["list"],
        "additionalProperties": False,
    }
    assert moonshot_parameters(sound) == sound
    assert moonshot_parameters({}) == {}


def test_it_is_told_wherever_kimi_reads_a_schema():
    """Chat's tools and its answer, and the tools of Messages; elsewhere bodies stay."""
    schema = {"type": "object", "properties": {"a": {"enum": ["x"]}}}
    meant = {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}}}
    user = [{"role": "user", "content": "hi"}]
    answer = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    function = {"type": "function", "function": {"name": "f", "parameters": schema}}
    chat = {"messages": user, "tools": [function], "response_format": answer}
    tool = {"name": "f", "input_schema": schema}
    messages = {"messages": user, "max_tokens": 9, "tools": [tool, {"type": "web_search_1"}]}

    def fitted(dialect, body, **facts):
        return UPSTREAM_DIALECTS[dialect].fit(body, Quirk(**facts))[0]

    told = fitted("openai_chat", chat, moonshot_schemas=True)
    assert told["tools"][0]["function"]["parameters"] == meant
    assert told["response_format"]["json_schema"]["schema"] == meant
    told = fitted("anthropic", messages, moonshot_schemas=True)
    assert told["tools"] == [{"name": "f", "input_schema": meant}, {"type": "web_search_1"}]
    assert fitted("openai_chat", chat)["tools"] is chat["tools"]
    assert fitted("anthropic", messages)["tools"] is messages["tools"]
