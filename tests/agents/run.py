"""The coding agents of the day, with tools, through the gateway, against vendors as strict as they
say they are. No test is collected here; it is run by hand:

    npm install --prefix /tmp/agents @anthropic-ai/claude-code @openai/codex \
        @google/gemini-cli opencode-ai      (their install scripts allowed)
    .venv/bin/python tests/agents/run.py --bin /tmp/agents/node_modules/.bin
        [--agent claude …] [--vendor groq …] [--origin anthropic …] [--keep FOLDER]

Each cell of the table is two prompts in one session: read one file and say what stands in it; then
two more. Alone, the vendor answers everything; with an origin, another family answers the first
turn and the first call of the second, then the vendor takes over. Of the origins `google`,
`anthropic` and `deepseek` each cell without --origin has one, in turn; `all` and `alone` are words
for --origin too. A cell is ok when the agent said what stands in the files and no vendor refused
anything, not even what the gateway mended by learning.

A run of everything takes half an hour on two cores. Only 127.0.0.1 is reached: vendors' names are
played behind a proxy with a throw-away certificate, and an agent's own errands end at a closed
port. It ends the processes that it started, and no others. Exit status 1 when a cell is not ok.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
sys.path.insert(0, str(Path(__file__).parents[1] / "matrix"))
from agents import AGENTS, Place, printed
from fakes import CLIENT_KEY, Gateway
from proxies import FakeProxy, certificate
from script import Script
from tap import Tap
from upstream import Upstream
from vendors import VENDORS

PATIENCE_S = 120
"""For one prompt of one agent."""
ORIGINS = ("google", "anthropic", "deepseek")
WORDS = {"a.txt": "a-11-heron", "b.txt": "b-22-heron", "c.txt": "c-33-heron"}
TURNS = (("a.txt",), ("b.txt", "c.txt"))


@dataclass(frozen=True)
class Stage:
    """What all cells share."""

    home: Path
    binaries: Path
    upstream: Upstream
    proxy: FakeProxy
    trusted: Path


def main():
    options = _options()
    with tempfile.TemporaryDirectory(prefix="agents-") as folder:
        home = Path(options.keep or folder)
        home.mkdir(parents=True, exist_ok=True)
        results = asyncio.run(_run(options, home))
    _print_table(results)
    return 0 if set(results.values()) <= {"ok"} else 1


def _options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--bin", required=True, help="the folder of the agents' commands")
    parser.add_argument("--agent", nargs="*", default=list(AGENTS), choices=AGENTS)
    parser.add_argument("--vendor", nargs="*", default=list(VENDORS), choices=VENDORS)
    parser.add_argument("--origin", nargs="*", choices=[*ORIGINS, "all", "alone"], default=[])
    parser.add_argument("--keep", help="a folder for the requests and the logs of every cell")
    return parser.parse_args()


def _cells(options):
    """(agent, vendor, origin or None)"""
    turn = itertools.cycle(ORIGINS)
    for agent, vendor in itertools.product(options.agent, options.vendor):
        origins = [None] if not options.origin or "alone" in options.origin else []
        if not options.origin:
            origins.append(next(name for name in turn if name != vendor))
        elif "all" in options.origin:
            origins += ORIGINS
        else:
            origins += [name for name in options.origin if name in ORIGINS]
        yield from ((agent, vendor, origin) for origin in origins if origin != vendor)


async def _run(options, home):
    hosts = {vendor.host.partition(":")[0] for vendor in VENDORS.values()}
    context, trusted = certificate(home, *sorted(hosts))
    upstream = await Upstream().start()
    proxy = await FakeProxy(upstream).start(context)
    stage = Stage(home, Path(options.bin), upstream, proxy, trusted)
    results = {}
    try:
        for cell in _cells(options):
            results[cell] = await _cell(stage, *cell)
            print(*cell, results[cell], flush=True)
    finally:
        await proxy.stop()
        await upstream.stop()
    return results


async def _cell(stage, agent, vendor_name, origin_name):
    """`ok`, or what went wrong in one session."""
    bench = stage.home / "-".join((agent, vendor_name, origin_name or "alone"))
    shutil.rmtree(bench, ignore_errors=True)
    work = bench / "work"
    work.mkdir(parents=True)
    for file, text in WORDS.items():
        (work / file).write_text(text + "\n")
    vendor, origin = VENDORS[vendor_name], VENDORS.get(origin_name)
    script = Script(vendor, origin, TURNS, WORDS)
    stage.upstream.begin(script)
    async with _gateway(stage, bench, vendor, origin) as url:
        place = Place(bench / "home", work, url, CLIENT_KEY, vendor.model)
        said = [await _turn(stage, AGENTS[agent], place, script, number) for number in (0, 1)]
    (bench / "requests.json").write_text(json.dumps(stage.upstream.asked, indent=1))
    (bench / "said").write_text("\n\n".join(said))
    return _judge(said, script, stage.upstream)


@contextlib.asynccontextmanager
async def _gateway(stage, bench, vendor, origin):
    """The address of a gateway of its own, with a tap before it."""
    rows = [{**one.row(), "model": [{one.model: vendor.model}]} for one in (vendor, origin) if one]
    config = {
        "providers": rows,
        "api_keys": [{"api": CLIENT_KEY}],
        "preferences": {
            "proxy": f"http://{stage.proxy.address}",
            "cooldown_period": 0,
            "model_timeout": 20,
        },
    }
    gateway = Gateway(bench)
    try:
        await gateway.start(config, environment={"SSL_CERT_FILE": str(stage.trusted)})
        tap = await Tap(gateway.port, bench / "sent").start()
        try:
            yield tap.url
        finally:
            await tap.stop()
    finally:
        await gateway.stop()


async def _turn(stage, agent, place, script, number):
    """What the agent printed for one prompt; it and all its children end with it."""
    script.turn = number
    files = " and then ".join(script.turns[number])
    prompt = f"Read {files} with a shell command each, and tell me what they say."
    words, environment = agent(place, prompt, again=number > 0)
    said = await printed(stage.binaries, words, place, environment, PATIENCE_S)
    return f"(nothing within {PATIENCE_S} s)" if said is None else said


def _judge(said, script, upstream):
    wrong = [f"{vendor} refused: {words}" for vendor, words in dict.fromkeys(upstream.refused)]
    for number, files in enumerate(script.turns):
        words = [script.words[file].upper() for file in files]
        missing = [word for word in words if word not in said[number]]
        if missing:
            tail = " ".join(said[number].split())[-300:]
            wrong.append(f"turn {number + 1} did not say {missing}: …{tail}")
    silent = {one.name for one in (script.vendor, script.origin) if one} - upstream.answered
    wrong += [f"{name} answered nothing" for name in silent]
    return "; ".join(wrong) or "ok"


def _print_table(results):
    print("\n| agent | vendor | answered before by | result |\n|---|---|---|---|")
    for (agent, vendor, origin), words in results.items():
        print(f"| {agent} | {vendor} | {origin or '-'} | {words} |")


if __name__ == "__main__":
    sys.exit(main())
