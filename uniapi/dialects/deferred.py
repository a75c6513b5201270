"""A dialect of which no more is imported than its name until somebody asks for the rest: a process
speaks with few vendors, and each folder is thirty modules.

What is deferred is an object of a class under its own, with empty slots. The first question that
one of them cannot answer fills them all, and makes it an ordinary object; from then on it costs
nothing. (A class that looks for what is missing takes ten times as long to find what is there.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from uniapi.values import fields


class Deferrable:
    """What can be deferred: a dataclass with slots."""

    __slots__ = ("_load",)


D = TypeVar("D", bound=Deferrable)


def deferred(kind: type[D], load: Callable[[], D], **known: Any) -> D:
    """One of `kind`, of which only `known` is there at once; `load()` gives the whole of it."""
    made: D = object.__new__(_empty_of(kind))
    object.__setattr__(made, "_load", load)
    for name, value in known.items():
        object.__setattr__(made, name, value)
    return made


_empty: dict[type, type] = {}


def _empty_of(kind: type[D]) -> type[D]:
    """The class of those of `kind` that are not filled yet."""
    found = _empty.get(kind)
    if found is None:
        found = _empty[kind] = type(kind.__name__, (kind,), {"__slots__": (), "__getattr__": _get})
    return found


def _get(self: Any, name: str) -> Any:
    """For what is not there yet; what is none of its fields raises AttributeError."""
    if name not in self.__fields__:
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
    whole = object.__getattribute__(self, "_load")()
    for field in fields(self):
        _fill(self, field.name, getattr(whole, field.name))
    object.__setattr__(self, "__class__", type(self).__base__)
    return object.__getattribute__(self, name)


def _fill(made: Deferrable, name: str, value: Any) -> None:
    """A slot that is empty; what was known at once stays."""
    try:
        object.__getattribute__(made, name)
    except AttributeError:
        object.__setattr__(made, name, value)
