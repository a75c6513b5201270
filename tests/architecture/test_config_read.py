"""What a configuration says has a reader: a key that is parsed, kept and never looked at does
nothing, and nobody is told.
"""

import ast
from dataclasses import fields, is_dataclass
from pathlib import Path

from uniapi.config import schema

PACKAGE = Path(__file__).parents[2] / "uniapi"
SAID = {
    name: value
    for name, value in vars(schema).items()
    if is_dataclass(value) and value.__module__ == schema.__name__ and name != "EngineNames"
}
"""The values that a file becomes; `EngineNames` is what the parser is told of engines."""


def members_read():
    """The names of all attributes that are read outside of the readers of the file."""
    names = set()
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "config" and path.stem != "schema":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                names.add(node.attr)
    return names


def test_every_member_of_a_configuration_is_read():
    """By somebody who does not merely parse it."""
    read = members_read()
    unread = [
        f"{name}.{field.name}"
        for name, value in SAID.items()
        for field in fields(value)
        if field.name not in read
    ]
    assert len(SAID) > 10
    assert unread == []
