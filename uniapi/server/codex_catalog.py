"""The model list as Codex reads it (`GET /models?client_version=…`): `{"models": [record]}`, where
one missing member of one record makes Codex discard the whole list.

Members: `ModelInfo` in codex-rs/protocol/src/openai_models.rs. Every one that any release of 2026
required is here (`base_instructions`, `supports_parallel_tool_calls` and
`supports_reasoning_summaries` by the older ones), and nothing that only some understand. Codex
replaces what it knows of a model by what the list says, system prompt included, so OpenAI's own
models, for which it brings better records than ours, are left out: it falls back to its own for
every model that is not listed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from uniapi.config import ModelInfo
from uniapi.connect import chats

_BROUGHT_BY_CODEX = re.compile(r"(?:.*/)?(?:gpt-|codex|o\d)", re.IGNORECASE)

_EFFORTS = (
    ("low", "Quick answers, little thinking"),
    ("medium", "Balanced"),
    ("high", "Thinks longest, for hard problems"),
)
_FIRST_PRIORITY = 20

_INSTRUCTIONS = """\
You are a coding agent in the user's terminal. You work in their repository together with them, and you carry a task through to its end before you hand back.

How to work
- Read before you write: look at the files, the tests and the conventions that the change touches. Follow instructions in AGENTS.md files; deeper ones win over those above them.
- Search with `rg` where it is installed. Run independent look-ups together.
- Make the smallest change that solves the cause of the problem. Leave unrelated code, comments and formatting alone, and never undo changes that you did not make.
- Edit files with the patch tool. Do not commit, push, or create branches unless you are asked to.
- After a change run the tests or the build that cover it, and read what they say. If something cannot be run, say so.
- Use the plan tool for work of several steps, and keep it up to date.
- Commands may run in a sandbox and need approval: ask for it with one sentence of reason when a command needs more than it has.

How to answer
- Be short and plain. Lead with the result; name files as `path:line`.
- Say what you changed, how you checked it, and what is left open. Do not paste large files back.
- Asked for a review, list the problems first, the gravest first, each with its place.
"""  # noqa: E501


def codex_catalog(aliases: Sequence[str], infos: Mapping[str, ModelInfo]) -> dict[str, Any]:
    """The list for these aliases; `infos`: what is known of them."""
    listed = [alias for alias in aliases if not _BROUGHT_BY_CODEX.match(alias) and chats(alias)]
    return {
        "models": [
            _record(alias, infos.get(alias) or ModelInfo(), place)
            for place, alias in enumerate(listed)
        ]
    }


def _record(alias: str, info: ModelInfo, place: int) -> dict[str, Any]:
    modalities = [name for name in info.input_modalities if name in ("text", "image")] or [
        "text",
        "image",
    ]
    record: dict[str, Any] = {
        "slug": alias,
        "display_name": alias,
        "description": f"{alias}, through uni-api",
        "default_reasoning_level": "medium",
        "supported_reasoning_levels": [
            {"effort": effort, "description": description} for effort, description in _EFFORTS
        ],
        "shell_type": "default",
        "visibility": "list",
        "supported_in_api": True,
        "priority": _FIRST_PRIORITY + place,
        "availability_nux": None,
        "upgrade": None,
        "base_instructions": _INSTRUCTIONS,
        "supports_reasoning_summaries": True,
        "support_verbosity": False,
        "default_verbosity": None,
        "apply_patch_tool_type": "freeform",
        "truncation_policy": {"mode": "bytes", "limit": 10_000},
        "supports_parallel_tool_calls": True,
        "experimental_supported_tools": [],
        "input_modalities": modalities,
    }
    if info.context_length is not None:
        record["context_window"] = record["max_context_window"] = info.context_length
    return record
