"""The turns of a conversation as one model or host takes them: what others wrote is taken out or
mended, what says nothing left out, instructions put where they may stand.

Signatures of thinking are bound to what stands before it
(https://platform.claude.com/docs/en/build-with-claude/extended-thinking, 2026-11-30), so every
change here depends on the earlier turns alone: the same history is fitted the same way at every
later request, and the prefix that was signed comes back as it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.fitting import ODD_TURN, TURN_OF, Body, Fitting, minds
from uniapi.dialects.losses import REASONING_LOSS
from uniapi.dialects.numbered_names import NumberedNames

from .request_encode_names import clean_call_id
from .vocabulary import is_made_citation, is_made_search, member

CONTINUE = "Continue."
"""What the user says after a last assistant turn that the model will not take as the beginning of
its answer.
"""
THINKING = ("thinking", "redacted_thinking")


def with_messages(body: Body, mend: Callable[[list[Json]], list[Json]]) -> Body:
    """`body` with its messages mended; the same object when `mend` gives the list back."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    mended = mend(messages)
    return body if mended is messages else {**body, "messages": mended}


def has_block(body: Json, is_wanted: Callable[[Json], bool]) -> bool:
    """Whether such a block stands in a turn or in a tool's result."""
    blocks = [block for message in _messages(body) for block in _blocks(message)]
    return any(is_wanted(block) or any(map(is_wanted, _blocks(block))) for block in blocks)


def _messages(body: Json) -> list[Json]:
    messages = member(body, "messages")
    return messages if isinstance(messages, list) else []


def may_end_empty(body: Json) -> bool:
    """Whether a tool's result is what the model is asked to answer: it may find nothing to add."""
    messages = body.get("messages")
    last = messages[-1] if type(messages) is list and messages else None
    content = last.get("content") if type(last) is dict else None
    return isinstance(content, list) and any(
        member(block, "type") == "tool_result" for block in content
    )


def without_blocks(body: Body, is_refused: Callable[[Json], bool]) -> Body:
    """`body` without those content blocks, in turns and in tool results; a turn of which nothing is
    left goes too.
    """

    def mend(messages: list[Json]) -> list[Json]:
        kept = [_message_without(message, is_refused) for message in messages]
        if all(new is old for new, old in zip(kept, messages, strict=True)):
            return messages
        return [message for message in kept if message is not None]

    return with_messages(body, mend)


def _message_without(message: Json, is_refused: Callable[[Json], bool]) -> Json:
    """The message itself when it holds none of them, None when it holds nothing else."""
    content = member(message, "content")
    kept = _content_without(content, is_refused)
    if kept is content:
        return message
    return {**message, "content": kept} if kept else None


def _content_without(content: Json, is_refused: Callable[[Json], bool]) -> Json:
    if not isinstance(content, list):
        return content
    kept = [_block_without(block, is_refused) for block in content if not is_refused(block)]
    if len(kept) == len(content) and all(
        new is old for new, old in zip(kept, content, strict=True)
    ):
        return content
    return kept


def _block_without(block: Json, is_refused: Callable[[Json], bool]) -> Json:
    """A tool result is looked into; one of which nothing is left stays as an empty one."""
    if member(block, "type") != "tool_result":
        return block
    content = block.get("content")
    kept = _content_without(content, is_refused)
    if kept is content:
        return block
    changed = {**block, "content": kept}
    if not kept:
        del changed["content"]
    return changed


@minds("has_images", where=("image", "tool_result"))
def no_images(body: Body, fitting: Fitting) -> Body:
    """`image: false` of a provider."""
    fitted = without_blocks(body, lambda block: member(block, "type") == "image")
    if fitted is not body:
        fitting.lose("messages.image")
    return fitted


@minds(
    "anthropic_own_thinking",
    where=(
        *THINKING,
        *("server_tool_use", "web_search_tool_result", "tool_result", "citations"),
    ),
)
def own_thinking(body: Body, fitting: Fitting) -> Body:
    """A vendor gets back only what it wrote itself: thinking of another family, which has no
    signature or one of another form, and the blocks that we made for a foreign answer.
    """
    if not fitting.quirk.anthropic_own_thinking:
        return body
    fitted = without_blocks(body, _is_foreign_thinking)
    if fitted is not body:
        fitting.lose(REASONING_LOSS)
    made = set(_made_searches(fitted))
    fitted = without_blocks(fitted, lambda block: _search_id(block) in made)
    return with_messages(fitted, _without_made_citations)


def _is_foreign_thinking(block: Json) -> bool:
    """Claude's signatures are base64 of a message whose first field is the second: they all begin
    with an E (the examples of platform.claude.com/docs/en/build-with-claude/extended-thinking).
    """
    match member(block, "type"):
        case "thinking":
            signature = block.get("signature")
            return not isinstance(signature, str) or not signature.startswith("E")
        case "redacted_thinking":
            data = block.get("data")
            return not isinstance(data, str) or not data or data.startswith("uniapi.")
        case _:
            return False


def _made_searches(body: Body) -> list[str]:
    blocks = [block for message in _messages(body) for block in _blocks(message)]
    return [str(block.get("tool_use_id")) for block in blocks if is_made_search(block)]


def _search_id(block: Json) -> str | None:
    match member(block, "type"):
        case "server_tool_use":
            return str(block.get("id"))
        case "web_search_tool_result":
            return str(block.get("tool_use_id"))
        case _:
            return None


def _without_made_citations(messages: list[Json]) -> list[Json]:
    return each_block(messages, _own_citations)


def _own_citations(block: Json) -> Json:
    citations = member(block, "citations")
    if not isinstance(citations, list) or not any(map(is_made_citation, citations)):
        return block
    own = [citation for citation in citations if not is_made_citation(citation)]
    changed = {name: value for name, value in block.items() if name != "citations"}
    return {**changed, "citations": own} if own else changed


def each_block(messages: list[Json], mend: Callable[[Json], Json]) -> list[Json]:
    """The messages with every block of their own mended; the same list when none changes."""
    mended = [_with_blocks(message, mend) for message in messages]
    is_same = all(new is old for new, old in zip(mended, messages, strict=True))
    return messages if is_same else mended


def _with_blocks(message: Json, mend: Callable[[Json], Json]) -> Json:
    blocks = _blocks(message)
    mended = [mend(block) for block in blocks]
    is_same = all(new is old for new, old in zip(mended, blocks, strict=True))
    return message if is_same else {**message, "content": mended}


def _blocks(message: Json) -> list[Json]:
    content = member(message, "content")
    return content if isinstance(content, list) else []


@minds("tool_call_id_form", where=("tool_use", "tool_result"))
def call_ids(body: Body, fitting: Fitting) -> Body:
    """Ids that others gave, in letters this vendor refuses or twice in one conversation: call and
    result change alike.
    """
    if fitting.quirk.tool_call_id_form != "word":
        return body
    return with_messages(body, lambda messages: each_block(messages, _CallIds().mend))


class _CallIds:
    """Walks the blocks of a conversation in order: `_open` are the calls without a result yet."""

    def __init__(self) -> None:
        self._ids = NumberedNames()
        self._open: dict[str, deque[str]] = {}

    def mend(self, block: Json) -> Json:
        match member(block, "type"):
            case "tool_use" if isinstance(block.get("id"), str):
                wire_id = self._ids.next(clean_call_id(block["id"]))
                self._open.setdefault(block["id"], deque()).append(wire_id)
                return _with_id(block, "id", wire_id)
            case "tool_result" if isinstance(block.get("tool_use_id"), str):
                waiting = self._open.get(block["tool_use_id"])
                wire_id = waiting.popleft() if waiting else clean_call_id(block["tool_use_id"])
                return _with_id(block, "tool_use_id", wire_id)
            case _:
                return block


def _with_id(block: dict[str, Any], name: str, wire_id: str) -> Json:
    return block if block[name] == wire_id else {**block, name: wire_id}


@minds("empty_turns", where=(ODD_TURN,))
def no_empty_turns(body: Body, fitting: Fitting) -> Body:
    """Texts and turns that say nothing, which a broken answer leaves in a history. Something must
    remain to be asked.
    """
    messages = body.get("messages")
    if fitting.quirk.empty_turns or (
        type(messages) is list
        and type(body.get("system")) is not list
        and all(map(_is_said, messages))
    ):
        return body
    system = _content_without(body.get("system"), _is_blank)
    if system is not body.get("system"):
        body = {**body, "system": system}
        if not system:
            del body["system"]
    spoken = without_blocks(body, _is_blank)
    fitted = with_messages(spoken, _without_empty)
    return fitted if fitted.get("messages") else body


def _is_said(message: Json) -> bool:
    """Whether a turn is nothing but a text with something in it, as most are."""
    content = message.get("content") if type(message) is dict else None
    return type(content) is str and not content.isspace() and content != ""


def _is_blank(block: Json) -> bool:
    text = member(block, "text")
    return member(block, "type") == "text" and isinstance(text, str) and not text.strip()


def _without_empty(messages: list[Json]) -> list[Json]:
    kept = [message for message in messages if not _is_empty(message)]
    return kept if len(kept) < len(messages) else messages


def _is_empty(message: Json) -> bool:
    content = member(message, "content")
    if isinstance(content, str):
        return not content.strip()
    return isinstance(message, dict) and (content is None or content == [])


@minds("system_turns", where=(TURN_OF["system"],))
def system_turns(body: Body, fitting: Fitting) -> Body:
    """Instructions in the middle become the user's words where they stand; the `system` member
    would move them before the cached prefix.

    Claude from Opus 4.8 on takes them behind a user's turn when the assistant's or nothing follows
    (https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system, 2026-11-30).
    """
    place = fitting.quirk.system_turns
    if place == "anywhere" or not _has_system_turn(body):
        return body
    return with_messages(body, lambda messages: _placed(messages, place))


def _has_system_turn(body: Body) -> bool:
    for message in _messages(body):
        if isinstance(message, dict) and message.get("role") == "system":
            return True
    return False


def _placed(messages: list[Json], place: str) -> list[Json]:
    placed: list[Json] = []
    waiting: list[Json] = []
    for number, message in enumerate(messages):
        follower = _role(messages[number + 1]) if number + 1 < len(messages) else None
        if _role(message) != "system":
            placed += [message, *waiting]
            waiting = []
        elif place == "after_user" and _may_stay(placed, follower):
            placed.append(message)
        elif placed and _calls(placed[-1]) and follower == "user":
            # Nothing may stand between a call and its result.
            waiting.append(_as_user(message))
        else:
            placed.append(_as_user(message))
    return placed


def _may_stay(before: list[Json], follower: str | None) -> bool:
    return bool(before) and _role(before[-1]) == "user" and follower in ("assistant", None)


def _role(message: Json) -> str | None:
    role = member(message, "role")
    return role if isinstance(role, str) else None


def _calls(message: Json) -> bool:
    return any(member(block, "type") == "tool_use" for block in _blocks(message))


def _as_user(message: Json) -> Json:
    content = message.get("content")
    if isinstance(content, str):
        return {"role": "user", "content": _reminder(content)}
    return {"role": "user", "content": [_reminding(block) for block in _blocks(message)]}


def _reminding(block: Json) -> Json:
    text = member(block, "text")
    return {**block, "text": _reminder(text)} if isinstance(text, str) else block


def _reminder(text: str) -> str:
    """Instructions in a user's turn, marked as Claude Code marks them."""
    return f"<system-reminder>\n{text}\n</system-reminder>"


@minds("anthropic_prefill", where=(TURN_OF["assistant"],))
def no_prefill(body: Body, fitting: Fitting) -> Body:
    """A last assistant turn that the model does not take as the beginning of its answer; one that
    ends in a tool's block is a paused turn, which goes on.
    """
    messages = _messages(body)
    last = messages[-1] if messages else None
    if _role(last) != "assistant" or not _ends_in_text(last):
        return body
    fitting.lose("messages[-1].prefill")
    return {**body, "messages": [*messages, {"role": "user", "content": CONTINUE}]}


def _ends_in_text(message: Json) -> bool:
    blocks = _blocks(message)
    if blocks:
        return bool(member(blocks[-1], "type") == "text")
    return isinstance(member(message, "content"), str)


def no_thinking(body: Body, fitting: Fitting) -> Body:
    """A model that does not think takes no thinking back."""
    fitted = without_blocks(body, lambda block: member(block, "type") in THINKING)
    if fitted is not body:
        fitting.lose(REASONING_LOSS)
    return fitted
