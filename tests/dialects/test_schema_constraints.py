"""Tools for servers that make a grammar of a schema, and cannot make one of patterns and counts."""

from uniapi.dialects import UPSTREAM_DIALECTS, Quirk
from uniapi.dialects.object_schema import without_constraints

SCHEMA = {
    "type": "object",
    "properties": {
        "pattern": {"type": "string", "pattern": "^\\d+$", "minLength": 1, "maxLength": 5000},
        "list": {"type": "array", "items": {"anyOf": [{"format": "uri"}]}, "minItems": 1},
    },
    "required": ["pattern"],
    "$defs": {"d": {"maxItems": 3}},
}
BARE = {
    "type": "object",
    "properties": {
        "pattern": {"type": "string"},
        "list": {"type": "array", "items": {"anyOf": [{}]}},
    },
    "required": ["pattern"],
    "$defs": {"d": {}},
}


def test_patterns_and_counts_go_wherever_they_stand():
    """A member that is called like one stays."""
    assert without_constraints(SCHEMA) == BARE
    assert without_constraints(BARE) is BARE
    assert without_constraints(None) is None


def test_chat_and_messages_offer_bare_tools():
    user = [{"role": "user", "content": "hi"}]
    chat = {"messages": user, "tools": [{"type": "function", "function": {"parameters": SCHEMA}}]}
    messages = {"max_tokens": 9, "messages": user, "tools": [{"name": "f", "input_schema": SCHEMA}]}

    def fitted(dialect, body, **facts):
        return UPSTREAM_DIALECTS[dialect].fit(body, Quirk(**facts))[0]["tools"]

    bare = fitted("openai_chat", chat, schema_constraints=False)
    assert bare == [{"type": "function", "function": {"parameters": BARE}}]
    bare = fitted("anthropic", messages, schema_constraints=False)
    assert bare == [{"name": "f", "input_schema": BARE}]
    assert fitted("openai_chat", chat) is chat["tools"]
    assert fitted("anthropic", messages) is messages["tools"]
