"""Rules over `input`: its items one by one, in their order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.openai_chat.request_decode_members import at

from .agent_messages import message_of_agent
from .vocabulary import MAX_CALL_ID

Item = Mapping[str, Json]


def with_items(body: Body, change: Callable[[Item, str], Item | None]) -> Body:
    """`body` with every item of `input` as `change(item, path)` gives it, None taken out; the very
    body when nothing is another object.

    What is no item, and an input that is no list, stays.
    """
    items = body.get("input")
    if not isinstance(items, list):
        return body
    changed: list[Any] = [
        change(item, f"input[{index}]") if isinstance(item, dict) else item
        for index, item in enumerate(items)
    ]
    if all(new is old for new, old in zip(changed, items, strict=True)):
        return body
    return {**body, "input": [item for item in changed if item is not None]}


@minds("has_images", where=("input_image", "output"))
def images(body: Body, fitting: Fitting) -> Body:
    """Pictures in messages and in results, which `image: false` leaves out."""
    return with_items(body, lambda item, path: _without_images(item, path, fitting))


def _without_images(item: Item, path: str, fitting: Fitting) -> Item:
    changed: dict[str, Json] = {}
    for member in ("content", "output"):
        parts = item.get(member)
        if not isinstance(parts, list):
            continue
        kept = [part for part in parts if not _is_image(part)]
        if len(kept) != len(parts):
            fitting.lose(f"{path}.image")
            changed[member] = kept
    return {**item, **changed} if changed else item


def _is_image(part: Json) -> bool:
    return isinstance(part, dict) and part.get("type") == "input_image"


@minds("agent_messages", where=("agent_message",))
def agent_messages(body: Body, fitting: Fitting) -> Body:
    """What is encrypted in them nobody else reads."""

    def as_message(item: Item, path: str) -> Item | None:
        if item.get("type") != "agent_message":
            return item
        message = message_of_agent(item)
        if message is None:
            fitting.lose(path)
        return message

    return with_items(body, as_message)


@minds(always=True, where=("web_search_call",))
def known_searches(body: Body, fitting: Fitting) -> Body:
    """«Invalid value: 'other'. Supported values are: 'search', 'open_page', and 'find_in_page'»:
    what Codex calls an action of a search that it does not know (github.com/openai/codex/issues
    /7085, 2026-11-30). What was found stands in the answer behind it.
    """
    return with_items(body, lambda item, path: None if _is_unknown_search(item) else item)


def _is_unknown_search(item: Item) -> bool:
    return item.get("type") == "web_search_call" and at(item.get("action"), "type") == "other"


@minds("empty_turns")
def no_empty_turns(body: Body, fitting: Fitting) -> Body:
    """A message that says nothing is left out, unless it is all there is."""
    kept = with_items(body, lambda item, path: None if _is_empty(item) else item)
    return kept if kept.get("input") else body


def _is_empty(item: Item) -> bool:
    """A message without content, or with empty texts alone."""
    if item.get("type", "message") != "message" or "role" not in item:
        return False
    content = item.get("content")
    parts = content if isinstance(content, list) else []
    return not content or (bool(parts) and all(_is_blank(part) for part in parts))


def _is_blank(part: Json) -> bool:
    return isinstance(part, dict) and part.get("text") == ""


@minds(always=True, where=("call_id",))
def call_ids(body: Body, fitting: Fitting) -> Body:
    """«Expected a string with maximum length 64»: a digest of a longer one, the same for a call and
    its result.
    """
    return with_items(body, _with_short_call_id)


def _with_short_call_id(item: Item, path: str) -> Item:
    call_id = item.get("call_id")
    if not isinstance(call_id, str) or 0 < len(call_id) <= MAX_CALL_ID:
        return item
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()
    return {**item, "call_id": f"call_{digest[:32]}"}
