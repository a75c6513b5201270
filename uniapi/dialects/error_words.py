"""What an error says, wherever its vendor put the words: one reading of error bodies for all
dialects, and of the pages and texts that come in their stead.

Whatever is read here a stranger wrote: every reading is linear in what was sent, and keeps at most
`MAX_MESSAGE` characters of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from uniapi.canonical import Json
from uniapi.values import dataclass, replace

MAX_MESSAGE = 2000
"""Characters of an upstream's message that are kept."""
MAX_PAGE = 16_384
"""Characters of a page that are read."""
_SHOWN_OF_PAGE = 300

_MESSAGES = (
    "message",
    "Message",
    "msg",
    "error_msg",
    "detail",
    "error_description",
    "status_msg",
    "errorMessage",
    "description",
    "title",
)
_CODES = ("code", "error_code", "status_code", "Code")
_ROUTERS_WORDS = "provider returned error"
"""All that OpenRouter says itself when the provider behind it failed
(https://openrouter.ai/docs/api-reference/errors, 2026-11-30).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An error's words. `word`: Google's name of the status; `number`: the first of its codes that
    is a number.
    """

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None
    word: str | None = None
    number: int | None = None


def decode_error_words(value: Json) -> Said:
    """What an error object says, or a body, chunk or list that holds one. Known are OpenAI's
    `error`, also as a text beside `code`; Cloudflare's `errors`; MiniMax' `base_resp`; Qianfan's
    `error_code` and `error_msg`; Tencent's `Response.Error`; `detail`, `msg` and their kin.
    """
    outer = _first(value)
    error = _error_in(outer)
    if isinstance(error, str):
        beside = outer if isinstance(outer, dict) else {}
        message = error
        if beside.get("message") and isinstance(beside["message"], str):
            # The text is a word for the kind, the sentence stands beside it.
            message, beside = beside["message"], {"code": error, **beside}
        return _said(message, {name: beside[name] for name in (*_CODES, "type") if name in beside})
    if not isinstance(error, dict):
        return Said(message=_shown(value) if value else "")
    return _with_inner(_said(_message_of(error), error), error)


def tells_error(value: Json) -> bool:
    """Whether an object that should be an answer, and has nothing of one, tells of an error:
    vendors answer 200 with their own objects, whatever the dialect (`decode_error_words` has the
    shapes).
    """
    if not isinstance(value, dict):
        return False
    if any(value.get(name) for name in ("error", "errors", "error_code", "detail")):
        return True
    if any(isinstance(value.get(name), str) for name in ("message", "msg", "error_msg")):
        return True
    is_minimax = bool(member(value.get("base_resp"), "status_code"))
    return is_minimax or member(value.get("Response"), "Error") is not None


def words_of_page(text: str) -> str:
    """What a body that is no JSON says: a page's title and text without tags, scripts and styles,
    or the text as it is.
    """
    text = text[:MAX_PAGE]
    if "<" not in text:
        return " ".join(text.split())[:MAX_MESSAGE]
    return " ".join(" ".join(_outside_tags(text)).split())[:_SHOWN_OF_PAGE]


def member(value: Json, name: str) -> Json:
    """A member of what may be no object at all."""
    return value.get(name) if isinstance(value, dict) else None


def _first(value: Json) -> Json:
    if isinstance(value, list):
        return value[0] if value else {}
    return value


def _error_in(value: Json) -> Json:
    """The innermost object or text that holds the words."""
    if not isinstance(value, dict):
        return value
    for found in (
        value.get("error"),
        value.get("errors"),
        value.get("base_resp"),
        member(value.get("Response"), "Error"),
    ):
        found = _first(found)
        if isinstance(found, dict | str) and found:
            return found
    return value


def _message_of(error: Mapping[str, Json]) -> str:
    found = next((error[name] for name in _MESSAGES if error.get(name)), "")
    return found if isinstance(found, str) else _shown(found)


def _said(message: str, error: Mapping[str, Json]) -> Said:
    code = next((error[name] for name in _CODES if _is_code(error.get(name))), None)
    return Said(
        message=message[:MAX_MESSAGE],
        code=None if code is None else str(code)[:200],
        type=_text(error.get("type")) or _text(error.get("__type")),
        param=_text(error.get("param")),
        word=_text(error.get("status")),
        number=next((_number(error[name]) for name in _CODES if _number(error.get(name))), None),
    )


def _with_inner(said: Said, error: Mapping[str, Json]) -> Said:
    """With the words of the provider behind a router, which decide where the router's own say
    nothing.
    """
    raw = member(error.get("metadata"), "raw")
    if not isinstance(raw, str) or not raw or raw in said.message:
        return said
    message = f"{said.message}: {raw}" if said.message else raw
    said = replace(said, message=message[:MAX_MESSAGE])
    if not message.lower().startswith(_ROUTERS_WORDS):
        return said
    try:
        inner = decode_error_words(json.loads(raw))
    except (ValueError, RecursionError):
        return said
    return replace(
        said,
        code=inner.code or said.code,
        type=inner.type or said.type,
        number=inner.number or said.number,
    )


def _is_code(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _number(value: Json) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Json) -> str | None:
    return value[:MAX_MESSAGE] if isinstance(value, str) and value else None


def _shown(value: Json) -> str:
    """An error that names no message, as it is."""
    try:
        return json.dumps(value, ensure_ascii=False)[:MAX_MESSAGE]
    except RecursionError:
        return "an error nested too deep to show"


def _outside_tags(text: str) -> Iterator[str]:
    """The pieces of a page between its tags, without what is in scripts and styles. Each character
    is looked at once: a tag that has no end ends the page.
    """
    lowered = text.lower()
    at = 0
    while (start := text.find("<", at)) >= 0:
        yield text[at:start]
        for name in ("script", "style"):
            if lowered.startswith(name, start + 1):
                start = lowered.find(f"</{name}", start)
                break
        end = text.find(">", start) if start >= 0 else -1
        if end < 0:
            return
        at = end + 1
    yield text[at:]
