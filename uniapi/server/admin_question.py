"""One question to the admin surface, as the front puts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from uniapi.canonical import ClientError, RequestRefused
from uniapi.clock import Epoch
from uniapi.config import ClientKey, Config, Credential, Provider
from uniapi.inspection import Inspector
from uniapi.stats import CallRecord, RecentSums, Recorder
from uniapi.values import dataclass

from .present import Present


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminQuestion:
    """One question to the admin surface and what it is answered from.

    `argument`: what the path names; `live`: rows of the running calls the asker may see;
    `strangers`: rows of those who were refused before their request was looked at; `model_names`,
    `model_rows` (of the asker's key), `wake`, `test_key`: see `Desk`; `say`: a message of ours in
    the language that the question's `lang` names.
    """

    key: ClientKey
    query: Mapping[str, str]
    now_s: Epoch
    config: Config
    recorder: Recorder
    present: Present
    version: str
    live: list[dict[str, Any]]
    wake: Callable[[Collection[str] | None, str | None], int]
    test_key: Callable[[Provider, Credential], Awaitable[dict[str, Any]]]
    inspector: Inspector
    sums: RecentSums
    model_names: Callable[[], Sequence[str]]
    model_rows: Callable[[Sequence[str]], list[dict[str, Any]]]
    say: Callable[[str], str]
    argument: str = ""
    failures: tuple[CallRecord, ...] = ()
    mistakes: tuple[CallRecord, ...] = ()
    strangers: tuple[Mapping[str, Any], ...] = ()

    @property
    def own_key_id(self) -> str | None:
        """Whose figures may be shown; None: everybody's."""
        return None if self.key.is_admin else self.key.key_id


def say_calls(rows: Iterable[dict[str, Any]], say: Callable[[str], str]) -> None:
    """In place, in another language: what the client was told, and what was noted of each
    attempt.
    """
    for row in rows:
        row["message"] = say(row["message"])
        for attempt in row["attempts"]:
            attempt["message"] = say(attempt["message"])


def not_found(message: str, param: str) -> RequestRefused:
    return RequestRefused(
        ClientError(
            status=404, message=message, code="not_found", type="invalid_request_error", param=param
        )
    )
