"""What the front asks of the program behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from uniapi.canonical import Call
from uniapi.clock import Clock
from uniapi.config import ClientKey, Config, Credential, ModelInfo, Provider
from uniapi.inspection import Inspector
from uniapi.stats import RecentSums, Recorder

from .auth import KeyRing
from .page import Words
from .present import Present
from .reply import HttpReply


class Desk(Protocol):
    """What the front asks of the program behind it; every member is read anew for each request, so
    that a reload takes effect at once.
    """

    recorder: Recorder
    inspector: Inspector
    sums: RecentSums
    clock: Clock
    version: str

    @property
    def spool_dir(self) -> Path | None:
        """Where uploads go that are too large for memory; None: where the system has its temporary
        files.
        """
        ...

    @property
    def config(self) -> Config: ...

    @property
    def key_ring(self) -> KeyRing: ...

    async def models_for(self, key: ClientKey) -> tuple[str, ...]:
        """The aliases that a client key can route, in order."""
        ...

    def model_infos(self, key: ClientKey, aliases: Sequence[str]) -> Mapping[str, ModelInfo]:
        """What is known of these aliases of a client key."""
        ...

    def model_names(self, key: ClientKey) -> tuple[str, ...]:
        """What a client key may ask for now."""
        ...

    def model_rows(self, key: ClientKey, aliases: Sequence[str]) -> list[dict[str, Any]]:
        """Of these aliases of a client key: `id`, `providers`, `context_length`,
        `max_output_tokens`.
        """
        ...

    def near_models(self, key: ClientKey, name: str) -> list[str]: ...

    async def run(self, call: Call, key: ClientKey, reply: HttpReply) -> None:
        """Answer an inference call through `reply`; raises RequestRefused before anything
        was sent.
        """
        ...

    def page_words(self) -> Words:
        """What the page is said in."""
        ...

    def health(self) -> dict[str, Any]:
        """What `/healthz` says."""
        ...

    def speaker(self, language: str) -> Callable[[str], str]:
        """Says messages of ours in a language by its name; any that is not ours is English."""
        ...

    def present(self, *, with_money: bool) -> Present:
        """What is true at this moment, for the admin surface; `money` only where it is shown."""
        ...

    def wake(
        self, provider_ids: Collection[str] | None = None, credential_id: str | None = None
    ) -> int:
        """What rests of these providers (None: all), or of one of their credentials, is tried anew;
        gives how many rests that ended.
        """
        ...

    async def test_key(self, provider: Provider, credential: Credential) -> dict[str, Any]:
        """Ask a provider key for something small: `provider`, `key`, `ok`, `latency_ms`, `models`,
        `message`.
        """
        ...
