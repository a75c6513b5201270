"""The cache doctor: for each conversation the share of its input that was read from a prompt cache,
and for each miss the reason. It compares hashes, one for each tool, the instructions and each turn,
and keeps no text. Bounded: so many sessions, so many hashes of each.

A verdict is about what could have been read: what the request before it in the same conversation
held. Half of that read is a hit.
"""

from __future__ import annotations

import marshal
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from uniapi.values import dataclass, field

MOST_SESSIONS = 500
MOST_PIECES = 2000
LIKELY_LIFE_S = 300.0
LEAST_TOKENS = 1024
"""Where nothing is known of a model: OpenAI's and most Claudes' (their guides, 2026-11-30)."""
_SYSTEM = ("system", "instructions", "systemInstruction", "system_instruction")
_TURNS = ("messages", "input", "contents")
_UPSTREAM = ("previous_response_id", "conversation")
"""With one of these the turns before lie at the vendor: the body holds the newest alone."""

Reason = Literal[
    "hit",
    "new-session",
    "below-minimum",
    "other-model",
    "other-key",
    "prefix-changed",
    "pause",
    "not-kept",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one request. `share` of its input was read; `lost_tokens` could have been and
    were not; `place` is where the prefix changed: `message 3`, `tool 2`, `system`.
    """

    reason: Reason
    share: float
    lost_tokens: int = 0
    place: str = ""
    header: str = field(init=False)
    """`x-uniapi-cache`: `hit=0.93`, `miss=prefix-changed at message 3`."""

    def __post_init__(self) -> None:
        header = f"hit={self.share:.2f}"
        if self.reason != "hit":
            header = f"miss={self.reason}" + (f" at {self.place}" if self.place else "")
        object.__setattr__(self, "header", header)


@dataclass(slots=True)
class Conversation:
    """What is remembered of one: of its last request, and in all."""

    label: str = ""
    model: str = ""
    place: tuple[str, str] = ("", "")
    pieces: array[int] | None = None
    tokens: int = 0
    at: float = 0.0
    requests: int = 0
    input_tokens: int = 0
    read_tokens: int = 0
    last: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedRequest:
    """One answered request: whose (`label` is for people), by which model of which (provider id,
    credential id), how much was read (of it from the cache), and what is known of such caches.
    """

    session: str
    label: str
    model: str
    place: tuple[str, str]
    input_tokens: int
    read_tokens: int
    at: float
    least_tokens: int = LEAST_TOKENS
    life_s: float = LIKELY_LIFE_S


class CacheDoctor:
    """Plain calls on the event loop."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Conversation] = OrderedDict()

    def examine(self, served: CachedRequest, body: Mapping[str, Any]) -> Verdict:
        """The verdict on a request, which is remembered for the next one's."""
        pieces = array("q", fingerprints(body))
        known = self._sessions.pop(served.session, None)
        verdict = _verdict(served, known, pieces, body)
        now = known or Conversation()
        now.label, now.model, now.place = served.label, served.model, served.place
        now.pieces, now.tokens, now.at = pieces, served.input_tokens, served.at
        now.requests += 1
        now.input_tokens += served.input_tokens
        now.read_tokens += served.read_tokens
        now.last = verdict
        self._sessions[served.session] = now
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return verdict

    def conversations(self, most: int = 50) -> list[Conversation]:
        """The latest ones, the newest first."""
        return list(reversed(self._sessions.values()))[:most]


def fingerprints(body: Mapping[str, Any]) -> Iterable[int]:
    """A hash for each piece of a prompt, in its order: tools, instructions, turns."""
    found = [_hash(piece) for piece in _pieces(body)]
    return found[:MOST_PIECES]


def _verdict(
    served: CachedRequest, known: Conversation | None, pieces: array[int], body: Mapping[str, Any]
) -> Verdict:
    share = served.read_tokens / served.input_tokens if served.input_tokens else 0.0
    if known is None or known.pieces is None:
        is_hit = share >= 0.5
        return Verdict(reason="hit" if is_hit else "new-session", share=share)
    could_read = min(known.tokens, served.input_tokens)
    if could_read < served.least_tokens and not served.read_tokens:
        return Verdict(reason="below-minimum", share=share)
    if served.read_tokens * 2 >= could_read:
        return Verdict(reason="hit", share=share)
    lost = could_read - served.read_tokens
    reason, place = _reason(served, known, pieces, body)
    return Verdict(reason=reason, share=share, lost_tokens=lost, place=place)


def _reason(
    served: CachedRequest, known: Conversation, pieces: array[int], body: Mapping[str, Any]
) -> tuple[Reason, str]:
    if known.model != served.model or known.place[0] != served.place[0]:
        return "other-model", ""
    if known.place != served.place:
        return "other-key", ""
    before = known.pieces if known.pieces is not None else pieces
    is_continued = any(body.get(name) for name in _UPSTREAM)
    if not is_continued and pieces[: len(before)] != before:
        both = zip(before, pieces, strict=False)
        at = next((index for index, (old, new) in enumerate(both) if old != new), len(pieces))
        return "prefix-changed", _name_of(at, body)
    if served.at - known.at > served.life_s:
        return "pause", ""
    return "not-kept", ""


def _pieces(body: Mapping[str, Any]) -> Iterable[Any]:
    tools = body.get("tools")
    yield from tools if isinstance(tools, list) else ()
    yield [body.get(name) for name in _SYSTEM]
    turns = _turns(body)
    yield from turns if isinstance(turns, list) else (turns,)


def _turns(body: Mapping[str, Any]) -> Any:
    return next((body[name] for name in _TURNS if name in body), None)


def _name_of(at: int, body: Mapping[str, Any]) -> str:
    """Where a piece stands, counted from 1 as people do; a turn that is gone counts as well."""
    tools = body.get("tools")
    count = len(tools) if isinstance(tools, list) else 0
    if at < count:
        return f"tool {at + 1}"
    return "system" if at == count else f"message {at - count}"


def _hash(piece: Any) -> int:
    """The same for the same words in the same order. Marks for caches are no words: they move on
    from turn to turn, and for their sake a text stands in a list that was none before.
    """
    try:
        # Version 2 writes equal values alike, whatever refers to what.
        return hash(marshal.dumps(_plain(piece), 2))
    except (ValueError, TypeError):
        return 0


_MARKS = ("cache_control", "prompt_cache_breakpoint")


def _plain(piece: Any) -> Any:
    if type(piece) is list:
        return [_plain_content(part) for part in piece]
    if type(piece) is not dict:
        return piece
    piece = _bare(piece)
    for name in ("content", "output"):
        if type(piece.get(name)) is list:
            piece = {**piece, name: _plain_content(piece[name])}
    return piece


def _plain_content(content: Any) -> Any:
    """A turn's parts without marks; one text alone as the text."""
    if type(content) is not list:
        return content
    parts = [_plain(part) for part in content]
    only = parts[0] if len(parts) == 1 else None
    is_text = type(only) is dict and only.keys() == {"type", "text"}
    return only["text"] if only is not None and is_text else parts


def _bare(part: Any) -> Any:
    if not any(name in part for name in _MARKS):
        return part
    return {name: value for name, value in part.items() if name not in _MARKS}
