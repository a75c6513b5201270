"""The status page in a real browser: it asks for the key once, shows what was counted, reaches
nothing but this server, and fits a phone.

With UNIAPI_PICTURES set to a folder, pictures of it are left there.
"""

import asyncio
import json
import re
import time

import pytest
from browser import CHROMIUM, Browser
from fakes import CLIENT_KEY, Answer, config, provider, whole
from page_scenes import MODELS, OTHER_KEY, counted, drawn, entered, pictures

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.timeout(120),
]


@pytest.fixture
async def browser(tmp_path):
    tab = await Browser(tmp_path / "chromium").start()
    yield tab
    await tab.stop()


@pytest.fixture
async def served(upstream, gateway, client):
    """A gateway with a day of calls behind it, one provider key that rests, and two client keys."""
    upstream.tell(
        "down",
        whole(
            {"error": {"message": "You exceeded your quota, try again in 300s"}},
            status=429,
            headers={"retry-after": "300"},
        ),
        Answer([], then="hang"),
    )
    keys = ["sk-up-down-1-0123456789abcdef", "sk-up-down-2-0123456789abcdef"]
    value = config(
        [
            provider(
                upstream,
                "down",
                api=keys,
                preferences={"api_key_schedule_algorithm": "fixed_priority"},
            )
        ]
    )
    value["api_keys"][0]["role"] = "admin"
    value["api_keys"].append({"api": OTHER_KEY, "role": "translator"})
    expected = counted(gateway.folder / "data", time.time())
    await gateway.start(value)
    return gateway, expected


async def bars(browser, title, look):
    """The values a chart draws in one colour."""
    return await browser.value(
        f"[...document.querySelectorAll('[data-chart={title}] rect.{look}')].map(bar => "
        f"Number(bar.dataset.value))"
    )


async def test_the_page_shows_what_was_counted(served, browser, client, upstream):
    """The charts draw the seeded numbers, a live call, a resting key with its countdown and
    failures with their attempts; arrow keys tell what the pointer shows; no complaint, no foreign
    request, no key in a URL.
    """
    gateway, expected = served
    await browser.size(1280, 900)
    await browser.open(gateway.url + "/")
    await entered(browser, CLIENT_KEY)
    await drawn(browser)
    away = sum(await bars(browser, "Requests", "away"))
    assert away == 24  # a mistake an hour
    assert expected["errors"] == away + sum(await bars(browser, "Requests", "wrong"))
    assert expected["requests"] - expected["errors"] == sum(
        await bars(browser, "Requests", "first")
    )
    assert expected["input"] == sum(await bars(browser, "Tokens", "second"))
    assert expected["output"] == sum(await bars(browser, "Tokens", "first"))
    chart = "document.querySelector('[data-chart=Requests]')"
    await browser.value(f"{chart}.querySelector('svg').focus()")
    await browser.call(
        "Input.dispatchKeyEvent",
        type="keyDown",
        key="ArrowLeft",
        code="ArrowLeft",
        windowsVirtualKeyCode=37,
    )
    assert re.search(
        r"\d\d:\d\d  \d+ failed(?:, \d+ turned away)?, \d+ served",
        await browser.value(f"{chart}.querySelector('.label').textContent"),
    )
    await browser.value(f"{chart}.querySelector('svg').blur()")
    assert await browser.value(f"{chart}.querySelector('.label').textContent") == "Requests"
    chat = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    asking = asyncio.ensure_future(client.post(gateway.url + "/v1/chat/completions", json=chat))
    try:
        await browser.until(
            "!!document.querySelector('#health [data-until]') && "
            "!!document.querySelector('#live .row')"
        )
        text = await browser.value("document.body.innerText")
        assert re.search(r"(rate limit|quota used up) · up-model · back in [45]:\d\d", text), text
        assert "waiting for the first token" in text
        await browser.value("document.querySelector('#failures details').open = true")
        assert "Overloaded <b>now</b>" in await browser.value(
            "document.querySelector('#failures details').innerText"
        )
        first = await browser.value("document.querySelector('[data-until]').textContent")
        await browser.until(
            f"document.querySelector('[data-until]').textContent !== {json.dumps(first)}"
        )
        if (folder := pictures()) is not None:
            for scheme in ("light", "dark"):
                await browser.scheme(scheme)
                await browser.picture(folder / f"status-{scheme}.png")
        for hours in ("7 days", "30 days"):
            await browser.value(
                f"[...document.querySelectorAll('#ranges button')].find(one => "
                f"one.textContent === '{hours}').click()"
            )
            await browser.until(
                f"document.getElementById('verdict').textContent.includes('{hours}')"
            )
            assert sum(await bars(browser, "Tokens", "second")) == expected["input"]
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert browser.complaints == []
    assert {url.split("?")[0] for url in browser.asked if not url.startswith("data:")} == {
        gateway.url + path for path in ("/", "/v1/status", "/v1/requests", "/v1/connect")
    }
    assert not any(CLIENT_KEY in url for url in browser.asked)
    assert CLIENT_KEY not in await browser.value(
        "document.documentElement.outerHTML + JSON.stringify(localStorage) + document.cookie"
    )
    await browser.call("Page.reload")
    await drawn(browser)
    assert await browser.value("document.getElementById('ask').hidden"), (
        "the key is kept in the tab"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_in_light_and_in_dark(served, browser, scheme):
    """360 px wide nothing scrolls sideways and nothing is cut; the colours follow the system."""
    gateway, _ = served
    await browser.size(360, 780, is_phone=True)
    await browser.scheme(scheme)
    await browser.open(gateway.url + "/status")
    await browser.until("!document.getElementById('ask').hidden")
    if (folder := pictures()) is not None:
        await browser.picture(folder / f"ask-{scheme}.png")
    await entered(browser, CLIENT_KEY)
    await drawn(browser)
    if folder is not None:
        await browser.picture(folder / f"phone-{scheme}.png")
    assert await browser.value("document.documentElement.scrollWidth") == 360
    wide = (
        "[...document.querySelectorAll('body *')].filter(one => "
        "one.getBoundingClientRect().right > 360.5 && one.closest('nav') === null)"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert await browser.value(wide) == []
    red = int(
        (await browser.value("getComputedStyle(document.body).backgroundColor"))
        .split("(")[1]
        .split(",")[0]
    )
    assert (red < 60) == (scheme == "dark")
    assert browser.complaints == []


@pytest.mark.parametrize("key", ["sk-wrong-0123456789", "schlüssel", "a b"])
async def test_a_wrong_key_is_said_and_forgotten(served, browser, key):
    """The page says so, keeps nothing, and takes another key."""
    gateway, _ = served
    await browser.open(gateway.url + "/status")
    await entered(browser, key)
    await browser.until(
        "document.getElementById('refused').textContent === 'This key is not accepted.'"
    )
    assert await browser.value("JSON.stringify(sessionStorage)") == "{}"
    await entered(browser, CLIENT_KEY)
    await drawn(browser)
    await browser.value("document.getElementById('leave').click()")
    assert (
        await browser.value(
            "JSON.stringify(sessionStorage) + document.getElementById('board').hidden"
        )
        == "{}true"
    )
    # The browser itself says in its console that an answer was 401.
    assert [one for one in browser.complaints if "401" not in one] == []


async def test_another_key_sees_its_own_usage_only(served, browser):
    """No provider keys, no configuration, no other key's calls."""
    gateway, _ = served
    await browser.open(gateway.url + "/status")
    await entered(browser, OTHER_KEY)
    await drawn(browser)
    shown = sum(await bars(browser, "Requests", "first")) + sum(
        await bars(browser, "Requests", "wrong")
    )
    assert shown == 24 * len(MODELS)
    text = await browser.value("document.body.innerText")
    assert "your key, translator" in text
    for hidden in ("Provider keys", "Configuration", "…cdef", "Client keys"):
        assert hidden not in text
