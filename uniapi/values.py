"""`dataclass` and its like as the standard library has them, for a start that makes three hundred
classes and uses eighty of them: with the library's it takes a third longer.

A class has its slots and defaults at once. `__init__` and how it is compared are written when they
are first called: until then a stand-in is there. Members are set through their slots, which halves
what a frozen value costs. The library is imported when somebody asks it about one of our classes
(`dataclasses.fields`, `asdict`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "fields", "is_dataclass", "replace"]

_NONE: Any = object()
"""Where no default is said."""


class _Field:
    """One member of a class."""

    __slots__ = ("compare", "default", "default_factory", "init", "kw_only", "name", "repr", "type")
    name: str
    type: str
    kw_only: bool

    def __init__(
        self,
        *,
        default: Any = _NONE,
        default_factory: Any = _NONE,
        init: bool = True,
        repr: bool = True,
        compare: bool = True,
    ) -> None:
        self.default, self.default_factory = default, default_factory
        self.init, self.repr, self.compare = init, repr, compare


if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, is_dataclass, replace
else:
    field = _Field

    def dataclass(**options: bool) -> Callable[[type], type]:
        """The decorator; takes `frozen`, `kw_only`, `eq`, and `slots`, which there are always."""
        return lambda cls: _made(cls, **options)

    def fields(value: Any) -> Iterable[_Field]:
        """The members of a value or a class, in order."""
        return value.__fields__.values()

    def is_dataclass(value: Any) -> bool:
        return hasattr(type(value), "__fields__")

    def replace(value: Any, /, **changes: Any) -> Any:
        """Another value, with these members changed."""
        for name in value.__changeable__:
            if name not in changes:
                changes[name] = getattr(value, name)
        return value.__class__(**changes)


def _made(
    cls: type, *, slots: bool, frozen: bool = False, kw_only: bool = False, eq: bool = True
) -> type:
    """The class with slots, which cannot be given to one that is there."""
    own, body = cls.__annotations__, dict(cls.__dict__)
    members: dict[str, _Field] = dict(getattr(cls, "__fields__", {}))
    for name, kind in own.items():
        said = body.pop(name, _NONE)
        member = said if isinstance(said, _Field) else _Field(default=said)
        if member.default.__hash__ is None:
            raise ValueError(f"{name}: all values would share one default: use default_factory")
        member.name, member.type, member.kw_only = name, kind, kw_only
        members[name] = member
    given = [member for member in members.values() if member.init]
    body.pop("__dict__", None)
    body.pop("__weakref__", None)
    body["__slots__"] = tuple(name for name in own if not hasattr(cls.__base__, name))
    body["__fields__"] = members
    body["__changeable__"] = tuple(member.name for member in given)
    body["__match_args__"] = tuple(member.name for member in given if not member.kw_only)
    body["__dataclass_fields__"] = _LibraryFields()
    body.setdefault("__repr__", _shown)
    if frozen:
        body["__setattr__"], body["__delattr__"] = _refuse_to_set, _refuse_to_delete
        body["__getstate__"], body["__setstate__"] = _state_of, _put_state
    if eq and not frozen:
        body["__hash__"] = None
    late: dict[str, Callable[[type], Any]] = {"__init__": _initial}
    if eq:
        late["__eq__"] = _equal
    if eq and frozen:
        late["__hash__"] = _hashed
    made = type(cls)(cls.__name__, cls.__bases__, body)
    for name, write in late.items():
        if name not in body:
            setattr(made, name, _stand_in(made, name, write))
    return made


def _stand_in(cls: type, name: str, write: Callable[[type], Any]) -> Any:
    """For the method `name`: has it written, and calls it."""

    def method(self: Any, *positional: Any, **named: Any) -> Any:
        if cls.__dict__[name] is method:
            setattr(cls, name, write(cls))
        return cls.__dict__[name](self, *positional, **named)

    return method


def _initial(cls: Any) -> Any:
    is_frozen = cls.__setattr__ is _refuse_to_set
    known: dict[str, Any] = {"_NONE": _NONE}
    positional, lines = ["self"], []
    named: list[str] = []
    for name, member in cls.__fields__.items():
        head, value = name, name
        if member.default_factory is not _NONE:
            known[f"_new_{name}"] = member.default_factory
            head = f"{name}=_NONE"
            value = f"_new_{name}() if {name} is _NONE else {name}"
            if not member.init:
                value = f"_new_{name}()"
        elif member.default is not _NONE:
            known[f"_default_{name}"] = member.default
            head = f"{name}=_default_{name}"
            if not member.init:
                value = f"_default_{name}"
        elif not member.init:
            continue
        if member.init:
            (named if member.kw_only else positional).append(head)
        if is_frozen:
            known[f"_set_{name}"] = getattr(cls, name).__set__
            lines.append(f"_set_{name}(self, {value})")
        else:
            lines.append(f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    if named:
        positional += ["*", *named]
    return _written(cls, f"__init__({', '.join(positional)})", lines or ["pass"], known)


def _equal(cls: type) -> Any:
    ours, theirs = _compared(cls, "self"), _compared(cls, "other")
    same = f"{ours} == {theirs} if other.__class__ is self.__class__ else NotImplemented"
    return _written(cls, "__eq__(self, other)", [f"return {same}"], {})


def _hashed(cls: type) -> Any:
    return _written(cls, "__hash__(self)", [f"return hash({_compared(cls, 'self')})"], {})


def _compared(cls: Any, value: str) -> str:
    names = [member.name for member in cls.__fields__.values() if member.compare]
    return f"({''.join(f'{value}.{name}, ' for name in names)})"


def _written(cls: type, head: str, lines: list[str], known: dict[str, Any]) -> Any:
    """The method of that head, which sees `known`."""
    known["__name__"] = cls.__module__
    exec("\n ".join((f"def {head}:", *lines)), known)
    name = head.partition("(")[0]
    method = known.pop(name)
    method.__qualname__ = f"{cls.__qualname__}.{name}"
    return method


def _shown(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: Any, name: str, value: Any) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state_of(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__fields__]


def _put_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__fields__, state, strict=True):
        object.__setattr__(self, name, value)


class _LibraryFields:
    """The fields of a class as the library knows them, made when it is asked."""

    def __get__(self, value: Any, cls: Any) -> Any:
        import dataclasses

        twin: Any = dataclasses.make_dataclass(
            cls.__name__,
            [
                (one.name, one.type, dataclasses.field(**_said_of(one)))
                for one in cls.__fields__.values()
            ],
        )
        cls.__dataclass_fields__ = twin.__dataclass_fields__
        return cls.__dataclass_fields__


def _said_of(one: _Field) -> dict[str, Any]:
    names = ("default", "default_factory", "init", "repr", "compare", "kw_only")
    said = {name: getattr(one, name) for name in names}
    return {name: value for name, value in said.items() if value is not _NONE}
