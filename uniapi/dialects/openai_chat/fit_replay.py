"""Rules over what goes back of an assistant's earlier reasoning: its text in the member this
upstream reads, the signatures that its family can read, and stand-ins where one is needed.

A body of ours carries the text in `reasoning_content` and the turns it was encoded from beside it;
a client's own members pass, unless none is known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from uniapi.canonical import Json, Message, Reasoning, Text, ToolCall
from uniapi.dialects.fitting import TURN_OF, Body, Fitting, minds
from uniapi.dialects.losses import REASONING_LOSS
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.think_tags import CLOSING, OPENING
from uniapi.dialects.turn_repair import REASONING_STAND_IN

from .fit_members import without
from .fit_messages import Turn, with_calls, with_messages
from .fit_reasoning import reasons
from .reasoning import details_of_parts, is_sendable
from .request_decode_members import at
from .request_decode_messages import google_signature

REASONING_MEMBERS = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks")
SIGNATURE = "extra_content"
"""Google's carriage of a thought signature, on a call or a message."""

SIGNATURE_STAND_IN = "skip_thought_signature_validator"
_STAND_IN_DETAIL = {
    "type": "reasoning.encrypted",
    "data": SIGNATURE_STAND_IN,
    "format": "google-gemini-v1",
    "index": 0,
}

_Part = TypeVar("_Part")


def lost_calls(body: Mapping[str, Json]) -> Iterator[ToolCall]:
    """The calls of turns that came back without reasoning, or without a signature on the first of
    them; total.
    """
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        calls = at(message, "tool_calls")
        if not isinstance(calls, list) or not calls:
            continue
        is_bare = not any(message.get(name) for name in REASONING_MEMBERS)
        if is_bare or google_signature(calls[0]) is None:
            yield from filter(None, map(_call_of, calls))


def _call_of(call: Json) -> ToolCall | None:
    call_id, function = at(call, "id"), at(call, "function")
    name, arguments = at(function, "name"), at(function, "arguments")
    if not all(isinstance(text, str) for text in (call_id, name, arguments)):
        return None
    return ToolCall(call_id=call_id, name=name, arguments=arguments)


@minds(always=True, where=("tool_calls",))
def put_back(body: Body, fitting: Fitting) -> Body:
    """What a client lost of a turn, as the model said it; what it did carry stays."""
    quirk, remembered = fitting.quirk, fitting.beside.remembered
    if not remembered:
        return body

    def mend(message: Turn, path: str) -> Turn:
        calls = message.get("tool_calls")
        found = (remembered.get(at(call, "id")) for call in _list(calls))
        turn = next((turn for turn in found if turn is not None), None)
        if turn is None:
            return message
        if not any(message.get(name) for name in REASONING_MEMBERS):
            message = {**message, **_lost_members(message, turn, quirk)}
        return _with_signatures(message, turn) if quirk.opaque_family == "gemini" else message

    return with_messages(body, mend)


def _lost_members(message: Turn, turn: Message, quirk: Quirk) -> dict[str, Json]:
    reasoning = _of_kind(turn, Reasoning)
    text = "".join(part.text for part in reasoning)
    if quirk.reasoning_replay != "think_tags":
        return _members_of(reasoning, text, quirk)
    return {} if CLOSING in str(message.get("content")) else {"reasoning_content": text}


def _with_signatures(message: Turn, turn: Message) -> Turn:
    """Those of the turn's calls, on the calls that have none."""
    known = {part.call_id: part for part in _of_kind(turn, ToolCall)}

    def mend(call: Json) -> Json:
        part = known.get(at(call, "id"))
        if part is None or google_signature(call) is not None:
            return call
        return {**call, **_signature((part,))}

    return with_calls(message, mend)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


@minds(
    "reasoning_replay",
    "opaque_family",
    always=True,
    where=(*REASONING_MEMBERS, SIGNATURE, "tool_calls"),
    reads_beside=True,
)
def replay_reasoning(body: Body, fitting: Fitting) -> Body:
    turns = fitting.beside.turns
    if turns is None:
        return _relayed(body, fitting.quirk)
    places = iter(turns)

    def mend(message: Turn, path: str) -> Turn | None:
        turn = next(places, None)
        return message if turn is None else _replayed(message, turn, fitting)

    return with_messages(body, mend)


def _replayed(message: Turn, turn: Message, fitting: Fitting) -> Turn | None:
    """The message with what was signed in its turn; None when reasoning was all it had, and none
    of it can be said here.
    """
    quirk = fitting.quirk
    reasoning = _of_kind(turn, Reasoning)
    if quirk.reasoning_replay == "think_tags":
        return _tagged(message)
    members = _members_of(reasoning, message.get("reasoning_content"), quirk)
    if reasoning and not members:
        fitting.lose(REASONING_LOSS)
    replayed = message
    if members != {name: message[name] for name in REASONING_MEMBERS if name in message}:
        replayed = {**without(message, *REASONING_MEMBERS), **members}
    if quirk.opaque_family == "gemini":
        replayed = _signed(replayed, turn)
    return None if reasoning and _says_nothing(replayed) else replayed


def _members_of(reasoning: Sequence[Reasoning], text: Json, quirk: Quirk) -> dict[str, Json]:
    member = quirk.reasoning_replay
    if member == "none":
        return {}
    if member == "reasoning_details":
        details = _sendable(details_of_parts(reasoning), quirk)
        if details:
            return {member: details}
        member = "reasoning"
    return {member: text} if text else {}


def _tagged(message: Turn) -> Turn:
    """The message with its reasoning at the head of its text; a client that kept the tags, or the
    vendor's own details, has said it.
    """
    text = _text(message.get("reasoning_content")) or _text(message.get("reasoning"))
    if not text or message.get("reasoning_details"):
        return message
    content, tagged = message.get("content"), f"{OPENING}\n{text}\n{CLOSING}\n\n"
    said = (
        [{"type": "text", "text": tagged}, *content]
        if isinstance(content, list)
        else tagged + (content or "")
    )
    return {**without(message, *REASONING_MEMBERS), "content": said}


def _signed(message: Turn, turn: Message) -> Turn:
    """Gemini 3 refuses a replayed call without its own signature."""
    calls = iter(_of_kind(turn, ToolCall))
    signed = with_calls(message, lambda call: {**call, **_signature((next(calls),))})
    return {**signed, **_signature(_of_kind(turn, Text))}


def _signature(parts: Sequence[Text | ToolCall]) -> dict[str, Json]:
    for part in reversed(parts):
        if part.opaque is not None and part.opaque.family == "gemini":
            return {SIGNATURE: {"google": {"thought_signature": part.opaque.value}}}
    return {}


def _of_kind(turn: Message, kind: type[_Part]) -> list[_Part]:
    return [part for part in turn.parts if isinstance(part, kind)]


def _relayed(body: Body, quirk: Quirk) -> Body:
    """A client's own turns, perhaps from another provider, without the reasoning and the foreign
    signatures that are unknown parameters here, or would be refused.
    """
    if quirk.reasoning_replay == "reasoning_details":
        return with_messages(body, lambda message, path: _with_sendable_details(message, quirk))
    if quirk.reasoning_replay == "think_tags":
        return with_messages(body, lambda message, path: _tagged(message))
    if quirk.reasoning_replay != "none":
        return body
    signatures = () if quirk.opaque_family == "gemini" else (SIGNATURE,)
    names = (*REASONING_MEMBERS, *signatures)

    def bare(holder: Json) -> Json:
        return without(holder, *names) if any(at(holder, name) for name in names) else holder

    def mend(message: Turn, path: str) -> Turn | None:
        if message.get("role") != "assistant":
            return message
        mended = with_calls(bare(message), bare)
        return None if mended is not message and _says_nothing(mended) else mended

    return with_messages(body, mend)


def _with_sendable_details(message: Turn, quirk: Quirk) -> Turn:
    details = message.get("reasoning_details")
    if not isinstance(details, list):
        return message
    sendable = _sendable(details, quirk)
    return message if len(sendable) == len(details) else {**message, "reasoning_details": sendable}


def _sendable(details: list[Any], quirk: Quirk) -> list[Any]:
    return [detail for detail in details if is_sendable(detail, quirk.details_format)]


@minds("call_signatures", always=True, where=("tool_calls",))
def signed_calls(body: Body, fitting: Fitting) -> Body:
    """Gemini refuses a step whose first call has no signature, also one that another model made:
    the vendor's stand-in is one (ai.google.dev/gemini-api/docs/thought-signatures, 2026-11-30).
    """
    if fitting.quirk.opaque_family != "gemini" or not fitting.quirk.call_signatures:
        return body

    def mend(message: Turn, path: str) -> Turn:
        calls = message.get("tool_calls")
        if not isinstance(calls, list) or not calls or not isinstance(calls[0], dict):
            return message
        if google_signature(calls[0]) is not None:
            return message
        stand_in = {"google": {"thought_signature": SIGNATURE_STAND_IN}}
        return {**message, "tool_calls": [{**calls[0], SIGNATURE: stand_in}, *calls[1:]]}

    return with_messages(body, mend)


@minds("details_format", where=("tool_calls",))
def signed_details(body: Body, fitting: Fitting) -> Body:
    """The same behind OpenRouter, where a step's signature is one detail that names its first call
    (github.com/RooCodeInc/Roo-Code/pull/10640, 2026-11-30).
    """
    quirk = fitting.quirk
    if quirk.details_format != "google" or not quirk.call_signatures:
        return body

    def mend(message: Turn, path: str) -> Turn:
        calls, given = message.get("tool_calls"), message.get("reasoning_details")
        details = given if isinstance(given, list) else []
        is_signed = any(at(detail, "type") == _STAND_IN_DETAIL["type"] for detail in details)
        if not isinstance(calls, list) or not calls or is_signed:
            return message
        stand_in = {**_STAND_IN_DETAIL, "id": at(calls[0], "id")}
        return {**message, "reasoning_details": [*details, stand_in]}

    return with_messages(body, mend)


@minds("needs_reasoning", where=(TURN_OF["assistant"],))
def no_missing_reasoning(body: Body, fitting: Fitting) -> Body:
    """Where a thinking model wants its turns' reasoning back and a turn has none, because another
    model said it or a client lost it, a stand-in; what has it under another name is renamed. A
    text without tags is never refused.
    """
    quirk, member = fitting.quirk, fitting.quirk.reasoning_replay
    if member == "think_tags" or not reasons(body, quirk):
        return body

    def mend(message: Turn, path: str) -> Turn:
        is_wanted = quirk.needs_reasoning == "every_turn" or message.get("tool_calls")
        if message.get("role") != "assistant" or not is_wanted or _text(message.get(member)):
            return message
        text = _text(message.get("reasoning_content")) or _text(message.get("reasoning"))
        return {**without(message, *REASONING_MEMBERS), member: text or REASONING_STAND_IN}

    return with_messages(body, mend)


def _text(value: Json) -> str:
    return value if isinstance(value, str) and value.strip() else ""


def _says_nothing(message: Turn) -> bool:
    return not any(value for name, value in message.items() if name not in ("role", "name"))
