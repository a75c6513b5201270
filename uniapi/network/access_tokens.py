"""Access tokens: obtained by an engine's flow, cached until shortly before they expire, one refresh
at a time for each credential.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

from uniapi.clock import Clock
from uniapi.engines import Engine, Target, Token

from .fetch import fetch
from .passage import Passage
from .transport import Transport

AHEAD_S = 300.0
"""A token is renewed this long before it expires, so that no request meets an expired one."""


class AccessTokens:
    """Tokens by credential id, in memory only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def token(
        self, engine: Engine, target: Target, transport: Transport, passage: Passage
    ) -> str | None:
        """The access token for `target`, refreshed when due; None when its credential is used as it
        is. Raises FetchFailed or WireError when a refresh fails.
        """
        flow = engine.token_flow(target, self._clock.now_s())
        if flow is None:
            return None
        key = target.credential.credential_id
        token = self._fresh(key)
        if token is not None:
            flow.close()
            return token.value
        async with self._locks[key]:
            token = self._fresh(key)
            if token is not None:
                flow.close()
                return token.value
            try:
                request = next(flow)
                while True:
                    request = flow.send(await fetch(transport, request, passage=passage))
            except StopIteration as done:
                refreshed: Token = done.value
            self._tokens[key] = refreshed
            return refreshed.value

    def forget(self, credential_id: str) -> None:
        """The upstream refused the token: get a new one next time."""
        self._tokens.pop(credential_id, None)

    def _fresh(self, key: str) -> Token | None:
        token = self._tokens.get(key)
        return (
            token
            if token is not None and self._clock.now_s() < token.expires_at_s - AHEAD_S
            else None
        )
