"""Where marks for Claude's prompt cache pay, for a client that sets none: on what stays the same
from request to request (tools, instructions), and, in a conversation or an agent's loop, behind its
last turns. platform.claude.com/docs/en/build-with-claude/prompt-caching (2026-11-30): four marks at
most; a write costs a quarter more than reading anew, a read a tenth; what is shorter than the
model's minimum is not kept; 20 blocks before a mark are looked at for an earlier write, which is
why the turn before the last is marked as well: the last request's mark was there.

Pure policy: the rules of each dialect (`fit_cache`) know how a mark is written there. And OpenAI's
own mark, which two dialects write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from uniapi.canonical import CacheHint, Json, Request, iter_parts
from uniapi.values import dataclass, replace

CHARACTERS_A_TOKEN = 3
"""Rather fewer than are usual: a mark on what is a little too short costs nothing."""
TURNS_MARKED = 2


@dataclass(frozen=True, slots=True)
class Places:
    """What is to be marked: the end of the tools, of the instructions, of so many last turns."""

    tools: bool = False
    system: bool = False
    turns: int = 0


NOWHERE = Places()


def places(
    least_tokens: int, tools: Any, system: Any, turns: Sequence[Any], *, has_history: bool
) -> Places:
    """`turns`: what is said beside tools and instructions. `has_history`: an assistant has spoken.
    A first turn that offers no tools may well be the only one: it is not paid for in advance.
    """
    enough = least_tokens * CHARACTERS_A_TOKEN
    of_tools = weight(tools, enough) if tools else 0
    of_prefix = of_tools + (weight(system, enough) if system else 0)
    goes_on = has_history or bool(tools)
    is_long = goes_on and (of_prefix >= enough or of_prefix + weight(turns, enough) >= enough)
    if of_prefix < enough and not is_long:
        return NOWHERE
    return Places(
        tools=bool(tools) and of_tools >= enough,
        system=bool(system) and of_prefix >= enough,
        turns=TURNS_MARKED if is_long else 0,
    )


def weight(value: Any, enough: int) -> int:
    """The characters of all texts in a value, counted no further than `enough`."""
    total, stack = 0, [value]
    while stack and total < enough:
        one = stack.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, Mapping):
            stack.extend(one.values())
            total += sum(map(len, one))
        elif isinstance(one, list | tuple):
            stack.extend(one)
    return total


def holds_mark(blocks: Iterable[Any], name: str) -> bool:
    """Whether one of some blocks, or one in a tool's result among them, is marked."""
    for block in blocks:
        if not isinstance(block, Mapping):
            continue
        inner = block.get("content")
        if name in block or (isinstance(inner, list) and holds_mark(inner, name)):
            return True
    return False


BREAKPOINT = "prompt_cache_breakpoint"
"""OpenAI's mark on a content part of what is asked (developers.openai.com/api/docs/guides/
prompt-caching#prompt-cache-breakpoints and openai 3.57.0, 2026-11-30): text, images, sounds and
files of users, instructions and tools' results; no tool, no call, nothing that the model said. Any
number may stand there: the last four are written (three beside the implicit one, on the newest
turn), 80 are looked for.
"""
BREAKPOINT_LIFETIMES = ("30m", "12h")


_LIFETIMES_AT_CLAUDE = {"30m": None, "12h": "1h"}


def ephemeral(hint: CacheHint) -> dict[str, Json]:
    """The value of Claude's mark, `cache_control`. Of OpenAI's lifetimes the shorter one is its
    usual five minutes, which each use begins anew; the longer one its hour.
    """
    ttl = _LIFETIMES_AT_CLAUDE.get(hint.ttl or "", hint.ttl)
    return {"type": "ephemeral"} if ttl is None else {"type": "ephemeral", "ttl": ttl}


def breakpoint_of(hint: CacheHint) -> dict[str, Json]:
    """The member that marks a part. Other vendors' lifetimes are unsaid: the shortest here, half an
    hour, is longer than Claude's usual one.
    """
    named = {"ttl": hint.ttl} if hint.ttl in BREAKPOINT_LIFETIMES else {}
    return {BREAKPOINT: {"mode": "explicit", **named}}


def with_newest_marked(request: Request, options: Json) -> Request:
    """OpenAI marks the newest turn by itself beside a client's own marks, unless its
    `prompt_cache_options` say otherwise: who marks the instructions alone counts on it.
    """
    said = options if isinstance(options, dict) else {}
    is_marked = False
    for part in iter_parts(request.messages):
        hint = getattr(part, "cache", None)
        if hint is not None and hint.ttl in BREAKPOINT_LIFETIMES:
            is_marked = True
            break
    if not is_marked or said.get("mode") == "explicit" or request.cache is not None:
        return request
    lifetime = "12h" if said.get("ttl") == "12h" else "30m"
    return replace(request, cache=CacheHint(ttl=lifetime))


def shortens(hint: CacheHint) -> bool:
    """Whether a breakpoint lives shorter than what was asked for (Claude's hour)."""
    return hint.ttl not in (None, "5m", *BREAKPOINT_LIFETIMES)
