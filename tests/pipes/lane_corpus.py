"""Recorded streams through the pipes with the fast lane and without, to every client dialect, in
the pieces they were sent in and in others. No test; the gate runs it where recordings are.

    .venv/bin/python tests/pipes/lane_corpus.py FOLDER      with *.jsonl, one recording a line
"""

import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
from lane_road import cut, difference  # noqa: E402

from uniapi.dialects import CLIENT_DIALECTS  # noqa: E402

FRAME = re.compile(rb".*?(?:\r?\n){2}|.+\Z", re.DOTALL)
DIALECTS = {
    "chat": "openai_chat",
    "messages": "anthropic",
    "generateContent": "gemini",
    "responses": "openai_responses",
    "cohere-v2-chat": "cohere",
}


def streams(folder):
    """Name, dialect and bytes of every recorded stream of server-sent events."""
    for path in sorted(Path(folder).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            sse = record["response"].get("sse")
            if sse and record["api"] in DIALECTS:
                yield record["id"], DIALECTS[record["api"]], sse.encode("utf-8", "surrogatepass")


def main():
    rng = random.Random(1)
    counts = Counter()
    for name, upstream, data in streams(sys.argv[1]):
        frames = FRAME.findall(data)
        for client in CLIENT_DIALECTS:
            roads = ("relay", "translate") if client == upstream else ("translate",)
            for road in roads:
                for pieces in ([data], frames, list(cut(data, rng))):
                    found, runs = difference(upstream, client, pieces, road=road)
                    counts["ways"] += 1
                    counts["runs"] += runs
                    counts[f"runs from {upstream}"] += runs
                    if found:
                        counts["wrong"] += 1
                        print(name, client, road, found[:2000])
        counts["streams"] += 1
    print(dict(counts))
    if counts["wrong"] or not counts["runs"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
