"""The recipes say what they are to say, for every client."""

import json

import pytest

from uniapi.connect import RECIPES, Connection, choose_models

MODELS = choose_models(["gpt-6.1-sol", "claude-sonnet-5-5", "gemini-3.8-flash", "text-embedding-4"])
CONNECTION = Connection(
    root="http://127.0.0.1:8000",
    key="sk-0123456789abcdef",
    models=MODELS,
    codex_catalog={"models": [{"slug": "claude-sonnet-5-5"}]},
)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_says_address_key_and_model(name):
    """In what is shown, or in the environment of one run; and where its facts come from."""
    recipe = RECIPES[name]
    said = "\n".join(piece.text for piece in recipe.shown(CONNECTION))
    said += json.dumps(dict(recipe.environment(CONNECTION)))
    assert "127.0.0.1:8000" in said
    assert CONNECTION.key in said
    assert MODELS.main in said or recipe.is_any_command
    assert recipe.source.startswith("https://")


def test_claude_code_is_told_all_four_of_its_names():
    """Whatever class it asks for, a model that is here answers."""
    environment = RECIPES["claude"].environment(CONNECTION)
    classes = {
        name: environment[f"ANTHROPIC_DEFAULT_{name}_MODEL"]
        for name in ("OPUS", "SONNET", "HAIKU", "FABLE")
    }
    assert classes == {
        "OPUS": "gpt-6.1-sol",
        "SONNET": "claude-sonnet-5-5",
        "HAIKU": "gemini-3.8-flash",
        "FABLE": "gpt-6.1-sol",
    }


def test_a_written_list_keeps_its_order_and_a_long_one_is_judged():
    """The first that is not small is the main one; of a provider's whole list, the newest of the
    first family that is known.
    """
    assert choose_models(["gpt-6-luna-mini", "deepseek-chat", "gpt-6.1"]).main == "deepseek-chat"
    whole = [f"gpt-{number}" for number in range(3, 7)] + ["gpt-6.1-sol", "gpt-6.1-sol-2026-10-01"]
    whole += [
        "gpt-5.4",
        "gpt-5.2",
        "gpt-5-mini",
        "gpt-4o-audio-preview",
        "text-embedding-3-large",
        "whisper-1",
        "o3",
    ]
    whole += ["dall-e-3", "tts-1", "omni-moderation-latest", "gpt-image-2", "o4", "gpt-4.1"]
    whole += ["chatgpt", "gpt-4.5"]
    found = choose_models(whole)
    assert found.main == "gpt-6.1-sol"
    assert found.small == "gpt-5-mini"
    assert "whisper-1" not in found.every
    google = choose_models(["gemini-3.8-flash", "gemini-3.8-pro"])
    assert (google.main, google.small) == ("gemini-3.8-pro", "gemini-3.8-flash")
    assert choose_models(["text-embedding-4"]) is None
    assert choose_models([], main="anything").every == ("anything",)
