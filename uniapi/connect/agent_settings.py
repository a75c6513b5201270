"""What each client's files, variables and command must say, as functions of a connection; the
clients themselves are the rows of `agents`.

Facts from each client's own documentation, looked up on the day of `agents.CHECKED`; Claude Code
2.1, Codex 0.171, Gemini CLI 0.61 and OpenCode 1.18 were run with what is written here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .recipe import FOLDER, Change, Connection, SettingsFile

CODEX_CATALOG = "uni-api-models.json"
_CONTEXT = 200_000
"""Tokens, for clients that must be told a figure. A model that takes fewer says so itself."""


def claude_environment(to: Connection) -> Mapping[str, str]:
    """All four names that Claude Code has of its own lead to a model that is here: it asks for
    them, whatever is chosen (subagents, titles, plans).
    """
    return {
        "ANTHROPIC_BASE_URL": to.root,
        "ANTHROPIC_AUTH_TOKEN": to.key,
        "ANTHROPIC_MODEL": to.models.main,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": to.models.opus,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": to.models.sonnet,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": to.models.haiku,
        "ANTHROPIC_DEFAULT_FABLE_MODEL": to.models.fable,
    }


def claude_files(to: Connection) -> Sequence[SettingsFile]:
    changes = tuple(Change(("env", name), value) for name, value in claude_environment(to).items())
    return [
        SettingsFile(
            place=".claude/settings.json",
            variable="CLAUDE_CONFIG_DIR",
            name="settings.json",
            format="json",
            changes=changes,
        )
    ]


def _codex_provider(to: Connection) -> dict[str, str]:
    return {"name": "uni-api", "base_url": to.v1, "wire_api": "responses"}


def codex_files(to: Connection) -> Sequence[SettingsFile]:
    """The list of models replaces Codex's guess of what it does not know; OpenAI's own models are
    not in it, because Codex brings better facts of those.
    """
    changes = [Change(("model",), to.models.main), Change(("model_provider",), "uniapi")]
    files = []
    if to.codex_catalog.get("models"):
        changes.append(Change(("model_catalog_json",), CODEX_CATALOG))
        files.append(
            SettingsFile(
                place=f".codex/{CODEX_CATALOG}",
                variable="CODEX_HOME",
                name=CODEX_CATALOG,
                format="own",
                changes=(Change((), to.codex_catalog),),
            )
        )
    provider = {**_codex_provider(to), "experimental_bearer_token": to.key}
    changes.append(Change(("model_providers", "uniapi"), provider))
    config = SettingsFile(
        place=".codex/config.toml",
        variable="CODEX_HOME",
        name="config.toml",
        format="toml",
        changes=tuple(changes),
    )
    return [config, *files]


def codex_catalog(to: Connection) -> Mapping[str, Any]:
    return {CODEX_CATALOG: to.codex_catalog} if to.codex_catalog.get("models") else {}


def codex_command(to: Connection) -> Sequence[str]:
    provider = {**_codex_provider(to), "env_key": "UNIAPI_KEY"}
    inline = ", ".join(f"{name} = {json.dumps(value)}" for name, value in provider.items())
    options = {
        "model": json.dumps(to.models.main),
        "model_provider": '"uniapi"',
        "model_providers.uniapi": f"{{{inline}}}",
    }
    if codex_catalog(to):
        options["model_catalog_json"] = json.dumps(f"{FOLDER}/{CODEX_CATALOG}")
    return [
        "codex",
        *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
    ]


def gemini_files(to: Connection) -> Sequence[SettingsFile]:
    return [
        SettingsFile(
            place=".gemini/settings.json",
            variable="GEMINI_CLI_HOME",
            name=".gemini/settings.json",
            format="json",
            changes=(
                Change(("security", "auth", "selectedType"), "gemini-api-key"),
                Change(("model", "name"), to.models.main),
            ),
        ),
        SettingsFile(
            place=".gemini/.env",
            variable="GEMINI_CLI_HOME",
            name=".gemini/.env",
            format="dotenv",
            changes=(
                Change(("GOOGLE_GEMINI_BASE_URL",), to.root),
                Change(("GEMINI_API_KEY",), to.key),
            ),
        ),
    ]


def gemini_beside(_: Connection) -> Mapping[str, Any]:
    """No variable says how one is signed in: with an address alone it fails, as "gateway"."""
    return {"settings.json": {"security": {"auth": {"selectedType": "gemini-api-key"}}}}


def gemini_environment(to: Connection) -> Mapping[str, str]:
    return {
        "GOOGLE_GEMINI_BASE_URL": to.root,
        "GEMINI_API_KEY": to.key,
        "GEMINI_MODEL": to.models.main,
        "GEMINI_CLI_SYSTEM_SETTINGS_PATH": f"{FOLDER}/settings.json",
    }


def _opencode_members(to: Connection) -> tuple[Change, ...]:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "uni-api",
        "options": {"baseURL": to.v1, "apiKey": to.key},
        "models": {name: {"name": name} for name in to.models.every},
    }
    return (
        Change(("provider", "uni-api"), provider),
        Change(("model",), f"uni-api/{to.models.main}"),
        Change(("small_model",), f"uni-api/{to.models.small}"),
    )


def opencode_files(to: Connection) -> Sequence[SettingsFile]:
    return [
        SettingsFile(
            place=".config/opencode/opencode.json",
            otherwise=".config/opencode/opencode.jsonc",
            variable="XDG_CONFIG_HOME",
            name="opencode/opencode.json",
            format="json",
            changes=_opencode_members(to),
        )
    ]


def opencode_environment(to: Connection) -> Mapping[str, str]:
    from .recipe import nested

    return {"OPENCODE_CONFIG_CONTENT": json.dumps(nested(_opencode_members(to)))}


def openai_environment(to: Connection) -> Mapping[str, str]:
    """`OPENAI_API_BASE` is the older name, which LiteLLM, aider and LangChain read."""
    return {
        "OPENAI_BASE_URL": to.v1,
        "OPENAI_API_BASE": to.v1,
        "OPENAI_API_KEY": to.key,
        "OPENAI_MODEL": to.models.main,
    }


def qwen_files(to: Connection) -> Sequence[SettingsFile]:
    environment = {
        name: value for name, value in openai_environment(to).items() if "_API_BASE" not in name
    }
    return [
        SettingsFile(
            place=".qwen/settings.json",
            format="json",
            changes=(
                Change(("security", "auth", "selectedType"), "openai"),
                Change(("model", "name"), to.models.main),
            ),
        ),
        SettingsFile(
            place=".qwen/.env",
            format="dotenv",
            changes=tuple(Change((name,), value) for name, value in environment.items()),
        ),
    ]


def aider_files(to: Connection) -> Sequence[SettingsFile]:
    return [
        SettingsFile(
            place=".aider.conf.yml",
            format="yaml",
            changes=(
                Change(("openai-api-base",), to.v1),
                Change(("openai-api-key",), to.key),
                Change(("model",), f"openai/{to.models.main}"),
                Change(("weak-model",), f"openai/{to.models.small}"),
            ),
        )
    ]


def aider_environment(to: Connection) -> Mapping[str, str]:
    return {
        "OPENAI_API_BASE": to.v1,
        "OPENAI_API_KEY": to.key,
        "AIDER_MODEL": f"openai/{to.models.main}",
        "AIDER_WEAK_MODEL": f"openai/{to.models.small}",
    }


def llm_files(to: Connection) -> Sequence[SettingsFile]:
    entries = [
        {
            "model_id": f"uni-api/{name}",
            "model_name": name,
            "api_base": to.v1,
            "api_key_name": "uni-api",
            "supports_tools": True,
        }
        for name in to.models.every
    ]
    folder = ".config/io.datasette.llm"
    return [
        SettingsFile(
            place=f"{folder}/extra-openai-models.yaml",
            variable="LLM_USER_PATH",
            name="extra-openai-models.yaml",
            format="yaml",
            changes=(Change(("+",), entries),),
        ),
        SettingsFile(
            place=f"{folder}/keys.json",
            variable="LLM_USER_PATH",
            name="keys.json",
            format="json",
            changes=(Change(("uni-api",), to.key),),
        ),
    ]


def zed_files(to: Connection) -> Sequence[SettingsFile]:
    models = [
        {"name": name, "display_name": name, "max_tokens": _CONTEXT} for name in to.models.every
    ]
    return [
        SettingsFile(
            place=".config/zed/settings.json",
            variable="XDG_CONFIG_HOME",
            name="zed/settings.json",
            format="json",
            changes=(
                Change(
                    ("language_models", "openai_compatible", "uni-api"),
                    {"api_url": to.v1, "available_models": models},
                ),
                Change(
                    ("agent", "default_model"),
                    {"provider": "uni-api", "model": to.models.main},
                ),
            ),
        )
    ]


def continue_files(to: Connection) -> Sequence[SettingsFile]:
    def entry(name: str, roles: list[str]) -> dict[str, Any]:
        return {
            "name": f"{name} (uni-api)",
            "provider": "openai",
            "model": name,
            "apiBase": to.v1,
            "apiKey": to.key,
            "roles": roles,
        }

    entries = [entry(name, ["chat", "edit", "apply"]) for name in to.models.every]
    return [
        SettingsFile(
            place=".continue/config.yaml",
            format="yaml",
            changes=(
                Change(("name",), "uni-api"),
                Change(("version",), "0.0.1"),
                Change(("schema",), "v1"),
                Change(("models", "+"), entries),
            ),
        )
    ]


def crush_files(to: Connection) -> Sequence[SettingsFile]:
    models = [{"id": name, "name": name, "context_window": _CONTEXT} for name in to.models.every]
    provider = {"type": "openai-compat", "base_url": to.v1, "api_key": to.key, "models": models}
    return [
        SettingsFile(
            place=".config/crush/crush.json",
            variable="XDG_CONFIG_HOME",
            name="crush/crush.json",
            format="json",
            changes=(Change(("providers", "uni-api"), {"name": "uni-api", **provider}),),
        )
    ]


def anthropic_environment(to: Connection) -> Mapping[str, str]:
    return {"ANTHROPIC_BASE_URL": to.root, "ANTHROPIC_API_KEY": to.key}


def google_environment(to: Connection) -> Mapping[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": to.root, "GEMINI_API_KEY": to.key}


def variable_of(provider: str) -> str:
    """The variable in which Zed looks for the key of a provider of one's own."""
    return re.sub(r"\W+", "_", provider).upper() + "_API_KEY"
