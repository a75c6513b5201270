"""Clients whose settings are files or variables, one row each: what they are called, where their
settings are documented, and what makes them (`agent_settings`).
"""

from __future__ import annotations

from .agent_settings import (
    aider_environment,
    aider_files,
    anthropic_environment,
    claude_environment,
    claude_files,
    codex_catalog,
    codex_command,
    codex_files,
    continue_files,
    crush_files,
    gemini_beside,
    gemini_environment,
    gemini_files,
    google_environment,
    llm_files,
    openai_environment,
    opencode_environment,
    opencode_files,
    qwen_files,
    variable_of,
    zed_files,
)
from .recipe import Recipe

CHECKED = "2026-11-30"
"""When the settings were last held against the clients' documents."""

AGENTS = (
    Recipe(
        name="claude",
        title="Claude Code",
        source="https://code.claude.com/docs/en/llm-gateway, …/env-vars",
        files=claude_files,
        environment=claude_environment,
        unset=("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
        command=lambda to: ["claude"],
    ),
    Recipe(
        name="codex",
        title="Codex",
        source="https://developers.openai.com/codex/config-reference",
        files=codex_files,
        environment=lambda to: {"UNIAPI_KEY": to.key},
        command=codex_command,
        beside=codex_catalog,
    ),
    Recipe(
        name="gemini",
        title="Gemini CLI",
        source="https://geminicli.com/docs/reference/configuration",
        files=gemini_files,
        environment=gemini_environment,
        unset=("GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA"),
        command=lambda to: ["gemini"],
        beside=gemini_beside,
    ),
    Recipe(
        name="opencode",
        title="OpenCode",
        source="https://opencode.ai/docs/providers, …/config",
        files=opencode_files,
        environment=opencode_environment,
        command=lambda to: ["opencode"],
    ),
    Recipe(
        name="qwen",
        title="Qwen Code",
        source="https://qwenlm.github.io/qwen-code-docs/en/users/configuration/model-providers/",
        files=qwen_files,
        environment=openai_environment,
        command=lambda to: ["qwen"],
    ),
    Recipe(
        name="aider",
        title="aider",
        source="https://aider.chat/docs/llms/openai-compat.html, …/config/aider_conf.html",
        files=aider_files,
        environment=aider_environment,
        command=lambda to: ["aider"],
    ),
    Recipe(
        name="crush",
        title="Crush",
        source="https://github.com/charmbracelet/crush/blob/main/internal/skills/builtin/crush-config/SKILL.md",
        files=crush_files,
    ),
    Recipe(
        name="llm",
        title="llm",
        source="https://llm.datasette.io/en/stable/other-models.html",
        files=llm_files,
        steps=lambda to: [f"Then: llm -m uni-api/{to.models.main} 'Hello!'"],
    ),
    Recipe(
        name="zed",
        title="Zed",
        source="https://zed.dev/docs/ai/use-api-access#openai-compatible",
        files=zed_files,
        environment=lambda to: {variable_of("uni-api"): to.key},
        command=lambda to: ["zed"],
        steps=lambda to: [
            "Zed keeps keys in the system's keychain, not in its settings. Agent Settings → LLM"
            f" Providers → uni-api: paste {to.key}",
            f"(or start Zed from a shell that has {variable_of('uni-api')} set).",
        ],
    ),
    Recipe(
        name="continue",
        title="Continue",
        source="https://docs.continue.dev/customize/model-providers/top-level/openai",
        files=continue_files,
    ),
    Recipe(
        name="openai-env",
        title="anything that reads OpenAI's variables",
        source="https://github.com/openai/openai-python#usage",
        environment=openai_environment,
        is_any_command=True,
    ),
    Recipe(
        name="anthropic-env",
        title="anything that reads Anthropic's variables",
        source="https://platform.claude.com/docs/en/api/client-sdks",
        environment=anthropic_environment,
        unset=("ANTHROPIC_AUTH_TOKEN",),
        is_any_command=True,
    ),
    Recipe(
        name="gemini-env",
        title="anything that reads Google's variables",
        source="https://googleapis.github.io/python-genai/",
        environment=google_environment,
        unset=("GOOGLE_API_KEY",),
        is_any_command=True,
    ),
)
