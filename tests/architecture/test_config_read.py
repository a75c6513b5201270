"""What a configuration says has a reader: a key that is parsed, kept and never looked at does
nothing, and nobody is told.
"""

import ast
from dataclasses import fields, is_dataclass
from pathlib import Path

from uniapi.config import client_schema, common_schema, provider_schema, schema

PACKAGE = Path(__file__).parents[2] / "uniapi"
SCHEMAS = (schema, provider_schema, client_schema, common_schema)
FILES = {Path(module.__file__) for module in SCHEMAS}
SAID = {
    name: value
    for module in SCHEMAS
    for name, value in vars(module).items()
    if is_dataclass(value) and value.__module__ == module.__name__
}
"""The values that a file becomes."""


def members_read():
    """The names of all attributes that are read outside of the readers of the file."""
    names = set()
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "config" and path not in FILES:
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
    assert len(SAID) > 18
    assert unread == []
