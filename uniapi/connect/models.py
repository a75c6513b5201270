"""Which of a client key's models a client is told: its main one, a small one for errands, and one
for each name that Claude Code has of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from uniapi.values import dataclass

_NO_CHAT = re.compile(
    r"embed|rerank|whisper|tts|moderation|dall-e|image|transcribe|speech|audio|imagen|veo|realtime",
    re.IGNORECASE,
)
"""Names of models that no agent can be run on."""
_SMALL = re.compile(
    r"haiku|(?<!ge)mini(?!max)|nano|flash|lite|small|tiny|luna|instant|-air|turbo|\b[1-9]b\b|fast",
    re.IGNORECASE,
)
"""Words of cheap and quick models, which agents use beside their main one."""
_FAMILIES = ("claude-opus", "claude-sonnet", "gpt-", "gemini", "deepseek", "glm", "kimi", "qwen")
"""Where a provider's whole list is at hand, the first family that it has is taken; in a short list
that somebody wrote, the order is theirs.
"""
_LONGEST_WRITTEN_LIST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """Names as clients ask for them. `opus`, `sonnet`, `haiku` and `fable` are what Claude Code's
    own four names lead to; `every` is everything that chats, in its order.
    """

    main: str
    small: str
    opus: str
    sonnet: str
    haiku: str
    fable: str
    every: tuple[str, ...]


def chats(name: str) -> bool:
    """Whether a model of this name may be one that an agent can be run on."""
    return not _NO_CHAT.search(name)


def choose_models(
    names: Sequence[str], main: str | None = None, small: str | None = None
) -> ModelChoice | None:
    """The choice among the models that a client key has, in their order; `main` and `small` are
    what somebody has chosen themselves. None when there is no model that chats.
    """
    every = tuple(name for name in names if chats(name) and "*" not in name)
    main = main or _main(every)
    if main is None:
        return None
    small = small or next((name for name in _newest_first(every) if _SMALL.search(name)), main)

    def of_class(word: str, otherwise: str) -> str:
        fitting = [name for name in _newest_first(every) if word in name.lower()]
        return fitting[0] if fitting else otherwise

    return ModelChoice(
        main=main,
        small=small,
        opus=of_class("opus", main),
        sonnet=of_class("sonnet", main),
        haiku=of_class("haiku", small),
        fable=of_class("fable", main),
        every=every if main in every else (main, *every),
    )


def _main(every: Sequence[str]) -> str | None:
    large = [name for name in every if not _SMALL.search(name)] or list(every)
    if len(every) > _LONGEST_WRITTEN_LIST:
        for family in _FAMILIES:
            fitting = [name for name in _newest_first(large) if family in name.lower()]
            if fitting:
                return fitting[0]
    return large[0] if large else None


def _newest_first(names: Sequence[str]) -> list[str]:
    """By the first numbers of their names, the highest first: `gpt-5.4` before `gpt-4.1-2025-04`;
    of the same number the shorter name, which is no snapshot.
    """
    return sorted(names, key=lambda name: ([-number for number in _version(name)], len(name)))


def _version(name: str) -> tuple[int, int]:
    found = re.search(r"(?<![a-z0-9])v?(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)", name.lower())
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)
