"""How each client is told to use this gateway: the recipes, and writing them into the clients' own
settings, and taking them out again. Knows nothing of configurations or of the network: the address,
the key and the models come in as a `Connection`.
"""

from .agents import AGENTS, CHECKED
from .models import ModelChoice, chats, choose_models
from .recipe import Change, Connection, Recipe, SettingsFile, Shown, exports
from .windows import WINDOWS

__all__ = [
    "CHECKED",
    "RECIPES",
    "Change",
    "Connection",
    "ModelChoice",
    "Recipe",
    "SettingsFile",
    "Shown",
    "chats",
    "choose_models",
    "exports",
]

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (*AGENTS, *WINDOWS)}
"""By the word that `connect` takes."""
