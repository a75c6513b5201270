"""Rules over single blocks that some hosts, or all, refuse."""

from __future__ import annotations

import hashlib
import re

from uniapi.canonical import Json
from uniapi.dialects.fitting import ODD_TURN, Body, Fitting, minds
from uniapi.dialects.past_images import without_past_images

from .fit_cache import MARK
from .fit_messages import THINKING, with_messages
from .vocabulary import is_billing_block, member

_WORD = re.compile(r"[A-Za-z0-9_-]+")


@minds("past_images", where=("image", "tool_result"))
def no_past_images(body: Body, fitting: Fitting) -> Body:
    fitted = without_past_images(body)
    if fitted is not body:
        fitting.lose("messages.image")
    return fitted


@minds(always=True, where=THINKING)
def no_marks_on_thinking(body: Body, fitting: Fitting) -> Body:
    """«messages.1.content.0.thinking.cache_control: Extra inputs are not permitted»
    (router-for-me/CLIProxyAPI#512, 2026-11-30).
    """
    return with_messages(body, _without_marks_on_thinking)


def _without_marks_on_thinking(messages: list[Json]) -> list[Json]:
    bare = [_bare_turn(message) for message in messages]
    return messages if all(map(_is, bare, messages)) else bare


def _bare_turn(message: Json) -> Json:
    content = member(message, "content")
    if not isinstance(message, dict) or not isinstance(content, list):
        return message
    bare = [_bare(block) for block in content]
    return message if all(map(_is, bare, content)) else {**message, "content": bare}


def _bare(block: Json) -> Json:
    if not isinstance(block, dict) or MARK not in block or member(block, "type") not in THINKING:
        return block
    return {name: value for name, value in block.items() if name != MARK}


def _is(new: Json, old: Json) -> bool:
    return new is old


@minds("anthropic_billing_block", where=(ODD_TURN,))
def no_billing_block(body: Body, fitting: Fitting) -> Body:
    """«x-anthropic-billing-header is a reserved keyword and may not be used in the system prompt.»
    (anthropics/claude-code#24168); elsewhere it differs from call to call, before all that a prefix
    cache could hold.
    """
    system = body.get("system")
    if not isinstance(system, list):
        return body
    kept = [block for block in system if not is_billing_block(member(block, "text"))]
    if len(kept) == len(system):
        return body
    return {**body, "system": kept} if kept else {n: body[n] for n in body if n != "system"}


@minds("anthropic_user_ids", where=("metadata",))
def user_id_in_form(body: Body, fitting: Fitting) -> Body:
    """A digest still tells one user from another."""
    metadata = body.get("metadata")
    user_id = member(metadata, "user_id")
    if not isinstance(metadata, dict) or not isinstance(user_id, str) or _WORD.fullmatch(user_id):
        return body
    digest = hashlib.sha256(user_id.encode("utf-8", "surrogatepass")).hexdigest()
    return {**body, "metadata": {**metadata, "user_id": digest}}
