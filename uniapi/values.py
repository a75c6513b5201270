"""`dataclass` as the standard library has it, but that what it generates is generated when a class
is first used: writing and compiling the methods of three hundred classes would be a third of what
a start costs, and a process uses few of them.

Slots, fields and defaults are there at once. `__init__` and its like are stand-ins until the first
call of one of them, which puts the library's own in their place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(**options: bool) -> Callable[[type], type]:
        """The decorator; takes `frozen`, `slots`, `kw_only` and `eq`."""
        return lambda cls: _deferred(cls, options)


def _deferred(cls: type, options: dict[str, bool]) -> Any:
    is_frozen, has_eq = options.get("frozen", False), options.get("eq", True)
    shape = {name: value for name, value in options.items() if name not in ("frozen", "eq")}
    # Without one the library makes one, of the signature that is not there yet.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, **shape)(cls)
    if is_frozen:
        made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
        made.__getstate__, made.__setstate__ = _state_of, _put_state
    if has_eq and not is_frozen:
        made.__hash__ = None
    comparing = ("__eq__", "__hash__") if is_frozen else ("__eq__",)
    for names in (("__init__",), ("__repr__",), comparing if has_eq else ()):
        for name in names:
            if name not in made.__dict__:
                setattr(made, name, _stand_in(made, name, names, is_frozen))
    return made


def _stand_in(cls: type, name: str, names: tuple[str, ...], is_frozen: bool) -> Any:
    """For the method `name`: makes `names` and calls it."""

    def method(self: Any, *positional: Any, **named: Any) -> Any:
        if cls.__dict__[name] is method:
            _generate(cls, names, is_frozen)
        return cls.__dict__[name](self, *positional, **named)

    return method


def _generate(cls: type, names: tuple[str, ...], is_frozen: bool) -> None:
    """Take the methods of a class without bases that has the same fields."""
    fields = dataclasses.fields(cls)
    members: dict[str, Any] = {field.name: _again(field) for field in fields}
    members["__annotations__"] = {field.name: field.type for field in fields}
    members["__doc__"] = cls.__name__
    if hasattr(cls, "__post_init__"):
        members["__post_init__"] = cls.__post_init__
    twin: Any = dataclasses.dataclass(
        init="__init__" in names,
        repr="__repr__" in names,
        eq="__eq__" in names,
        frozen=is_frozen,
    )(type(cls.__name__, (), members))
    for name in names:
        method = twin.__dict__[name]
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)


def _again(field: dataclasses.Field[Any]) -> Any:
    return dataclasses.field(
        default=field.default,
        default_factory=field.default_factory,
        init=field.init,
        repr=field.repr,
        hash=field.hash,
        compare=field.compare,
        kw_only=field.kw_only,
    )


def _refuse_to_set(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state_of(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _put_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
