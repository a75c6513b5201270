"""The lines of the file that a problem speaks of, with a caret under the place, and no secret in
them: what `check` prints is copied into forums.
"""

from __future__ import annotations

import re
import unicodedata

from .problems import Problem
from .secrets import looks_secret, mask, without_secrets

LONGEST_LINE = 120
_BEFORE_BROKEN = 1
"""Where the syntax is at fault the line before is often the one."""
_WORD = re.compile(r"[^\s\"'“”‘’,\[\]{}]+(?=([\"']\s*:)?)")
"""A word, and whether it is a name in quotes, as in JSON."""
_SECRET_KEYS = re.compile(
    r"(?:^|[\s{,-])(?:api|key|private_key|aws_[a-z_]+|client_email|proxy|notify|authorization)"
    r"[\"']?\s*[:：]",
    re.IGNORECASE,
)
_SHORTEST_SECRET = 8
_COMMENT = re.compile(r"(?<=\s)#.*")
"""Beside a key: an older key as often as words, of which a mask would leave half."""


def excerpt(problem: Problem, text: str, secrets: tuple[str, ...] = ()) -> list[str]:
    """Lines to print below the problem; none where its place is not known. `secrets` are those of
    the configuration, as far as it could be read.
    """
    lines = text.splitlines()
    if not 0 < problem.line <= len(lines):
        return []
    is_broken = not problem.path and problem.severity == "error"
    first = max(1, problem.line - (_BEFORE_BROKEN if is_broken else 0))
    width = len(str(problem.line))
    shown = [
        f"  {number:>{width}} | {_cut(_masked(lines[number - 1], problem, secrets))}"
        for number in range(first, problem.line + 1)
        if lines[number - 1].strip() or number == problem.line
    ]
    if problem.column:
        before = _masked(lines[problem.line - 1][: problem.column - 1], problem, secrets)
        if _columns(before) < LONGEST_LINE:
            shown.append(f"  {' ' * width} | {' ' * _columns(before)}^")
    return shown


def _masked(line: str, problem: Problem, secrets: tuple[str, ...]) -> str:
    """The line without its secrets, and without what would move a cursor."""
    line = without_secrets(line, tuple(one for one in secrets if not one.startswith("$")))
    is_secret_line = _SECRET_KEYS.search(line) is not None or ".api" in f".{problem.path}"
    if is_secret_line:
        line = _COMMENT.sub("# …", line)
    line = _WORD.sub(lambda found: _shown(found[0], is_secret_line and not found[1]), line)
    return "".join(one if one.isprintable() else "�" for one in line.expandtabs(1))


def _shown(word: str, is_secret_line: bool) -> str:
    if looks_secret(word):
        return mask(word)
    is_name = word.endswith((":", "：")) or word.startswith(("$", "http"))
    if is_secret_line and not is_name and len(word) >= _SHORTEST_SECRET:
        return f"{word[:2]}…"
    return word


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def _columns(text: str) -> int:
    """The columns on a terminal: Chinese signs take two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
