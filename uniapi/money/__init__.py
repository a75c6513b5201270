"""Money: what models cost, what a call comes to, what may be spent, and whether prompt caches are
used as they could be. Pure: nothing is sent or written here.

Reading order: `amounts` (pico-dollars), `tariff` (the figures of one model), `bill` (a tariff and a
usage → a cost), `price_list` (the dated list inside, or another), `price_book` (which price holds
for a call), `periods` (calendar periods), `cache_doctor` (why a prompt cache was missed).
"""

from .amounts import PICO, dollars, picodollars, shown
from .bill import are_plausible, bill_pd, plausible, stated_cost_pd
from .cache_doctor import LEAST_TOKENS, LIKELY_LIFE_S, CacheDoctor, CachedRequest, Verdict
from .periods import Calendar
from .price_book import Found, PriceBook
from .price_list import LARGEST_BYTES as LARGEST_LIST
from .price_list import PriceList, UnusableList, inside, read_list
from .tariff import PER_MILLION, NotAPrice, Tariff, read_tariff

__all__ = [
    "LARGEST_LIST",
    "LEAST_TOKENS",
    "LIKELY_LIFE_S",
    "PER_MILLION",
    "PICO",
    "CacheDoctor",
    "CachedRequest",
    "Calendar",
    "Found",
    "NotAPrice",
    "PriceBook",
    "PriceList",
    "Tariff",
    "UnusableList",
    "Verdict",
    "are_plausible",
    "bill_pd",
    "dollars",
    "inside",
    "picodollars",
    "plausible",
    "read_list",
    "read_tariff",
    "shown",
    "stated_cost_pd",
]
