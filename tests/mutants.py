"""Turns rules round, one at a time, and sees whether a test notices.

    python tests/mutants.py [WORD…]

Each row of the table is one change to the program that would be wrong. It is made in a throw-away
copy of the tree, and the tests beside the changed room are run there until one fails. Printed is
which one it was. With words, only the rows are taken whose names have them all. Exit code 1: a
change that no test noticed, a text that is not there any more (the row has to follow the program),
or tests that fail without any change. Not run with the tests: it takes a minute.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LOOP = tuple(
    f"tests/gateway/test_loop_{theme}.py"
    for theme in ("failover", "operations", "endings", "time", "memory", "charged", "learning")
)
PLAN = ("tests/routing/test_plan.py",)
PLAN_SEATS = ("tests/routing/test_plan_seats.py",)
STATS = ("tests/stats/test_store.py", "tests/stats/test_write_queue.py")


class Mutant(NamedTuple):
    """`old` stands in `file` exactly once, and `new` takes its place; `tests` ought to notice."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


RUN = "uniapi/gateway/executor.py"
TRY = "uniapi/gateway/attempt_try.py"
PATIENCE = "uniapi/gateway/patience.py"
WHOLE = "uniapi/gateway/whole_answer.py"
PRESSURE = "uniapi/gateway/back_pressure.py"
BACKLOG = "uniapi/gateway/backlog.py"

MUTANTS = (
    # thirteen which no test noticed before there was a playbook
    Mutant(
        "plan.succeeded never called",
        TRY,
        "ended = state.plan.succeeded(now)",
        "()",
        LOOP,
    ),
    Mutant(
        "plan.broke never called",
        TRY,
        "state.plan.broke(broken, state.now())",
        "None",
        LOOP,
    ),
    Mutant(
        "a relayed mistake taken for one of ours",
        "uniapi/routing/retry.py",
        "Next.NOTHING if road is Road.RELAY else Next.OTHER_MODEL",
        "Next.OTHER_MODEL",
        ("tests/routing/test_retry.py",),
    ),
    Mutant(
        "a refused access token kept",
        TRY,
        "state.around.credentials.forget(self._lane.target.credential.credential_id)",
        "pass",
        LOOP,
    ),
    Mutant(
        "the tokens of an unanswered call not given back",
        RUN,
        "state.used(0)",
        "pass",
        LOOP,
    ),
    Mutant(
        "a client that leaves recorded as refused",
        RUN,
        'state.outcome, state.status = "client_left", 0',
        'state.outcome, state.status = "refused", 0',
        LOOP,
    ),
    Mutant(
        "the number of upstream calls always one",
        RUN,
        "calls = len(state.attempts) - calls_before",
        "calls = 1",
        LOOP,
    ),
    Mutant(
        "a credential already tried not noted",
        "uniapi/routing/long_way.py",
        "any(one.attempt.is_at(channel, credential) for one in self.failed)",
        "False",
        PLAN,
    ),
    Mutant(
        "the total timeout not armed",
        PATIENCE,
        "None if timeouts.total_s is None else now + timeouts.total_s",
        "None",
        LOOP,
    ),
    Mutant(
        "a reader that takes nothing never given up",
        BACKLOG,
        "if now - self._paused_since > STALLED_READER_S:",
        "if False:",
        LOOP,
    ),
    Mutant(
        "an empty answer that ended by length a failure",
        "uniapi/pipes/pipe.py",
        'ACCEPTED_EMPTY = ("length", "content_filter")',
        'ACCEPTED_EMPTY = ("content_filter",)',
        LOOP,
    ),
    Mutant(
        "an empty answer that ended by content_filter a failure",
        "uniapi/pipes/pipe.py",
        'ACCEPTED_EMPTY = ("length", "content_filter")',
        'ACCEPTED_EMPTY = ("length",)',
        LOOP,
    ),
    Mutant(
        "the journal pruned up to the newest checkpoint",
        "uniapi/stats/store.py",
        "keep_from=self._checkpointed_before.segment",
        "keep_from=self._checkpointed.segment",
        STATS,
    ),
    Mutant(
        "given-back calls in another order",
        "uniapi/stats/write_queue.py",
        "self._in_flight + self._calls, []",
        "self._calls + self._in_flight, []",
        STATS,
    ),
    # what else the loop must not forget
    Mutant(
        "an attempt told as relayed though it was translated",
        RUN,
        "road=one.way.road, ",
        "",
        LOOP,
    ),
    Mutant(
        "plan.finished never called",
        RUN,
        "        state.plan.finished(now, tokens=tokens)\n",
        "",
        LOOP,
    ),
    Mutant(
        "the upstream of a client that leaves not let go",
        RUN,
        "            state.receiver.close()\n",
        "",
        LOOP,
    ),
    Mutant(
        "a place among the running calls not given back",
        "uniapi/gateway/reception.py",
        "        finally:\n            admitted.release()\n",
        "        finally:\n",
        LOOP,
    ),
    Mutant(
        "the tokens of a failed attempt not given back to the key upstream",
        "uniapi/routing/long_way.py",
        "course.give_back(now, 0)",
        "course.give_back(now, None)",
        LOOP,
    ),
    Mutant(
        "the second way tried after any failure",
        RUN,
        "if not is_other_way_open(failure):",
        "if False:",
        LOOP,
    ),
    Mutant(
        "an answer that broke off remembered",
        TRY,
        """        if broken is None:
            state.outcome = "ok"
            self._remember()
""",
        """        self._remember()
        if broken is None:
            state.outcome = "ok"
""",
        LOOP,
    ),
    Mutant(
        "a request that is limited goes straight on",
        "uniapi/routing/candidates.py",
        "self.is_limited or self.excludes or self.provider.budgets",
        "self.excludes or self.provider.budgets",
        PLAN_SEATS,
    ),
    Mutant(
        "what rests is asked straight away",
        "uniapi/routing/plan.py",
        "is_asked or state.health.rests:",
        "is_asked:",
        ("tests/routing/test_plan_rests.py",),
    ),
    Mutant(
        "an alarm rings for the one before",
        "uniapi/gateway/alarms.py",
        "        self._watched.discard(one)",
        "        pass",
        ("tests/gateway/test_alarms.py",),
    ),
    Mutant(
        "an alarm rings before it is due",
        "uniapi/gateway/alarms.py",
        "if one.due <= now]",
        "]",
        ("tests/gateway/test_alarms.py",),
    ),
    Mutant(
        "ids remembered though nothing is stored",
        TRY,
        "elif self._is_kept:",
        "else:",
        LOOP,
    ),
    Mutant(
        "a deleted response not forgotten",
        TRY,
        "around.pins.forget(key_id, call.resource)",
        "pass",
        LOOP,
    ),
    Mutant(
        "an upstream's own error body never handed on",
        RUN,
        "if own is None or not step.relays_body:",
        "if True:",
        LOOP,
    ),
    Mutant(
        "secrets left in a failure",
        TRY,
        "return masked_failure(failure, self._lane.secrets, self._state.call.body)",
        "return failure",
        LOOP,
    ),
    Mutant(
        "a failed count not estimated",
        RUN,
        "if call.operation is Operation.COUNT_TOKENS and falls_back(call, step):",
        "if False:",
        LOOP,
    ),
    Mutant(
        "a count waited for like an answer",
        PATIENCE,
        "if longest_s is not None:",
        "if False:",
        LOOP,
    ),
    Mutant(
        "a dated delay measured by the upstream's clock only",
        TRY,
        'return {"date": formatdate(now_s, usegmt=True), **head.headers}',
        "return head.headers",
        LOOP,
    ),
    Mutant(
        "heartbeats counted from each attempt",
        TRY,
        "due_s = state.heard_at + interval - state.now()",
        "due_s = interval",
        LOOP,
    ),
    Mutant(
        "heartbeats promised by one attempt only",
        TRY,
        "if attempt.keepalive_s is not None:",
        "if True:",
        LOOP,
    ),
    Mutant(
        "a refusal behind heartbeats not said",
        RUN,
        "            if not state.reply.is_started:\n                raise\n",
        "            raise\n",
        LOOP,
    ),
    Mutant(
        "an answer that cannot say that it broke ended properly",
        TRY,
        "if report.is_cut:",
        "if False:",
        LOOP,
    ),
    Mutant(
        "the end of an answer waited for though its reader stalled",
        TRY,
        "if receiver.has_stalled:",
        "if False:",
        LOOP,
    ),
    Mutant(
        "a folded answer that has ended waits for its connection to end",
        WHOLE,
        "elif pipe.is_over:",
        "elif False:",
        LOOP,
    ),
    Mutant(
        "a paused upstream blamed for its silence",
        PRESSURE,
        "is_slow = self._backlog is not None and self._backlog.is_paused",
        "is_slow = False",
        LOOP,
    ),
    Mutant(
        "who left behind the last event counted as gone",
        TRY,
        'state.outcome = "ok"\n            self._remember()\n\n',
        "pass\n\n",
        LOOP,
    ),
    Mutant(
        "an answer that was cut short charged as stated",
        TRY,
        "if not receiver.report.is_whole:",
        "if False:",
        LOOP,
    ),
    Mutant(
        "an attempt not recorded when its client left",
        TRY,
        'self._note("client_left", state.now())',
        "pass",
        LOOP,
    ),
    Mutant(
        "a lesson remembered that did not help",
        RUN,
        "        if mended is not None:\n",
        "        if mended is not None:\n            state.mender.helped(lane.target)\n",
        LOOP,
    ),
    Mutant(
        "a request mended for ever",
        "uniapi/gateway/mender.py",
        "self.mendings >= MAX_MENDINGS",
        "False",
        LOOP,
    ),
    Mutant(
        "a request mended though that is not wanted",
        "uniapi/gateway/call_state.py",
        'preferences.learn and preferences.unsupported_parameters != "reject"',
        "True",
        LOOP,
    ),
    Mutant(
        "a lesson of one model told to all",
        "uniapi/gateway/learned_models.py",
        'return f"{provider_id}\\n{upstream_model}"',
        'return f"{provider_id}\\n"',
        LOOP,
    ),
    Mutant(
        "a failure behind white space said as a stream",
        RUN,
        "if not call.stream:",
        "if False:",
        LOOP,
    ),
    Mutant(
        "a slow reader never waited for",
        BACKLOG,
        "        self._exchange.pause()\n",
        "",
        LOOP,
    ),
)


def main(words: list[str]) -> int:
    mutants = [one for one in MUTANTS if all(word in one.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="uniapi-mutants-") as name:
        tree = Path(name)
        for folder in ("uniapi", "tests"):
            shutil.copytree(
                ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy(ROOT / "pyproject.toml", tree)
        tests = sorted({test for one in mutants for test in one.tests})
        failed = _first_failure(tree, tests)
        if failed is not None:
            print(f"without any change: {failed}")
            return 1
        outcomes = [_try_out(tree, one) for one in mutants]
    print(f"{sum(outcomes)} of {len(outcomes)} noticed")
    return 0 if all(outcomes) else 1


def _try_out(tree: Path, mutant: Mutant) -> bool:
    """Whether the change could be made, and a test noticed it."""
    path = tree / mutant.file
    program = path.read_text()
    if program.count(mutant.old) != 1:
        print(f"NOT FOUND  {mutant.name}: in {mutant.file}, once: {mutant.old.strip()}")
        return False
    path.write_text(program.replace(mutant.old, mutant.new))
    failed = _first_failure(tree, mutant.tests)
    path.write_text(program)
    print(
        f"noticed    {mutant.name}: {failed}" if failed else f"SURVIVED   {mutant.name}", flush=True
    )
    return failed is not None


def _first_failure(tree: Path, tests: tuple[str, ...] | list[str]) -> str | None:
    """The test that fails first, None when all pass.

    Nothing compiled is kept: a changed file may be as long as the original, and as old.
    """
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider"]
    command += ["-o", "addopts=-q --import-mode=importlib", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    found = re.search(r"^FAILED (\S+)", done.stdout, re.MULTILINE)
    if found is None:
        raise SystemExit(f"the tests could not be run:\n{done.stdout}{done.stderr}")
    return found[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
