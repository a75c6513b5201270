"""Tidying waits for a quiet moment, but not for ever."""

import gc
import re
import subprocess
import sys
from pathlib import Path

import pytest

from uniapi.memory import MOST_FOR_ANSWERS, MOST_PUT_OFF, Tidying, a_quarter, memory_limit


class Cycle:
    def __init__(self, gone):
        self.itself = self
        self.gone = gone

    def __del__(self):
        self.gone.append(True)


async def test_cycles_go_when_nobody_is_served_and_at_the_latest_after_a_while():
    gone, is_quiet = [], True
    tidying = Tidying(lambda: is_quiet)
    gc.disable()
    try:
        Cycle(gone)
        await tidying.tidy()
        assert len(gone) == 1
        is_quiet = False
        Cycle(gone)
        for _ in range(MOST_PUT_OFF):
            await tidying.tidy()
        assert len(gone) == 1
        await tidying.tidy()
        assert len(gone) == 2
    finally:
        gc.enable()


ADDRESSES = """
import threading
from uniapi.memory import share_heap

def reserved_mb():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmSize"))
    return int(line.split()[1]) // 1024

def main():
    share_heap()
    before, may_end = reserved_mb(), threading.Event()
    started = threading.Barrier(9)

    def work():
        kept = [bytes(50_000) for _ in range(20)]
        started.wait()
        may_end.wait()
        del kept

    threading.stack_size(1 << 20)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    started.wait()
    print(reserved_mb() - before)
    may_end.set()

main()
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell")
def test_threads_have_one_heap():
    """Where each has its own, eight reserve 64 MB each."""
    root = Path(__file__).parents[1]
    said = subprocess.run(
        [sys.executable, "-c", ADDRESSES], cwd=root, capture_output=True, text=True, check=True
    )
    assert int(re.fullmatch(r"(\d+)\n", said.stdout)[1]) < 100


@pytest.mark.parametrize(
    "files, expected",
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 536870912),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/b/memory.max": "max\n",
                "sys/fs/cgroup/a/memory.max": "1000000\n",
            },
            1_000_000,
        ),
        (
            {
                "proc/self/cgroup": "11:cpu:/x\n7:memory:/x\n",
                "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "2000000\n",
            },
            2_000_000,
        ),
        (
            {
                "proc/self/cgroup": "7:memory:/docker/gone\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "3000000\n",
            },
            3_000_000,
        ),
        ({"proc/self/cgroup": "nonsense\n\n0::\n"}, None),
    ],
)
def test_the_least_that_anybody_allows_is_the_limit(tmp_path, files, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert memory_limit(tmp_path) == (expected or memory_limit(tmp_path / "nothing"))


def test_a_limit_of_the_process_counts():
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20));"
        "from uniapi.memory import a_quarter, memory_limit; print(a_quarter(memory_limit()))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(said.stdout) == 128 << 20
    assert a_quarter(None) == a_quarter(1 << 40) == MOST_FOR_ANSWERS
