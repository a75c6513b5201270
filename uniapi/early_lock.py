"""Whether a gateway runs already, before anything heavy is imported: a second start from cron,
every two minutes on a small host, is to cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .errors import StartError
from .storage.lock import DirectoryLock, LockHeld


def refuse_second(
    config_argument: str | None, data_dir: str | None, environment: Mapping[str, str]
) -> None:
    """Raises StartError (3) when the data dir is held. What cannot be looked at now is told when
    the start comes to it.
    """
    path = early_data_dir(config_argument, data_dir, environment)
    lock = DirectoryLock(path)
    try:
        lock.acquire()
    except LockHeld as held:
        raise already_running(path, held) from None
    except OSError:
        return
    lock.release()


def already_running(path: Path, held: LockHeld) -> StartError:
    return StartError(f"already running: the data dir {path} is {held}", 3)


def early_data_dir(
    config_argument: str | None, data_dir: str | None, environment: Mapping[str, str]
) -> Path:
    """What `settings.data_dir_of` says, without reading where the configuration is."""
    named = data_dir or environment.get("DATA_DIR")
    if named:
        return Path(named)
    config = config_argument or environment.get("CONFIG_URL", "").strip() or "api.yaml"
    scheme, _, rest = config.partition("://")
    if not rest:
        return Path(config).parent / "data"
    return Path(rest).parent / "data" if scheme.lower() == "file" else Path("data")
