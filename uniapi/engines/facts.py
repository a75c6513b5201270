"""All quirk rows together, and the Quirk of one engine, host and model."""

from __future__ import annotations

from functools import lru_cache

from uniapi.dialects import Quirk

from .facts_bedrock import BEDROCK_ROWS
from .facts_chat import CHAT_ROWS
from .facts_claude import CLAUDE_ROWS
from .facts_gemini import GEMINI_ROWS
from .quirks import QuirkRow, resolve, vendor_of
from .urls import parse_url

ROWS = (*CHAT_ROWS, *CLAUDE_ROWS, *GEMINI_ROWS, *BEDROCK_ROWS)


def rows_for(engine: str, base_url: str | None, upstream_model: str) -> list[QuirkRow]:
    """The rows that fit, in their order: for whoever asks why."""
    vendor = vendor_of(engine, parse_url(base_url).host if base_url else "")
    return [row for row in ROWS if row.fits(engine, vendor, upstream_model.lower())]


@lru_cache(maxsize=2048)
def quirk_for(engine: str, host: str, upstream_model: str) -> Quirk:
    """The facts for `upstream_model` at `host`, spoken to by `engine`; the same object for the same
    arguments.
    """
    return resolve(ROWS, engine, vendor_of(engine, host), upstream_model.lower())
