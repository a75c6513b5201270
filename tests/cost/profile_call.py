"""Where the time of a call goes: the whole gateway in this process answers calls one after another,
and is looked at a thousand times a second of its own CPU time. Run by hand.

    .venv/bin/python tests/cost/profile_call.py [KIND] [--seconds N] [--out FOLDER]

KIND: relayed, translated, relayed-stream, translated-stream. Written are `KIND.txt`, collapsed
stacks as every flame graph tool takes them (`outer;inner;innermost COUNT`), and `KIND.svg`, the
picture: a bar's width is its share, what stands on it was called by it, pointing at it names it.
Client and upstream run in the same process and are left out. Printed is the share of each room.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import signal
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
from whole_gateway import (  # noqa: E402
    PACKAGE,
    WholeGateway,
    chat_answer,
    chat_frames,
    messages_answer,
    messages_frames,
    stream_answer,
)

from uniapi.memory import settle  # noqa: E402

KINDS = ("relayed", "translated", "relayed-stream", "translated-stream")
PERIOD_S = 0.001
WIDTH, HEIGHT, LETTER = 1200, 16, 6.5
NARROWEST = 0.3
"""Pixels: what is narrower is left out of the picture."""


class Sampler:
    """Takes the stack whenever the process has used so much CPU time."""

    def __init__(self):
        self.stacks = Counter()
        self.looked = 0

    def __enter__(self):
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, PERIOD_S, PERIOD_S)
        return self

    def __exit__(self, *exception):
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _look(self, number, frame):
        self.looked += 1
        names = []
        while frame is not None:
            names.append(_name(frame.f_code))
            frame = frame.f_back
        names.reverse()
        ours = [place for place, name in enumerate(names) if name.startswith("uniapi/")]
        if ours:
            self.stacks[";".join(names[ours[0] :])] += 1


def _name(code):
    path, function = code.co_filename, getattr(code, "co_qualname", code.co_name)
    if path.startswith(PACKAGE):
        return f"uniapi/{path[len(PACKAGE) + 1 : -3]}:{function}"
    return f"{Path(path).stem}:{function}"


def answer_as(gateway, kind):
    """Give the upstream what it answers to calls of this kind."""
    model, _, streamed = kind.partition("-")
    is_relayed = model == "relayed"
    if streamed:
        frames = chat_frames(200) if is_relayed else list(messages_frames(200))
        gateway.upstream.answer, gateway.upstream.pieces = stream_answer(frames)
    else:
        gateway.upstream.answer = chat_answer() if is_relayed else messages_answer()


async def sampled(kind, seconds):
    model, _, streamed = kind.partition("-")
    with tempfile.TemporaryDirectory() as folder:
        gateway = await WholeGateway(Path(folder) / "data").start()
        answer_as(gateway, kind)
        for _ in range(20):
            await gateway.ask(model, stream=bool(streamed))
        settle()
        until = time.monotonic() + seconds
        with Sampler() as sampler:
            while time.monotonic() < until:
                await gateway.ask(model, stream=bool(streamed))
        await gateway.stop()
    return sampler.stacks


def picture(stacks, title):
    """The stacks as an SVG: merged from below, the widest first."""
    tree = {}
    for stack, count in stacks.items():
        level = tree
        for name in stack.split(";"):
            node = level.setdefault(name, [0, {}])
            node[0] += count
            level = node[1]
    total = sum(stacks.values()) or 1
    bars, depths = [], [0]

    def draw(level, left, depth):
        depths.append(depth)
        for name, (count, inner) in sorted(level.items(), key=lambda item: -item[1][0]):
            width = count * WIDTH / total
            if width >= NARROWEST:
                bars.append((name, left, depth, width, count))
                draw(inner, left, depth + 1)
            left += width

    draw(tree, 0.0, 0)
    height = (max(depths) + 2) * HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="monospace" font-size="10">',
        f'<text x="4" y="12">{html.escape(title)}: {total} samples</text>',
    ]
    for name, left, depth, width, count in bars:
        top = height - (depth + 1) * HEIGHT
        hue = zlib.crc32(name.partition(":")[0].encode()) % 360
        shown = html.escape(name[: int(width / LETTER)])
        told = html.escape(f"{name}: {count} of {total}, {100 * count / total:.1f} %")
        lines.append(
            f'<g><title>{told}</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}"'
            f' height="{HEIGHT - 1}" fill="hsl({hue},60%,75%)"/>'
            f'<text x="{left + 2:.1f}" y="{top + 11}">{shown}</text></g>'
        )
    return "\n".join([*lines, "</svg>"])


def by_room(stacks):
    """Samples by the room whose function, or what it called outside of the package, was running."""
    rooms = Counter()
    for stack, count in stacks.items():
        ours = [name for name in stack.split(";") if name.startswith("uniapi/")]
        room = ours[-1].partition(":")[0].removeprefix("uniapi/")
        rooms[room.partition("/")[0]] += count
    return rooms


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("kind", nargs="?", choices=KINDS, default="relayed")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=Path("build/profiles"))
    asked = parser.parse_args()
    stacks = asyncio.run(sampled(asked.kind, asked.seconds))
    asked.out.mkdir(parents=True, exist_ok=True)
    text, svg = asked.out / f"{asked.kind}.txt", asked.out / f"{asked.kind}.svg"
    text.write_text("".join(f"{stack} {count}\n" for stack, count in sorted(stacks.items())))
    svg.write_text(picture(stacks, asked.kind))
    total = sum(stacks.values()) or 1
    for room, count in by_room(stacks).most_common():
        print(f"{100 * count / total:5.1f} %  {room}")
    print(f"{text} and {svg}, of {total} samples")


if __name__ == "__main__":
    main()
