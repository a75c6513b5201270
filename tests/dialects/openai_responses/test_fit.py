"""A relayed body is changed only where a quirk row forbids what the client sent."""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.dialects import Quirk
from uniapi.dialects.openai_responses import UPSTREAM

TEXT = {"type": "input_text", "text": "x"}
IMAGE = {"type": "input_image", "image_url": "https://x"}
CALL = {"type": "function_call", "call_id": "c", "name": "a", "arguments": "{}"}
BODY: dict[str, Any] = {
    "model": "m",
    "input": [{"role": "user", "content": [TEXT, IMAGE]}, CALL, {"type": "brand_new"}],
    "tools": [{"type": "web_search"}],
    "reasoning": {"effort": "xhigh", "summary": "auto"},
    "include": ["reasoning.encrypted_content", "web_search_call.results"],
    "temperature": 1,
    "new_member": 1,
}


@pytest.mark.parametrize(
    "quirk, changes, losses",
    [
        (Quirk(), {}, ()),
        (
            Quirk(dropped_members=frozenset({"temperature", "top_p"})),
            {"temperature": None},
            ("temperature",),
        ),
        (Quirk(efforts=("low", "high")), {"reasoning": {"effort": "high", "summary": "auto"}}, ()),
        (Quirk(encrypted_reasoning=False), {"include": ["web_search_call.results"]}, ()),
        (
            Quirk(has_images=False),
            {"input": [{"role": "user", "content": [TEXT]}, CALL, {"type": "brand_new"}]},
            ("input[0].image",),
        ),
        (
            Quirk(has_tools=False),
            {
                "tools": None,
                "input": [{"role": "user", "content": [TEXT, IMAGE]}, {"type": "brand_new"}],
            },
            ("tools",),
        ),
    ],
)
def test_repair(quirk: Quirk, changes: dict[str, Any], losses: tuple[str, ...]) -> None:
    """Each fact changes its own member; the given body stays as it was."""
    before = repr(BODY)
    expected = {name: value for name, value in {**BODY, **changes}.items() if value is not None}
    assert (expected, losses) == UPSTREAM.fit(BODY, quirk)
    assert before == repr(BODY)


@pytest.mark.parametrize("value", [3, None, [1, None, {"content": 3}], {"a": 1}])
def test_odd_shapes_are_left_alone(value: Any) -> None:
    """Repair is no validation."""
    body = {"input": value, "reasoning": value, "include": value, "tools": None}
    repaired, _ = UPSTREAM.fit(
        body, Quirk(has_images=False, efforts=("low",), encrypted_reasoning=False)
    )
    assert body == repaired
