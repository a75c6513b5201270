"""A relayed request keeps everything but what the model refuses."""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.dialects import Quirk
from uniapi.dialects.gemini import UPSTREAM

CALL = {"functionCall": {"id": "1", "name": "f", "args": {}}, "thoughtSignature": "QUJD"}
RESULT = {"function_response": {"id": "1", "name": "f", "response": {}}}
PICTURE = {"inline_data": {"mime_type": "image/png", "data": "AAAA"}}
BODY: dict[str, Any] = {
    "contents": [
        {"role": "user", "parts": [{"text": "a"}, PICTURE]},
        {"role": "model", "parts": [CALL]},
        {"role": "user", "parts": [RESULT]},
        {"parts": {"text": "b"}},
    ],
    "tools": [{"googleSearch": {}}],
    "toolConfig": {},
    "generationConfig": {
        "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True},
        "seed": 1,
    },
    "unknown": 1,
}


def repaired(quirk: Quirk) -> tuple[dict[str, Any], tuple[str, ...]]:
    return UPSTREAM.fit(BODY, quirk)


def test_nothing_to_repair() -> None:
    """Every member is the client's own object."""
    body, losses = repaired(Quirk())
    assert losses == ()
    assert body is not BODY
    assert all(body[name] is BODY[name] for name in BODY)


def test_ids_are_taken_out() -> None:
    """The rest of a call stays, signature included; turns without calls stay the same objects."""
    body, losses = repaired(Quirk(function_call_ids=False))
    assert losses == ()
    assert body["contents"][1]["parts"] == [
        {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "QUJD"}
    ]
    assert body["contents"][2]["parts"] == [{"function_response": {"name": "f", "response": {}}}]
    assert body["contents"][0] is BODY["contents"][0]
    assert BODY["contents"][1]["parts"] == [CALL]


def test_a_provider_without_tools_or_images() -> None:
    """Tools, their turns and pictures go, and are named."""
    body, losses = repaired(Quirk(has_tools=False, has_images=False))
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "a"}]},
        {"parts": {"text": "b"}},
    ]
    assert not {"tools", "toolConfig"} & body.keys()
    assert set(losses) == {"tools", "image"}


@pytest.mark.parametrize(
    "quirk, thinking, losses",
    [
        (Quirk(gemini_thinking="budget"), {"thinkingBudget": 1024, "includeThoughts": True}, ()),
        (Quirk(gemini_thinking="none"), None, ("reasoning",)),
    ],
)
def test_thinking_in_terms_the_model_has(
    quirk: Quirk, thinking: Any, losses: tuple[str, ...]
) -> None:
    """A level becomes a budget where only budgets are known."""
    body, lost = repaired(quirk)
    assert body["generationConfig"].get("thinkingConfig") == thinking
    assert body["generationConfig"]["seed"] == 1
    assert lost == losses


def test_refused_members() -> None:
    """At the top and in the generation config."""
    body, losses = repaired(Quirk(dropped_members=frozenset({"seed", "unknown"})))
    assert "unknown" not in body
    assert "seed" not in body["generationConfig"]
    assert losses == ("unknown", "seed")
