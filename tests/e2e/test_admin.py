"""The admin surface: who may ask, what is answered, what is masked, and how mistakes are said."""

import asyncio
import json

import aiohttp
import pytest
from exposition import families
from fakes import CLIENT_KEY, chat_whole, config, provider, whole

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
CHAT_PATH = "/v1/chat/completions"
OTHER_KEY = "sk-other-client-key-abcdefgh"
UP_KEYS = ["sk-up-a-first-0123456789abcdef", "sk-up-a-second-0123456789abcdef"]
ADMIN_ONLY = [
    ("GET", "/v1/stats"),
    ("GET", "/v1/generate-api-key"),
    ("GET", "/v1/channel_key_rankings?provider_name=a"),
    ("GET", "/v1/api_keys_states"),
    ("POST", f"/v1/add_credits?paid_key={OTHER_KEY}&amount=1"),
    ("POST", "/v1/rests/clear"),
    ("GET", "/v1/api_config"),
    ("GET", "/v1/requests"),
    ("GET", "/metrics"),
]
BILLING = "/v1/dashboard/billing"
ANY_KEY = [
    ("GET", "/v1/token_usage"),
    ("GET", "/v1/status"),
    ("GET", f"{BILLING}/subscription"),
    ("GET", f"{BILLING}/usage"),
]


@pytest.fixture
async def served(upstream, gateway):
    """An admin's key and another with credits; a token costs a dollar; provider `a` has two keys
    and a proxy with a password in its configuration's notes.
    """
    upstream.tell("a", chat_whole())
    providers = [
        provider(
            upstream, "a", api=UP_KEYS, preferences={"headers": {"x-team": "hidden-header-value"}}
        )
    ]
    value = config(
        providers,
        {
            "model_price": {"default": "1000000,1000000"},
            "cors_origins": ["*", "https://mine.example"],
        },
        role="admin",
    )
    value["api_keys"].append(
        {
            "api": OTHER_KEY,
            "role": "translator",
            "model": ["a/*"],
            "preferences": {"credits": 6, "created_at": "2026-01-01T00:00:00Z"},
        }
    )
    await gateway.start(value)
    return gateway


async def ask(gateway, path, key=CLIENT_KEY, method="GET", **more):
    headers = {**more.pop("headers", {}), **({"Authorization": f"Bearer {key}"} if key else {})}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, gateway.url + path, **more) as response,
    ):
        text = await response.text()
        return response, json.loads(text) if response.content_type == "application/json" else text


async def chat(gateway, key=CLIENT_KEY):
    response, value = await ask(gateway, CHAT_PATH, key, "POST", json=CHAT)
    return response.status, value


async def test_who_may_ask(served):
    """Without a key or with a wrong one nothing of the admin surface is open: 401. What is the
    admin's is 403 for another key. Answers are not kept by caches.
    """
    for method, path in (*ADMIN_ONLY, *ANY_KEY):
        for key in (None, "sk-wrong"):
            response, value = await ask(served, path, key, method)
            assert (response.status, value["error"]["code"]) == (401, "invalid_api_key"), path
    for method, path in ADMIN_ONLY:
        response, value = await ask(served, path, OTHER_KEY, method)
        assert (response.status, value["error"]["code"]) == (403, "permission_denied"), path
        response, _ = await ask(served, path, CLIENT_KEY, method)
        assert (response.status, response.headers["cache-control"]) == (200, "no-store"), path


async def test_token_usage_shows_a_key_its_own_and_an_admin_all(served):
    """The predecessor's shape; credits, cost and balance are those of the key."""
    await chat(served)
    await chat(served, OTHER_KEY)
    _, value = await ask(served, "/v1/token_usage", OTHER_KEY)
    (row,) = value["usage"]
    assert {
        "api_key_prefix": "translator",
        "model": "m",
        "total_prompt_tokens": 3,
        "total_completion_tokens": 2,
        "total_tokens": 5,
        "request_count": 1,
    }.items() <= row.items()
    details = value["query_details"]
    assert (
        details["api_key_filter"],
        details["credits"],
        details["total_cost"],
        details["balance"],
    ) == ("self", "$6.000000", "$5.000000", "$1.000000")
    _, value = await ask(served, "/v1/token_usage?last_n_days=1")
    assert sorted(row["request_count"] for row in value["usage"]) == [1, 1]
    assert (value["query_details"]["api_key_filter"], value["query_details"]["total_cost"]) == (
        "all",
        "$10.000000",
    )
    for named in (OTHER_KEY, "translator"):
        _, value = await ask(served, f"/v1/token_usage?api_key_param={named}&model=m")
        assert [row["api_key_prefix"] for row in value["usage"]] == ["translator"]
    _, value = await ask(served, "/v1/token_usage?model=other")
    assert value["usage"] == []


async def test_a_chat_clients_balance_is_that_of_its_key(served):
    """Limit less usage, whatever days are asked for; a key without credits has one-api's number for
    no limit. `/v1` may be missing.
    """
    await chat(served, OTHER_KEY)
    _, limit = await ask(served, f"{BILLING}/subscription", OTHER_KEY)
    _, used = await ask(served, f"{BILLING}/usage?start_date=2020-01-01", OTHER_KEY)
    assert (limit["hard_limit_usd"], limit["access_until"]) == (6, 0)
    assert used == {"object": "list", "total_usage": 500}
    _, limit = await ask(served, "/dashboard/billing/subscription")
    assert limit["hard_limit_usd"] == 100_000_000


WRONG_QUESTIONS = [
    ("/v1/token_usage?last_n_days=0", CLIENT_KEY, 400, "last_n_days"),
    ("/v1/token_usage?last_n_days=1&start_datetime=1", CLIENT_KEY, 400, "not both"),
    ("/v1/token_usage?start_datetime=yesterday", CLIENT_KEY, 400, "start_datetime"),
    ("/v1/token_usage?api_key_param=sk-nobody", CLIENT_KEY, 404, "api_key_param"),
    (f"/v1/token_usage?api_key_param={CLIENT_KEY}", OTHER_KEY, 403, "admin"),
    ("/v1/channel_key_rankings", CLIENT_KEY, 400, "provider_name"),
    ("/v1/channel_key_rankings?provider_name=aa", CLIENT_KEY, 404, "Did you mean a?"),
    ("/v1/status?hours=1e9", CLIENT_KEY, 400, "hours"),
    ("/v1/stats?hours=721", CLIENT_KEY, 400, "hours"),
    ("/v1/stats?hours=0000000000000000024", CLIENT_KEY, 400, "hours"),
    (f"/v1/status?hours={'9' * 5000}", CLIENT_KEY, 400, "hours"),
    (f"/v1/token_usage?last_n_days=000000001{'0' * 5000}", CLIENT_KEY, 400, "last_n_days"),
    (f"/v1/token_usage?start_datetime=0.{'0' * 5000}1", CLIENT_KEY, 400, "start_datetime"),
]


async def test_a_wrong_question_is_told_what_is_wrong(served):
    """Status and a message that names the member; a key is never repeated in it."""
    for path, key, status, named in WRONG_QUESTIONS:
        response, value = await ask(served, path, key)
        assert (response.status, named in value["error"]["message"]) == (status, True), value
        assert CLIENT_KEY not in value["error"]["message"]


async def test_keys_of_a_provider_are_ranked_and_key_states_told(served, upstream):
    """Each upstream key by its masked form with its successes; each client key with its credits."""
    upstream.tell("a", whole({"error": {"message": "no"}}, status=401), chat_whole())
    for _ in range(3):
        assert (await chat(served, OTHER_KEY))[0] in (200, 429)
    _, value = await ask(served, "/v1/channel_key_rankings?provider_name=a")
    ranks = [(row["success_count"], row["total_requests"]) for row in value["rankings"]]
    assert (sum(good for good, _ in ranks), sum(total - good for good, total in ranks)) == (2, 1)
    assert not any(key in json.dumps(value) for key in UP_KEYS)
    _, value = await ask(served, "/v1/api_keys_states")
    states = value["api_keys_states"]
    other = next(state for state in states.values() if state["label"] == "translator")
    assert (other["credits"], other["total_cost"], other["balance"], other["enabled"]) == (
        6.0,
        10.0,
        -4.0,
        False,
    )
    assert OTHER_KEY not in json.dumps(value)


async def test_keys_that_look_alike_masked_are_told_apart(upstream, gateway):
    """Short keys and equal labels: each has its own state and its own usage, and can be named by
    its id.
    """
    upstream.tell("a", chat_whole())
    value = config([provider(upstream, "a")], role="admin")
    value["api_keys"] += [
        {"api": f"sk-short{number}", "role": "team", "preferences": {"credits": number}}
        for number in (1, 2)
    ]
    await gateway.start(value)
    assert [(await chat(gateway, f"sk-short{number}"))[0] for number in (1, 2, 2)] == [200] * 3
    _, value = await ask(gateway, "/v1/api_keys_states")
    states = {
        state["credits"]: (name, state["key_id"])
        for name, state in value["api_keys_states"].items()
    }
    assert set(states) == {1.0, 2.0, None}
    assert all(states[credits][0] == f"sk-… ({states[credits][1]})" for credits in (1.0, 2.0))
    _, value = await ask(gateway, "/v1/token_usage")
    assert sorted((row["key_id"], row["request_count"]) for row in value["usage"]) == sorted(
        [(states[1.0][1], 1), (states[2.0][1], 2)]
    )
    _, value = await ask(gateway, f"/v1/token_usage?api_key_param={states[2.0][1]}")
    assert [row["request_count"] for row in value["usage"]] == [2]
    response, value = await ask(
        gateway, f"/v1/add_credits?paid_key={states[2.0][1]}&amount=3", method="POST"
    )
    assert (response.status, value["new_credits"]) == (200, 5.0)


async def test_added_credits_count_at_once_and_after_a_restart(served):
    """By query or by body; the balance decides the next call; what cannot be added says why."""
    assert [(await chat(served, OTHER_KEY))[0] for _ in range(3)] == [200, 200, 429]
    response, value = await ask(
        served, f"/v1/add_credits?paid_key={OTHER_KEY}&amount=5", method="POST"
    )
    assert (response.status, value["new_credits"], value["balance"], value["enabled"]) == (
        200,
        11.0,
        1.0,
        True,
    )
    assert (await chat(served, OTHER_KEY))[0] == 200
    response, value = await ask(
        served, "/v1/add_credits", method="POST", json={"paid_key": "translator", "amount": 0.5}
    )
    assert (response.status, value["new_credits"], value["enabled"]) == (200, 11.5, False)
    text = (served.folder / "api.yaml").read_text()
    await served.stop()
    await served.start(text)
    _, value = await ask(served, "/v1/token_usage", OTHER_KEY)
    assert ("$11.500000", "$-3.500000".replace("$-", "-$")) == (
        value["query_details"]["credits"],
        value["query_details"]["balance"],
    )
    for query, status, named in (
        ("", 400, "paid_key"),
        (f"?paid_key={OTHER_KEY}", 400, "amount"),
        (f"?paid_key={OTHER_KEY}&amount=-1", 400, "amount"),
        (f"?paid_key={OTHER_KEY}&amount=nan", 400, "amount"),
        (f"?paid_key={OTHER_KEY}&amount=inf", 400, "amount"),
        ("?paid_key=sk-nobody&amount=1", 404, "paid_key"),
        (f"?paid_key={CLIENT_KEY}&amount=1", 400, "no `credits`"),
    ):
        response, value = await ask(served, "/v1/add_credits" + query, method="POST")
        assert (response.status, named in value["error"]["message"]) == (status, True), (
            query,
            value,
        )
    assert (await ask(served, "/v1/add_credits"))[0].status == 405


async def _resting(gateway):
    """The numbers of the provider's keys that rest."""
    _, value = await ask(gateway, "/v1/status?only=now")
    (row,) = value["health"]
    return [number for number, key in enumerate(row["keys"], 1) if key["rests"]]


async def test_what_rests_outlives_a_restart_and_is_woken_by_hand(served, upstream):
    """Both keys are refused; the next process knows it; a key, a provider or all are tried anew."""
    upstream.tell("a", whole({"error": {"message": "no"}}, status=401))
    assert (await chat(served))[0] == 502
    assert await _resting(served) == [1, 2]
    text = (served.folder / "api.yaml").read_text()
    await served.stop()
    await served.start(text)
    assert await _resting(served) == [1, 2]
    for members, cleared, resting in (
        ({"provider": "a", "key": 2}, 1, [1]),
        ({"provider": "a"}, 1, []),
        ({}, 0, []),
    ):
        response, value = await ask(served, "/v1/rests/clear", method="POST", json=members)
        assert (response.status, value) == (200, {"cleared": cleared})
        assert await _resting(served) == resting
    for members, status, named in (
        ({"provider": "b"}, 404, "`b`"),
        ({"provider": "a", "key": 3}, 404, "`3`"),
        ({"key": 1}, 400, "`provider`"),
    ):
        response, value = await ask(served, "/v1/rests/clear", method="POST", json=members)
        assert (response.status, named in value["error"]["message"]) == (status, True)


async def test_the_configuration_is_shown_as_written_with_secrets_masked(served):
    """The file's own keys; provider keys, client keys and header values are masked."""
    _, value = await ask(served, "/v1/api_config")
    shown = value["api_config"]
    assert [one["provider"] for one in shown["providers"]] == ["a"]
    assert shown["providers"][0]["model"] == [{"up-model": "m"}]
    assert shown["api_keys"][1]["role"] == "translator"
    assert shown["preferences"]["model_timeout"] == {"default": 5}
    text = json.dumps(value)
    assert not any(
        secret in text for secret in (*UP_KEYS, CLIENT_KEY, OTHER_KEY, "hidden-header-value")
    )


async def test_metrics_count_calls_and_say_what_rests(served, upstream):
    """Prometheus' text format, strictly read; live calls and resting keys are those of
    the moment.
    """
    upstream.tell(
        "a",
        whole({"error": {"message": "slow down"}}, status=429, headers={"retry-after": "60"}),
        chat_whole(),
    )
    assert (await chat(served))[0] == 200
    response, text = await ask(served, "/metrics")
    assert response.content_type == "text/plain"
    found = {
        name: [(dict(labels), value) for (_, labels), value in samples.items()]
        for name, (_, samples) in families(text).items()
    }
    assert found["uniapi_live_calls"] == [({}, 0.0)]
    assert found["uniapi_resting"] == [({"provider": "a", "kind": "key"}, 1.0)]
    assert [
        value for labels, value in found["uniapi_requests_total"] if labels["outcome"] == "ok"
    ] == [1.0]
    assert sorted(
        (labels["outcome"], value) for labels, value in found["uniapi_attempts_total"]
    ) == [("ok", 1.0), ("rate_limited", 1.0)]
    assert {
        "uniapi_build_info",
        "uniapi_tokens_total",
        "uniapi_cost_dollars_total",
        "uniapi_request_seconds",
    } <= set(found)
    assert "uniapi_config_loaded_timestamp_seconds" in found
    assert not any(secret in text for secret in (*UP_KEYS, CLIENT_KEY))


async def test_the_status_figures_hold_what_the_page_shows(served, upstream):
    """An admin sees series, health, failures and the configuration's state; another key its own
    calls only; `only=now` leaves the past out.
    """
    await chat(served)
    upstream.tell("a", whole({"error": {"message": "Internal"}}, status=500))
    assert (await chat(served, OTHER_KEY))[0] >= 500
    _, value = await ask(served, "/v1/status")
    assert (
        value["scope"],
        len(value["figures"]["times"]),
        sum(value["figures"]["all"]["requests"]),
        sum(value["figures"]["all"]["errors"]),
    ) == ("all", 24, 2, 1)
    assert ("ok", str(served.folder / "api.yaml")) == (
        value["config"]["state"],
        value["config"]["source"],
    )
    (health,) = value["health"]
    assert (health["provider"], len(health["keys"])) == ("a", 2)
    (failure,) = value["failures"]
    assert failure["key"] == "translator"
    assert failure["attempts"][0]["status"] == 500
    assert not any(secret in json.dumps(value) for secret in (*UP_KEYS, CLIENT_KEY, OTHER_KEY))
    _, value = await ask(served, "/v1/status?only=now", OTHER_KEY)
    assert (value["scope"], "figures" in value, "health" in value, "config" in value) == (
        "own",
        False,
        False,
        False,
    )
    assert [row["key"] for row in value["failures"]] == ["translator"]
    assert not any("key" in attempt for attempt in value["failures"][0]["attempts"])
    _, value = await ask(served, "/v1/status?hours=720", OTHER_KEY)
    assert (
        value["figures"]["step_s"],
        len(value["figures"]["times"]),
        sum(value["figures"]["all"]["requests"]),
    ) == (86400, 30, 1)
    assert "provider_keys" not in value["figures"]["summary"]


async def test_a_call_that_finds_every_key_resting_is_a_failure_and_no_mistake(served, upstream):
    """Its client did nothing wrong: the list, the sums and the log say so alike."""
    limited = whole({"error": {"message": "slow"}}, status=429, headers={"retry-after": "300"})
    upstream.tell("a", limited)
    first, (second, told) = await chat(served), await chat(served)
    assert (first[0], second) == (429, 429)
    assert "rests or is at its limit" in told["error"]["message"]
    told = "429 (unavailable: Every key for `m` rests"
    for _ in range(100):
        # A call is recorded, and its line written, after its answer.
        _, value = await ask(served, "/v1/status")
        if len(value["failures"]) == 2 and told in served.log:
            break
        await asyncio.sleep(0.1)
    assert told in served.log
    outcomes = [row["outcome"] for row in value["failures"]]
    assert sorted(outcomes) == ["rate_limited", "unavailable"]
    assert value["mistakes"] == []
    totals = value["figures"]["summary"]["totals"]
    assert (totals["errors"], totals["mistakes"]) == (2, 0)


async def test_a_refused_configuration_is_shown_with_its_errors(served):
    """State, errors and time; the next good file clears them."""
    path = served.folder / "api.yaml"
    good = path.read_text()
    path.write_text(good + "\nproviders: 3\n")
    for text, state, has_errors in (
        (good + "\nproviders: 3\n", "stale", True),
        (good + "\n# again\n", "ok", False),
    ):
        path.write_text(text)
        for _ in range(100):
            _, value = await ask(served, "/v1/status?only=now")
            if value["config"]["state"] == state:
                break
            await asyncio.sleep(0.1)
        assert (state, has_errors) == (value["config"]["state"], bool(value["config"]["errors"])), (
            value["config"]
        )


async def test_the_chinese_page_is_told_in_chinese_where_there_are_words(served):
    """What was refused, a client's mistakes, and a configuration's errors; English otherwise."""
    await ask(served, CHAT_PATH, "sk-wrong-0123456789abcdef", "POST", json=CHAT)
    await ask(served, CHAT_PATH, CLIENT_KEY, "POST", json={**CHAT, "model": "nobody"})
    path = served.folder / "api.yaml"
    path.write_text(path.read_text() + "\nmodle: 3\napi_keys: []\n")
    for _ in range(100):
        _, value = await ask(served, "/v1/status?only=now&lang=zh")
        if value["config"]["errors"]:
            break
        await asyncio.sleep(0.1)
    assert value["config"]["errors"][0].startswith("错误：第 ")
    assert value["strangers"][0]["message"] == "API 密钥不正确。"
    assert value["mistakes"][0]["message"].startswith("模型 `nobody` 不存在")
    _, listed = await ask(served, "/v1/requests?lang=zh")
    assert listed["requests"][0]["message"].startswith("模型 `nobody` 不存在")
    _, value = await ask(served, "/v1/status?only=now")
    assert value["strangers"][0]["message"] == "Incorrect API key provided."


async def test_browsers_get_the_page_and_probes_a_line(served):
    """`/` by what is accepted, `/status` always; the page names its own style and script by their
    hashes and lets in nothing else.
    """
    response, text = await ask(served, "/", None, headers={"Accept": "*/*"})
    assert (response.status, text.split()[0]) == (200, "uni-api")
    response, _ = await ask(served, "/", None, "HEAD")
    assert response.status == 200
    for path, accept in (
        ("/", "text/html,application/xhtml+xml"),
        ("/status", "*/*"),
        ("/status/", "*/*"),
    ):
        response, text = await ask(served, path, None, headers={"Accept": accept})
        assert (response.status, response.content_type, text.startswith("<!doctype html>")) == (
            200,
            "text/html",
            True,
        )
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "sandbox" not in policy
        assert policy.count("'sha256-") == 2
    for path in ("/", "/healthz", "/v1/models", "/nowhere"):
        response, _ = await ask(served, path, CLIENT_KEY)
        assert response.headers["content-security-policy"].endswith("sandbox")
        assert response.headers["x-content-type-options"] == "nosniff"
    assert " src=" not in text
    assert "http://" not in text.replace("http://www.w3.org/", "")


async def test_cors_on_the_admin_surface_is_for_listed_origins_only(served):
    """`*` in `cors_origins` is not enough; preflights included."""
    for method, path in (*ADMIN_ONLY, *ANY_KEY):
        for verb in (method, "OPTIONS"):
            response, _ = await ask(
                served, path, CLIENT_KEY, verb, headers={"Origin": "https://else.example"}
            )
            assert "access-control-allow-origin" not in response.headers, path
            response, _ = await ask(
                served, path, CLIENT_KEY, verb, headers={"Origin": "https://mine.example"}
            )
            assert response.headers["access-control-allow-origin"] == "https://mine.example"


async def test_names_that_no_text_can_hold_break_no_report(served):
    """Half of a surrogate pair, and control characters, in what a client calls a model."""
    names = json.dumps({"model": "m\ud800\x07", "messages": [{"role": "user", "content": "x"}]})
    headers = {"content-type": "application/json"}
    response, value = await ask(
        served, "/v1/chat/completions", CLIENT_KEY, "POST", headers=headers, data=names
    )
    assert response.status == 404, value
    for path in ("/v1/stats", "/v1/status", "/v1/token_usage", "/metrics", "/v1/models"):
        response, value = await ask(served, path, CLIENT_KEY)
        assert response.status == 200, value
