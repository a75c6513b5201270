"""Codex's catalogue: every record complete, and none for the models that Codex knows better."""

from uniapi.config import ModelInfo
from uniapi.server.codex_catalog import codex_catalog
from uniapi.server.models import list_shape, model_list

REQUIRED = {
    "slug",
    "display_name",
    "description",
    "supported_reasoning_levels",
    "shell_type",
    "visibility",
    "supported_in_api",
    "priority",
    "upgrade",
    "availability_nux",
    "base_instructions",
    "supports_reasoning_summaries",
    "support_verbosity",
    "default_verbosity",
    "apply_patch_tool_type",
    "truncation_policy",
    "supports_parallel_tool_calls",
    "experimental_supported_tools",
    "input_modalities",
}
"""The members without `#[serde(default)]` in any release of 2026, and two that Codex itself would
guess.
"""


def test_every_record_is_complete():
    """One missing member discards all; an empty system prompt would be used as it is."""
    models = codex_catalog(
        ["claude-x", "kimi"],
        {"claude-x": ModelInfo(context_length=200_000, input_modalities=("text", "audio"))},
    )["models"]
    assert [model["slug"] for model in models] == ["claude-x", "kimi"]
    for model in models:
        assert model.keys() >= REQUIRED
        assert len(model["base_instructions"]) > 500
        assert all(
            level.keys() == {"effort", "description"}
            for level in model["supported_reasoning_levels"]
        )
    assert (models[0]["context_window"], models[0]["input_modalities"]) == (200_000, ["text"])
    assert "context_window" not in models[1]
    assert models[0]["priority"] < models[1]["priority"]


def test_models_that_codex_brings_and_models_that_do_not_chat_are_left_out():
    """A record of ours would replace Codex's own, system prompt included."""
    listed = codex_catalog(
        [
            "gpt-5.2-codex",
            "openai/gpt-5",
            "o3",
            "codex-mini",
            "text-embedding-3",
            "whisper-1",
            "deepseek-v4",
            "opus",
        ],
        {},
    )["models"]
    assert [model["slug"] for model in listed] == ["deepseek-v4", "opus"]


def test_the_catalogue_is_for_who_names_a_client_version():
    """Before `anthropic-version`, after the path of Gemini."""
    query = {"client_version": "0.169.0"}
    assert list_shape("openai_chat", {"anthropic-version": "2023-06-01"}, query) == "codex"
    assert list_shape("gemini", {}, query) == "gemini"
    assert set(model_list("codex", ["kimi"], {})) == {"models"}
