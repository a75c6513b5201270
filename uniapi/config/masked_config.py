"""A configuration as it may be shown: the file's own structure and words, every secret in it
masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .keys import KEYS
from .load import shown_url
from .nodes import Node, ProblemList
from .secrets import looks_secret, mask, searchable, sounds_secret, without_secrets
from .yaml_tree import read_tree

_SECRET_KEYS = frozenset(key.name for key in KEYS if key.is_secret) | {
    "api",
    "access_key",
    "secret_key",
}
_ADDRESSES = frozenset({"base_url", "proxy"})
_VARIABLES = re.compile(r"(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+")


def shown_config(text: str, secrets: Iterable[str]) -> Any:
    """The plain value of an `api.yaml`; `${VAR}` stays as it is written. `secrets`: those of the
    configuration in force, masked wherever they stand. None when there is no YAML in `text`.
    """
    root = read_tree(text, {}, ProblemList())
    known = searchable(secrets)
    return None if root is None else _shown(root, known, "", is_secret=False)


def _shown(node: Node, known: tuple[str, ...], name: str, *, is_secret: bool) -> Any:
    if node.kind == "map":
        return {
            _masked(member.key.written, known): _shown(
                member.value,
                known,
                member.key.written,
                is_secret=is_secret or _is_secret(member.key.written),
            )
            for member in node.members
        }
    if node.kind == "list":
        return [_shown(item, known, name, is_secret=is_secret) for item in node.items]
    if node.kind == "null":
        return None
    if is_secret and name not in ("weight", "project_id", "enabled"):
        return node.written if _VARIABLES.fullmatch(node.written) else mask(node.written)
    if node.written == node.text and node.kind in ("int", "float", "bool"):
        return _typed(node)
    return (
        shown_url(node.written)
        if name in _ADDRESSES and "://" in node.written
        else _masked(node.written, known)
    )


def _is_secret(name: str) -> bool:
    return name not in _ADDRESSES and (name in _SECRET_KEYS or sounds_secret(name))


def _masked(text: str, known: tuple[str, ...]) -> str:
    text = without_secrets(text, known)
    return mask(text) if looks_secret(text) and "…" not in text else text


def _typed(node: Node) -> Any:
    """A number or a truth value; what Python reads differently from YAML stays text."""
    if node.kind == "bool":
        return node.written.lower() in ("true", "yes", "on")
    try:
        return int(node.written) if node.kind == "int" else float(node.written)
    except ValueError:
        return node.written
