"""`stop`: end the gateway that holds a data dir, as SIGTERM does: running streams finish first."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from uniapi.errors import StartError
from uniapi.storage.lock import DirectoryLock, LockHeld

PATIENCE_S = 40.0
"""A little more than running streams are given."""
_LOOK_S = 0.1


def stop(data_dir: Path, wait: Callable[[float], object], say: Callable[[str], str] = str) -> int:
    """End it and `wait` (seconds) until it has ended; 0 also when none runs; `say`: in the language
    of whoever asks. Raises StartError (1) when it cannot be ended, or has not within PATIENCE_S.
    """
    pid = _holder(data_dir)
    if pid is None:
        print(say(f"no gateway runs with the data dir {data_dir}"))
        return 0
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        raise StartError(
            f"{data_dir} is held by process {pid}, which is not on this machine or not to be seen"
            " from here (another host, another container)",
            1,
        ) from None
    except PermissionError:
        raise StartError(f"process {pid} belongs to another user, who has to stop it", 1) from None
    print(say(f"process {pid} is told to stop; running streams may finish"), flush=True)
    for _ in range(round(PATIENCE_S / _LOOK_S)):
        if _holder(data_dir) != pid:
            print(say("stopped"))
            return 0
        wait(_LOOK_S)
    raise StartError(f"process {pid} still runs after {PATIENCE_S:g} s: `kill -9 {pid}`", 1)


def _holder(data_dir: Path) -> int | None:
    """Who holds the data dir; None: nobody. Raises StartError where that is not told."""
    if not (data_dir / "lock").exists():
        return None
    lock = DirectoryLock(data_dir)
    try:
        lock.acquire()
    except LockHeld as held:
        if held.pid is None:
            raise StartError(
                f"{data_dir} is held by a process that has not named itself", 1
            ) from None
        return held.pid
    except OSError as error:
        raise StartError(f"{data_dir} cannot be looked at: {error.strerror}", 1) from None
    lock.release()
    return None
