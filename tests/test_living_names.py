"""What a newcomer reads names models that live: half a year from the day on which the list of ends
was gathered, at least.
"""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from uniapi.config import starter_text
from uniapi.engines.retirements import read_table
from uniapi.operations import SERVICES

ROOT = Path(__file__).parents[1]
LIST = (ROOT / "uniapi/engines/retirements.txt").read_text(encoding="utf-8")
GATHERED = date.fromisoformat(re.search(r"gathered (\S+);", LIST)[1])
MAKERS = (
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "amazonaws.com",
    "api.groq.com",
    "api.deepseek.com",
    "api.mistral.ai",
    "api.x.ai",
)
"""Whose own dates count; resellers drop models that live elsewhere."""
ENDING = {
    model
    for host, rows in read_table(LIST).items()
    if host in MAKERS
    for model, row in rows.items()
    if row.day < GATHERED + timedelta(days=183) and not row.is_earliest
}
TEXTS = {
    **{
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in (*ROOT.glob("README*.md"), *sorted(ROOT.glob("docs/**/*.md")))
    },
    "init": starter_text("sk-x", "uni-api"),
    "defaults": " ".join(name for service in SERVICES.values() for name in service.default_models),
}


def dying(text):
    words = re.findall(r"[A-Za-z0-9@./:_-]+", text)
    names = {word.strip(".:/").lower() for word in words}
    names |= {name.rpartition("/")[2] for name in names} | {
        name.rpartition(":")[0] for name in names
    }
    return sorted(names & ENDING)


@pytest.mark.parametrize("name", TEXTS)
def test_only_living_models_are_named(name):
    """Whoever copies an example gets an answer."""
    assert dying(TEXTS[name]) == []


def test_a_dying_name_would_be_found():
    """In a list, as an alias's model, with a vendor before it."""
    text = "[gpt-image-1, claude-sonnet-4-5: sonnet, openai/gpt-4o-mini]"
    assert dying(text) == ["claude-sonnet-4-5", "gpt-4o-mini", "gpt-image-1"]
