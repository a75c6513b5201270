"""The status page in what a person meets: many keys, refused ones, failures, nothing yet, a gateway
that is gone, a configuration that is refused, Chinese, a phone; nothing is cut, nothing complains.

With UNIAPI_PICTURES set to a folder, a picture of each is left there.
"""

import json
import time

import pytest
from browser import CHROMIUM, Browser
from fakes import CLIENT_KEY
from page_scenes import (
    HOSTILE,
    WITH_BALANCES,
    ChoosyUpstream,
    KeyedUpstream,
    ask_each,
    counted,
    drawn,
    ending,
    entered,
    forty,
    hundred,
    keys,
    picture,
    served,
    thirteen,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.timeout(120),
]
TEXT = "document.body.innerText"


@pytest.fixture
async def browser(tmp_path):
    tab = await Browser(tmp_path / "chromium").start()
    yield tab
    await tab.stop()


@pytest.fixture
async def upstream():
    fake = await KeyedUpstream().start()
    yield fake
    await fake.stop()


async def shown(browser, gateway, *, key=CLIENT_KEY, width=1280, scheme="light", language="en"):
    await browser.language(language)
    await browser.size(width, 900 if width > 500 else 780, is_phone=width < 500)
    await browser.scheme(scheme)
    await browser.open(gateway.url + "/")
    await entered(browser, key)
    await browser.until("!document.getElementById('board').hidden")
    await browser.until("document.querySelectorAll('#connect pre').length > 0")


async def fits(browser):
    """Nothing is wider than the window, and nothing complains."""
    width = await browser.value("window.innerWidth")
    assert await browser.value("document.documentElement.scrollWidth") <= width
    wide = (
        "[...document.querySelectorAll('main *')].filter(one => "
        "one.getBoundingClientRect().right > window.innerWidth + 0.5 &&"
        " one.closest('nav, pre, .list, .cut') === null).map(one => one.outerHTML.slice(0, 80))"
    )
    assert await browser.value(wide) == []
    cut = (
        "[...document.querySelectorAll('.list')].filter(one => "
        "one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML.slice(0, 80))"
    )
    assert await browser.value(cut) == []
    assert browser.complaints == []


async def unfolded(browser):
    await browser.value(
        "document.querySelectorAll('details.part').forEach(one => { one.open = true })"
    )


async def busy(upstream, gateway, client, **preferences):
    counted(gateway.folder / "data", time.time())
    await gateway.start(thirteen(upstream, **preferences))
    for model, times in (("gpt-5.6", 9), ("claude-sonnet-5", 4), ("gemini-3.5-pro", 2)):
        await ask_each(client, gateway.url, model, times)
    async with client.get(gateway.url + "/v1/nothing"):
        pass


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [
        (1280, "light", "en"),
        (1280, "dark", "en"),
        (360, "light", "en"),
        (360, "dark", "zh-CN"),
        (1280, "light", "zh-CN"),
    ],
)
async def test_thirteen_keys_and_a_day_of_calls(
    upstream, gateway, client, browser, width, scheme, language
):
    """A refused key stands in the headline and first in its group."""
    await busy(upstream, gateway, client)
    await shown(browser, gateway, width=width, scheme=scheme, language=language)
    await drawn(browser)
    await browser.until("document.querySelectorAll('#requests tr[data-request]').length >= 8")
    await fits(browser)
    await picture(browser, f"busy-{width}-{scheme}-{language[:2]}")
    await unfolded(browser)
    await browser.until(
        "document.querySelectorAll('#mistakes summary, #mistakes .rows').length > 0"
    )
    await fits(browser)
    assert await browser.faint_texts() == []
    await picture(browser, f"busy-{width}-{scheme}-{language[:2]}-open")
    verdict = await browser.value("document.querySelector('#verdict .bad').textContent")
    assert "openai #3" in verdict
    failed = "[...document.querySelectorAll('#models tr')].find(one => one.innerText.includes({}))"
    name = "(unknown)" if language == "en" else "（未知）"
    unknown = await browser.value(failed.format(repr(name)) + ".querySelector('.bad')?.innerText")
    assert unknown is None  # twenty-four of a client's mistakes are no failures
    first = await browser.value("document.querySelector('[data-provider=openai] .key').textContent")
    assert "#3" in first
    assert ("refused" if language == "en" else "被拒绝") in first


@pytest.mark.parametrize("width", [1280, 360])
async def test_a_hundred_keys_fit_one_screen(upstream, gateway, client, browser, width):
    """Tiles, and lines for those that want something; a tile that is pressed shows its key."""
    await gateway.start(hundred(upstream))
    await ask_each(client, gateway.url, "glm-5", 96)
    await shown(browser, gateway, width=width)
    await browser.value("document.getElementById('part-health').open = true")
    part = "document.querySelector('[data-provider=siliconflow]')"
    await browser.until(f"{part}.querySelectorAll('.tile').length === 100")
    tall = await browser.value(f"{part}.getBoundingClientRect().height")
    assert tall < (900 if width == 1280 else 1500)
    await browser.value(f"{part}.querySelectorAll('.tile')[99].click()")
    assert "#100" in await browser.value(f"{part}.innerText")
    await fits(browser)
    await picture(browser, f"hundred-{width}")


@pytest.mark.parametrize("width", [1280, 360])
async def test_forty_providers_stay_readable(upstream, gateway, client, browser, width):
    """Where there are many keys all of them are tiles, and what wants something comes first."""
    await gateway.start(forty(upstream))
    await ask_each(client, gateway.url, "m-33", 6)
    await shown(browser, gateway, width=width)
    await browser.value("document.getElementById('part-health').open = true")
    await browser.until("document.querySelectorAll('#health .tile').length === 200")
    first = await browser.value("document.querySelector('#health .provider').innerText")
    assert first.startswith("provider-33")
    assert "#2" in first
    assert await browser.value("document.querySelectorAll('#health .key').length") == 1
    tall = await browser.value("document.getElementById('health').getBoundingClientRect().height")
    assert tall < (2000 if width == 1280 else 3800)
    await fits(browser)
    await picture(browser, f"forty-{width}")


async def test_a_key_is_woken_and_tested(upstream, gateway, client, browser):
    """What came of it is said beside the key."""
    await busy(upstream, gateway, client)
    await shown(browser, gateway)
    refused = "document.querySelector('[data-key=\"openai#3\"]')"
    await browser.until(f"!!{refused}")
    await browser.value(
        f"[...{refused}.querySelectorAll('button')].find(one => one.textContent === 'Test').click()"
    )
    await browser.until(f"{refused}.innerText.includes('Incorrect API key')")
    resting = "document.querySelector('[data-key=\"openai#7\"]')"
    await browser.until(f"!!{resting}")
    await browser.value(
        f"[...{resting}.querySelectorAll('button')].find(one => one.textContent === 'Wake').click()"
    )
    await browser.until(f"{resting}.innerText.includes('ready')")
    assert browser.complaints == []


@pytest.mark.parametrize("width", [1280, 360])
async def test_nothing_yet(upstream, gateway, browser, width):
    """How to connect comes first."""
    await gateway.start(thirteen(upstream))
    await shown(browser, gateway, width=width)
    assert "No requests yet." in await browser.value(TEXT)
    first = await browser.value("document.querySelector('#parts > :not([hidden])').id")
    assert first == "part-connect"
    await fits(browser)
    await picture(browser, f"empty-{width}")


async def test_a_faint_text_would_be_found(upstream, gateway, browser):
    """The look at contrasts looks."""
    await gateway.start(thirteen(upstream))
    await shown(browser, gateway)
    await browser.value("document.querySelector('#under').style.color = '#aaa'")
    assert [one.split(" ")[1] for one in await browser.faint_texts()] == ["P.under:"]


@pytest.mark.parametrize("width", [1280, 360])
async def test_the_gateway_is_gone(upstream, gateway, client, browser, width):
    """A red strip at the top says so and since when; it goes when the gateway is back."""
    await busy(upstream, gateway, client)
    await shown(browser, gateway, width=width)
    port = gateway.port
    await gateway.stop()
    await browser.until("!document.getElementById('banner').hidden", seconds=30)
    text = await browser.value("document.getElementById('banner').textContent")
    assert "The gateway does not answer since" in text
    assert await browser.value("document.getElementById('banner').getBoundingClientRect().top") == 0
    assert await browser.faint_texts() == []
    await picture(browser, f"gone-{width}")
    arguments = ["--config", str(gateway.folder / "api.yaml")]
    await gateway.launch(*arguments, port=port)
    await browser.value("document.querySelector('#banner button').click()")
    await browser.until("document.getElementById('banner').hidden")


async def test_a_configuration_is_refused(upstream, gateway, client, browser):
    """The reason stands at the top, and goes with it."""
    value = thirteen(upstream)
    await gateway.start(value)
    await shown(browser, gateway)
    path = gateway.folder / "api.yaml"
    path.write_text(json.dumps({**value, "providers": "none"}))
    await browser.until("!document.getElementById('banner').hidden", seconds=30)
    text = await browser.value("document.getElementById('banner').textContent")
    assert "was refused" in text
    assert "providers" in text
    await picture(browser, "refused-config")
    path.write_text(json.dumps(value))
    await browser.until("document.getElementById('banner').hidden", seconds=30)


@pytest.fixture
def late_in_the_day(monkeypatch):
    """A time zone where it is past ten in the evening: a day's budget has a day behind it."""
    monkeypatch.setenv("TZ", f"LATE{time.gmtime().tm_hour - 22:+}")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("late_in_the_day")
async def test_money_is_shown_where_there_is_any(upstream, gateway, client, browser):
    """Budgets with what is used of them, prompt caches with why they missed."""
    await busy(upstream, gateway, client)
    await shown(browser, gateway)
    await browser.until("document.querySelectorAll('#budgets .rows > *').length === 4")
    budgets = await browser.value("document.querySelector('#budgets').innerText")
    assert "the whole gateway" in budgets
    assert "client key translator" in budgets
    verdict = await browser.value("document.querySelector('#verdict').textContent")
    assert "Used up: client key translator ($0.5/day)." in verdict
    caches = await browser.value("document.querySelector('#caches').innerText")
    assert "56.9 % of 16.2K tokens from the cache" in caches
    await picture(browser, "money-1280")
    assert browser.complaints == []


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (360, "zh-CN")])
async def test_lessons_ends_of_models_and_balances(gateway, client, browser, width, language):
    """In the language of the page; a balance that is nearly gone is red."""
    choosy = await ChoosyUpstream().start()
    try:
        await gateway.start(ending(choosy))
        chat = {"model": "glm-5", "seed": 7, "messages": [{"role": "user", "content": "hi"}]}
        async with client.post(gateway.url + "/v1/chat/completions", json=chat) as answer:
            assert answer.status == 200
        await browser.before_each_page(WITH_BALANCES)
        await shown(browser, gateway, width=width, language=language)
        await unfolded(browser)
        await browser.until("document.querySelectorAll('#balances .row').length === 2")
        await fits(browser)
        assert await browser.faint_texts() == []
        learned = await browser.value("document.querySelector('#learned').innerText")
        ends = await browser.value("document.querySelector('#endings').innerText")
        said = ("without seed", "opus (claude-opus-4-5-20251101) at anthropic", "2027-01-22")
        if language != "en":
            said = (
                "不带 seed",
                "anthropic 的 opus (claude-opus-4-5-20251101)",
                "将于 2027-01-22 下线",
            )
        assert said[0] in learned
        assert said[1] in ends
        assert said[2] in ends
        low = "document.querySelector('#balances .row .bad').textContent"
        assert "$0.42" in await browser.value(low)
        await picture(browser, f"lessons-{width}")
    finally:
        await choosy.stop()


async def test_a_request_in_full(upstream, gateway, client, browser):
    """The page says that the inspector is on; a request opens, is copied, and is sent again."""
    await busy(upstream, gateway, client, inspect={"last": 50})
    await shown(browser, gateway)
    assert "Inspector on" in await browser.value(
        "document.getElementById('inspecting').textContent"
    )
    await browser.until("document.querySelectorAll('#requests tr[data-request]').length > 5")
    await browser.value("document.querySelector('#requests tr[data-request]').click()")
    button = (
        "[...document.querySelectorAll('#requests button')].find(one => one.textContent === {})"
    )
    await browser.until(f"!!{button.format(json.dumps('In full'))}")
    await browser.value(f"{button.format(json.dumps('In full'))}.click()")
    await browser.until("!!document.querySelector('#requests pre')")
    assert '"role": "user"' in await browser.value("document.querySelector('#requests').innerText")
    await browser.value("document.querySelectorAll('#requests .tabs button')[1].click()")
    assert "chat/completions" in await browser.value(
        "document.querySelector('#requests').innerText"
    )
    await picture(browser, "inspected-1280")
    await browser.value(f"{button.format(json.dumps('Send again'))}.click()")
    await browser.until(
        "document.querySelector('#requests').innerText.includes('x') && "
        "[...document.querySelectorAll('#requests pre')].length > 2"
    )
    assert browser.complaints == []


async def test_a_test_message_is_answered(upstream, gateway, browser):
    """With who answered, and how fast."""
    await gateway.start(thirteen(upstream))
    await shown(browser, gateway)
    await browser.until("!!document.querySelector('#trial textarea')")
    await browser.value("document.querySelector('#trial button').click()")
    await browser.until("document.querySelector('#trial').innerText.includes('how are you')")
    await browser.until("document.querySelector('#trial').innerText.includes('in all')")
    said = await browser.value("document.querySelector('#trial').innerText")
    assert "first token after" in said
    assert "in all" in said
    await picture(browser, "trial-1280")
    assert browser.complaints == []


@pytest.mark.parametrize("width", [1280, 360])
async def test_what_strangers_say_is_text_and_bounded(upstream, gateway, client, browser, width):
    """Markup, a hundred thousand letters without a blank, marks that turn a line round, terminal
    codes: in model names, labels and providers' errors.
    """
    names = [HOSTILE[:180], "<script>alert(2)</script>", "\u202eright-to-left", "x" * 250]
    value = served(upstream, [("<b>bold</b>", keys("bad", 1, hostile=[0]), names)])
    value["api_keys"][1]["role"] = HOSTILE[:60_000]
    await gateway.start(value)
    for name in names:
        await ask_each(client, gateway.url, name, 2)
    await ask_each(client, gateway.url, "no such " + HOSTILE[:200], 2)
    await browser.value("window.alert = () => { console.error('alerted') }")
    await shown(browser, gateway, width=width)
    await unfolded(browser)
    await browser.until("document.querySelectorAll('#failures details').length > 0")
    await browser.value(
        "document.querySelectorAll('#failures details').forEach(one => { one.open = true })"
    )
    await fits(browser)
    assert (
        await browser.value("document.querySelectorAll('img, main script, main b.bold').length")
        == 0
    )
    assert "\u202e" not in await browser.value("document.body.textContent")
    assert await browser.value("document.body.textContent.length") < 600_000
    await picture(browser, f"hostile-{width}")


async def test_filters_ask_the_gateway(upstream, gateway, client, browser):
    """The list holds what they let pass, and says so when nothing is left."""
    await busy(upstream, gateway, client)
    await shown(browser, gateway)
    await browser.until("document.querySelectorAll('#requests tr[data-request]').length >= 8")

    async def choose(place, value, event):
        await browser.value(
            f"(() => {{ const one = document.querySelectorAll('#requests .filters > *')[{place}];"
            f" one.value = {json.dumps(value)}; one.dispatchEvent(new Event('{event}')) }})()"
        )

    rows = "[...document.querySelectorAll('#requests tr[data-request]')]"
    await choose(1, "sonet", "input")
    await browser.until(
        f"{rows}.length > 0 && {rows}.every(one => one.innerText.includes('sonet'))"
    )
    await choose(3, "ok", "change")
    await browser.until("document.querySelector('#requests').innerText.includes('No request fits')")
    await choose(1, "", "input")
    await browser.until(f"{rows}.length > 5 && {rows}.every(one => one.innerText.includes('200'))")
    assert browser.complaints == []


async def test_a_model_opens_to_what_it_did_over_time(upstream, gateway, client, browser):
    """First token, speed, errors, cost."""
    await busy(upstream, gateway, client)
    await shown(browser, gateway)
    await drawn(browser)
    await browser.value("document.querySelector('#models tr.opens').click()")
    await browser.until("document.querySelectorAll('#models [data-mini]').length === 4")
    assert (
        await browser.value(
            "document.querySelectorAll('#models [data-mini=speed] rect[data-value]').length"
        )
        > 5
    )
    await picture(browser, "model-1280")
    assert browser.complaints == []


async def test_the_last_hour_is_shown_to_the_minute(upstream, gateway, client, browser):
    """Thirty bars."""
    await busy(upstream, gateway, client)
    await shown(browser, gateway)
    await browser.value("document.querySelector('#ranges [data-hours=\"0\"]').click()")
    await browser.until("document.getElementById('verdict').textContent.includes('1 hour')")
    await browser.until("document.querySelectorAll('[data-chart=Requests] rect.hit').length === 30")
    assert browser.complaints == []


async def test_the_key_is_remembered_on_the_device_where_that_is_wished(upstream, gateway, browser):
    """And forgotten again."""
    await gateway.start(thirteen(upstream))
    await browser.open(gateway.url + "/")
    await browser.value("document.getElementById('keep').checked = true")
    await entered(browser, CLIENT_KEY)
    await browser.until("!document.getElementById('board').hidden")
    assert CLIENT_KEY in await browser.value("JSON.stringify(localStorage)")
    assert CLIENT_KEY not in await browser.value("JSON.stringify(sessionStorage)")
    await browser.call("Page.reload")
    await browser.until("document.getElementById('board')?.hidden === false")
    await browser.value("document.getElementById('leave').click()")
    assert CLIENT_KEY not in await browser.value("JSON.stringify(localStorage)")


async def test_the_picture_of_the_readme(upstream, gateway, client, browser):
    """`UNIAPI_PICTURES=docs` makes docs/page.png."""
    counted(gateway.folder / "data", time.time(), upstream="")
    await gateway.start(thirteen(upstream))
    await shown(browser, gateway, width=1120)
    await drawn(browser)
    await browser.until("document.querySelectorAll('#requests tr[data-request]').length >= 8")
    await picture(browser, "page", height=1010)
