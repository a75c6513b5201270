"""What a newcomer reads names models that live: half a year from the day on which the list of ends
was gathered, at least. `packaging/living_models.py` says the same of the day of a release.
"""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "packaging"))
import living_models  # noqa: E402  (the path comes first)

LIST = (ROOT / "uniapi/engines/retirements.txt").read_text(encoding="utf-8")
GATHERED = date.fromisoformat(re.search(r"gathered (\S+);", LIST)[1])
TEXTS = living_models.newcomers_texts()


@pytest.mark.parametrize("where", TEXTS)
def test_only_living_models_are_named(where):
    """Whoever copies an example gets an answer."""
    assert list(living_models.dying({where: TEXTS[where]}, GATHERED)) == []


def test_the_pages_and_the_defaults_are_looked_at():
    assert {"README.md", "README_CN.md", "docs/providers.md", "init", "defaults"} <= set(TEXTS)


def test_a_dying_name_would_be_found():
    """In a list, as an alias's model, with a vendor before it; by the day of the release."""
    texts = {"page": "[gpt-image-1, claude-sonnet-4-5: sonnet, openai/gpt-4o-mini]"}
    found = [model for _, model in living_models.dying(texts, GATHERED)]
    assert found == ["claude-sonnet-4-5", "gpt-4o-mini", "gpt-image-1"]
    assert list(living_models.dying(texts, date(2025, 1, 1))) == []


def test_the_release_step_fails_where_one_is_named(tmp_path):
    """Exit 1 and a line for each name."""
    page = tmp_path / "page.md"
    page.write_text("use gpt-image-1", encoding="utf-8")
    command = [sys.executable, str(ROOT / "packaging/living_models.py"), "--day", str(GATHERED)]
    sound = subprocess.run(command, capture_output=True, text=True)
    dying = subprocess.run([*command, str(page)], capture_output=True, text=True)
    assert (sound.returncode, sound.stdout) == (0, "")
    said = f"{page}: gpt-image-1 is shut down within half a year of the release\n"
    assert (dying.returncode, dying.stdout) == (1, said)
