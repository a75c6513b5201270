"""The words of generateContent that several codecs share: names, finish reasons, roles, hosted
tools, and how either spelling of a member is read.

Formats: https://ai.google.dev/api/generate-content and the types of the google-genai SDK 3.x.
Proto3 JSON takes every member in camelCase and in snake_case, a single value for a repeated one,
and enum words; so do the decoders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from uniapi.canonical import MOST_COUNTED, Effort, FinishReason, Json
from uniapi.wire import Members

NAME = "gemini"
FAMILY = "gemini"

MEMBERS = Members((b'"text"',), re.compile(rb'"[A-Za-z]*[tT]okenCount"'), ends_read=True)
"""A stream's frames say how much it has come to so far: the last one counts."""

FINISH_REASONS: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "ESCALATION": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MALFORMED_FUNCTION_CALL": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "MALFORMED_RESPONSE": "error",
    "PUP_LIMITED_DISABLED": "error",
}
"""The words of google-genai 3.6.1 (types.FinishReason, 2026-11-30), of which SILENT_FAILURES are
not here. Any other word ends an answer that is there as far as it goes: `stop`.
"""

SILENT_FAILURES = frozenset({"OTHER", "IMAGE_OTHER", "NO_IMAGE"})
"""Failures where the model has said nothing else; otherwise an end like others."""

NATIVE_FINISHES: Mapping[FinishReason, str] = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "error": "OTHER",
}

EFFORT_BUDGETS: Mapping[Effort, int] = {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
"""Google's own table for its OpenAI layer: https://ai.google.dev/gemini-api/docs/openai#thinking"""

EFFORT_ORDER: tuple[Effort, ...] = ("minimal", "low", "medium", "high", "xhigh", "max")
"""Weakest first; Google's levels are words of these."""

SKIP_SIGNATURE = "skip_thought_signature_validator"
"""Stands in for the signature of a call another model made:
https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
"""

STAND_INS = frozenset({SKIP_SIGNATURE, "context_engineering_is_the_way_to_go"})
"""All that Google documents (the same page)."""

HOSTED_KINDS: Mapping[str, str] = {
    "googleSearch": "web_search",
    "googleSearchRetrieval": "web_search",
    "enterpriseWebSearch": "web_search",
    "urlContext": "url_context",
    "codeExecution": "code_execution",
    "computerUse": "computer_use",
    "fileSearch": "file_search",
    "googleMaps": "google_maps",
}
"""A tool's member on the wire → the meaning shared between vendors; others keep the member's name.
"""

HOSTED_MEMBERS: Mapping[str, str] = {
    "web_search": "googleSearch",
    "url_context": "urlContext",
    "web_fetch": "urlContext",
    "code_execution": "codeExecution",
    "code_interpreter": "codeExecution",
}

SCHEMA_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})

_SIGNATURE = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_UPPER = re.compile(r"[A-Z]")
_UNDERSCORED = re.compile(r"_([a-z0-9])")


@lru_cache(maxsize=512)
def snake(name: str) -> str:
    """`thoughtSignature` → `thought_signature`; remembered, because every absent member is looked
    for under both.
    """
    return _UPPER.sub(lambda match: "_" + match[0].lower(), name)


def camel(name: str) -> str:
    return _UNDERSCORED.sub(lambda match: match[1].upper(), name)


def both_spellings(*names: str) -> frozenset[str]:
    return frozenset({*names, *map(snake, names)})


def member(holder: Json, name: str) -> Json:
    """`holder[name]` in either spelling; None when it is absent, null, or `holder` is no object."""
    if not isinstance(holder, dict):
        return None
    value = holder.get(name)
    return value if value is not None or name.islower() else holder.get(snake(name))


def text_member(holder: Json, name: str) -> str:
    value = member(holder, name)
    return value if isinstance(value, str) else ""


def int_member(holder: Json, name: str) -> int | None:
    """An integer, also as proto3 JSON writes 64-bit ones: as text."""
    value = member(holder, name)
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and abs(value) <= MOST_COUNTED else None


def object_member(holder: Json, name: str) -> dict[str, Json]:
    value = member(holder, name)
    return value if isinstance(value, dict) else {}


def list_member(holder: Json, name: str) -> list[Json]:
    """A repeated member; a single value counts as a list of one."""
    value = member(holder, name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def is_signature(value: Json) -> bool:
    """Whether this can stand as a thought signature: bytes in base64, or a stand-in. One that a
    client cut short is a 400, where the part without it is not.
    """
    if not isinstance(value, str) or value in STAND_INS:
        return isinstance(value, str)
    return _SIGNATURE.fullmatch(value) is not None and len(value) % 4 != 1
