"""What the cache doctor takes for the same prompt, in the bodies of four client dialects: turns
that are added, marks that move on, a text that stands in a list for a mark's sake.
"""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.money import CacheDoctor, CachedRequest

LONG = "word " * 2000
EPHEMERAL = {"cache_control": {"type": "ephemeral"}}
BREAKPOINT = {"prompt_cache_breakpoint": {"mode": "explicit"}}


def told(*bodies: dict[str, Any], pause_s: float = 10.0, life_s: float = 300.0) -> str:
    """What is said of the last of some requests of one conversation, none of it from a cache."""
    doctor = CacheDoctor()
    said = ""
    for number, body in enumerate(bodies):
        served = CachedRequest(
            session="s",
            label="",
            model="m",
            place=("p", "c"),
            input_tokens=5000 + number,
            read_tokens=0,
            at=number * pause_s,
            life_s=life_s,
        )
        said = doctor.examine(served, body).header
    return said


def claude(*turns: Any, system: Any = LONG) -> dict[str, Any]:
    return {"system": system, "messages": list(turns)}


def text(said: str, **mark: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **mark}


FIRST = {"role": "user", "content": "a"}
ANSWER = {"role": "assistant", "content": "b"}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": [text("r")]}
MARKED_RESULT = {**RESULT, "content": [text("r", **EPHEMERAL)]}
SAME = {
    "claude, the mark moves on": (
        claude({"role": "user", "content": [text("a", **EPHEMERAL)]}),
        claude(FIRST, ANSWER, {"role": "user", "content": [text("c", **EPHEMERAL)]}),
    ),
    "claude, marked instructions": (
        claude(FIRST, system=[text(LONG, **EPHEMERAL)]),
        claude(FIRST, ANSWER, FIRST, system=LONG),
    ),
    "claude, a mark within a result": (
        claude({"role": "user", "content": [MARKED_RESULT]}),
        claude({"role": "user", "content": [RESULT]}, ANSWER, FIRST),
    ),
    "claude, a marked tool": (
        {**claude(FIRST), "tools": [{"name": "f", **EPHEMERAL}]},
        {**claude(FIRST, ANSWER, FIRST), "tools": [{"name": "f"}]},
    ),
    "chat, a breakpoint moves on": (
        {"messages": [{"role": "user", "content": [text("a", **BREAKPOINT)]}]},
        {"messages": [FIRST, ANSWER, {"role": "user", "content": [text("c", **BREAKPOINT)]}]},
    ),
    "responses, a breakpoint in a result": (
        {"input": [{"type": "function_call_output", "output": [{"text": "a", **BREAKPOINT}]}]},
        {"input": [{"type": "function_call_output", "output": [{"text": "a"}]}, ANSWER]},
    ),
    "responses, the turns before lie at the vendor": (
        {"input": [FIRST], "instructions": LONG},
        {"input": [{"role": "user", "content": "c"}], "previous_response_id": "resp_1"},
    ),
    "responses, words and then items": (
        {"input": [FIRST]},
        {"input": [FIRST, ANSWER, FIRST]},
    ),
    "gemini": (
        {"contents": [{"role": "user", "parts": [{"text": "a"}]}], "systemInstruction": {}},
        {
            "contents": [
                {"role": "user", "parts": [{"text": "a"}]},
                {"role": "model", "parts": [{"text": "b"}]},
            ],
            "systemInstruction": {},
        },
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_a_prompt_that_goes_on_did_not_change(name: str) -> None:
    assert told(*SAME[name]) == "miss=not-kept"


OTHER = {
    "claude, the instructions": (claude(FIRST), claude(FIRST, system=f"{LONG}!"), "system"),
    "claude, a result": (
        claude({"role": "user", "content": [RESULT]}),
        claude({"role": "user", "content": [{**RESULT, "content": [text("other")]}]}),
        "message 1",
    ),
    "chat, another picture": (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "a"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "b"}]}]},
        "message 1",
    ),
    "responses, an item": ({"input": [FIRST]}, {"input": [ANSWER]}, "message 1"),
    "gemini, a turn": (
        {"contents": [{"parts": [{"text": "a"}]}]},
        {"contents": [{"parts": [{"text": "b"}]}]},
        "message 1",
    ),
    "a tool": ({"tools": [{"name": "f"}]}, {"tools": [{"name": "g"}]}, "tool 1"),
}


@pytest.mark.parametrize("name", OTHER)
def test_a_prompt_that_changed_is_told(name: str) -> None:
    before, after, place = OTHER[name]
    assert told(before, after) == f"miss=prefix-changed at {place}"


def test_a_pause_is_one_only_beyond_the_life_of_the_cache() -> None:
    bodies = (claude(FIRST), claude(FIRST, ANSWER, FIRST))
    assert told(*bodies, pause_s=1200.0) == "miss=pause"
    assert told(*bodies, pause_s=1200.0, life_s=1800.0) == "miss=not-kept"
