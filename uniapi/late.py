"""What a room's face has, but most starts never ask for: imported when somebody does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def late(face: str, **modules: str) -> Callable[[str], Any]:
    """The `__getattr__` of the module `face` (PEP 562), which Python asks for a name that is not
    there: by the module inside the room, the names that it has. None may be called as its module,
    which Python puts in its place.
    """
    homes = {name: module for module, names in modules.items() for name in names.split()}

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {face!r} has no attribute {name!r}")
        found = getattr(import_module(f"{face}.{homes[name]}"), name)
        setattr(sys.modules[face], name, found)
        return found

    return find
