"""Messages to the owner: what is worth one, that it is told once, and that nothing waits for it."""

import datetime
import json

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.gateway import Standing
from uniapi.notices import Notice, look, refused_reload
from uniapi.notifier import PAUSES_S, Notifier, shown_place, written
from uniapi.routing import Resting
from uniapi.storage import DiskFolder, MemoryFolder

HOOK = "https://hooks.example/T000/B000/0123456789abcdefghij"
TODAY = datetime.date(2026, 11, 30)


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0
        self.slept = []

    def now_s(self):
        return self.now

    def monotonic_s(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def config(**preferences):
    value = {
        "providers": [
            {
                "provider": "a",
                "base_url": "https://a.example/v1",
                "api": ["sk-first-0123456789abcdef", "sk-second-0123456789abcdef"],
                "model": ["m"],
            }
        ],
        "api_keys": [{"api": "sk-client-0123456789abcdef"}],
        "preferences": preferences,
    }
    text = json.dumps(value)
    return parse_config(text, source="test", engines=engine_names(), environment={})[0]


def spent(share, name="client:me", until_s=2e9):
    limit = 10**13
    return Standing(
        holder=name,
        name=name,
        text="$10/day",
        limit_pd=limit,
        spent_pd=int(limit * share),
        reserved_pd=0,
        until_s=until_s,
    )


def resting(credential_id, reason="refused"):
    return Resting(
        what="credential",
        provider_id="a",
        upstream_model=None,
        credential_id=credential_id,
        reason=reason,
        message="Incorrect API key",
        seconds_left=5.0,
        state="resting",
    )


def found(*standings, rests=(), endings=()):
    return look(config(), standings, rests, endings, TODAY)


@pytest.mark.parametrize(
    ("share", "title"),
    [
        (0.79, None),
        (0.8, "Budget of client me: 80 % used"),
        (0.999, "Budget of client me: 80 % used"),
        (1.0, "Budget of client me: used up"),
        (3.0, "Budget of client me: used up"),
    ],
)
def test_a_budget_is_told_at_eighty_and_at_a_hundred(share, title):
    assert [notice.title for notice in found(spent(share))] == ([] if title is None else [title])


def test_each_period_has_its_own_message():
    first, second = found(spent(1.0)), found(spent(1.0, until_s=2e9 + 86400))
    assert first[0].key != second[0].key


def test_credits_are_called_so():
    (notice,) = found(spent(1.0, until_s=None))
    assert notice.title == "Credits of client me: used up"


def test_keys_that_are_refused_and_a_provider_whose_every_key_rests():
    keys = [one.credential_id for one in config().providers[0].credentials]
    (one,) = found(rests=[resting(keys[1])])
    assert one.title == "Key #2 of a is refused"
    assert "sk-second-0123456789abcdef" not in one.text
    titles = [notice.title for notice in found(rests=[resting(keys[0], "rate"), resting(keys[1])])]
    assert titles == ["Key #2 of a is refused", "Every key of a rests"]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def started(web, clock, tmp_path):
    """(a notifier for some places, what waits for its work)."""
    jobs = Tasks()

    def start(*places, folder=None, **preferences):
        notifier = Notifier(web, clock, jobs, folder or MemoryFolder())
        notifier.configure(config(notify=list(places), **preferences))
        return notifier

    start.jobs = jobs
    return start


class Tasks:
    """What is to be done, for the test to do."""

    def __init__(self):
        self.waiting = []

    def spawn(self, coroutine, name):
        self.waiting.append(coroutine)


async def settled(started):
    while started.jobs.waiting:
        await started.jobs.waiting.pop()


NOTICE = Notice(
    kind="budget", key="k", title="Budget used up", text="of sk-client-0123456789abcdef"
)


@pytest.mark.parametrize(
    ("place", "url", "said"),
    [
        ("https://ntfy.sh/topic", "https://ntfy.sh/topic", b"Budget used up\nof "),
        (
            {"token": "12345:secret-secret", "chat": "7"},
            "https://api.telegram.org/bot12345:secret-secret/sendMessage",
            b'"chat_id": "7"',
        ),
        ("https://api.day.app/key", "https://api.day.app/key", b'"title": "Budget used up"'),
        ("https://hooks.slack.com/services/a/b/c", None, b'{"text": "Budget used up'),
        ("https://discord.com/api/webhooks/1/abc", None, b'"allowed_mentions"'),
        (HOOK, HOOK, b'"source": "uni-api"'),
    ],
)
def test_each_service_is_told_in_its_own_way(place, url, said):
    """And no secret is in it."""
    one = config(notify=place).preferences.notify[0]
    request = written(one, NOTICE, 0.0, lambda text: text.replace("0123456789abcdef", "…"))
    assert url in (None, request.url)
    assert said in request.body
    assert b"0123456789abcdef" not in request.body


async def test_what_was_told_is_not_told_again(web, clock, started, tmp_path):
    """Nor after a restart."""
    web.answers[HOOK] = "ok"
    notifier = started(HOOK, folder=DiskFolder(tmp_path))
    for _ in range(5):
        notifier.tell(NOTICE)
    await settled(started)
    assert len(web.requests) == 1
    assert b"0123456789abcdef" not in web.requests[0].body
    notifier.flush(clock.now_s())
    again = started(HOOK, folder=DiskFolder(tmp_path))
    again.tell(NOTICE)
    await settled(started)
    assert len(web.requests) == 1


async def test_a_key_that_was_mended_and_is_refused_again_is_told_again(web, started):
    web.answers[HOOK] = "ok"
    notifier = started(HOOK)
    about = Notice(kind="key", key="key:a:1:refused", title="refused", text="")
    for notices in ([about], [about], [], [about]):
        notifier.tell_all(notices)
        await settled(started)
    assert len(web.requests) == 2


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        ("ok", 1),
        ((500, {}), 4),
        ((302, {"location": "http://127.0.0.1/steal"}), 4),
        (Failure(kind=FailureKind.TIMEOUT, message="no answer"), 4),
    ],
)
async def test_a_place_that_fails_is_tried_a_few_times(web, clock, started, answer, tries):
    """A redirect is not followed, least of all into the local network."""
    web.answers[HOOK] = answer
    notifier = started(HOOK)
    notifier.tell(NOTICE)
    await settled(started)
    assert [request.url for request in web.requests] == [HOOK] * tries
    assert clock.slept == list(PAUSES_S[: tries - 1])


async def test_a_flood_is_bounded(web, started):
    web.answers[HOOK] = "ok"
    notifier = started(HOOK)
    for number in range(1000):
        notifier.tell(Notice(kind="x", key=str(number), title="t", text=""))
    await settled(started)
    assert len(web.requests) <= 51


async def test_the_test_message_says_what_came_of_it(web, started):
    """With no more of an address than its host."""
    web.answers[HOOK] = (500, {})
    (sent,) = await started(HOOK).test()
    assert sent.place == "webhook (hooks.example)"
    assert sent.fault == "it answered 500"


def test_an_address_is_a_secret():
    place = config(notify=HOOK).preferences.notify[0]
    assert "T000" not in shown_place(place)


def test_a_refused_reload_is_told_once_for_each_reason():
    assert refused_reload(["error: a"]).key != refused_reload(["error: b"]).key


OTHER = "https://other.example/hook"
BROKEN = (500, {})


async def test_a_place_that_hangs_keeps_nothing_from_the_others(web, started):
    """Each has a worker of its own: the second message is not behind the first one's tries."""
    web.answers = {HOOK: BROKEN, OTHER: "ok"}
    notifier = started(HOOK, OTHER)
    notifier.tell(NOTICE)
    notifier.tell(Notice(kind="x", key="second", title="t", text=""))
    hanging, healthy = started.jobs.waiting
    started.jobs.waiting.clear()
    await healthy
    assert [request.url for request in web.requests] == [OTHER] * 2
    await hanging
    assert len(web.requests) == 2 + 2 * 4


async def test_what_nobody_took_is_told_again(web, clock, started, tmp_path):
    """Also after a restart that came while it was being tried."""
    web.answers = {HOOK: BROKEN}
    notifier = started(HOOK, folder=DiskFolder(tmp_path))
    notifier.tell(NOTICE)
    notifier.tell(NOTICE)
    notifier.flush(clock.now_s())
    (interrupted,) = started.jobs.waiting
    interrupted.close()
    started.jobs.waiting.clear()
    again = started(HOOK, folder=DiskFolder(tmp_path))
    for answer in (BROKEN, "ok", "ok"):
        web.answers[HOOK] = answer
        again.tell(NOTICE)
        await settled(started)
    assert len(web.requests) == 4 + 1


async def test_what_one_place_took_is_not_told_again(web, started):
    web.answers = {HOOK: BROKEN, OTHER: "ok"}
    notifier = started(HOOK, OTHER)
    for _ in range(2):
        notifier.tell(NOTICE)
        await settled(started)
    assert [request.url for request in web.requests].count(OTHER) == 1


def test_nobody_is_called_by_a_providers_words():
    """`<!channel>` in a refusal would wake everybody in Slack."""
    one = config(notify="https://hooks.slack.com/services/a/b/c").preferences.notify[0]
    notice = Notice(kind="key", key="k", title="refused", text="<!channel> R&D")
    said = json.loads(written(one, notice, 0.0, str).body)["text"]
    assert said == "refused\n&lt;!channel&gt; R&amp;D"
