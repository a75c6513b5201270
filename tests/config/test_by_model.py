"""How a setting by model name is resolved: the one table limits, timeouts and heartbeats share."""

import pytest

from uniapi.config import ByModel

README = ByModel(entries={"gemini-1.5-pro": 1000, "gemini-1.5-pro-002": 500})
VECTORS = ByModel(entries={"gpt-m": 5, "gpt-m-x": 1})
DEFAULTED = ByModel(entries={"o1": 30, "up": 7}, default=100)


@pytest.mark.parametrize(
    ("setting", "alias", "upstream", "expected"),
    [
        (README, "gemini-1.5-pro-002", "gemini-1.5-pro-002", 500),
        (README, "gemini-1.5-pro-latest", "gemini-1.5-pro-latest", 1000),
        (README, "gemini-1.5-pro", "gemini-1.5-pro", 1000),
        (README, "models/gemini-1.5-pro-002-hd", "x", 500),
        (README, "gemini-2.0", "gemini-2.0", None),
        (VECTORS, "gpt-m-x", "gpt-m-x", 1),
        (VECTORS, "gpt-m-x-long", "gpt-m-x-long", 1),
        (VECTORS, "gpt-m-y", "gpt-m-y", 5),
        (DEFAULTED, "O1-Mini", "zzz", 30),
        (DEFAULTED, "nick", "up", 7),
        (DEFAULTED, "nick", "up-2", 7),
        (DEFAULTED, "o1", "up", 30),
        (DEFAULTED, "nick", "zzz", 100),
        (ByModel(), "x", "y", None),
    ],
)
def test_alias_exact_alias_contains_upstream_exact_upstream_contains_default(
    setting: ByModel[int], alias: str, upstream: str, expected: int | None
) -> None:
    """Within "contains" the longest key wins (the predecessor took the first in file order);
    letters' case does not count.
    """
    assert setting.resolve(alias, upstream) == expected


def test_a_value_of_zero_is_a_value() -> None:
    """It does not fall through to the default."""
    assert ByModel(entries={"a": 0}, default=9).resolve("a", "b") == 0
    assert (ByModel().is_empty, ByModel(default=0).is_empty) == (True, False)
