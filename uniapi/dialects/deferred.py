"""A dialect of which no more is imported than its name until somebody asks for the rest: a process
speaks with few vendors, and each folder is thirty modules.

What is deferred is an ordinary object of its class with empty slots. The first question that one of
them cannot answer fills them all; from then on it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from uniapi.values import fields


class Deferrable:
    """What can be deferred: a dataclass with slots."""

    __slots__ = ("_load",)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """For what is not there yet; what is none of its fields raises AttributeError."""
            if name not in self.__fields__:
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
            # Of a dialect that was made whole nothing is missing.
            whole = object.__getattribute__(self, "_load")()
            for field in fields(self):
                _fill(self, field.name, getattr(whole, field.name))
            return object.__getattribute__(self, name)


D = TypeVar("D", bound=Deferrable)


def deferred(kind: type[D], load: Callable[[], D], **known: Any) -> D:
    """One of `kind`, of which only `known` is there at once; `load()` gives the whole of it."""
    made = object.__new__(kind)
    object.__setattr__(made, "_load", load)
    for name, value in known.items():
        object.__setattr__(made, name, value)
    return made


def _fill(made: Deferrable, name: str, value: Any) -> None:
    """A slot that is empty; what was known at once stays."""
    try:
        object.__getattribute__(made, name)
    except AttributeError:
        object.__setattr__(made, name, value)
