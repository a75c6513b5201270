"""The list inside, and others in its place: what is broken is refused, the last good one stays."""

import datetime
import gzip
import json
import tracemalloc

import pytest

from uniapi.config import Preferences
from uniapi.money import LARGEST_LIST, UnusableList, inside, read_list
from uniapi.price_lists import AGAIN_S, PERIOD_S, PriceLists

TODAY = datetime.date(2026, 11, 30)
URL = "https://prices.example/list.json"
GOOD = {
    "format": 1,
    "date": "2026-11-29",
    "source": "mine",
    "prices": {"openai": {"gpt-6": {"in": 1, "out": 2}, "gpt-6-latest": "gpt-6"}},
}


def text(**changes):
    return json.dumps({**GOOD, **changes}).encode()


def test_the_list_inside_is_whole():
    """Every row of it can be read, and it is small."""
    found = inside()
    assert found.model_count > 2000
    assert found.date >= "2026-11-01"
    whole = gzip.decompress(
        __import__("uniapi.money.price_list", fromlist=["x"]).INSIDE.read_bytes()
    )
    assert read_list(whole, TODAY).model_count == found.model_count


def test_models_that_always_search_cost_a_fee_a_request():
    """Chat completions say nothing of searches."""
    listed = inside().find
    fees = {
        name: listed("openai", name)[1].figures.get("request")
        for name in ("gpt-4o-search-preview", "gpt-4o-mini-search-preview", "gpt-5-search-api")
    }
    assert list(fees.values()) == [25_000_000_000, 25_000_000_000, 10_000_000_000]
    assert "request" not in listed("openai", "gpt-4o-mini")[1].figures


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_list_of_ones_own(pack):
    found = read_list(pack(text()), TODAY)
    assert found.find("openai", "GPT-6-latest")[0] == "openai/gpt-6"
    assert found.find("openai", "gpt-6-2026-09-04")[0] == "openai/gpt-6"
    assert found.find("openai", "gpt-6-sol") is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not whole JSON"),
        (text()[:-3], "not whole JSON"),
        (gzip.compress(text())[:-9], "cut short"),
        (b"\x1f\x8b" + bytes(40), "damaged"),
        (b"[" * 100_000, "not whole JSON"),
        (b"<html>", "not whole JSON"),
        (text(format=2), "not of format 1"),
        (text(date="2027-01-01"), "from the future"),
        (text(date="yesterday"), "no day"),
        (text(prices={}), "no prices"),
        (text(prices={"openai": []}), "no map of models"),
        (text(prices={"openai": {"m": {"in": -1}}}), "openai/m: `in`"),
        (text(prices={"openai": {"m": {"in": "1"}}}), "dollars"),
        (text(prices={"openai": {"m": {"int": 1}}}), "`int` is no figure"),
        (text(prices={"openai": {"m": {"in": 1, "tiers": [[0, {}]]}}}), "tiers"),
        (text(also={"a": "b"}), "`also` makes no sense"),
        (b" " * (LARGEST_LIST + 1), "larger than"),
        (gzip.compress(b" " * 100_000_000), "larger than"),
    ],
)
def test_what_is_no_list_is_refused(data, reason):
    with pytest.raises(UnusableList, match=reason):
        read_list(data, TODAY)


def test_a_bomb_takes_no_more_than_a_list_may():
    """100 MB of blanks in 100 KB."""
    bomb = gzip.compress(b" " * 100_000_000)
    tracemalloc.start()
    with pytest.raises(UnusableList):
        read_list(bomb, TODAY)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * LARGEST_LIST


class Clock:
    now = datetime.datetime(2026, 11, 30, tzinfo=datetime.timezone.utc).timestamp()

    def now_s(self):
        return self.now

    def monotonic_s(self):
        return self.now


@pytest.fixture
def lists(web, tmp_path):
    def start(said, clock=None):
        found = PriceLists(web, clock or Clock(), tmp_path, lambda: None)
        found.configure(Preferences(price_list=said))
        return found

    return start


async def test_another_list_is_fetched_and_looked_at_once_a_day(web, lists):
    clock = Clock()
    found = lists(URL, clock)
    assert found.listed().source.startswith("genai-prices")
    web.answers[URL] = text().decode()
    for _ in range(5):
        await found.refresh()
    assert (found.listed().source, len(web.requests)) == ("mine", 1)
    clock.now += PERIOD_S
    web.answers[URL] = text(source="newer").decode()
    await found.refresh()
    assert found.listed().source == "newer"


async def test_a_bad_list_changes_nothing_and_the_last_good_one_outlives_the_process(web, lists):
    web.answers[URL] = text().decode()
    await lists(URL).refresh()
    web.answers[URL] = "<html>captive portal</html>"
    again = lists(URL)
    await again.refresh()
    assert again.listed().source == "mine"
    assert "not whole JSON; the last good one stays" in again.trouble


async def test_a_list_that_never_was_good_leaves_the_one_inside(web, lists):
    web.answers[URL] = (404, {})
    found = lists(URL)
    await found.refresh()
    assert found.listed().source.startswith("genai-prices")
    assert "the one inside is used" in found.trouble


async def test_a_path_and_none_at_all(lists, tmp_path):
    path = tmp_path / "mine.json.gz"
    path.write_bytes(gzip.compress(text()))
    found = lists(str(path))
    await found.refresh()
    assert found.listed().source == "mine"
    assert lists(False).listed() is None


async def test_a_look_that_failed_is_made_again_within_hours(web, lists):
    """The network may come up after us."""
    clock = Clock()
    web.answers[URL] = (503, {})
    found = lists(URL, clock)
    await found.refresh()
    web.answers[URL] = text().decode()
    await found.refresh()
    assert len(web.requests) == 1
    clock.now += AGAIN_S
    await found.refresh()
    assert (found.listed().source, found.trouble) == ("mine", None)
