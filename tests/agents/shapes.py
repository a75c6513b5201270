"""Whether a body is what a vendor's own SDK types say, member for member: vendors that refuse what
they do not know are played by the types that they publish.
"""

import types
import typing

_ANYTHING = (object, typing.Any)
_PLAIN = {float: (int, float), int: int, str: str, bool: bool, type(None): type(None)}


def flaws(value, kind, path=""):
    """What in `value` is not of `kind` (a TypedDict, Literal, union, list …), one text a flaw."""
    if kind in _ANYTHING:
        return []
    if typing.is_typeddict(kind):
        return _object_flaws(value, kind, path)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return min((flaws(value, choice, path) for choice in arguments), key=len)
    if origin is typing.Literal:
        return [] if value in arguments else [f"Invalid value: {path}: {value!r}."]
    if kind in _PLAIN:
        return [] if isinstance(value, _PLAIN[kind]) else [f"Invalid type for '{path}'."]
    if origin is dict:
        return [] if isinstance(value, dict) else [f"Invalid type for '{path}'."]
    if arguments:
        return _list_flaws(value, arguments[0], path)
    return []


def _object_flaws(value, kind, path):
    if not isinstance(value, dict):
        # Two, so that in a union the plain type beside an object is the nearer one.
        return [f"Invalid type for '{path}'."] * 2
    members = typing.get_type_hints(kind)
    dot = f"{path}." if path else ""
    found = [f"Unknown parameter: '{dot}{name}'." for name in value.keys() - members.keys()]
    found += [
        f"Missing parameter: '{dot}{name}'." for name in kind.__required_keys__ - value.keys()
    ]
    for name in value.keys() & members.keys():
        found += flaws(value[name], members[name], dot + name)
    return found


def _list_flaws(value, kind, path):
    if not isinstance(value, list):
        return [f"Invalid type for '{path}'."] * 2
    return [flaw for n, item in enumerate(value) for flaw in flaws(item, kind, f"{path}[{n}]")]
