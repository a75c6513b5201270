"""All quirk rows together, and the Quirk of one engine, host and model."""

from __future__ import annotations

from functools import lru_cache

from uniapi.dialects import Quirk

from .facts_bedrock import BEDROCK_ROWS
from .facts_chat import CHAT_ROWS
from .facts_claude import CLAUDE_ROWS
from .facts_gemini import GEMINI_ROWS
from .quirks import resolve, vendor_of

ROWS = (*CHAT_ROWS, *CLAUDE_ROWS, *GEMINI_ROWS, *BEDROCK_ROWS)


@lru_cache(maxsize=2048)
def quirk_for(engine: str, host: str, upstream_model: str) -> Quirk:
    """The facts for `upstream_model` at `host`, spoken to by `engine`; the same object for the same
    arguments.
    """
    return resolve(ROWS, engine, vendor_of(engine, host), upstream_model.lower())
