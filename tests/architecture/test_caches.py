"""Functions that remember what they were asked remember nothing of a stranger's that is long, and
no secret: each of them stands here with what goes into it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import uniapi
from uniapi.network import Passage
from uniapi.network.http1_connection import _origin, origin_of
from uniapi.wire.http import _media_type, media_type
from uniapi.wire.request_head import _field_name

PACKAGE = Path(uniapi.__file__).parent
ASKED = {
    "dialects/gemini/vocabulary.py": "names of members in our own code",
    "dialects/phrases.py": "phrases of our own tables",
    "engines/retirements.py": "nothing",
    "engines/azure.py": "addresses of the configuration",
    "engines/__init__.py": "addresses of the configuration",
    "engines/anthropic.py": "addresses of the configuration",
    "engines/gemini.py": "addresses of the configuration",
    "engines/facts.py": "addresses of the configuration, models of lists (256 characters)",
    "engines/habits.py": "aliases and models of the configuration and of lists (256 characters)",
    "engines/detect.py": "addresses of the configuration",
    "engines/urls.py": "addresses of the configuration",
    "logs/call_log.py": "names of the configuration, models of clients (256 characters)",
    "logs/log.py": "the same",
    "network/environment_proxies.py": "entries of NO_PROXY, hosts that a request is sent to",
    "network/http1_connection.py": "addresses, of strangers those up to 1,024 characters",
    "stats/journal_line.py": "names of the configuration, models of clients (256 characters)",
    "stats/period_sums.py": "client keys and providers of the configuration",
    "wire/http.py": "content types up to 256 characters",
    "wire/frames.py": "names of members and of models (256 characters)",
    "wire/patch.py": "names of members and of models, those of strangers up to 256 characters",
    "wire/request_head.py": "names of headers in a head of 16 KB",
    "connect/yaml_text.py": "a person's own settings, in a command that ends",
    "language.py": "nothing",
    "priced_models.py": "nothing",
}


def caching() -> set[str]:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        if "cache" not in text:
            continue
        tree = ast.parse(text)
        names = {
            node.id if isinstance(node, ast.Name) else node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Name | ast.Attribute)
        }
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "functools"
            for alias in node.names
        }
        if "lru_cache" in names or "cache" in imported:
            found.add(str(path.relative_to(PACKAGE)))
    return found


def test_every_one_is_listed() -> None:
    assert caching() == set(ASKED)


def test_none_is_without_a_bound() -> None:
    for path in map(PACKAGE.joinpath, ASKED):
        text = path.read_text()
        assert text.count("lru_cache(maxsize=") >= 1
        assert "maxsize=None" not in text
        assert "lru_cache()" not in text


@pytest.mark.parametrize(
    ("kept", "ask"),
    [
        (_media_type, lambda number: media_type(f"text/{number};{'x' * 100_000}")),
        (_origin, lambda number: origin_of(f"https://h{number}.example/{'x' * 9000}", Passage())),
    ],
)
def test_what_is_long_is_not_kept(kept, ask) -> None:
    before = kept.cache_info().currsize
    for number in range(50):
        assert ask(number)
    assert kept.cache_info().currsize == before


def test_a_long_name_of_a_header_leaves_nothing_long() -> None:
    assert _field_name("x" * 15_000) == ""
    assert _field_name.cache_info().maxsize <= 512
