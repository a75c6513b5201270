"""What providers themselves say a call cost."""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.canonical import stated_cost

OWN_KEY = {"cost": 0.05, "is_byok": True}


@pytest.mark.parametrize(
    "usage, dollars",
    [
        ({}, None),
        ({"cost": 0.25}, 0.25),
        ({"cost": 0}, 0.0),
        ({"cost": {"total_cost": 0.5, "request_cost": 0.1}}, 0.5),
        ({"cost_in_usd_ticks": 20_000_000_000}, 2.0),
        ({"cost": 0.25, "cost_details": {"upstream_inference_cost": 0.25}}, 0.25),
        ({**OWN_KEY, "cost_details": {"upstream_inference_cost": 1.0}}, 1.05),
        ({**OWN_KEY, "cost_details": {"upstream_inference_cost": None}}, 0.05),
        ({**OWN_KEY, "cost_details": []}, 0.05),
        ({"cost": "0.25"}, None),
        ({"cost": True}, None),
        ({"cost": -1, "cost_in_usd_ticks": -1}, None),
        ({"cost": float("nan")}, None),
        ({"cost": 10**400}, None),
    ],
)
def test_stated_cost(usage: dict[str, Any], dollars: float | None) -> None:
    """In dollars, whoever says it and however; with a key of one's own at the vendor, what the
    vendor bills is added; what is no amount is none.
    """
    assert stated_cost(usage) == dollars
