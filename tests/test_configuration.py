"""A configuration over time, without a process: first readings, looks on a clock turned by hand,
what is refused, what is said once, the copy of a remote one.
"""

import asyncio
import random

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.config import ConfigSource
from uniapi.configuration import CONFIG_COPY_FILE, Reload
from uniapi.errors import StartError
from uniapi.scheduler import Jobs

URL = "https://conf.example/api.yaml?token=secret"
DOWN = Failure(kind=FailureKind.UNREACHABLE, message="cannot connect")


def text(name):
    return f"""
providers:
  - {{provider: {name}, base_url: https://{name}.example/v1/chat/completions, api: sk-up-0123456789, model: [m]}}
api_keys:
  - api: sk-client-0123456789abcdef
"""  # noqa: E501


class Target:
    """The gateway as far as a reload sees it; writes down what it is told."""

    def __init__(self, config):
        self.config = config
        self.told = []

    def reload(self, config, text):
        self.config = config
        self.told.append("new " + config.providers[0].name)

    def confirm(self, text):
        self.told.append("same")

    def refused_reload(self, problems):
        self.told.append("refused " + problems.problems[0].message[:20])

    def try_anew(self):
        self.told.append("anew")

    def missed_reload(self, message):
        self.told.append("missed")


class HandClock:
    """Sleeps end when the time is turned past them."""

    def __init__(self):
        self.now = 0.0
        self.sleeping = []

    def now_s(self):
        return self.now

    def monotonic_s(self):
        return self.now

    async def sleep(self, seconds):
        waiting = asyncio.get_running_loop().create_future()
        self.sleeping.append((self.now + seconds, waiting))
        await waiting

    async def turn(self, seconds):
        self.now += seconds
        for until, waiting in list(self.sleeping):
            if until <= self.now:
                self.sleeping.remove((until, waiting))
                waiting.set_result(None)
                # The job that wakes runs until it sleeps again.
                while not self.sleeping:
                    await asyncio.sleep(0)


def remote(web, data_dir=None):
    return Reload(ConfigSource(kind="url", location=URL, reason="test"), {}, web, data_dir)


def local(path, web):
    return Reload(ConfigSource(kind="file", location=str(path), reason="test"), {}, web, None)


async def test_a_remote_configuration_is_fetched_each_half_minute(web):
    """Not sooner; a changed one is in force at once, an equal one confirmed."""
    clock = HandClock()
    web.answers[URL] = text("a")
    reload = remote(web)
    config, _ = await reload.first()
    target, jobs = Target(config), Jobs(clock, random.Random(1))
    reload.watch(jobs, target)
    await asyncio.sleep(0)
    await clock.turn(29.9)
    assert (len(web.requests), target.told) == (1, [])
    await clock.turn(0.2)
    assert (len(web.requests), target.told) == (2, ["same"])
    web.answers[URL] = text("b")
    await clock.turn(30)
    assert target.told == ["same", "new b"]
    await jobs.shutdown()


async def test_what_is_wrong_at_the_url_is_said_once_and_changes_nothing(web):
    """A broken text is refused once, and again when somebody asks, who then has tried anew what
    failed; one that cannot be had is missed; then the old one is confirmed.
    """
    web.answers[URL] = text("a")
    reload = remote(web)
    config, _ = await reload.first()
    target = Target(config)
    web.answers[URL] = "providers: ["
    for _ in range(3):
        await reload.look(target)
    await reload.now(target)
    web.answers[URL] = DOWN
    await reload.look(target)
    web.answers[URL] = "providers: ["
    await reload.look(target)
    web.answers[URL] = text("a")
    await reload.look(target)
    assert [told.split()[0] for told in target.told] == [
        "refused",
        "refused",
        "anew",
        "missed",
        "refused",
        "same",
    ]
    assert target.config is config


async def test_the_last_good_copy_stands_in_at_a_start_only(web, tmp_path):
    """Kept when it proved good, mode 0600; used when the URL is down, at a start; an unreadable
    copy is none.
    """
    web.answers[URL] = text("a")
    config, _ = await remote(web, tmp_path).first()
    assert (tmp_path / CONFIG_COPY_FILE).stat().st_mode & 0o777 == 0o600
    web.answers[URL] = DOWN
    reload = remote(web, tmp_path)
    again, _ = await reload.first()
    assert again == config
    target = Target(again)
    await reload.look(target)
    assert target.told == ["missed"]
    (tmp_path / CONFIG_COPY_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(StartError) as raised:
        await remote(web, tmp_path).first()
    assert raised.value.exit_code == 1
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "answers, expected",
    [
        (
            {URL: (302, {"location": "/moved.yaml"}), "https://conf.example/moved.yaml": text("a")},
            None,
        ),
        (
            {
                URL: (301, {"location": "https://other.example/x"}),
                "https://other.example/x": text("a"),
            },
            None,
        ),
        ({URL: (302, {"location": URL})}, "more than 5 times"),
        ({URL: (302, {"location": "http://other.example/x"})}, "not secure"),
        ({URL: (302, {"location": "file:///etc/passwd"})}, "not secure"),
        ({URL: (302, {})}, "answered 302"),
        ({URL: (404, {})}, "answered 404"),
    ],
)
async def test_redirects_are_followed_within_reason(web, answers, expected):
    """As the older program did; never from https to less."""
    web.answers = answers
    reload = remote(web)
    if expected is None:
        config, _ = await reload.first()
        assert config.providers[0].name == "a"
        return
    with pytest.raises(StartError, match=expected):
        await reload.first()


async def test_a_user_and_password_go_to_the_host_they_are_written_for(web):
    """As Basic authorization, and not on to where that host redirects."""
    web.answers = {
        "https://conf.example/x": (302, {"location": "https://other.example/y"}),
        "https://other.example/y": text("a"),
    }
    source = ConfigSource(
        kind="url", location="https://me:pass%20word@conf.example/x", reason="test"
    )
    await Reload(source, {}, web, None).first()
    assert [request.headers.get("authorization") for request in web.requests] == [
        "Basic bWU6cGFzcyB3b3Jk",
        None,
    ]


async def test_an_edit_while_the_gateway_starts_is_seen(web, tmp_path):
    """What is written after the first reading is a change, however long the start takes."""
    path = tmp_path / "api.yaml"
    path.write_text(text("a"))
    reload = local(path, web)
    config, _ = await reload.first()
    path.write_text(text("another"))
    target = Target(config)
    for _ in range(3):
        await reload.look(target)
    assert target.told == ["new another"]


async def test_a_file_that_vanishes_is_refused_and_its_return_confirmed(web, tmp_path):
    """Not a word while an editor replaces it."""
    path = tmp_path / "api.yaml"
    path.write_text(text("a"))
    reload = local(path, web)
    config, _ = await reload.first()
    target = Target(config)
    path.unlink()
    for _ in range(3):
        await reload.look(target)
    path.write_text(text("a"))
    for _ in range(3):
        await reload.look(target)
    assert [told.split()[0] for told in target.told] == ["refused", "same"]


async def test_readings_do_not_overtake_each_other(web, tmp_path):
    """Two at once: the later one ends with what is in the file then."""
    path = tmp_path / "api.yaml"
    path.write_text(text("a"))
    reload = local(path, web)
    config, _ = await reload.first()
    target = Target(config)
    path.write_text(text("b"))
    first = asyncio.ensure_future(reload.now(target))
    await asyncio.sleep(0)
    path.write_text(text("c"))
    await asyncio.gather(first, reload.now(target))
    assert target.told == ["new b", "anew", "new c", "anew"]
