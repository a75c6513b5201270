"""Makes the price list inside the program anew: uniapi/money/prices.json.gz, from the wheel that
packaging/prices.txt pins. Its format: uniapi/money/price_list.py, which reads it.

    .venv/bin/python packaging/price_list.py            # writes it
    .venv/bin/python packaging/price_list.py --check    # 1 when it is not what the wheel says

Only the wheel's table is read, with stand-ins for its classes; none of its code is run but that
table, and nothing it depends on is needed.
"""

from __future__ import annotations

import datetime
import gzip
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from uniapi.money.price_list import without_date  # noqa: E402

PINNED = ROOT / "packaging" / "prices.txt"
LIST = ROOT / "uniapi" / "money" / "prices.json.gz"
FORMAT = 1

VENDORS = {
    "x-ai": "xai",
    "aws": "bedrock",
    "moonshotai": "moonshot",
    "zhipuai": "zhipu",
    "github-copilot": "copilot",
    "voyageai": "voyage",
}
"""Its names of vendors → ours (`engines/price_vendors.py`); the others are the same."""
LEFT_OUT = frozenset({"cursor", "openai-decisions"})
"""No API that a gateway asks."""

SCALES = {
    "input_mtok": ("in", 1),
    "output_mtok": ("out", 1),
    "cache_read_mtok": ("cache_read", 1),
    "cache_write_mtok": ("cache_write", 1),
    "cache_write_1h_mtok": ("cache_write_1h", 1),
    "output_reasoning_mtok": ("reasoning", 1),
    "input_audio_mtok": ("audio_in", 1),
    "output_audio_mtok": ("audio_out", 1),
    "input_image_mtok": ("image_in", 1),
    "output_image_mtok": ("image_out", 1),
    "input_mchars": ("characters", 1),
    "audio_hours": ("minute", 60),
    "input_audio_hours": ("minute", 60),
    "requests_kcount": ("request", 1000),
    "web_searches_kcount": ("search", 1000),
}
"""Its figures → ours, and what they are divided by."""
SERVICE_WORDS = frozenset({"flex", "priority", "fast", "batch"})

REGIONS = {
    "anthropic": (r"claude-(?:opus|sonnet|haiku|fable|mythos)-(?:4[.-][6-9]|[5-9])(?!\d)", "us"),
    "google": (r"claude-(?:\w+-)?(?:4[.-][5-9]|[5-9])(?!\d)", "regional"),
    "openai": (r"gpt-(?:5\.[4-9]|[6-9])(?!\d)", "regional"),
}
"""What the wheel does not know: where all tokens cost a tenth more, as they are read in a region.
Anthropic from Opus 4.6 on (platform.claude.com/docs/en/manage-claude/data-residency), Claude at
Vertex from 4.5 on (docs.claude.com/en/docs/build-with-claude/claude-on-vertex-ai), OpenAI's models
of 2026-03-05, GPT-5.4, and later (developers.openai.com/api/docs/guides/data-residency); seen on
2026-11-30. By the region's word in `engines/price_vendors.py` or in the usage.
"""
REGION_FACTOR = 1.1
ONCE_A_REQUEST = {"google": r"gemini-[12](?!\d)"}
"""Whose search costs once for a request, however many there were: Gemini before 3
(ai.google.dev/gemini-api/docs/pricing, 2026-11-30).
"""
EACH_REQUEST = {
    "openai": ((r"gpt-4o(?:-mini)?-search-preview", 0.025), (r"gpt-5-search-api", 0.01)),
}
"""Models that search for every answer: chat completions say nothing of searches, and a request is
billed one. $25 a thousand where the model does not reason, with what was found for nothing, else
$10 (developers.openai.com/api/docs/pricing, «web search preview», as told in
community.openai.com/t/1363698 and modelcostwatch.com/openai/tool-costs/web-search; 2026-11-30).
"""

Row = dict[str, Any]


def main() -> int:
    table = _table(PINNED)
    pinned = re.search(r"^genai-prices==(\S+).*sha256:(\w{12})", PINNED.read_text(), re.MULTILINE)
    day = re.search(r"on (\d{4}-\d\d-\d\d)", PINNED.read_text())
    assert pinned is not None, "packaging/prices.txt names no version"
    assert day is not None, "packaging/prices.txt names no day"
    today = datetime.date.fromisoformat(day[1])
    document = {
        "format": FORMAT,
        "date": day[1],
        "source": f"genai-prices {pinned[1]} (sha256 {pinned[2]}…)",
        "also": _also(table),
        "prices": {
            VENDORS.get(one.id, one.id): _vendor(one, today)
            for one in sorted(table, key=lambda one: one.id)
        },
    }
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    made = gzip.compress(text, 9, mtime=0)
    if "--check" in sys.argv[1:]:
        return 0 if gzip.decompress(LIST.read_bytes()) == text else 1
    LIST.write_bytes(made)
    models = sum(len(of) for of in document["prices"].values())
    print(f"{LIST.relative_to(ROOT)}: {models} names, {len(text)} bytes, {len(made)} compressed")
    return 0


def _table(pinned: Path) -> list[Any]:
    """The vendors of the wheel, as plain namespaces."""
    with tempfile.TemporaryDirectory() as folder:
        asked = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
        subprocess.run([*asked, "-d", folder, "-r", str(pinned)], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        source = zipfile.ZipFile(wheel).read("genai_prices/data.py").decode()
    names = set(re.findall(r"\b([A-Z]\w+)\(", source)) - {"Decimal"}
    stand_ins = {name: _stand_in(name) for name in names}
    scope: dict[str, Any] = {
        **stand_ins,
        "datetime": datetime,
        "Decimal": Decimal,
        "list": list,
        "Provider": stand_ins["Provider"],
    }
    exec(source.replace("from .types import *", ""), scope)
    return [one for one in scope["providers"] if one.id not in LEFT_OUT]


def _stand_in(kind: str) -> Any:
    class Made(SimpleNamespace):
        def __getattr__(self, name: str) -> None:
            if name.startswith("__"):
                raise AttributeError(name)

    return lambda **members: Made(kind=kind, **members)


def _also(table: list[Any]) -> dict[str, list[str]]:
    """Whose prices a vendor charges for models that have no row of its own."""
    return {
        VENDORS.get(one.id, one.id): [
            VENDORS.get(name, name) for name in one.fallback_model_providers
        ]
        for one in table
        if one.fallback_model_providers
    }


def _vendor(vendor: Any, today: datetime.date) -> dict[str, Any]:
    """Names → rows; a further name of a model is the name that has its row."""
    found: dict[str, Any] = {}
    for model in vendor.models:
        row, name = _model(model, today), _name(model.id, vendor.id)
        if row:
            found.setdefault(name, _completed(VENDORS.get(vendor.id, vendor.id), name, row))
    for model in vendor.models:
        own = _name(model.id, vendor.id)
        for text in dict.fromkeys(_names(model.match)):
            name = _name(text, vendor.id)
            if own in found and name not in found and _first(vendor, text) is model:
                ours = VENDORS.get(vendor.id, vendor.id)
                costs_more = any(re.match(one, name) for one, _ in EACH_REQUEST.get(ours, ()))
                found[name] = _completed(ours, name, found[own]) if costs_more else own
    return {name: row for name, row in sorted(found.items()) if not _goes_without(name, found)}


def _goes_without(name: str, found: Mapping[str, Any]) -> bool:
    """Whether a further name is the dated snapshot of one that stands for the same model: the rule
    of `price_list` finds such.
    """
    plain = without_date(name) if isinstance(found[name], str) else None
    return plain in found and found[name] in (plain, found[plain])


def _completed(vendor: str, name: str, row: Row) -> Row:
    """The row with what the wheel does not know of it."""
    changed = dict(row)
    pattern, region = REGIONS.get(vendor, ("", ""))
    if pattern and re.match(pattern, name):
        changed["regions"] = {region: REGION_FACTOR}
    if "search" in row and re.match(ONCE_A_REQUEST.get(vendor, r"(?!)"), name):
        changed["searched"] = changed.pop("search")
    for pattern, fee in EACH_REQUEST.get(vendor, ()):
        if re.match(pattern, name):
            changed["request"] = fee
    if "from" in row:
        changed["from"] = [[day, _completed(vendor, name, later)] for day, later in row["from"]]
    return changed


def _name(text: str, vendor: str) -> str:
    """As `price_list.plain_name` writes the names that are asked for."""
    name = text.lower().removeprefix("accounts/fireworks/models/")
    if vendor == "aws":
        name = re.sub(r"-v\d+(?::\d+)?\Z", "", name.removeprefix("regional."))
    return name


def _names(match: Any) -> Iterator[str]:
    """Whole names among what a model is told by; the beginnings of names that are whole ones too
    (`claude-opus-4.5`), never what is merely found inside.
    """
    for inner in match.or_ or ():
        yield from _names(inner)
    if match.equals:
        yield match.equals
    if match.starts_with and re.search(r"\w\Z", match.starts_with):
        yield match.starts_with


def _first(vendor: Any, name: str) -> Any:
    """The model that the wheel itself finds by a name."""
    return next((model for model in vendor.models if _is_match(model.match, name.lower())), None)


def _is_match(match: Any, name: str) -> bool:
    if match.or_ is not None:
        return any(_is_match(inner, name) for inner in match.or_)
    if match.and_ is not None:
        return all(_is_match(inner, name) for inner in match.and_)
    return bool(
        (match.equals is not None and name == match.equals.lower())
        or (match.starts_with is not None and name.startswith(match.starts_with.lower()))
        or (match.ends_with is not None and name.endswith(match.ends_with.lower()))
        or (match.contains is not None and match.contains.lower() in name)
        or (match.regex is not None and re.search(match.regex, name))
    )


def _model(model: Any, today: datetime.date) -> Row:
    """The row of a model: as it is today, with what is announced for later days."""
    conditions = model.prices if isinstance(model.prices, list) else []
    variants = model.price_variants or []
    starts = sorted(
        {
            one.constraint.start_date
            for one in (*conditions, *variants)
            if one.constraint is not None and one.constraint.start_date is not None
        }
    )
    row = _row_on(model, today)
    later = [[str(day), _row_on(model, day)] for day in starts if day > today]
    return {**row, "from": later} if row and later else row


def _row_on(model: Any, day: datetime.date) -> Row:
    """What holds on a day: the last condition that has begun; by the hour where it says so."""
    hours: list[Any] = []
    standard = model.prices
    if isinstance(standard, list):
        begun = [one for one in standard if one.constraint is None or _has_begun(one, day)]
        standard = begun[-1].prices if begun else standard[0].prices
        hours = [
            [
                f"{one.constraint.start_time:%H:%M}",
                f"{one.constraint.end_time:%H:%M}",
                _figures(one.prices),
            ]
            for one in model.prices
            if one.constraint is not None and one.constraint.start_time is not None
        ]
    row = _figures(standard)
    services: Row = {}
    for variant in model.price_variants or ():
        word = next(iter(variant.when.values()))
        is_ours = next(iter(variant.when)) in ("service_tier", "processing", "speed")
        if (
            is_ours
            and word in SERVICE_WORDS
            and (not variant.constraint or _has_begun(variant, day))
        ):
            services.setdefault(word, _figures(variant.prices))
    services = {word: figures for word, figures in services.items() if figures}
    if services:
        row["service"] = services
    return {**row, "hours": hours} if hours else row


def _has_begun(one: Any, day: datetime.date) -> bool:
    start = one.constraint.start_date
    return start is not None and start <= day


def _figures(prices: Any) -> Row:
    row: Row = {}
    tiers: dict[int, Row] = {}
    for theirs, value in vars(prices).items():
        if theirs not in SCALES or value is None:
            continue
        name, divisor = SCALES[theirs]
        base = value if isinstance(value, Decimal) else value.base
        row[name] = _plain(base / divisor)
        for tier in () if isinstance(value, Decimal) else value.tiers:
            tiers.setdefault(tier.start, {})[name] = _plain(tier.price / divisor)
    if tiers:
        row["tiers"] = [[start, tiers[start]] for start in sorted(tiers)]
    return row


def _plain(figure: Decimal) -> float | int:
    """A number of at most twelve decimals, whole where it is one."""
    rounded = round(figure, 12)
    return int(rounded) if rounded == int(rounded) else float(rounded)


if __name__ == "__main__":
    sys.exit(main())
