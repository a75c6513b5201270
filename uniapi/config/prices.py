"""`model_price` and `price_list`: what models cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .levels import Form, Key, Level, section
from .nodes import Node, ProblemList
from .schema import Price
from .values import boolean, named, number, text, wrong

_PRICE = (
    'two or four prices in dollars per million tokens, such as `"2.5,10"` or `[2.5, 10, 0.25, 3]`,'
    " or a map such as `{in: 2.5, out: 10, cache_read: 0.25}`"
)
_SIZE = re.compile(r"([0-9]{1,9})\s*([km]?)", re.IGNORECASE)
_THOUSANDS = {"": 1, "k": 1000, "m": 1_000_000}
_IN_ORDER = ("in", "out", "cache_read", "cache_write")


def read_prices(node: Node, report: ProblemList) -> Mapping[str, Price] | None:
    """`model_price`: prices by the name of a model, and `default`."""
    if node.kind != "map":
        wrong(node, report, "a map of model to prices")
        return None
    found = {name: _price(member.value, report) for name, member in named(node)}
    return {name: price for name, price in found.items() if price is not None}


def read_price_list(node: Node, report: ProblemList) -> bool | str | None:
    """`true`, `false`, or where another list is."""
    word = node.text.strip().lower() if node.is_scalar else ""
    if node.kind == "bool" or word in ("true", "false", "yes", "no", "on", "off"):
        return boolean(node, report)
    return text(node, report)


def _price(node: Node, report: ProblemList) -> Price | None:
    """`in,out` or `in,out,cache_read,cache_write`, or a map of all that can be paid for."""
    if node.kind == "map":
        return _price_map(node, report)
    pieces = _figures(node)
    figures = [_dollars(piece, report) for piece in pieces]
    if len(figures) not in (2, 4):
        wrong(node, report, _PRICE)
        return None
    known = [figure for figure in figures if figure is not None]
    if len(known) < len(figures):
        return None
    return Price(figures=dict(zip(_IN_ORDER, known, strict=False)))


def _price_map(node: Node, report: ProblemList) -> Price | None:
    read = section(node, PRICE, report)
    figures = {} if read is None else read.fields()
    tiers = figures.pop("tiers", ())
    if not figures and not node.members:
        wrong(node, report, _PRICE)
        return None
    return Price(figures=figures, tiers=tiers) if figures else None


def _dollars(node: Node, report: ProblemList) -> float | None:
    return number(node, report, "a price in dollars, 0 or more")


def _tiers(node: Node, report: ProblemList) -> tuple[Any, ...] | None:
    """`{200000: {in: 4, out: 15}}`: what holds over so many input tokens."""
    if node.kind != "map":
        wrong(node, report, "a map of input tokens to figures, such as `200000: {in: 4, out: 15}`")
        return None
    found = []
    for name, member in named(node):
        size = _SIZE.fullmatch(name.replace("_", ""))
        read = section(member.value, PRICE_TIER, report)
        if size is None or not int(size[1]):
            report.error(member.key, f"expected a number of input tokens, found {name[:40]!r}")
        elif read is not None:
            found.append((int(size[1]) * _THOUSANDS[size[2].lower()], read.fields()))
    return tuple(sorted(found, key=lambda tier: tier[0]))


def _figures(node: Node) -> tuple[Node, ...]:
    """The figures of a price as nodes of their own."""
    if node.kind == "list":
        return node.items
    if not node.is_scalar:
        return ()
    pieces = node.text.split(",")
    return tuple(
        Node(
            path=node.path,
            line=node.line,
            column=node.column,
            kind="text",
            text=piece.strip(),
            written=piece.strip(),
        )
        for piece in pieces
    )


_DOLLARS = Form(said="dollars", shapes=("seconds",), reader=_dollars)


def _rows() -> tuple[Key, ...]:
    """Every figure; each is dollars, per million or for one."""
    per_million = (
        ("in", "in", "tokens read"),
        ("input", "in", "another name of `in`"),
        ("out", "out", "tokens written"),
        ("output", "out", "another name of `out`"),
        ("cache_read", "cache_read", "tokens read from the prompt cache; else as `in`"),
        ("cache_write", "cache_write", "tokens written to it; else as `in`"),
        ("cache_write_1h", "cache_write_1h", "those kept for an hour; else twice `in`"),
        ("reasoning", "reasoning", "tokens of reasoning; else as `out`"),
        ("audio_in", "audio_in", "tokens of sound read; else as `in`"),
        ("audio_out", "audio_out", "tokens of sound written; else as `out`"),
        ("image_in", "image_in", "tokens of pictures read; else as `in`"),
        ("image_out", "image_out", "tokens of pictures made; else as `out`"),
        ("characters", "characters", "characters spoken"),
    )
    each = (
        ("image", "one picture made"),
        ("request", "one request"),
        ("minute", "a minute of sound that is transcribed"),
        ("search", "one search"),
    )
    return (
        *(
            Key(name, field, _DOLLARS, "", f"dollars per million: {meaning}")
            for name, field, meaning in per_million
        ),
        *(Key(name, name, _DOLLARS, "", f"dollars: {meaning}") for name, meaning in each),
    )


PRICE_TIER = Level.of("preferences.model_price.<model>.tiers.<tokens>", None, *_rows())
PRICE = Level.of(
    "preferences.model_price.<model>",
    None,
    *_rows(),
    Key(
        "tiers",
        "tiers",
        Form(
            said="a map of input tokens to figures",
            shapes=("level by name",),
            reader=_tiers,
            level=PRICE_TIER,
        ),
        "",
        "figures that hold over so many input tokens, such as `200000: {in: 4, out: 15}`",
    ),
)
PRICES = Form(
    said='a map of model to prices such as `"2.5,10"`, or to a map of them',
    shapes=("price by name",),
    reader=read_prices,
    level=PRICE,
)
PRICE_LIST = Form(
    said="`true`, `false`, a path or a URL", shapes=("bool", "text"), reader=read_price_list
)
