"""What is left on provider keys, asked of their vendors: by `check --live` at once, by a gateway
that runs once an hour at most.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from .clock import Clock
from .config import Config, Credential, Preferences, Provider
from .engines import Balance, balance_place
from .network import FetchFailed, Transport, fetch, passage_of
from .wire import HttpRequest

PERIOD_S = 3600.0
TIMEOUT_S = 15.0
MOST_BYTES = 256 * 1024
MOST_KEYS = 300
AT_ONCE = 4


async def ask_balance(
    provider: Provider, credential: Credential, preferences: Preferences, transport: Transport
) -> Balance | None:
    """None where the vendor does not say, or not now. Never raises."""
    found = balance_place(provider)
    if found is None or credential.kind != "api_key":
        return None
    origin, place = found
    headers = {
        "authorization": f"Bearer {credential.secret}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "uni-api",
    }
    for path in place.paths:
        request = HttpRequest(method="GET", url=f"{origin}{path}", headers=headers)
        try:
            head, body = await fetch(
                transport,
                request,
                passage=passage_of(provider, credential, preferences),
                timeout_s=TIMEOUT_S,
                max_bytes=MOST_BYTES,
            )
            value = json.loads(body) if head.status == 200 else None
        except (FetchFailed, ValueError, RecursionError):
            continue
        balance = place.read(value) if isinstance(value, dict) else None
        if balance is not None:
            return balance
    return None


class Balances:
    """Those of a running gateway's keys."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._found: dict[tuple[str, str], tuple[Balance, float]] = {}
        self._asked_at = float("-inf")

    async def refresh(self, config: Config) -> None:
        """Ask every key whose vendor says, when an hour has passed since the last time."""
        now = self._clock.monotonic_s()
        if now - self._asked_at < PERIOD_S:
            return
        self._asked_at = now
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(provider: Provider, credential: Credential) -> None:
            async with limit:
                found = await ask_balance(provider, credential, config.preferences, self._transport)
            place = (provider.provider_id, credential.credential_id)
            if found is not None:
                self._found[place] = (found, self._clock.now_s())

        keys = [
            (provider, credential)
            for provider in config.providers
            if balance_place(provider) is not None
            for credential in provider.credentials
        ]
        await asyncio.gather(*(one(*key) for key in keys[:MOST_KEYS]))

    def rows(self, config: Config) -> list[dict[str, Any]]:
        """For the page: of the keys that are in force."""
        return [
            {
                "provider": provider.name,
                "number": credential.number,
                "key": credential.display,
                "left": found[0].text,
                "amount": found[0].amount,
                "currency": found[0].currency,
                "at": found[1],
            }
            for provider in config.providers
            for credential in provider.credentials
            if (found := self._found.get((provider.provider_id, credential.credential_id)))
        ]
