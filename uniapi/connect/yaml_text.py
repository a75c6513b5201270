"""Top-level values of a YAML text, and a block of entries of ours in one of its lists, found, put
and dropped in place. Positions come from PyYAML's own reading.

Our entries stand between two comments, which is how they are found again.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import yaml

from .jsonc_text import TextRefused

BEGIN, END = "# uni-api: from here", "# uni-api: to here"
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]*")
_BLOCK = re.compile(rf"^[ \t]*{BEGIN}\n.*?^[ \t]*{END}\n", re.DOTALL | re.MULTILINE)


def check(text: str) -> None:
    """Raises TextRefused for a text that is no YAML mapping or list."""
    _composed(text)


def find(text: str, path: tuple[str, ...]) -> str | None:
    """The text of a top-level value, or of our block."""
    if path[-1] == "+":
        found = _BLOCK.search(text)
        return None if found is None else found[0]
    node = _member(text, path[0])
    return None if node is None else text[node.start_mark.index : node.end_mark.index]


def put(text: str, path: tuple[str, ...], raw: str) -> str:
    """The text with that value, or with our block at the head of the list that it belongs to (or
    the end of a text that is a list).
    """
    if path[-1] != "+":
        node = _member(text, path[0])
        if node is None:
            return _with_line_end(text) + f"{path[0]}: {raw}\n"
        if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
            raise TextRefused(f"{path[0]} is no plain value, which is left to you")
        return text[: node.start_mark.index] + raw + text[node.end_mark.index :]
    found = _BLOCK.search(text)
    if found is not None:
        indent = re.match(r"[ \t]*", found[0])
        ours = _indented(raw, indent[0] if indent else "")
        return text[: found.start()] + ours + text[found.end() :]
    if len(path) == 1:
        return _with_line_end(text) + raw
    node = _member(text, path[0])
    if node is None:
        return _with_line_end(text) + f"{path[0]}:\n" + _indented(raw, "  ")
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        raise TextRefused(f"{path[0]} is no list with a line for each entry, which is left to you")
    line = text.rfind("\n", 0, node.start_mark.index) + 1
    return text[:line] + _indented(raw, " " * node.start_mark.column) + text[line:]


def drop(text: str, path: tuple[str, ...]) -> str:
    """The text without it; a list that held only our block goes with it."""
    if path[-1] == "+":
        text = _BLOCK.sub("", text, count=1)
        return re.sub(rf"^{re.escape(path[0])}:\s*\n(?!\s*-|[ \t])", "", text, flags=re.MULTILINE)
    node = _member(text, path[0])
    if node is None:
        return text
    start = text.rfind("\n", 0, node.start_mark.index) + 1
    end = text.find("\n", node.end_mark.index)
    return text[:start] + ("" if end < 0 else text[end + 1 :])


def block(entries: list[Any]) -> str:
    """Entries of a list between our two comments."""
    said = "".join(map(_entry, entries))
    return f"{BEGIN}\n{said}{END}\n"


def _entry(entry: Any) -> str:
    """An item of a list, its members a line each. Values are JSON, which YAML reads: PyYAML takes a
    second for two thousand.
    """
    if not isinstance(entry, dict) or not entry:
        return f"- {scalar(entry)}\n"
    lines = [f"{_name(name)}: {scalar(value)}\n" for name, value in entry.items()]
    return "- " + "  ".join(lines)


def _name(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else scalar(name)


def scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _indented(raw: str, indent: str) -> str:
    return "".join(indent + line for line in raw.splitlines(keepends=True))


def _with_line_end(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


@lru_cache(maxsize=4)  # one text is asked about several times, and a long one takes a second
def _composed(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise TextRefused(" ".join(str(error).split())) from None


def _member(text: str, name: str) -> yaml.Node | None:
    top = _composed(text)
    if top is None:
        return None
    if not isinstance(top, yaml.MappingNode):
        raise TextRefused("the file holds no mapping")
    for key, value in top.value:
        if key.value == name:
            return value  # type: ignore[no-any-return]
    return None
