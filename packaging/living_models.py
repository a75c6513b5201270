"""A release names models that live: nothing that is a default, or that a newcomer copies from a
page, is shut down within half a year of the day of the release.

.venv/bin/python packaging/living_models.py [--day YYYY-MM-DD] [FILE...]

`--day`: of the release, today if left out; FILE: looked at as well. Prints each name that dies too
soon with where it stands, and exits 1 when there is one.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from uniapi.config import starter_text  # noqa: E402  (the path comes first)
from uniapi.engines.retirements import read_table  # noqa: E402
from uniapi.operations import SERVICES  # noqa: E402

LIVES = timedelta(days=183)
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


def newcomers_texts() -> dict[str, str]:
    """Where it stands → what a newcomer reads, copies or gets without asking."""
    pages = [*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")]
    return {
        **{str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in pages},
        "init": starter_text("sk-x", "uni-api"),
        "defaults": " ".join(
            name for service in SERVICES.values() for name in service.default_models
        ),
    }


def ending_by(day: date) -> frozenset[str]:
    """The models that their makers shut down before `day`, as the list of ends has them."""
    text = (ROOT / "uniapi/engines/retirements.txt").read_text(encoding="utf-8")
    return frozenset(
        model
        for host, rows in read_table(text).items()
        if host in MAKERS
        for model, row in rows.items()
        if row.day < day and not row.is_earliest
    )


def named_in(text: str, models: frozenset[str]) -> list[str]:
    """Those of `models` that a text names, sorted; with a vendor before them or not."""
    words = re.findall(r"[A-Za-z0-9@./:_-]+", text)
    names = {word.strip(".:/").lower() for word in words}
    names |= {name.rpartition("/")[2] for name in names}
    names |= {name.rpartition(":")[0] for name in names}
    return sorted(names & models)


def dying(texts: Mapping[str, str], released: date) -> Iterator[tuple[str, str]]:
    """(where, model) of each name that does not live long enough."""
    models = ending_by(released + LIVES)
    for where, text in texts.items():
        for model in named_in(text, models):
            yield where, model


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=date.fromisoformat, default=date.today())
    parser.add_argument("files", nargs="*", type=Path)
    chosen = parser.parse_args()
    more = {str(file): file.read_text(encoding="utf-8") for file in chosen.files}
    found = list(dying({**newcomers_texts(), **more}, chosen.day))
    for where, model in found:
        print(f"{where}: {model} is shut down within half a year of the release")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
