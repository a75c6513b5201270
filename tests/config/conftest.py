"""What the tests of `config/` share: the engine names as the program passes them in, and readers of
a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from uniapi.config import Config, ConfigProblems, EngineNames, Problem, parse_config

ENGINES = EngineNames(
    built=frozenset(
        [
            "gpt",
            "openrouter",
            "claude",
            "gemini",
            "vertex-gemini",
            "vertex-claude",
            "azure",
            "aws",
            "cloudflare",
            "cohere",
            "azure-databricks",
            "responses",
        ],
    ),
    known_unbuilt=frozenset(
        ["codex", "doubao-translation", "search", "content-generation", "lingjing"]
    ),
    check_private_key=lambda pem: (
        None if pem.rstrip().endswith("-----END PRIVATE KEY-----") else "it has no end line"
    ),
)

Read = Callable[..., Config]
Problems = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def engines() -> EngineNames:
    return ENGINES


@pytest.fixture
def read() -> Read:
    """The Config of a text that must be free of errors; warnings are allowed."""

    def parsed(text: str, environment: Mapping[str, str] | None = None) -> Config:
        return parse_config(
            text, source="api.yaml", engines=ENGINES, environment=environment or {}
        )[0]

    return parsed


@pytest.fixture
def problems() -> Problems:
    """Every problem of a text, whether it can be used or not."""

    def found(text: str, environment: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
        try:
            return parse_config(
                text, source="api.yaml", engines=ENGINES, environment=environment or {}
            )[1]
        except ConfigProblems as refused:
            return refused.problems

    return found


@pytest.fixture
def fixture_text() -> Callable[[str], str]:
    return lambda name: (Path(__file__).parent / "fixtures" / name).read_text(encoding="utf-8")


@pytest.fixture
def provider_yaml() -> Callable[..., str]:
    """A valid file around what is said of a provider (from line 5), a client key (after it) and the
    preferences (at the end).
    """

    def text(provider: str = "", key: str = "", preferences: str = "") -> str:
        return (
            "providers:\n"
            "  - provider: a\n"
            "    base_url: https://a.example/v1\n"
            "    api: sk-upstream-000000\n" + _indented(provider, 4) + "api_keys:\n"
            "  - api: sk-client-0000000000\n"
            + _indented(key, 4)
            + ("preferences:\n" + _indented(preferences, 2) if preferences else "")
        )

    return text


def _indented(text: str, blanks: int) -> str:
    return "".join(f"{' ' * blanks}{line}\n" for line in text.splitlines())
