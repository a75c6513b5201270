"""Where marks for Claude's prompt cache pay, for a client that sets none: on what stays the same
from request to request (tools, instructions), and, in a conversation or an agent's loop, behind its
last turns. platform.claude.com/docs/en/build-with-claude/prompt-caching (2026-11-30): four marks at
most; a write costs a quarter more than reading anew, a read a tenth; what is shorter than the
model's minimum is not kept; 20 blocks before a mark are looked at for an earlier write, which is
why the turn before the last is marked as well: the last request's mark was there.

Pure policy: the rules of each dialect (`fit_cache`) know how a mark is written there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from uniapi.values import dataclass

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
    of_tools = weight(tools, enough)
    of_prefix = of_tools + weight(system, enough)
    goes_on = has_history or bool(tools)
    is_long = goes_on and (of_prefix >= enough or of_prefix + weight(turns, enough) >= enough)
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
