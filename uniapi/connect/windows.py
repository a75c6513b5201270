"""Clients whose settings are typed into a window: what goes where. Facts as in `agents`; whether
the address ends with /v1 stands in each one's source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .recipe import Connection, Recipe


def _typed(
    where: str, address: Callable[[Connection], str], *more: str
) -> Callable[[Connection], Sequence[str]]:
    def steps(to: Connection) -> Sequence[str]:
        return [
            where,
            f"address: {address(to)}",
            f"key:     {to.key}",
            f"model:   {to.models.main}",
            *more,
        ]

    return steps


WINDOWS = (
    Recipe(
        name="cline",
        title="Cline (also Roo Code, Kilo Code)",
        source="https://docs.cline.bot/provider-config/openai-compatible",
        steps=_typed(
            "Settings (the gear) → API Provider: OpenAI Compatible.",
            lambda to: to.v1,
            "Keys lie in the editor's secret store, so nothing can be written from here.",
        ),
    ),
    Recipe(
        name="cursor",
        title="Cursor",
        source="https://docs.cursor.com/en/settings/api-keys",
        steps=_typed(
            "Settings → Models → API Keys: OpenAI API Key, and Override OpenAI Base URL.",
            lambda to: to.v1,
            "Cursor calls from its own servers: the address must be public and HTTPS, not"
            " 127.0.0.1.",
            "Add the model by its name under Models.",
        ),
    ),
    Recipe(
        name="cherry-studio",
        title="Cherry Studio",
        source="https://docs.cherry-ai.com/en-us/cherrystudio/preview/settings/providers",
        steps=_typed(
            "Settings → Model Provider → Add, type OpenAI (Anthropic and Gemini work too).",
            lambda to: to.root,
        ),
    ),
    Recipe(
        name="lobechat",
        title="LobeChat",
        source="https://lobehub.com/docs/self-hosting/environment-variables/model-provider",
        steps=_typed(
            "Settings → AI Service Provider → OpenAI → address of the API proxy; then fetch the"
            " list of models.",
            lambda to: to.v1,
        ),
    ),
    Recipe(
        name="open-webui",
        title="Open WebUI",
        source="https://docs.openwebui.com/getting-started/quick-start/connect-a-provider/starting-with-openai",
        steps=_typed(
            "Admin Settings → Connections → OpenAI → Manage → Add New Connection.",
            lambda to: to.v1,
            "From a container the host is http://host.docker.internal instead of 127.0.0.1.",
        ),
    ),
    Recipe(
        name="chatbox",
        title="Chatbox",
        source="https://docs.chatboxai.app/en/guides/providers/import-config",
        steps=_typed(
            "Settings → Model Provider → Add, API mode: OpenAI API Compatible.",
            lambda to: to.root,
        ),
    ),
    Recipe(
        name="immersive-translate",
        title="Immersive Translate",
        source="https://immersivetranslate.com/zh-Hans/docs/services/ai",
        steps=_typed(
            "Settings → Translation services → at the bottom: add a custom AI service that is"
            " compatible with OpenAI.",
            lambda to: f"{to.v1}/chat/completions",
        ),
    ),
)
