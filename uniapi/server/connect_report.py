"""`GET /v1/connect`: the models of the asker's key, and how each client is told to use them."""

from __future__ import annotations

from typing import Any

from uniapi.connect import CHECKED, RECIPES, Connection, choose_models
from uniapi.values import replace

from .admin_question import AdminQuestion

ROOT = "http://uni-api.invalid"
"""Stands for the address at which the asker reaches us: only it knows that, behind proxies."""
KEY = "YOUR-UNI-API-KEY"
"""Stands for the asker's key: a secret is in no answer."""
MOST_MODELS = 500
MOST_IN_RECIPES = 40
"""Of the models that a client's settings list."""


def connect_report(asked: AdminQuestion) -> dict[str, Any]:
    """`models` (see `Desk.model_rows`; the first 500 of `count`), and `recipes`: pieces of text to
    copy, in which `root` and `key` stand for the address and the key. `model` in the query is the
    one to begin with.
    """
    names = asked.model_names()
    wanted = asked.query.get("model", "")
    choice = choose_models(names, wanted if wanted in names else None)
    to = None
    if choice is not None:
        few = replace(choice, every=choice.every[:MOST_IN_RECIPES])
        to = Connection(root=ROOT, key=KEY, models=few)
    return {
        "models": asked.model_rows(names[:MOST_MODELS]),
        "count": len(names),
        "root": ROOT,
        "key": KEY,
        "model": None if choice is None else choice.main,
        "checked": CHECKED,
        "recipes": []
        if to is None
        else [
            {
                "name": recipe.name,
                "title": recipe.title,
                "source": recipe.source,
                "shown": [
                    {"where": one.where, "language": one.language, "text": one.text}
                    for one in recipe.shown(to)
                ],
            }
            for recipe in RECIPES.values()
        ],
    }
