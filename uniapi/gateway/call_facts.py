"""What limits and rules ask about a call, read from its JSON without decoding it: its type, the
reasoning effort it names, its size in tokens, what its user said last.

Every function takes any body, however hostile: it gives nothing rather than raise, and its cost is
bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from uniapi.canonical import TOKENS_PER_IMAGE, Call, estimate_text_tokens
from uniapi.config import Config

LONG_TEXT = 1024
"""A string longer than this may be binary content, where it stands in a member for such."""
MAX_VALUES = 100_000
"""How many values of a body are looked at one by one; what is left then counts by its bytes."""
MAX_TURNS = 200
"""How far back the last words of the user are looked for."""
MAX_USER_TEXT = 100_000

_SIGNED = frozenset({"signature", "encrypted_content", "thoughtSignature", "thought_signature"})
"""Members that carry what a model signed; nobody bills them as input text."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_=-]+\Z")
_DATA_URL = re.compile(r"data:(?!text/)[^,]{0,200};base64,")
_TEXTS = frozenset({"text", "content", "input", "prompt", "system", "instructions", "arguments"})
"""Members whose strings a model reads letter by letter, whatever those look like."""
_BLANKS = (" ", "\n", "\t")
_EFFORTS = (
    ("reasoning_effort",),
    ("reasoning", "effort"),
    ("output_config", "effort"),
    ("generationConfig", "thinkingConfig", "thinkingLevel"),
    ("generation_config", "thinking_config", "thinking_level"),
)
"""Where each dialect names the effort."""
_EFFORT_MEMBERS = frozenset(path[0] for path in _EFFORTS)


def reasoning_effort(call: Call) -> str | None:
    """The effort as the client names it, in lower case (Gemini writes its levels in capitals); None
    when it names none.
    """
    if _EFFORT_MEMBERS.isdisjoint(call.json):
        return None
    for path in _EFFORTS:
        value: Any = call.json
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value:
            return value.lower()
    return None


def counts_tokens(config: Config) -> bool:
    """Whether any limit of the configuration is in tokens: only then is an estimate worth
    its time.
    """
    tables = [
        *(key.rates for key in config.client_keys),
        *(provider.credential_rates for provider in config.providers),
    ]
    rates = [
        config.preferences.rates,
        *(rates for table in tables for rates in (*table.entries.values(), table.default) if rates),
    ]
    return any(rate.counts != "requests" for some in rates for rate in some)


def estimate_call_tokens(call: Call) -> int:
    """The input tokens of a call, roughly: its texts and the names around them.

    A picture or file in the body has the price of a picture, whatever its bytes.
    """
    total = seen = 0
    stack: list[tuple[str, Any]] = [("", call.json)]
    for _ in range(MAX_VALUES):
        if not stack:
            return total
        name, value = stack.pop()
        if isinstance(value, str):
            seen += len(value)
            total += _string_tokens(name, value)
        elif isinstance(value, Mapping):
            seen += sum(map(len, value))
            total += sum(map(len, value)) // 4
            stack.extend(value.items())
        elif isinstance(value, list):
            stack.extend((name, inner) for inner in value)
    return total + max(0, len(call.body) - seen) // 4


def _string_tokens(name: str, text: str) -> int:
    if name in _SIGNED:
        return 0
    return TOKENS_PER_IMAGE if _is_binary(name, text) else estimate_text_tokens(text)


def _is_binary(name: str, text: str) -> bool:
    """Whether it is a picture, a sound or a file, whose bytes nobody counts: the client may call
    anything so, and is believed only where nothing but such bytes can stand.
    """
    if len(text) <= LONG_TEXT or name in _TEXTS:
        return False
    begins_so = _DATA_URL.match(text) or _BASE64.match(text, 0, LONG_TEXT)
    return begins_so is not None and text.isascii() and not any(one in text for one in _BLANKS)


def last_user_text(call: Call) -> str:
    """What the user said last, in whatever dialect: the last turn of the user that has text, else
    the prompt or the input itself. Empty when there is none.
    """
    body = call.json
    for name in ("messages", "contents", "input"):
        turns = body.get(name)
        if isinstance(turns, list) and any(isinstance(turn, dict) for turn in turns):
            return next(
                (text for turn in turns[: -MAX_TURNS - 1 : -1] if (text := _user_text(turn))), ""
            )
    for name in ("input", "prompt", "content"):
        text = "\n".join(_texts(body.get(name)))
        if text:
            return text[-MAX_USER_TEXT:]
    batch = body.get("requests")
    contents = (
        [one.get("content") for one in batch[:MAX_TURNS] if isinstance(one, dict)]
        if isinstance(batch, list)
        else []
    )
    return "\n".join(text for content in contents for text in _texts(content))[-MAX_USER_TEXT:]


def _user_text(turn: Any) -> str:
    if not isinstance(turn, dict) or turn.get("role", "user") != "user":
        return ""
    content = turn.get("content", turn.get("parts", turn.get("text")))
    return "\n".join(_texts(content))[-MAX_USER_TEXT:]


def _texts(content: Any) -> Iterator[str]:
    """The texts of a turn's content: itself, or those of its parts (one level, as every dialect has
    it).
    """
    if isinstance(content, str):
        yield content
        return
    if isinstance(content, dict):
        content = content.get("parts", [content])
    for part in content if isinstance(content, list) else ():
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str) and text:
            yield text
