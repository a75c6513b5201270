"""`check --live`, `explain` and `models` as a user runs them: tables to read, JSON to process, exit
codes, no secret on the screen.
"""

import asyncio
import json
import time

import pytest
import warm
import yaml
from fakes import CLIENT_KEY, Answer, chat_whole, config, provider, whole

from uniapi.engines import Learned
from uniapi.gateway import LearnedModels
from uniapi.storage import DiskFolder

MODELS = whole(
    {"object": "list", "data": [{"id": "one", "object": "model"}, {"id": "two", "object": "model"}]}
)
REFUSED = whole(
    {
        "error": {
            "message": "Incorrect API key provided",
            "type": "invalid_request_error",
            "code": "invalid_api_key",
        }
    },
    status=401,
)
MISSING = whole({"error": {"message": "no such page"}}, status=404)


async def run(folder, value, *arguments):
    """Exit code and what was printed, of a command in a folder with this `api.yaml`."""
    (folder / "api.yaml").write_text(yaml.safe_dump(value))
    (folder / "api.yaml").chmod(0o600)
    done = await asyncio.to_thread(warm.run, arguments, cwd=folder)
    assert "Traceback" not in done.stderr
    for secret in (CLIENT_KEY, "sk-up-good-key-long", "sk-up-dead-key-long"):
        assert secret not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def live(upstream):
    """A provider with a good and a refused key; one without a model list, which can complete; one
    that hangs up.
    """
    upstream.tell("list", REFUSED, MODELS)
    upstream.tell("chat", MISSING, MISSING, chat_whole())
    return config(
        [
            provider(upstream, "list", api=["sk-up-good-key-long"]),
            provider(upstream, "chat", api=["sk-up-good-key-long-2"]),
        ]
    )


async def test_check_live_asks_every_key_once(upstream, tmp_path):
    """A model list, or where there is none one completion of a single token; as JSON with
    latency.
    """
    code, output, _ = await run(tmp_path, live(upstream), "check", "--live", "--json")
    value = json.loads(output)
    assert code == 0
    assert [(row["provider"], row["ok"], row["models"]) for row in value["live"]] == [
        ("list", True, 2),
        ("chat", True, 1),
    ]
    assert all(row["latency_ms"] >= 0 for row in value["live"])
    assert [(seen.path, "authorization" in seen.headers) for seen in upstream.seen["list"]] == [
        ("/list/v1/models", False),
        ("/list/v1/models", True),
    ]
    assert [seen.path for seen in upstream.seen["chat"]] == [
        "/chat/v1/models",
        "/chat/v1/models",
        "/chat/v1/chat/completions",
    ]
    asked = upstream.seen["chat"][2].json
    assert (asked["model"], asked["max_tokens"]) == ("up-model", 1)


async def test_check_live_shows_what_is_wrong_in_a_table(upstream, tmp_path):
    """Exit 2; the refused key is named by its masked form, with the provider's own words; the good
    one is there too.
    """
    upstream.tell("good", REFUSED, MODELS)
    upstream.tell("dead", REFUSED)
    upstream.tell("gone", Answer([], then="reset"))
    entries = [
        provider(upstream, name, api=[f"sk-up-{name}-key-long"])
        for name in ("good", "dead", "gone")
    ]
    code, output, _ = await run(tmp_path, config(entries), "check", "--live")
    rows = {
        line.split()[0]: line
        for line in output.splitlines()
        if line.split() and line.split()[0] in ("provider", "good", "dead", "gone")
    }
    assert code == 2
    assert rows["provider"].split() == ["provider", "key", "ok", "latency", "models"]
    assert " yes " in rows["good"]
    assert " NO " in rows["dead"]
    assert "\n    Incorrect API key provided" in output
    assert " NO " in rows["gone"]


async def test_check_live_puts_failures_first_and_keeps_what_was_listed(upstream, tmp_path):
    """Keys by their number in the file; `models` knows the list without a running gateway."""
    upstream.tell("good", REFUSED, MODELS, REFUSED)
    entry = provider(upstream, "good", api=["sk-up-first-key-long", "sk-up-second-key-long"])
    del entry["model"]
    _, output, _ = await run(tmp_path, config([entry]), "check", "--live")
    shown = [line.split()[:2] for line in output.splitlines() if line.startswith("good")]
    assert shown == [["good", "#2"], ["good", "#1"]]
    assert "1 of 2 keys answered well" in output
    _, output, _ = await run(tmp_path, config([entry]), "models")
    assert "  one\n  two\n" in output


async def test_a_list_that_anybody_gets_proves_no_key(upstream, tmp_path):
    """OpenRouter lists without a key: there the key is tried with a completion, also where the
    owner names no model.
    """
    upstream.tell("named", MODELS, MODELS, REFUSED)
    upstream.tell("unnamed", MODELS, MODELS, REFUSED)
    upstream.tell("fine", MODELS, MODELS, MISSING)
    entries = [
        provider(upstream, name, api=[f"sk-up-{name}-key-long"])
        for name in ("named", "unnamed", "fine")
    ]
    for entry in entries[1:]:
        del entry["model"]
    code, output, _ = await run(tmp_path, config(entries), "check", "--live", "--json")
    rows = json.loads(output)["live"]
    assert (code, json.loads(output)["ok"]) == (2, False)
    assert [(row["provider"], row["ok"]) for row in rows] == [
        ("named", False),
        ("unnamed", False),
        ("fine", True),
    ]


async def test_check_without_live_asks_nobody(upstream, tmp_path):
    """The plain check never touches the network."""
    upstream.tell("list", MODELS)
    code, output, _ = await run(tmp_path, config([provider(upstream, "list")]), "check", "--json")
    assert code == 0
    assert "live" not in json.loads(output)
    assert "list" not in upstream.seen


def routes(upstream):
    """Two channels for `m` with limits and timeouts of their own, one more that no rule of the key
    reaches.
    """
    value = config(
        [
            provider(
                upstream,
                "a",
                api=["sk-up-good-key-long", "sk-up-good-key-long-2"],
                preferences={"api_key_rate_limit": "7/min"},
            ),
            provider(upstream, "b", preferences={"model_timeout": {"m": 33}}),
            provider(upstream, "c", exclude_endpoints=["/v1/chat/completions"]),
            provider(upstream, "d"),
        ]
    )
    value["api_keys"] = [
        {
            "api": CLIENT_KEY,
            "model": ["b/*", "a/*", "c/*"],
            "preferences": {"rate_limit": "9/hour"},
        },
        {"api": "sk-second-client-key-00", "role": "friend", "model": ["d/*"]},
    ]
    return value


async def test_explain_says_who_would_be_tried_and_why_others_are_out(upstream, tmp_path):
    """Channels in order with model, timeouts, limits and masked keys, as JSON; nobody is asked."""
    code, output, _ = await run(tmp_path, routes(upstream), "explain", "m", "--json")
    value = json.loads(output)
    assert code == 0
    assert [channel["provider"] for channel in value["channels"]] == ["b", "a", "c"]
    assert value["rate_limit"] == "9/hour"
    assert value["channels"][0]["timeouts"]["first_token"] == 33
    assert value["channels"][1]["key_rate_limit"] == "7/min"
    assert len(value["channels"][1]["keys"]) == 2
    assert "exclude_endpoints" in value["channels"][2]["out"]
    assert [entry["provider"] for entry in value["out"]] == ["d"]
    assert {channel["upstream_model"] for channel in value["channels"]} == {"up-model"}
    assert not upstream.seen


async def test_explain_reads_well_and_takes_another_key(upstream, tmp_path):
    """The same as lines; `--key` by the label or the number, so that no secret need stand on a
    command line; one that does is warned of.
    """
    for named in ("friend", "2"):
        code, output, errors = await run(tmp_path, routes(upstream), "explain", "m", "--key", named)
        assert (code, errors) == (0, "")
        assert "1. d/up-model" in output
        assert "b/up-model" not in output
    code, output, errors = await run(
        tmp_path, routes(upstream), "explain", "m", "--key", "sk-second-client-key-00"
    )
    assert code == 0
    assert "1. d/up-model" in output
    assert "can be read by others" in errors
    assert "sk-second-client-key-00" not in output + errors
    twins = routes(upstream)
    twins["api_keys"].append({"api": "sk-third-client-key-000", "role": "friend"})
    code, _, errors = await run(tmp_path, twins, "explain", "m", "--key", "friend")
    assert code == 2
    assert "2 friend, 3 friend" in errors


async def test_explain_goes_into_nested_keys(upstream, tmp_path):
    """Each level with its own order and attempts; weights are shown, what is out stands last
    without a number.
    """
    value = routes(upstream)
    value["api_keys"].append(
        {
            "api": "sk-third-client-key-000",
            "role": "outer",
            "model": [{"sk-second-client-key-00/*": 4}, "c/*", "a/*"],
        }
    )
    value["providers"][0]["api"] = [
        "sk-up-good-key-long",
        {"key": "sk-up-good-key-long-2", "weight": 3},
    ]
    code, output, _ = await run(tmp_path, value, "explain", "m", "--key", "outer")
    assert code == 0
    lines = [line.strip() for line in output.splitlines()]
    assert lines[1] == "order: fixed_priority, always in this order; at most 3 attempts"
    assert lines[2].startswith("1. client key sk-sec")
    assert "(weight 4)" in lines[2]
    assert lines[3] == "order: fixed_priority, always in this order; at most 2 attempts"
    assert [line for line in lines if "up-model" in line] == [
        "1. d/up-model (gpt)",
        "2. a/up-model (gpt)",
        lines[-6],
    ]
    assert lines[-6].startswith("– c/up-model (gpt) OUT: `exclude_endpoints`")
    assert "(weight 3)" in output


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["explain", "n"], 1, "nothing serves it"),
        (["explain", "m", "--key", "nobody"], 2, "friend"),
    ],
)
async def test_explain_of_what_is_not_there(upstream, tmp_path, arguments, code, words):
    """An unknown model is 1, an unknown key is 2 and names those there are."""
    found, output, errors = await run(tmp_path, routes(upstream), *arguments)
    assert found == code
    assert words in output + errors


async def test_ends_of_models_are_told_where_one_looks(upstream, tmp_path):
    """`check`, `models` and `explain` say when a model is gone and what succeeds it; elsewhere the
    same name says nothing.
    """
    gone = {
        "provider": "deepseek",
        "base_url": "https://api.deepseek.com",
        "api": "sk-1",
        "model": [{"deepseek-chat": "chat"}],
    }
    value = {
        "providers": [gone, {**gone, "provider": "relay", "base_url": "https://relay.example/v1"}],
        "api_keys": [{"api": "sk-first-client-key-000"}],
    }
    said = "chat (deepseek-chat) at deepseek was shut down 2026-07-24; deepseek-v4-flash succeeds"
    for command in (["check"], ["models"], ["explain", "chat"]):
        code, output, _ = await run(tmp_path, value, *command)
        assert code == 0
        assert output.count("was shut down") == 1
        assert said in output
    _, output, _ = await run(tmp_path, value, "check", "--json")
    assert json.loads(output)["retirements"][0]["successor"] == "deepseek-v4-flash"
    _, output, _ = await run(tmp_path, value, "explain", "chat", "--json")
    channels = json.loads(output)["channels"]
    assert [channel["retirement"] is None for channel in channels] == [False, True]


async def test_what_refusals_taught_is_told_where_one_looks(upstream, tmp_path):
    """`explain` beside its channel, `check --live` below the table; a provider that is gone is not
    spoken of.
    """
    folder = DiskFolder(tmp_path / "data")
    learned = LearnedModels.of_folder(folder, time.time())
    for name in ("list", "gone"):
        learned.learn(name, "up-model", Learned(drops=frozenset({("store",)})), time.time())
    learned.flush(time.time())
    code, output, _ = await run(tmp_path, live(upstream), "explain", "m")
    assert code == 0
    assert output.count("learned from refusals: without store") == 1
    _, output, _ = await run(tmp_path, live(upstream), "check", "--live")
    assert "learned from refusals: list/up-model: without store" in output
    assert "gone" not in output
    _, output, _ = await run(tmp_path, live(upstream), "check", "--live", "--json")
    assert [row["lessons"] for row in json.loads(output)["learned"]] == [["without store"]]
