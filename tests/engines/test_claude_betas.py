"""Claude Code names its betas in every request; the clouds refuse those they do not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from uniapi.dialects import Quirk
from uniapi.engines import Target, engine_for, taken_headers
from uniapi.wire import HttpRequest

NOW_S = 1_767_225_600.0
CLAUDE_CODE = (
    "claude-code-20250219, interleaved-thinking-2025-05-14,effort-2025-11-24,"
    "prompt-caching-scope-2026-01-05,advanced-tool-use-2025-11-20"
)


def sent(place: Target, betas: str) -> HttpRequest:
    request = HttpRequest(
        method="POST",
        url="https://h/x",
        headers={"anthropic-beta": betas, "x-other": "1"},
        body=b'{"anthropic_version":"v"}',
    )
    return engine_for(place.provider).authorize(place, request, None, NOW_S)


@pytest.mark.parametrize(
    ("betas", "known"),
    [
        (CLAUDE_CODE, "interleaved-thinking-2025-05-14,tool-search-tool-2025-10-19"),
        ("claude-code-20250219", None),
        ("token-counting-2024-11-01", "token-counting-2024-11-01"),
    ],
)
def test_vertex_is_told_the_betas_it_knows(
    target: Callable[..., Target], betas: str, known: str | None
) -> None:
    """In the header, for answers and counts alike; none at all where none is known."""
    place = target("claude-opus-4-6", base_url="https://aiplatform.googleapis.com", project_id="p1")
    headers = sent(place, betas).headers
    assert (headers.get("anthropic-beta"), headers["x-other"]) == (known, "1")


@pytest.mark.parametrize(
    ("betas", "known"),
    [
        (
            CLAUDE_CODE,
            [
                "interleaved-thinking-2025-05-14",
                "effort-2025-11-24",
                "tool-search-tool-2025-10-19",
            ],
        ),
        ("claude-code-20250219", None),
    ],
)
def test_bedrock_is_told_the_betas_it_knows(
    target: Callable[..., Target], betas: str, known: Any
) -> None:
    """In the body of the invoked model."""
    place = target("anthropic.claude-opus-4-6", kind="aws", account="A", secret="s")
    request = sent(place, betas)
    assert "anthropic-beta" not in request.headers
    assert json.loads(request.body).get("anthropic_beta") == known


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        ((), "a-1,b-2"),
        (("b-2",), "a-1"),
        (("a-1", "b-2"), None),
        (("*",), None),
        (("c-3",), "a-1,b-2"),
    ],
)
def test_betas_that_were_refused_stay_at_home(refused: tuple[str, ...], left: str | None) -> None:
    quirk = Quirk(learned_drops=frozenset(("anthropic-beta", name) for name in refused))
    told = taken_headers({"anthropic-beta": "a-1,b-2", "x": "y"}, quirk)
    assert told.get("anthropic-beta") == left
    assert told["x"] == "y"
    assert taken_headers({"x": "y"}, quirk) == {"x": "y"}
