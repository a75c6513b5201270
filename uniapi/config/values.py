"""Reading one value: a node in, a Python value out, or None after the problem was reported.

Every message says what was found and what was expected.
"""

from __future__ import annotations

import datetime
import ipaddress
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import yaml

from uniapi.near import near_words

from .common_schema import ByModel, Rates
from .nodes import Member, Node, ProblemList
from .rates import SECONDS, parse_rates

T = TypeVar("T")

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_LONGEST_NUMBER = 40
_LARGEST_NUMBER = 1e18
_LONGEST_S = 1e9
_LATEST_S = 253402300799.0
_NAMES_COMPARED = 2000
_NAMED_AT_MOST = 5

_SIZE_UNITS = {
    **dict.fromkeys(("", "b"), 1),
    **{letter: 1000**power for power, letter in enumerate("kmg", 1)},
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmg", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmg", 1)},
}
_DURATION_UNITS = {**SECONDS, "w": 7 * 86400.0, "week": 7 * 86400.0}


def wrong(node: Node, report: ProblemList, expected: str) -> None:
    """The usual error: not what was expected."""
    report.error(node, f"expected {expected}, found {node.shown()}")


def near(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """`; did you mean …?`, or nothing when no name is near."""
    by_lower = {known.lower(): known for known in names}
    if len(by_lower) > _NAMES_COMPARED:
        return ""
    close = near_words(name.lower(), by_lower, n=1, cutoff=cutoff)
    return f"; did you mean `{by_lower[close[0]]}`?" if close else ""


def shortened(names: Sequence[str]) -> list[str]:
    """The first of some names, each in backticks, and how many more there are."""
    listed = [f"`{name}`" for name in names[:_NAMED_AT_MOST]]
    if len(names) > _NAMED_AT_MOST:
        listed.append(f"{len(names) - _NAMED_AT_MOST} more")
    return listed


def text(node: Node, report: ProblemList) -> str | None:
    """Any single value as text, without blanks around it: numbers and dates stay as they were
    written.
    """
    value = node.text.strip() if node.is_scalar else ""
    if not value:
        wrong(node, report, "text")
        return None
    return value


def texts(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    """One text or a list of them."""
    nodes = node.items if node.kind == "list" else (node,)
    values = tuple(text(item, report) for item in nodes)
    return None if None in values else tuple(value for value in values if value is not None)


def lower_texts(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    """As `texts`, in lower case."""
    values = texts(node, report)
    return None if values is None else tuple(value.lower() for value in values)


def boolean(node: Node, report: ProblemList) -> bool | None:
    """A YAML boolean, or the same word in quotes (an expanded variable may need them), or
    1 and 0.
    """
    word = node.text.strip().lower() if node.is_scalar else ""
    if word in _TRUE or word == "1":
        return True
    if word in _FALSE or word == "0":
        return False
    wrong(node, report, "`true` or `false`")
    return None


def _number(node: Node) -> int | float | None:
    """The number a scalar stands for, in YAML's way of writing them; also when it stands in quotes.

    None: not a finite number of bearable size.
    """
    written = node.text.strip()
    if node.kind not in ("int", "float", "text") or not written or len(written) > _LONGEST_NUMBER:
        return None
    constructor = yaml.constructor.SafeConstructor()
    try:
        if node.kind == "int":
            value: int | float = constructor.construct_yaml_int(yaml.ScalarNode("", written))
        elif node.kind == "float":
            value = constructor.construct_yaml_float(yaml.ScalarNode("", written))
        else:
            value = float(written) if re.search(r"[.eE]", written) else int(written)
    except (ValueError, IndexError, OverflowError):
        return None
    return value if math.isfinite(value) and abs(value) <= _LARGEST_NUMBER else None


def number(
    node: Node, report: ProblemList, expected: str, least: float = 0.0, *, or_equal: bool = True
) -> float | None:
    """A finite number that is at least `least` (or above it)."""
    value = _number(node)
    if value is None or value < least or (value == least and not or_equal):
        wrong(node, report, expected)
        return None
    return float(value)


def whole(node: Node, report: ProblemList, expected: str, least: int) -> int | None:
    value = _number(node)
    if not isinstance(value, int) or value < least:
        wrong(node, report, expected)
        return None
    return value


def positive(node: Node, report: ProblemList) -> int | None:
    return whole(node, report, "a positive whole number", 1)


def seconds(node: Node, report: ProblemList) -> float | None:
    """Seconds from 0 on; what is longer than a life is as good as for ever."""
    value = number(node, report, "a number of seconds, 0 or more")
    return None if value is None else min(value, _LONGEST_S)


def positive_seconds(node: Node, report: ProblemList) -> float | None:
    value = number(node, report, "a number of seconds greater than 0", or_equal=False)
    return None if value is None else min(value, _LONGEST_S)


def dollars(node: Node, report: ProblemList) -> float | None:
    return number(node, report, "an amount in US dollars, 0 or more")


def size_bytes(node: Node, report: ProblemList) -> int | None:
    """`20MB` (decimal), `20MiB` (binary), or a plain number of bytes; greater than 0."""
    found = (
        re.fullmatch(
            r"\s*([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([a-z]*)\s*", node.text.lower().replace("_", "")
        )
        if node.is_scalar
        else None
    )
    if (
        not found
        or found[2] not in _SIZE_UNITS
        or (value := int(float(found[1]) * _SIZE_UNITS[found[2]])) < 1
    ):
        wrong(node, report, "a size such as `20MB`, `20MiB` or a number of bytes")
        return None
    return value


def duration_s(node: Node, report: ProblemList) -> float | None:
    """`12h`, `7d`, `2w`, `13mo` in seconds; greater than 0. Units as in rates, and weeks."""
    found = (
        re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([a-z]+)\s*", node.text.lower())
        if node.is_scalar
        else None
    )
    unit = found[2] if found else ""
    unit = unit if unit in _DURATION_UNITS else unit.rstrip("s")
    if not found or unit not in _DURATION_UNITS or float(found[1]) == 0:
        wrong(node, report, "a length of time such as `12h`, `7d` or `13mo`")
        return None
    return float(found[1]) * _DURATION_UNITS[unit]


def moment_s(node: Node, report: ProblemList) -> float | None:
    """A date (its first second, UTC), an ISO time (UTC unless it says otherwise) or epoch seconds,
    as epoch seconds.
    """
    epoch = _number(node) if node.kind in ("int", "float") else None
    if epoch is not None and 0 <= epoch <= _LATEST_S:
        return float(epoch)
    written = node.text.strip() if node.is_scalar else ""
    if yaml.constructor.SafeConstructor.timestamp_regexp.match(written):
        try:
            value = yaml.constructor.SafeConstructor().construct_yaml_timestamp(
                yaml.ScalarNode("", written)
            )
        except (ValueError, OverflowError):
            value = None
        if isinstance(value, datetime.datetime):
            return (
                value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
            ).timestamp()
        if isinstance(value, datetime.date):
            return datetime.datetime(
                value.year, value.month, value.day, tzinfo=datetime.timezone.utc
            ).timestamp()
    wrong(node, report, "a date such as `2026-01-31` or a time such as `2026-01-31T08:00:00Z`")
    return None


def rates(node: Node, report: ProblemList) -> Rates | None:
    if not node.is_scalar:
        wrong(node, report, "a rate such as `15/min` or `15/min,1500/day`")
        return None
    try:
        return parse_rates(node.text)
    except ValueError as error:
        report.error(node, str(error))
        return None


def networks(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    """Addresses and CIDR networks, in their normal form."""
    values = []
    for item in node.items if node.kind == "list" else (node,):
        value = text(item, report)
        if value is None:
            continue
        try:
            values.append(
                str(ipaddress.ip_network(value, strict=False)) if "/" in value else _address(value)
            )
        except ValueError:
            hint = "; any address is `0.0.0.0/0` and `::/0`" if value == "*" else ""
            report.error(
                item,
                "expected an address such as `10.0.0.7` or a network such as `10.0.0.0/8`, found"
                f" {item.shown()}{hint}",
            )
    return tuple(values)


def _address(value: str) -> str:
    """One address; an IPv4 one in IPv6's clothes is what it is."""
    address = ipaddress.ip_address(value)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def choice(node: Node, report: ProblemList, allowed: Iterable[str]) -> str | None:
    """One of the allowed words, exactly."""
    names = tuple(allowed)
    value = node.text.strip() if node.is_scalar else ""
    if value in names:
        return value
    meant = near(value, names) if value else ""
    report.error(node, f"expected one of {', '.join(names)}, found {node.shown()}{meant}")
    return None


def by_model(
    node: Node, report: ProblemList, reader: Callable[[Node, ProblemList], T | None]
) -> ByModel[T] | None:
    """One value for every model, or a map of model to value in which `default` stands for
    the rest.
    """
    if node.kind != "map":
        value = reader(node, report)
        return None if value is None else ByModel(default=value)
    entries: dict[str, T] = {}
    default: T | None = None
    for name, member in named(node):
        value = reader(member.value, report)
        if value is None:
            continue
        if name == "default":
            default = value
        else:
            entries[name.lower()] = value
    return ByModel(entries=entries, default=default)


def rates_by_model(node: Node, report: ProblemList) -> ByModel[Rates] | None:
    return by_model(node, report, rates)


def counts_by_model(node: Node, report: ProblemList) -> ByModel[int] | None:
    return by_model(node, report, positive)


def seconds_by_model(node: Node, report: ProblemList) -> ByModel[float] | None:
    return by_model(node, report, positive_seconds)


def named(node: Node) -> Iterator[tuple[str, Member]]:
    """The members of a map whose keys are the user's own names."""
    return ((member.key.text.strip(), member) for member in node.members)


def plain(node: Node, report: ProblemList) -> Any:
    """The whole node as JSON values; dates stay text.

    What JSON cannot hold (`.inf`) is reported.
    """
    if node.kind == "map":
        return {member.key.text: plain(member.value, report) for member in node.members}
    if node.kind == "list":
        return [plain(item, report) for item in node.items]
    if node.kind == "null":
        return None
    if node.kind == "bool":
        return boolean(node, report)
    if node.kind in ("int", "float"):
        value = _number(node)
        if value is None:
            wrong(node, report, "a number that JSON can hold")
        return value
    return node.text
