"""The list of what models cost: the dated one inside the program, or another one of its format in
its place.

    {"format": 1, "date": "2026-11-30", "source": "…", "also": {"azure": ["openai", …]},
     "prices": {"openai": {"gpt-6-sol": {"in": 2, "out": 10, …}, "another name": "gpt-6-sol"}}}

JSON, or the same compressed by gzip. A row is described in `tariff`. `also`: whose prices a vendor
charges for models without a row of its own.

A model is found by its exact name, or by the name without the date at its end: a dated snapshot of
the same model. A shorter name never prices a longer one: `gpt-5` says nothing of `gpt-5.6-sol`.
"""

from __future__ import annotations

import datetime
import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .tariff import NotAPrice, Tariff, read_tariff

FORMAT = 1
LARGEST_BYTES = 8_000_000
"""Of a list, compressed or not."""
MOST_MODELS = 50_000
INSIDE = Path(__file__).with_name("prices.json.gz")

_GZIP = b"\x1f\x8b"
_SNAPSHOT = re.compile(
    r"[-@](?:20\d\d-[01]\d-[0-3]\d|20\d\d[01]\d[0-3]\d|[01]\d[0-3]\d|[01]\d-[0-3]\d|[01]\d-20\d\d"
    r"|2\d[01]\d[0-3]\d)\Z"
)
"""`-2026-09-04`, `-20260904`, `@20260904`, `-0613`, `-05-06`, `-09-2025`, `-260904`."""
_BEDROCK_VERSION = re.compile(r"-v\d+(?::\d+)?\Z")
_BEDROCK_REGION = re.compile(r"\A(?:us|eu|apac|au|jp|ca|us-gov)\.(?=[a-z])")
_PATH = re.compile(r"\A(?:models/|publishers/[^/]+/models/|accounts/fireworks/models/)")


class UnusableList(ValueError):
    """A price list that cannot be used; the message says why."""


def plain_name(vendor: str, model: str) -> str:
    """A model's name as a list writes it: lower case, without the path or the version that a host
    puts around it.
    """
    name = _PATH.sub("", model.lower())
    name = name.removesuffix("[1m]")
    if vendor == "bedrock":
        name = _BEDROCK_REGION.sub("", _BEDROCK_VERSION.sub("", name))
    return name


def without_date(name: str) -> str | None:
    """The model of which a name is a dated snapshot; None when there is no date at its end."""
    found = _SNAPSHOT.search(name)
    return name[: found.start()] if found is not None and found.start() else None


class PriceList:
    """Rows by vendor and model, each made ready when it is first asked for."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """`document` as `read_list` gives it."""
        self.date: str = document["date"]
        self.source: str = document["source"]
        self._also: Mapping[str, list[str]] = document.get("also", {})
        self._prices: Mapping[str, Mapping[str, Any]] = document["prices"]
        self._ready: dict[tuple[str, str], Tariff] = {}

    @property
    def model_count(self) -> int:
        return sum(
            isinstance(row, Mapping) for models in self._prices.values() for row in models.values()
        )

    @property
    def vendor_count(self) -> int:
        return len(self._prices)

    def find(self, vendor: str, model: str) -> tuple[str, Tariff] | None:
        """(vendor/name of the row, what it says); None: the list has no price for it."""
        if not vendor:
            return None
        for one in (vendor, *self._also.get(vendor, ())):
            models = self._prices.get(one)
            name = plain_name(one, model)
            for candidate in (name, without_date(name)) if models else ():
                row_name = candidate if candidate is None else self._row_name(one, candidate)
                if row_name is not None:
                    return f"{one}/{row_name}", self._tariff(one, row_name)
        return None

    def _row_name(self, vendor: str, name: str) -> str | None:
        row = self._prices[vendor].get(name)
        if isinstance(row, str):
            name, row = row, self._prices[vendor].get(row)
        return name if isinstance(row, Mapping) else None

    def _tariff(self, vendor: str, name: str) -> Tariff:
        place = (vendor, name)
        if place not in self._ready:
            self._ready[place] = read_tariff(self._prices[vendor][name])
        return self._ready[place]


def read_list(data: bytes, today: datetime.date) -> PriceList:
    """A list that somebody else wrote, looked at as a whole. Raises UnusableList: too large,
    truncated, not of this format, from the future, or a price in it is none.
    """
    document = _document(_inflated(data))
    try:
        written = datetime.date.fromisoformat(document["date"])
    except (TypeError, ValueError):
        raise UnusableList("`date` is no day such as 2026-11-30") from None
    if written > today + datetime.timedelta(days=1):
        raise UnusableList(f"it is from the future ({written})")
    count = 0
    for vendor, models in document["prices"].items():
        if not isinstance(models, Mapping):
            raise UnusableList(f"`prices.{str(vendor)[:60]}` is no map of models")
        count += len(models)
        if count > MOST_MODELS:
            raise UnusableList(f"it has more than {MOST_MODELS} models")
        for name, row in models.items():
            if isinstance(row, str):
                continue
            try:
                read_tariff(row)
            except NotAPrice as error:
                raise UnusableList(f"{str(vendor)[:60]}/{str(name)[:80]}: {error}") from None
    if not count:
        raise UnusableList("it has no prices")
    return PriceList(document)


def inside() -> PriceList:
    """The list inside the program (made by packaging/price_list.py)."""
    import uniapi.money as room

    assert room.__spec__ is not None
    # By the loader: the package may be inside a zip file.
    loader: Any = room.__spec__.loader
    return PriceList(_document(_inflated(loader.get_data(str(INSIDE)))))


def _inflated(data: bytes) -> bytes:
    """At most LARGEST_BYTES of it, whatever they were compressed to."""
    if len(data) > LARGEST_BYTES:
        raise UnusableList(f"it is larger than {LARGEST_BYTES // 1_000_000} MB")
    if not data.startswith(_GZIP):
        return data
    inflater = zlib.decompressobj(31)
    try:
        text = inflater.decompress(data, LARGEST_BYTES)
    except zlib.error:
        raise UnusableList("it is damaged (gzip)") from None
    if inflater.unconsumed_tail:
        raise UnusableList(f"it is larger than {LARGEST_BYTES // 1_000_000} MB")
    if not inflater.eof:
        raise UnusableList("it is cut short (gzip)")
    return text


def _document(text: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UnusableList("it is not whole JSON") from None
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise UnusableList(f"it is not of format {FORMAT}")
    also, source = document.get("also", {}), document.get("source")
    is_shaped = isinstance(document.get("prices"), Mapping) and isinstance(source, str)
    is_shaped = is_shaped and isinstance(also, Mapping)
    is_shaped = is_shaped and all(
        isinstance(names, list) and all(isinstance(name, str) for name in names)
        for names in also.values()
    )
    if not is_shaped:
        raise UnusableList("it lacks `source` or `prices`, or `also` makes no sense")
    return document
