"""What refusals have taught, by provider and upstream model: kept in the data dir for two weeks,
then tried afresh.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from uniapi.clock import Epoch
from uniapi.engines import Learned, load_learned
from uniapi.storage import Folder, KeptMap

LEARNED_FILE = "learned"
LEARNED_LAST_S = 14 * 86400.0
LEARNED_LIMIT = 2000
"""Models of which anything is remembered; the oldest go."""
NOTHING = Learned()


class LearnedModels:
    """Lessons over a kept map. `of` is asked for every attempt: what it gives is kept decoded."""

    def __init__(self, kept: KeptMap) -> None:
        self._kept = kept
        self.is_empty = not kept
        """Nothing was learned of any model: mostly so."""
        self._decoded: dict[str, tuple[Any, Learned]] = {}

    @classmethod
    def of_folder(cls, folder: Folder, now_s: Epoch) -> LearnedModels:
        """Those that are kept there."""
        kept = KeptMap(folder, LEARNED_FILE, limit=LEARNED_LIMIT, lasts_s=LEARNED_LAST_S)
        kept.load(now_s)
        return cls(kept)

    def flush(self, now_s: Epoch) -> None:
        """Make durable what changed; blocks on the disk."""
        self._kept.flush(now_s)

    def of(self, provider_id: str, upstream_model: str, now_s: Epoch) -> Learned:
        """What is known of a model; nothing (false) of most."""
        name = _name(provider_id, upstream_model)
        value = self._kept.get(name, now_s)
        if value is None:
            self._decoded.pop(name, None)
            return NOTHING
        found = self._decoded.get(name)
        if found is None or found[0] is not value:
            found = self._decoded[name] = (value, load_learned(value))
        return found[1]

    def learn(self, provider_id: str, upstream_model: str, lesson: Learned, now_s: Epoch) -> None:
        """Keep `lesson` beside what is known already."""
        self.is_empty = False
        known = self.of(provider_id, upstream_model, now_s)
        self._kept.put(_name(provider_id, upstream_model), known.joined(lesson).dump(), now_s)

    def entries(self, now_s: Epoch) -> Iterator[tuple[str, str, Learned]]:
        """(provider, upstream model, what is known)."""
        for name in self._kept.names():
            provider_id, _, upstream_model = name.partition("\n")
            learned = self.of(provider_id, upstream_model, now_s)
            if learned:
                yield provider_id, upstream_model, learned

    def rows(self, provider_ids: Collection[str], now_s: Epoch) -> list[dict[str, Any]]:
        """What is known of these providers' models, for people, as plain data; `until`: epoch
        seconds from which the vendor is tried afresh.
        """
        return [
            {
                "provider": provider_id,
                "model": upstream_model,
                "lessons": learned.lessons(),
                "until": self._kept.ends_at_s(_name(provider_id, upstream_model)),
            }
            for provider_id, upstream_model, learned in self.entries(now_s)
            if provider_id in provider_ids
        ]


def _name(provider_id: str, upstream_model: str) -> str:
    return f"{provider_id}\n{upstream_model}"
