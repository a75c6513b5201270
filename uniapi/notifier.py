"""Messages to the owner, sent: as ntfy, Telegram, Bark, Slack, Discord or any webhook wants them,
through the one transport and its proxy, off every request's path. Bounded and patient: a place that
hangs or answers 500 is tried again a few times and then left; nothing waits for it. A redirect is
not followed: what is written is what is told, and nobody leads us to an address inside.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from uniapi.values import dataclass

from .clock import Clock, Epoch
from .config import Config, Notify, secrets_of, without_secrets
from .network import FetchFailed, Passage, Transport, fetch
from .notices import Notice
from .scheduler import Jobs
from .storage import Folder, KeptMap
from .wire import HttpRequest

log = logging.getLogger("uniapi.app")

NOTICES_FILE = "notices"
MOST_WAITING = 50
MOST_REMEMBERED = 500
TOLD_FOR_S = 40 * 86400.0
"""How long what was told is not told again: longer than a month's budget."""
TIMEOUT_S = 10.0
MOST_ANSWER_BYTES = 65_536
PAUSES_S = (5.0, 60.0, 600.0)
"""Between the tries of one message."""
LONGEST_TEXT = 1500

_PASSING = ("key:", "provider:")
_NTFY_PRIORITIES = {"info": "3", "warning": "4", "error": "5"}


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one message at one place."""

    place: str
    """The service and its host: the rest of the address may be a secret."""
    fault: str | None


class Notifier:
    """`tell` is a plain call and never fails."""

    def __init__(self, transport: Transport, clock: Clock, jobs: Jobs, folder: Folder) -> None:
        self._transport = transport
        self._clock = clock
        self._jobs = jobs
        self._told = KeptMap(folder, NOTICES_FILE, limit=MOST_REMEMBERED, lasts_s=TOLD_FOR_S)
        self._told.load(clock.now_s())
        self._places: tuple[Notify, ...] = ()
        self._passage = Passage()
        self._secrets: tuple[str, ...] = ()
        self._waiting: dict[tuple[str, str | None], deque[Notice]] = {}
        """By place, while somebody works on it: one that hangs keeps nothing from the others."""
        self._open: dict[str, int] = {}
        """Keys of messages under way: how many places are not through with them."""

    def configure(self, config: Config) -> None:
        preferences = config.preferences
        self._places = preferences.notify
        self._passage = Passage(proxy=preferences.proxy, ca_file=preferences.ca_file)
        self._secrets = secrets_of(config)

    @property
    def has_places(self) -> bool:
        """Whether anybody is to be told."""
        return bool(self._places)

    def tell(self, notice: Notice) -> None:
        """Send it soon, unless that was told already."""
        now_s = self._clock.now_s()
        if not self._places or notice.key in self._open:
            return
        if self._told.get(notice.key, now_s) is not None:
            return
        self._open[notice.key] = len(self._places)
        for place in self._places:
            waiting = self._waiting.get((place.url, place.chat))
            if waiting is not None:
                self._queue(waiting, notice)
                continue
            self._waiting[place.url, place.chat] = deque([notice])
            self._jobs.spawn(self._work(place), "notify")

    def tell_all(self, notices: Iterable[Notice]) -> None:
        """Everything that is true now. Of what is over, a key that was refused, say, nothing is
        remembered: should it come again, it is told again.
        """
        if not self._places:
            return
        current = {notice.key: notice for notice in notices}
        for key in self._told.names():
            if key.startswith(_PASSING) and key not in current:
                self._told.remove(key)
        for notice in current.values():
            self.tell(notice)

    async def test(self) -> list[Told]:
        """Send a test message to every place, once."""
        notice = Notice(
            kind="test",
            key="test",
            title="A test message of uni-api",
            text="Whoever reads this will be told of spent budgets, refused keys and the like.",
            level="info",
        )
        return [Told(shown_place(one), await self._send(one, notice)) for one in self._places]

    def flush(self, now_s: Epoch) -> None:
        """Make durable what was told; in a thread."""
        self._told.flush(now_s)

    def _queue(self, waiting: deque[Notice], notice: Notice) -> None:
        """Behind what waits for a place; of too many the oldest is left out."""
        if len(waiting) >= MOST_WAITING:
            self._close(waiting.popleft())
        waiting.append(notice)

    async def _work(self, place: Notify) -> None:
        waiting = self._waiting[place.url, place.chat]
        try:
            while waiting:
                notice = waiting.popleft()
                if await self._delivered(place, notice):
                    now_s = self._clock.now_s()
                    self._told.put(notice.key, round(now_s), now_s)
                self._close(notice)
        finally:
            del self._waiting[place.url, place.chat]

    def _close(self, notice: Notice) -> None:
        """One place is through with it. What none of them took is told again when it is found
        again.
        """
        self._open[notice.key] -= 1
        if not self._open[notice.key]:
            del self._open[notice.key]

    async def _delivered(self, place: Notify, notice: Notice) -> bool:
        fault = None
        for pause_s in (0.0, *PAUSES_S):
            if pause_s:
                await self._clock.sleep(pause_s)
            fault = await self._send(place, notice)
            if fault is None:
                return True
        log.warning("notify: %s was not told %r: %s", shown_place(place), notice.title, fault)
        return False

    async def _send(self, place: Notify, notice: Notice) -> str | None:
        """What went wrong, None when nothing did."""
        clean = self._without_secrets
        try:
            request = written(place, notice, self._clock.now_s(), clean)
            head, _ = await fetch(
                self._transport,
                request,
                passage=self._passage,
                timeout_s=TIMEOUT_S,
                max_bytes=MOST_ANSWER_BYTES,
            )
        except FetchFailed as error:
            return clean(str(error))
        if 300 <= head.status < 400:
            return f"it redirects ({head.status}), which is not followed"
        return None if head.status < 300 else f"it answered {head.status}"

    def _without_secrets(self, text: str) -> str:
        return without_secrets(text, self._secrets)


def shown_place(place: Notify) -> str:
    """A place without what is secret of its address."""
    return f"{place.service} ({place.url.partition('://')[2].partition('/')[0].rpartition('@')[2]})"


def written(
    place: Notify, notice: Notice, now_s: Epoch, clean: Callable[[str], str]
) -> HttpRequest:
    """A message as a service wants it. `clean` takes secrets out."""
    title, text = clean(notice.title), clean(notice.text)[:LONGEST_TEXT]
    both = f"{title}\n{text}"
    url, headers = place.url, {"user-agent": "uni-api", **place.headers}
    body: Any
    match place.service:
        case "ntfy":
            headers = {"priority": _NTFY_PRIORITIES[notice.level], "tags": notice.level, **headers}
            headers.setdefault("content-type", "text/plain; charset=utf-8")
            return HttpRequest(method="POST", url=url, headers=headers, body=both.encode())
        case "telegram":
            url = url if "/sendMessage" in url else f"{url.rstrip('/')}/sendMessage"
            body = {"text": both, **({"chat_id": place.chat} if place.chat else {})}
        case "bark":
            body = {"title": title, "body": text, "group": "uni-api"}
        case "slack":
            body = {"text": _plain_in_slack(both)}
        case "discord":
            body = {"content": both, "allowed_mentions": {"parse": []}}
        case _:
            body = {
                "source": "uni-api",
                "kind": notice.kind,
                "level": notice.level,
                "title": title,
                "message": text,
                "at": round(now_s),
            }
    headers["content-type"] = "application/json"
    return HttpRequest(method="POST", url=url, headers=headers, body=json.dumps(body).encode())


def _plain_in_slack(text: str) -> str:
    """Slack reads `<!channel>` as a call to everybody, and a provider's words may be in a message:
    three characters are written as it wants them
    (docs.slack.dev/messaging/formatting-message-text, 2026-11-30).
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
