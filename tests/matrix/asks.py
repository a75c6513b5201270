"""What is asked, in no vendor's words: the conversations of the matrix.

A turn is `(role, items)` with role `user` or `assistant`; an item is one of `("text", text)`,
`("image", base64 PNG)`, `("pdf", base64)`, `("thought", text, signature)`, `("call", id, name,
arguments)`, `("result", id, name, text, is_error)`.
"""

from dataclasses import dataclass

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # noqa: E501
PDF = "JVBERi0xLjQKJSVFT0YK"
WEATHER = (
    "get_weather",
    "The weather in a city.",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "A city."},
            "unit": {"type": "string", "enum": ["c", "f"]},
        },
        "required": ["city"],
    },
)
CLOCK = (
    "get_time",
    "The time in a zone.",
    {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]},
)
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
HELLO = (("user", (("text", "Hello"),)),)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """`choice`: None, `auto`, `none`, `required` or a tool's name.

    `effort`: how much to think, for clients without words a budget of the same size.
    """

    turns: tuple = HELLO
    system: str | None = None
    tools: tuple = ()
    choice: str | None = None
    parallel: bool | None = None
    schema: dict | None = None
    effort: str | None = None
    max_tokens: int = 2000
    temperature: float | None = None
    stop: tuple = ()
    seed: int | None = None


CALLS = (
    ("call_a1", "get_weather", {"city": "Oslo", "unit": "c"}),
    ("call_b2", "get_time", {"zone": "Europe/Oslo"}),
)
ASKED = ("user", (("text", "Weather and time in Oslo?"),))
BOTH = (WEATHER, CLOCK)

ASKS = {
    "text": Ask(system="Be brief.", temperature=0.5, stop=("END", "STOP")),
    "turns": Ask(
        system="Be brief.",
        turns=(
            ("user", (("text", "One"),)),
            ("assistant", (("text", "Two"),)),
            ("user", (("text", "Three \u4e09 \U0001f600"), ("text", "and more"))),
        ),
    ),
    "tool": Ask(turns=(ASKED,), tools=(WEATHER,), choice="required"),
    "named tool": Ask(turns=(ASKED,), tools=BOTH, choice="get_time"),
    "parallel tools": Ask(turns=(ASKED,), tools=BOTH, choice="auto"),
    "tool results": Ask(
        turns=(
            ASKED,
            ("assistant", (("text", "Let me look."), *(("call", *call) for call in CALLS))),
            (
                "user",
                (
                    ("result", "call_a1", "get_weather", "4 degrees", False),
                    ("result", "call_b2", "get_time", "no such zone", True),
                ),
            ),
            ("assistant", (("text", "It is cold."),)),
            ("user", (("text", "Thanks"),)),
        ),
        tools=BOTH,
    ),
    "image": Ask(turns=(("user", (("text", "What is this?"), ("image", PNG))),)),
    "pdf": Ask(turns=(("user", (("text", "Sum up."), ("pdf", PDF))),)),
    "thinking": Ask(effort="high", max_tokens=20000),
    "structured": Ask(schema=PERSON),
}
