"""When a vendor shuts a model down, and what succeeds it: a dated list of our own
(`retirements.txt`, each row with its source), and what a vendor's model list says itself.

The same name lives and dies apart at each vendor (`gpt-4o` at OpenAI and at Azure), so a row is
found by the host that is asked and the upstream's name for the model. Hosts nobody has dates for
have none.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal

from uniapi.canonical import Json, Operation
from uniapi.values import dataclass

from .engine import Engine, ListedModel, Place
from .urls import parse_url

WARNED_BEFORE = timedelta(days=30)
"""How long before its end an answer says that a model is to be shut down."""
LISTED = "the provider's own model list"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_REGION = re.compile(r"(?:us|us-gov|eu|apac|ap|jp|au|ca|global)\.")
"""What stands before a model's name in Bedrock's inference profiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """The day from which requests for a model fail, or (`is_earliest`) the first that may be it."""

    day: date
    source: str
    successor: str | None = None
    is_earliest: bool = False

    def is_past(self, today: date) -> bool:
        return self.day <= today and not self.is_earliest

    def state(self, today: date) -> Literal["past", "earliest", "coming"]:
        """How its day is to be told: as one that was, may be, or will be."""
        if self.is_earliest:
            return "earliest"
        return "past" if self.is_past(today) else "coming"

    def sunset(self, now_s: float) -> str | None:
        """The `sunset` header (RFC 8594) of an answer of the model: the moment of its end, from
        thirty days before; None when there is none to tell.
        """
        if self.is_earliest:
            return None
        end = datetime(self.day.year, self.day.month, self.day.day, tzinfo=timezone.utc)
        if datetime.fromtimestamp(now_s, timezone.utc) < end - WARNED_BEFORE:
            return None
        return end.strftime("%a, %d %b %Y 00:00:00 GMT")

    def said(self, today: date) -> str:
        """In words, for a report."""
        verb = "was shut down" if self.is_past(today) else "is shut down"
        when = f"may be shut down from {self.day} on" if self.is_earliest else f"{verb} {self.day}"
        return when + (f"; {self.successor} succeeds it" if self.successor else "")


def find_retirement(host: str, model: str) -> Retirement | None:
    """What the list says of `model` at a host (with or without port); None: nothing."""
    name = host.lower().partition(":")[0]
    for suffix, rows in _table().items():
        if name == suffix or name.endswith(("." + suffix, "-" + suffix)):
            found = rows.get(_plain(model))
            if found is not None:
                return found
    return None


def listed_end(day: str) -> Retirement:
    """What a provider's own list says: the day, `YYYY-MM-DD`."""
    return Retirement(day=date.fromisoformat(day), source=LISTED)


def retirement_at(url: str, model: str) -> Retirement | None:
    """The same of a model as it is asked at `url`."""
    return find_retirement(parse_url(url).host, model)


def retirement_of(
    engine: Engine, place: Place, listed: ListedModel | None = None
) -> Retirement | None:
    """What is known of the model at `place`: its provider's own word first."""
    if listed is not None and listed.shutdown_date is not None:
        return listed_end(listed.shutdown_date)
    dialect = engine.dialect(place, "openai_chat")
    address = engine.address(place, Operation.GENERATE, False, dialect)
    if address is None:
        return None
    return find_retirement(parse_url(address.url).host, place.upstream_model)


def read_day(value: Json) -> str | None:
    """A day as vendors' lists write it, `YYYY-MM-DD`; None for anything else."""
    if not isinstance(value, str) or not _DAY.match(value):
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return None


def _plain(model: str) -> str:
    """A model's name as the list has it: without collection, publisher or region."""
    name = model.lower().removeprefix("models/")
    if name.startswith("publishers/"):
        name = name.rpartition("/models/")[2]
    return _REGION.sub("", name, count=1) if _REGION.match(name) else name


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, Retirement]]:
    """Host → model → its row; the first that is said of a model at a host counts."""
    content = pkgutil.get_data("uniapi.engines", "retirements.txt")
    assert content is not None
    return read_table(content.decode())


def read_table(text: str) -> dict[str, dict[str, Retirement]]:
    """The list as `retirements.txt` writes it."""
    sources: dict[str, str] = {}
    hosts: list[str] = []
    table: dict[str, dict[str, Retirement]] = {}
    for word, rest in _lines(text):
        if word == "source":
            letter, _, said = rest.partition(" ")
            sources[letter] = said
        elif word == "hosts":
            hosts = rest.split()
        else:
            letter, _, named = rest.partition(" ")
            model, _, successor = named.partition(" > ")
            row = Retirement(
                day=date.fromisoformat(word.rstrip("~")),
                source=sources[letter],
                successor=successor or None,
                is_earliest=word.endswith("~"),
            )
            for host in hosts:
                table.setdefault(host, {}).setdefault(model.lower(), row)
    return table


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest
