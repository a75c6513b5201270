"""docs/security.md says where strangers' words are bounded, and by how much: the files and names
that it mentions exist, in both languages, and its figures are those of the code.
"""

import re
from pathlib import Path

import pytest

from uniapi.canonical.failure import MOST_REPEATED
from uniapi.dialects.error_words import MAX_MESSAGE
from uniapi.gateway import (
    STALLED_READER_S,
    answer_memory,
    discovery,
    issued_items,
    lanes,
    reasoning_cache,
    upstream_answer,
)
from uniapi.memory import MOST_FOR_ANSWERS
from uniapi.money.cache_doctor import MOST_SESSIONS
from uniapi.network import http1_connection, media_fetcher, names
from uniapi.network.fetch import MAX_ANSWER_BYTES
from uniapi.pipes import MAX_WHOLE_BYTES
from uniapi.pipes.pipe import MAX_UNCOMMITTED_BYTES
from uniapi.routing.catalog import MAX_REMEMBERED
from uniapi.routing.policies import MAX_CURSORS
from uniapi.routing.sessions import MAX_SESSIONS
from uniapi.server import (
    body,
    body_memory,
    connections,
    edge_connection,
    inference,
    quiet,
    refusal_log,
    reply,
    strangers,
    visitors,
    wrong_keys,
)
from uniapi.stats.aggregate import MAX_CELLS
from uniapi.stats.journal_line import LONGEST_NAME
from uniapi.stats.write_queue import MAX_WAITING
from uniapi.wire import LARGE_BYTES, MAX_VALUES, STEP_BYTES, frames, http1, json_values
from uniapi.wire.answer_head import LONGEST_KEPT, MOST_KEPT

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "uniapi"
PAGES = ("docs/security.md", "docs/zh/security.md")
KB, MB = 1024, 1024 * 1024
OURS = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
NO_CLASSES = frozenset({"Model", "O_NOFOLLOW", "CONFIG_ENV"})
"""A member of a request, a flag of the system's, a variable of the environment."""


def mentioned(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    return sorted(set(re.findall(r"`([^`\n]+)`", text)))


@pytest.mark.parametrize("page", PAGES)
def test_what_the_page_names_is_there(page):
    files = [one for one in mentioned(page) if re.fullmatch(r"[\w/.]+(?:\.py|/)", one)]
    gone = [one for one in files if not ((PACKAGE / one).exists() or (ROOT / one).exists())]
    words = {one for one in mentioned(page) if re.fullmatch(r"[A-Z]\w+", one)} - NO_CLASSES
    gone += [one for one in words if f"class {one}" not in OURS]
    assert (len(files) > 40, gone) == (True, [])


SAID = [
    f"{edge_connection.MAX_AHEAD_BYTES // KB} KB of a connection are kept",
    f"| a head | {connections.MAX_HEAD_BYTES // KB} KB, {connections.HEAD_S:g} s from",
    f"in {STEP_BYTES // KB} KB steps; {body.IDLE_S:g} s of silence, {body.TOTAL_S:g} s in all",
    f"of more than {json_values.MANY_VALUES:,} JSON values {body_memory.VALUE_BYTES} bytes each",
    f"{MAX_VALUES:,}, counted before parsing",
    f"| {inference.MAX_MODEL_NAME} characters, at the door",
    f"given up after {STALLED_READER_S:g} s",
    f"{media_fetcher.MAX_MEDIA} a request, addresses of {media_fetcher.MAX_URL:,} characters,"
    f" {media_fetcher.MAX_MEDIA_BYTES // MB} MB each, {media_fetcher.MAX_TOTAL_BYTES // MB} MB"
    f" together, drawn while they are read; {media_fetcher.AT_ONCE} at once for a client key;"
    f" cancelled together; {media_fetcher.TIMEOUT_S:g} s",
    f"{names.PATIENCE_S:g} s, {names.MAX_OF_STRANGERS} for names that clients give, of these"
    f" {names.MAX_OF_DOMAIN} below one domain, {names.MAX_RUNNING} in all",
    f"| a head | {http1.MAX_HEAD_BYTES // KB} KB |",
    f"{STEP_BYTES * http1_connection.PIECES_AT_ONCE // MB} MB at most in one turn of the loop",
    f"{MAX_WHOLE_BYTES // MB} MB, {json_values.MAX_ANSWER_VALUES:,} values, read and searched for"
    f" our key in a thread from {LARGE_BYTES // MB} MB on; written {reply.PIECE_BYTES // KB} KB",
    f"{MOST_FOR_ANSWERS // 1_000_000} MB at most): whole answers",
    f"has waited {answer_memory.WAIT_S:g} s is refused (503); what holds"
    f" {answer_memory.FREE_BYTES // KB} KB or less",
    f"has waited {answer_memory.YIELD_S:g} s, a client that takes a whole answer more slowly than"
    f" in {answer_memory.READER_S:g} s and {answer_memory.READER_BYTES_PER_S // MB} MB a second",
    f"| an event | {frames.MAX_PLAIN_BYTES // MB} MB,",
    f"{frames.MAX_FRAME_BYTES // MB} MB of the first two where there is media",
    f"{MAX_UNCOMMITTED_BYTES // MB} MB of events with nothing",
    f"{upstream_answer.MAX_ERROR_BODY_BYTES // MB} MB read, {MAX_MESSAGE:,} characters of its"
    f" message kept, {MOST_REPEATED} of what",
    f"{MAX_ANSWER_BYTES // MB} MB, {discovery.MAX_MODELS:,} names of"
    f" {discovery.MAX_MODEL_NAME} characters",
    f"| `Quiet`, `WrongKeys` | addresses | {quiet.MAX_ADDRESSES:,},",
    f"| addresses | {wrong_keys.MAX_ADDRESSES:,}, the longest",
    f"| `Strangers` | address, status, path | {strangers.MAX_STRANGERS} |",
    f"| {MAX_SESSIONS:,}, 1 h |",
    f"| {MAX_CURSORS:,} |",
    f"| names that were found | {MAX_REMEMBERED:,} |",
    f"| {issued_items.MAX_BYTES // MB} and {reasoning_cache.MAX_BYTES // MB} MB, 1 h |",
    f"| hosts of pictures | {names.MAX_KEPT:,}, {names.FRESH_S:g} s |",
    f"up to {visitors.LONGEST_HEAD // KB} KB each | {visitors.MOST_HEADS};",
    f"up to {LONGEST_KEPT // KB} KB | {MOST_KEPT} |",
    f"| conversations | {MOST_SESSIONS}, hashes only |",
    f"| {lanes.MAX_KINDS} a lane, {lanes.MAX_LANES:,} lanes;",
    f"| calls not yet in the journal | {MAX_WAITING:,},",
    f"{MAX_CELLS:,} cells an hour",
    f"({refusal_log.LONGEST_WORDS} characters of a path, {LONGEST_NAME} of a model)",
]


@pytest.mark.parametrize("said", SAID)
def test_its_figures_are_those_of_the_code(said):
    assert said in (ROOT / "docs/security.md").read_text(encoding="utf-8")
