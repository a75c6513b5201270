"""One word for one thing: a class name stands for one idea, and what a face's docstring names in
backquotes exists.
"""

import ast
import functools
import re
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "uniapi"
NAMED = re.compile(r"`([a-z][a-z0-9_/]*)`")


def room_of(path):
    """The room of a module; those beside the rooms are rooms of their own."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def test_a_class_name_stands_in_one_room():
    """Within `dialects` the folders repeat one skeleton on purpose; nowhere else."""
    rooms = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                rooms[node.name].add(room_of(path))
    assert {name: found for name, found in rooms.items() if len(found) > 1} == {}


@functools.cache
def names_in(path):
    names = {path.stem, path.parent.name}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.AsyncFunctionDef(name=name) | ast.Attribute(attr=name):
                names.add(name)
            case ast.Constant(value=str(text)) if text.isidentifier():
                names.add(text)
    return names


def known_names(face):
    """What a face's docstring may name: files and folders of the room, and what stands in them."""
    names = {"uniapi"}.union(*map(names_in, face.parent.rglob("*.py")))
    return (
        names
        | {path.name for path in PACKAGE.iterdir()}
        | {path.stem for path in PACKAGE.glob("*.py")}
    )


def test_names_in_the_faces_docstrings_exist():
    """A reading order that leads to a module which is gone misleads whoever comes first."""
    missing = []
    for face in sorted(PACKAGE.rglob("__init__.py")):
        text = ast.get_docstring(ast.parse(face.read_text(encoding="utf-8"))) or ""
        known = known_names(face)
        for found in NAMED.findall(text):
            if not set(found.split("/")) <= known:
                missing.append(f"{face.relative_to(PACKAGE)}: {found}")
    assert missing == []
