"""Whoever reads this repository needs no other: nothing cites a document that is not in it, and
what is cited of its own documents is there.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ELSEWHERE = re.compile(
    r"\b(?:PRODUCT|DESIGN|BRIEF)(?:\.md|\s+§?\d|\s+§)|[Pp]redecessor(?:\.md|\s+§)|"
    r"(?<![\w/.-])reference/\w+\.md|/work/shared|\bissue \d+\b"
)
SECTION = re.compile(r"docs/design\.md(?:,|: ?)\s+((?:[A-Z][a-z ]+(?:,\s+)?)+)")
PLACED = re.compile(r"`((?:uniapi|tests|docs|packaging|[a-z_0-9]+)/[\w/.*-]+|[a-z_]+\.(?:py|md))`")
DOCUMENTS = [ROOT / "docs/design.md", ROOT / "CONTRIBUTING.md"]


def texts():
    """Every text of ours with where it stands; without itself, which must name what it forbids."""
    for folder in ("uniapi", "tests", "packaging", "docs"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".md", ".html", ".txt") and path != Path(__file__):
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
    for path in sorted(ROOT.glob("*.md")):
        yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def test_no_document_outside_is_cited():
    """A stranger cannot look it up: the thing itself is said, or docs/design.md says it."""
    found = [f"{path}: {cited[0]}" for path, text in texts() for cited in ELSEWHERE.finditer(text)]
    assert found == []


def test_cited_sections_of_the_design_are_there():
    """A section is a heading, or the bold word that a paragraph begins with."""
    design = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    sections = {
        *re.findall(r"^#+ (.+)$", design, re.MULTILINE),
        *re.findall(r"^\*\*(.+?)\.\*\*", design, re.MULTILINE),
    }
    missing = []
    for path, text in texts():
        for cited in SECTION.findall(re.sub(r"\n[ #]*", " ", text)):
            names = [name.strip() for name in cited.split(",") if name.strip()]
            missing += [f"{path}: {name}" for name in names if name not in sections]
    assert missing == []


def exists(place):
    """A file or folder from the root, in the package or in the tests, or the name of one alone;
    `*` stands for any name.
    """
    tops = (ROOT, ROOT / "uniapi", ROOT / "tests")
    if "/" not in place:
        return any(any(top.rglob(place)) for top in tops[1:])
    return any(any(top.glob(place)) or any(top.glob(f"{place}.py")) for top in tops)


def test_places_named_in_the_documents_exist():
    """A document that leads to a module which is gone misleads whoever comes first."""
    named = [
        (path.name, place)
        for path in DOCUMENTS
        for place in PLACED.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(named) > 30
    assert [f"{name}: {place}" for name, place in named if not exists(place)] == []
