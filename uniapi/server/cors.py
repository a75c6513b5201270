"""CORS: what browsers may do here, by the origins that are configured."""

from __future__ import annotations

from collections.abc import Mapping

from .paths import find_route

EXPOSED_HEADERS = (
    "x-request-id, x-uniapi-provider, x-uniapi-model, x-uniapi-attempts, x-uniapi-dropped,"
    " x-uniapi-estimate, x-uniapi-cache, x-should-retry, retry-after, *"
)
"""The last one stands for the providers' own (`x-ratelimit-…`); browsers take it so because no
credentials go along.
"""


def cors_headers(origin: str | None, allowed: tuple[str, ...], raw_path: str) -> dict[str, str]:
    """CORS for every answer, errors included.

    `*` never goes with credentials; the admin surface is only for origins that are listed by name.
    """
    if origin is None or not allowed:
        return {}
    is_listed = origin in allowed
    route = find_route(raw_path)
    if not is_listed and ("*" not in allowed or (route is not None and route.is_report)):
        return {}
    return {
        "access-control-allow-origin": origin if is_listed else "*",
        "access-control-expose-headers": EXPOSED_HEADERS,
        **({"vary": "Origin"} if is_listed else {}),
    }


def preflight_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        "access-control-allow-methods": "GET, HEAD, POST, DELETE, OPTIONS",
        "access-control-allow-headers": headers.get("access-control-request-headers", "*"),
        "access-control-max-age": "600",
    }
