"""What the status page is shown in its tests: a day of calls, and upstreams that treat each key as
it is told.
"""

import json
import os
from pathlib import Path

from fakes import CLIENT_KEY, DONE, Answer, FakeUpstream, chunk, config, whole

from uniapi.canonical import Usage
from uniapi.config import fingerprint
from uniapi.stats import AttemptRecord, CallRecord, Recorder
from uniapi.storage import DiskFolder

OTHER_KEY = "sk-other-client-key-abcdefgh"
MODELS = (
    ("claude-sonnet-5", "anthropic", 7),
    ("gpt-5.6", "openai", 5),
    ("gemini-3.5-pro", "google", 3),
    ("deepseek-v4", "openrouter-with-a-long-name", 1),
)
REFUSED = whole(
    {"error": {"message": "Incorrect API key provided: sk-***", "code": "invalid_api_key"}},
    status=401,
)
LIMITED = whole(
    {"error": {"message": "Rate limit reached for requests, try again in 300s"}},
    status=429,
    headers={"retry-after": "300"},
)
EMPTY = whole(
    {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}},
    status=429,
)
COUNTS = {
    "prompt_tokens": 1800,
    "completion_tokens": 120,
    "total_tokens": 1920,
    "prompt_tokens_details": {"cached_tokens": 1024},
}
SERVED = Answer(
    [
        chunk({"role": "assistant", "content": "Hello there, "}),
        chunk({"content": "how are you"}),
        chunk({}, "stop"),
        chunk(usage=COUNTS),
        DONE,
    ],
    pause_s=0.03,
)
HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.exe\x1b[31m" + "W" * 100_000


class KeyedUpstream(FakeUpstream):
    """Answers by the last characters of the key that asks: `refused`, `limited`, `empty`; any other
    is served.
    """

    def answer_to(self, seen):
        key = seen.headers.get("authorization", "")
        for ending, answer in (("refused", REFUSED), ("limited", LIMITED), ("empty", EMPTY)):
            if key.endswith(ending):
                return answer
        if key.endswith("hostile"):
            return whole({"error": {"message": HOSTILE}}, status=500)
        return SERVED


def keys(name, count, **endings):
    """`count` keys, those at the places named with another ending."""
    by_place = {place: ending for ending, places in endings.items() for place in places}
    return [
        f"sk-{name}-{place:03}-0123456789abcdef{by_place.get(place, '')}" for place in range(count)
    ]


def served(upstream, entries, **preferences):
    """A configuration: `entries` are (provider, keys, models)."""
    value = config(
        [
            {
                "provider": name,
                "base_url": upstream.url(name),
                "api": some,
                "model": [{f"{model}-upstream": model} for model in models],
                "preferences": {"api_key_schedule_algorithm": "round_robin"},
            }
            for name, some, models in entries
        ],
        preferences,
        role="admin",
    )
    value["api_keys"].append({"api": OTHER_KEY, "role": "translator"})
    return value


def thirteen(upstream, **preferences):
    """Thirteen keys, one of them refused, one resting, one out of money."""
    value = served(
        upstream,
        [
            ("anthropic", keys("ant", 2), ["claude-sonnet-5", "claude-haiku-5"]),
            ("openai", keys("proj", 9, refused=[2], limited=[6]), ["gpt-5.6", "gpt-5.6-mini"]),
            ("google", keys("goo", 2, empty=[1]), ["gemini-3.5-pro"]),
        ],
        **{"budget": "$20/day,$300/month", **preferences},
    )
    value["api_keys"][1]["preferences"] = {"budget": "$0.50/day", "credits": 30}
    return value


def hundred(upstream):
    """A hundred keys of one provider and fifteen of another."""
    bad = keys("many", 100, refused=[3, 41, 77], limited=range(10, 16), empty=[90])
    return served(
        upstream, [("siliconflow", bad, ["glm-5"]), ("groq", keys("gsk", 15), ["llama-5"])]
    )


def forty(upstream):
    """Forty providers of five keys each; one of the last has a key that is refused."""
    bad = {33: {"refused": [1]}}
    rows = [
        (f"provider-{place}", keys(f"p{place}", 5, **bad.get(place, {})), [f"m-{place}"])
        for place in range(40)
    ]
    return served(upstream, rows)


UNKNOWN_MEMBER = whole(
    {"error": {"message": "Unsupported parameter: 'seed'", "param": "seed", "type": "x"}},
    status=400,
)
BALANCES = [
    {"provider": "openrouter", "number": 1, "key": "sk-or-…9999", "left": "$0.42", "amount": 0.42},
    {"provider": "deepseek", "number": 2, "key": "sk-d…1111", "left": "¥81.20", "amount": 81.2},
]
"""As vendors would tell them, whom no test can ask."""
WITH_BALANCES = (
    "const plain = window.fetch; window.fetch = async (path, more) => {"
    " const answer = await plain(path, more);"
    " if (!String(path).startsWith('/v1/status?') || !answer.ok) return answer;"
    " const value = await answer.json();"
    f" value.money.balances = {json.dumps(BALANCES)}.map((one) => ({{...one, at: value.now}}));"
    " return new Response(JSON.stringify(value), {status: 200}); };"
)


class ChoosyUpstream(FakeUpstream):
    """Refuses one member, and serves the request without it."""

    def answer_to(self, seen):
        return UNKNOWN_MEMBER if b'"seed"' in seen.body else SERVED


def ending(upstream):
    """Models that end soon, at a vendor that is never asked, beside one whose upstream teaches."""
    value = served(upstream, [("choosy", keys("cho", 1), ["glm-5"])])
    value["providers"].append(
        {
            "provider": "anthropic",
            "base_url": "https://api.anthropic.com/v1/messages",
            "api": "sk-ant-0123456789abcdef",
            "model": [{"claude-opus-4-5-20251101": "opus"}],
        }
    )
    return value


async def ask_each(client, url, model, times):
    """So many calls, one after the other, so that each key has its turn."""
    for number in range(times):
        chat = {"model": model, "messages": [{"role": "user", "content": f"hi {number}"}]}
        async with client.post(
            url + "/v1/chat/completions", json={**chat, "stream": True}
        ) as answer:
            await answer.read()


def counted(folder, now_s, upstream="-upstream"):
    """Calls of the last 24 hours; gives what they add up to. `upstream`: what upstreams' names for
    the models have behind ours.
    """
    recorder = Recorder(DiskFolder(folder))
    recorder.open()
    expected = {"requests": 0, "errors": 0, "input": 0, "output": 0}
    for hours_ago in reversed(range(24)):
        for call in calls_of(hours_ago, now_s, upstream):
            recorder.record(call)
            expected["requests"] += 1
            expected["errors"] += call.outcome != "ok"
            expected["input"] += call.usage.input_tokens if call.usage else 0
            expected["output"] += call.usage.output_tokens if call.usage else 0
        recorder.commit(now_s)
    recorder.close(now_s)
    return expected


def calls_of(hours_ago, now_s, upstream):
    for model, name, times in MODELS:
        for number in range(times * (1 + (hours_ago * 7 + len(name)) % 5)):
            is_error = (hours_ago * 31 + number * 7) % 29 == 0
            yield call_of((model, model + upstream), name, number, hours_ago, now_s, is_error)
    yield mistake(hours_ago, now_s)


def moment(hours_ago, now_s, seconds):
    """So long ago, but within that hour: the page shows 24 of them, and no part of one more."""
    then_s = now_s - hours_ago * 3600
    return max(then_s - seconds, then_s - then_s % 3600)


def call_of(models, name, number, hours_ago, now_s, is_error):
    model, upstream_model = models
    usage = Usage(
        input_tokens=1200 + 90 * number,
        output_tokens=300 + 11 * number,
        cache_read_tokens=700 + 20 * (number % 7),
    )
    outcome = "server_error" if is_error else "ok"
    secret = f"sk-up-{name}-{number % 3}-0123456789abcdef"
    attempt = AttemptRecord(
        provider=name,
        provider_id=name,
        upstream_model=upstream_model,
        credential_id=fingerprint(secret),
        credential_display=secret[:9] + "…cdef",
        outcome=outcome,
        status=529 if is_error else 200,
        duration_s=1.7,
        message="Overloaded <b>now</b>" if is_error else "",
    )
    is_other = number == 0
    return CallRecord(
        request_id=f"{hours_ago:02}{model}{number}",
        at_s=moment(hours_ago, now_s, 1 + number * 13),
        key_id=fingerprint(OTHER_KEY if is_other else CLIENT_KEY),
        key_label="translator" if is_other else "me",
        operation="chat",
        endpoint="POST /v1/chat/completions",
        requested_model=model,
        provider=name,
        provider_id=name,
        upstream_model=upstream_model,
        status=502 if is_error else 200,
        outcome=outcome,
        stream=True,
        attempts=(attempt, attempt) if is_error or number % 9 == 4 else (attempt,),
        usage=None if is_error else usage,
        cost_pd=None if is_error else 12_345_000_000,
        first_token_s=None if is_error else 0.3 + number / 20,
        total_s=2.0 + number / 5,
        message=f"{name} is overloaded; it says: Overloaded <b>now</b>" if is_error else "",
    )


def mistake(hours_ago, now_s):
    return CallRecord(
        request_id=f"{hours_ago:02}mistake",
        at_s=moment(hours_ago, now_s, 2),
        key_id=fingerprint(CLIENT_KEY),
        key_label="me",
        operation="chat",
        endpoint="POST /v1/messages",
        requested_model="claude-sonet-5",
        provider=None,
        provider_id=None,
        upstream_model=None,
        status=404,
        outcome="refused",
        stream=True,
        attempts=(),
        message="The model `claude-sonet-5` does not exist or this API key may not use it. Did you"
        " mean claude-sonnet-5?",
    )


async def entered(browser, key):
    """The key is typed into the form."""
    await browser.until("!document.getElementById('ask').hidden")
    await browser.value(f"document.getElementById('key').value = {json.dumps(key)}")
    await browser.value("document.querySelector('#ask button').click()")


async def drawn(browser):
    await browser.until(
        "document.querySelectorAll('[data-chart=Requests] rect[data-value]').length > 0"
    )


def pictures():
    """Where pictures are left; None: nowhere."""
    folder = os.environ.get("UNIAPI_PICTURES")
    return Path(folder) if folder else None


async def picture(browser, name, height=None):
    """One picture of the page as it is."""
    if (folder := pictures()) is not None:
        folder.mkdir(exist_ok=True)
        await browser.picture(folder / f"{name}.png", height)
