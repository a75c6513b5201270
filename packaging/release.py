"""Everything about a release that can be done before it is published; the workflow calls it, and so
does a test.

    python packaging/release.py check dist v0.1.0            the tag fits, every sum is right
    python packaging/release.py notes v0.1.0                 what CHANGELOG.md says of it
    python packaging/release.py formula dist v0.1.0 URL      for Homebrew; URL: the repository
"""

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = (
    "uni-api.pex",
    "uni-api-linux-x86_64.pex",
    "uni-api-macos-arm64.pex",
    "uni-api-freebsd-amd64.pex",
    "uni-api.pyz",
    "uni_api-{version}-py3-none-any.whl",
    "uni_api-{version}.tar.gz",
    "install.sh",
    "uni-api.cdx.json",
)
"""What a release holds, beside SHA256SUMS."""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def version_of(tag: str) -> str:
    """The version that a tag names. Raises SystemExit when it is not the program's."""
    version = (ROOT / "uniapi" / "VERSION").read_text().strip()
    if tag != f"v{version}":
        raise SystemExit(f"the tag {tag} is not v{version}, which is what uniapi/VERSION holds")
    return version


def check(folder: Path, tag: str) -> str:
    """Raises SystemExit that names what is missing, too much, or not what the sums say."""
    expected = {name.format(version=version_of(tag)) for name in FILES}
    there = {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    if there != expected:
        raise SystemExit(
            f"missing: {sorted(expected - there)}; too much: {sorted(there - expected)}"
        )
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    sums = {name: sum_ for sum_, _, name in (line.partition("  ") for line in lines)}
    wrong = sorted(name for name in expected if sums.get(name) != digest(folder / name))
    if wrong or set(sums) != expected:
        raise SystemExit(f"the sums are wrong for {wrong or sorted(set(sums) ^ expected)}")
    return f"{len(expected)} files, every sum is right"


def notes(tag: str) -> str:
    """The part of CHANGELOG.md about a version, else the one that is not released yet."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = dict(
        re.findall(r"^## \[?([^\]\n]+?)\]?(?: - .*)?\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    )
    said = sections.get(version_of(tag)) or sections.get("Unreleased")
    if not said or not said.strip():
        raise SystemExit(f"CHANGELOG.md says nothing of {tag}")
    return (
        f"{said.strip()}\n\nAll `.pex` files are the same bytes; `uni-api.pyz` is the same program"
        " without pex around it. `sha256sum -c --ignore-missing SHA256SUMS` checks a download."
    )


def formula(folder: Path, tag: str, homepage: str) -> str:
    filled = (ROOT / "packaging" / "uni-api.rb").read_text(encoding="utf-8")
    for name, value in {
        "HOMEPAGE": homepage.rstrip("/"),
        "VERSION": version_of(tag),
        "SHA256": digest(folder / "uni-api.pyz"),
    }.items():
        filled = filled.replace(f"@{name}@", value)
    return filled.partition("\n")[2].rstrip("\n")


if __name__ == "__main__":
    action, *words = sys.argv[1:]
    if action == "check":
        print(check(Path(words[0]), words[1]))
    elif action == "notes":
        print(notes(words[0]))
    elif action == "formula":
        print(formula(Path(words[0]), *words[1:]))
    else:
        raise SystemExit(__doc__)
