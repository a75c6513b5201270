"""The package and the program agree."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_package_has_the_programs_version():
    """pyproject.toml repeats uniapi/VERSION, and VERSION at the top is that very file."""
    version = (ROOT / "uniapi" / "VERSION").read_text()
    assert re.findall(r'^version = "(.+)"', PROJECT, re.MULTILINE) == [version.strip()]
    assert (ROOT / "VERSION").read_text() == version


def test_the_pinned_versions_are_among_those_that_the_package_takes():
    """Each dependency of the package is pinned in requirements.txt, and no other is."""
    (listed,) = re.findall(r"^dependencies = \[(.+)\]", PROJECT, re.MULTILINE)
    ranges = dict(re.findall(r'"([\w-]+)>=([\d.]+),', listed))
    pins = dict(
        re.findall(r"^([\w-]+)==([\d.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    )
    assert pins.keys() == ranges.keys()
    for name, least in ranges.items():
        assert [int(part) for part in pins[name].split(".")] >= [int(p) for p in least.split(".")]
