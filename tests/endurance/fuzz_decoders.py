"""Mutated inputs for everything that reads what a stranger wrote, in this process: requests of the
client dialects and their way into each upstream dialect, whole and streamed answers of the
upstreams relayed and translated, errors, frames, heads, forms. Nothing but a refusal that says why
may come out, and what a client is sent is JSON or events. No test.

    .venv/bin/python tests/endurance/fuzz_decoders.py [--seconds 300] [--seed 1]
"""

import argparse
import json
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "endurance")]

from fuzz import CHAT, CLAUDE, FORM, GEMINI, RESPONSES, mutated, spoiled  # noqa: E402
from ground import DIALECTS, RENDERERS, Reply, error, tell  # noqa: E402

from uniapi.canonical import Failure, RequestRefused  # noqa: E402
from uniapi.dialects import (  # noqa: E402
    CLIENT_DIALECTS,
    UPSTREAM_DIALECTS,
    Quirk,
    RelayedDialect,
    ReplyContext,
)
from uniapi.dialects.fitting import NOTHING_BESIDE  # noqa: E402
from uniapi.dialects.shapes import SHAPE_ERRORS  # noqa: E402
from uniapi.errors import WireError  # noqa: E402
from uniapi.pipes import PipeChoice, Sides, labelled  # noqa: E402
from uniapi.wire import MultipartScanner, ResponseHead, ResponseParser, dump_json  # noqa: E402

NAMES = {
    "chat": "openai_chat",
    "responses": "openai_responses",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "converse": "bedrock_converse",
    "cohere": "cohere",
}
REQUESTS = {
    "openai_chat": CHAT,
    "anthropic": CLAUDE,
    "gemini": GEMINI,
    "openai_responses": RESPONSES,
}
REFUSALS = (RequestRefused, WireError)


def request(rng):
    """A client's body into every upstream's."""
    client = rng.choice(list(REQUESTS))
    body = spoiled(REQUESTS[client], rng)
    if not isinstance(body, dict):
        return
    try:
        asked = CLIENT_DIALECTS[client].decode_request(body, "m", False)
    except SHAPE_ERRORS as error:
        # Where it is called they are a refusal.
        raise RequestRefused.bad_request(str(error)) from None
    for upstream in UPSTREAM_DIALECTS.values():
        encoded = upstream.encode_request(asked, Quirk())
        fitted, _ = upstream.fit(encoded.body, Quirk(), encoded.beside)
        dump_json(fitted)


def relayed_request(rng):
    """A client's body that goes along as it is, but for what `fit` mends."""
    client = rng.choice(list(REQUESTS))
    body = spoiled(REQUESTS[client], rng)
    if isinstance(body, dict):
        fitted, _ = UPSTREAM_DIALECTS[client].fit(body, Quirk(), NOTHING_BESIDE)
        dump_json(fitted)


def answer(rng):
    """An upstream's bytes into a client's, in any pieces."""
    upstream, client = rng.choice(DIALECTS), rng.choice(list(REQUESTS))
    calls = (("c1", "f", {"a": 1}),) if rng.random() < 0.5 else ()
    given = RENDERERS[upstream](
        Reply(text="all is well", calls=calls, reasoning="hm"), rng.random() < 0.6
    )
    content = b"".join(given.pieces)
    data = spoiled_answer(content, rng) if rng.random() < 0.6 else mutated(content, rng)
    streams = rng.random() < 0.5
    dialect = UPSTREAM_DIALECTS[NAMES[upstream]]
    choice = PipeChoice(
        sides=Sides(client=CLIENT_DIALECTS[client], dialect=dialect, stream=streams),
        model="m" if rng.random() < 0.5 else None,
        reply=ReplyContext(requested_model="m", id_seed="0", created_s=1),
        probes_text=rng.random() < 0.2,
    )
    head = labelled(ResponseHead(status=200, headers={"content-type": given.content_type}), data)
    is_same = NAMES[upstream] == client and isinstance(dialect, RelayedDialect)
    pipe = choice.relay(head) if is_same else choice.translate(head)
    out = []
    while data and not pipe.is_over:
        size = rng.choice((1, 7, 50, 5000))
        out += pipe.feed(data[:size])
        data = data[size:]
    out += pipe.eof() if rng.random() < 0.7 else pipe.abort(Failure.cut("cut"))
    if not is_same and pipe.report.failure is None and not streams:
        json.loads(b"".join(out))


def spoiled_answer(content, rng):
    try:
        return json.dumps(spoiled(json.loads(content), rng)).encode()
    except ValueError:
        lines = [
            b"data: " + json.dumps(spoiled(json.loads(line[6:]), rng)).encode()
            if line.startswith(b"data: {")
            else line
            for line in content.split(b"\n")
        ]
        return b"\n".join(lines)


def error_body(rng):
    """What an upstream says when it refuses."""
    upstream = rng.choice(DIALECTS)
    content = b"".join(error(upstream, rng.choice((400, 401, 404, 429, 500))).pieces)
    data = spoiled_answer(content, rng) if rng.random() < 0.6 else mutated(content, rng)
    failure = UPSTREAM_DIALECTS[NAMES[upstream]].decode_error(rng.randrange(200, 600), {}, data)
    failure.message.encode("utf-8", "surrogatepass")


def http_answer(rng):
    """Bytes of an HTTP answer, in any pieces."""
    body = b"hello world"
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\nx: y\r\n\r\n"
    if rng.random() < 0.5:
        body = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n"
    data, parser = mutated(head + body, rng), ResponseParser("POST")
    while data:
        size = rng.choice((1, 7, 5000))
        received = parser.feed(data[:size])
        list(received.pieces)
        data = data[size:]
        if received.is_end:
            return
    parser.eof()


def form(rng):
    data = mutated(FORM, rng)
    reader = MultipartScanner(b"b")
    while data:
        size = rng.choice((1, 7, 5000))
        reader.feed(data[:size])
        data = data[size:]
    reader.eof()


DOORS = (request, relayed_request, answer, answer, error_body, http_answer, form)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng, until = random.Random(chosen.seed), time.monotonic() + chosen.seconds
    inputs, refused, faults, slowest = Counter(), Counter(), {}, 0.0
    while time.monotonic() < until:
        door = rng.choice(DOORS)
        inputs[door.__name__] += 1
        began = time.process_time()
        try:
            door(rng)
        except REFUSALS:
            refused[door.__name__] += 1
        except Exception as fault:
            place = traceback.extract_tb(fault.__traceback__)[-1]
            name = f"{door.__name__}: {type(fault).__name__} at {place.filename}:{place.lineno}"
            faults.setdefault(name, "".join(traceback.format_exception(fault))[-1500:])
        slowest = max(slowest, time.process_time() - began)
    figures = {
        "seconds": chosen.seconds,
        "seed": chosen.seed,
        "inputs": sum(inputs.values()),
        "doors": inputs,
        "refused": refused,
        "slowest_s": round(slowest, 3),
    }
    return tell("fuzz_decoders", figures, [f"{name}\n{text}" for name, text in faults.items()])


if __name__ == "__main__":
    sys.exit(main())
