"""How long the coding agents of the day keep their user waiting when nothing can help: a wrong
client key, a provider that refuses the key, an account without money, used-up credits, a model that
nobody serves. No test is collected here; it is run by hand, with the agents of `run.py`:

    .venv/bin/python tests/agents/refused.py --bin /tmp/agents/node_modules/.bin [--agent claude …]

It prints seconds, upstream calls and the last words of each. The agents retry as they do out of the
box. Exit status 1 where one needs PATIENCE_S longer than it does when it is served (OpenCode takes
seconds to start in an empty home), or does not say what is wrong.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
sys.path.insert(0, str(Path(__file__).parents[1] / "matrix"))
from agents import AGENTS, Place, printed
from fakes import CLIENT_KEY, FakeUpstream, Gateway, chat_stream, provider, whole

PATIENCE_S = 3.0
LONGEST_S = 200
POOR_KEY = "sk-poor-0123456789abcdef"
REFUSED = {"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}}
NO_MONEY = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
SERVED = (CLIENT_KEY, "m", "hello from")
CASES = {
    "wrong client key": ("sk-wrong-0123456789abcdef", "m", "API key"),
    "refused provider key": (CLIENT_KEY, "refused", "refused"),
    "provider without money": (CLIENT_KEY, "poor", "quota"),
    "no credits": (POOR_KEY, "m", "credits"),
    "unknown model": (CLIENT_KEY, "nobody-has-it", "nobody-has-it"),
}
"""Key, model, and a word of what has to be said."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--bin", required=True, help="the folder of the agents' commands")
    parser.add_argument("--agent", nargs="*", default=list(AGENTS), choices=AGENTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="refused-") as folder:
        return asyncio.run(_run(Path(options.bin), options.agent, Path(folder)))


async def _run(binaries, agents, folder):
    upstream, gateway, is_good = FakeUpstream(), Gateway(folder), True
    await upstream.start()
    upstream.tell("refused", whole(REFUSED, status=401))
    upstream.tell("poor", whole(NO_MONEY, status=429))
    upstream.tell("m", chat_stream("hello from the provider", usage=True))
    try:
        await gateway.start(_config(upstream))
        for agent in agents:
            served_s = None
            for case, (key, model, word) in {"served": SERVED, **CASES}.items():
                calls = sum(map(len, upstream.seen.values()))
                home = folder / f"{agent}-{case}".replace(" ", "-")
                (home / "work").mkdir(parents=True)
                place = Place(home, home / "work", gateway.url, key, model)
                seconds, said = await _ask(binaries, AGENTS[agent], place)
                calls = sum(map(len, upstream.seen.values())) - calls
                is_said = word.lower() in said.lower()
                served_s = seconds if served_s is None else served_s
                is_good &= is_said and seconds - served_s < PATIENCE_S
                verdict = "says it" if is_said else "DOES NOT SAY IT"
                tail = " ".join(said.split())[-160:]
                print(f"{agent} | {case} | {seconds:.1f} s | {calls} calls | {verdict} | …{tail}")
    finally:
        await gateway.stop()
        await upstream.stop()
    return 0 if is_good else 1


def _config(upstream):
    keys = [
        {"api": CLIENT_KEY},
        {"api": POOR_KEY, "preferences": {"credits": 0, "created_at": "2026-01-01T00:00:00+00:00"}},
    ]
    rows = [provider(upstream, name, model=[name]) for name in ("refused", "poor")]
    rows.append(provider(upstream, "m", model=["m"]))
    return {"providers": rows, "api_keys": keys, "preferences": {"model_price": {"default": "1,2"}}}


async def _ask(binaries, agent, place):
    """(seconds, what it printed) of one prompt; the agent and its children end with it."""
    words, environment = agent(place, "Say hello.", again=False)
    environment.pop("CLAUDE_CODE_MAX_RETRIES", None)
    for settings in place.home.glob(".codex/config.toml"):
        lines = settings.read_text().splitlines()
        settings.write_text("\n".join(one for one in lines if "max_retries" not in one))
    began = time.monotonic()
    said = await printed(binaries, words, place, environment, LONGEST_S)
    return time.monotonic() - began, "(nothing)" if said is None else said


if __name__ == "__main__":
    sys.exit(main())
