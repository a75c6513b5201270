"""Measures what a request loses on its way: every feature from every client dialect, through a
running gateway, to every upstream dialect.

    python tests/matrix/loss_table.py            # measure and print the table
    python tests/matrix/loss_table.py --write    # also store losses.json and put the table into
    docs/translation.md

A verdict is `kept` (the upstream is told the same), `adapted` (in other words of its own),
`dropped` (left out, and named in `x-uniapi-dropped`), `refused` (the client is told no), or what
must never be: `silent` (left out and not named), `invalid` (the vendor's own types do not take what
arrived).
"""

import asyncio
import base64
import json
import sys
import tempfile
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
sys.path.insert(0, str(Path(__file__).parent))
from asks import PNG
from fakes import CLIENT_KEY, Answer
from features import CLIENT_NAMES, PLAIN, RELAYED, features
from readers import JUDGES
from replies import RENDERERS, Reply
from world import UPSTREAMS, model, opened

STORED = Path(__file__).parent / "losses.json"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "translation.md"
BEGIN, END = "<!-- losses -->", "<!-- /losses -->"
BAD = ("silent", "invalid")
_PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic": "/v1/messages",
}
_LETTERS = dict(zip(CLIENT_NAMES, "CRAG", strict=True))
_MARKS = {
    "kept": "✓",
    "adapted": "≈",
    "dropped": "✗",
    "refused": "400",
    "silent": "SILENT",
    "invalid": "INVALID",
}


def merged(base, patch):
    if isinstance(base, dict) and isinstance(patch, dict):
        return {
            name: merged(base[name], patch[name])
            if name in base and name in patch
            else patch.get(name, base.get(name))
            for name in {**base, **patch}
        }
    return patch


def values_at(value, path):
    """Every value at a path of names and `*`."""
    if not path:
        yield value
    elif path[0] == "*":
        for inner in value if isinstance(value, list) else ():
            yield from values_at(inner, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from values_at(value[path[0]], path[1:])


def holds(body, place):
    """Whether a place of `features` is there; `!path` wants it to be absent."""
    if place.startswith("!"):
        return not any(True for _ in values_at(body, place[1:].split(".")))
    path, is_inside, text = place.partition("~=")
    if is_inside:
        return any(
            text in (value if isinstance(value, str) else json.dumps(value))
            for value in values_at(body, path.split("."))
        )
    path, is_equal, wanted = place.partition("=")
    found = list(values_at(body, path.split(".")))
    return bool(found) if not is_equal else any(value == json.loads(wanted) for value in found)


def contains(body, patch):
    if isinstance(patch, dict):
        return isinstance(body, dict) and all(
            name in body and contains(body[name], value) for name, value in patch.items()
        )
    return body == patch


async def measure(world):
    """feature → client → upstream → (verdict, names dropped or what is wrong)."""
    world.fake.tell("picture", Answer([base64.b64decode(PNG)], content_type="image/png"))
    rows = features(world.fake.url("picture", "/a.png"))
    table = {row.name: {} for row in rows}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {CLIENT_KEY}"}) as session:
        for upstream in UPSTREAMS:
            world.tell(upstream, RENDERERS[upstream](Reply(text="Hi"), False))
            for client in CLIENT_NAMES:
                _, ordinary, _ = await _send(session, world, client, upstream, {})
                for row in rows:
                    if client in row.sends:
                        sent = await _send(session, world, client, upstream, row.sends[client])
                        table[row.name].setdefault(client, {})[upstream] = _verdict(
                            row, client, upstream, *sent, ordinary
                        )
    return table


async def _send(session, world, client, upstream, patch):
    body = merged(PLAIN[client], patch)
    path = _PATHS.get(client) or f"/v1beta/models/{model(upstream)}:generateContent"
    before = len(world.fake.seen.get(upstream, ()))
    named = {} if client == "gemini" else {"model": model(upstream)}
    async with session.post(world.url + path, json=body | named) as response:
        await response.read()
        dropped = [
            name for name in response.headers.get("x-uniapi-dropped", "").split(", ") if name
        ]
    arrived = world.seen(upstream).json if len(world.fake.seen.get(upstream, ())) > before else None
    return response.status, dropped, arrived


def _verdict(row, client, upstream, status, dropped, body, ordinary):
    named = [name for name in dropped if name not in ordinary]
    if body is None:
        return "refused", str(status)
    if status != 200:
        return "invalid", f"answered {status}"
    if RELAYED[client] == upstream and contains(body, row.sends[client]):
        return "kept", ", ".join(named)
    if RELAYED[client] != upstream:
        try:
            JUDGES[upstream](body)
        except Exception as error:
            return "invalid", " ".join(str(error).split())[:400]
    places = row.finds[upstream]
    found = next((place for place in places if holds(body, place.removeprefix("~"))), None)
    if found is None:
        return ("dropped" if named else "silent"), ", ".join(named)
    return ("adapted" if found.startswith("~") else "kept"), ", ".join(named)


def rendered(table):
    """The Markdown table: a row for each feature; a cell says what becomes of it, by client where
    they differ.
    """
    lines = [
        (
            "✓ kept · ≈ said in the provider's own other words · ✗ left out, named in "
            "`x-uniapi-dropped` · 400 refused. Clients: **C**hat, **R**esponses, "
            "**A**nthropic, **G**emini."
        ),
        (
            "A client and a provider of the same dialect are relayed: the body arrives as it "
            "was sent, but for what that provider is known to refuse."
        ),
        "",
        "| from | feature | OpenAI Chat | Responses | Anthropic | Gemini | Bedrock | Cohere |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, clients in table.items():
        cells = []
        for upstream in UPSTREAMS:
            by_verdict = {}
            for client, verdicts in clients.items():
                by_verdict.setdefault(_MARKS[verdicts[upstream][0]], []).append(_LETTERS[client])
            cells.append(
                next(iter(by_verdict))
                if len(by_verdict) == 1
                else " ".join(mark + "".join(letters) for mark, letters in by_verdict.items())
            )
        lines.append(
            f"| {''.join(_LETTERS[client] for client in clients)} | {name} | {' | '.join(cells)} |"
        )
    return "\n".join(lines) + "\n"


def bad_cells(table):
    return [
        f"{name}: {client} to {upstream}: {verdict[0]} {verdict[1]}"
        for name, clients in table.items()
        for client, verdicts in clients.items()
        for upstream, verdict in verdicts.items()
        if verdict[0] in BAD
    ]


def with_table(page, text):
    """The page with the table between its markers."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}"


async def _main(writes):
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as world:
            table = await measure(world)
    print(rendered(table))
    for line in bad_cells(table):
        print("BUG", line)
    if writes:
        STORED.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")
        PAGE.write_text(with_table(PAGE.read_text(), rendered(table)))


if __name__ == "__main__":
    asyncio.run(_main("--write" in sys.argv[1:]))
