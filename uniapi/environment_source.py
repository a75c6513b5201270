"""A gateway without any file: the provider keys of the environment, and a client key of its own
that is made once, shown once and kept in the data dir.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from .config import KNOWN_KEYS, choose_source, environment_config, found_keys
from .errors import StartError
from .server.new_key import generate_key
from .storage import write_atomic

CLIENT_KEY_FILE = "client-key"
VARIABLES_FILE = "environment-keys"
"""The names of the variables that a start has found keys in, one a line: never the keys."""
_KNOWN = frozenset(name for known in KNOWN_KEYS for name in known.variables)


def kept_client_key(data_dir: Path | None) -> str | None:
    """The client key that an earlier start has kept there."""
    if data_dir is None:
        return None
    try:
        return (data_dir / CLIENT_KEY_FILE).read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


def as_the_gateway_sees(
    config_argument: str | None, environment: Mapping[str, str], data_dir: Path
) -> Mapping[str, str]:
    """The environment for commands that only tell: in another shell than the gateway's its provider
    keys are missing, and their names stand for them. No request may leave with these.

    Raises StartError (2) where nothing is configured and no gateway has ever run.
    """
    source = choose_source(config_argument, environment)
    is_missing = source.kind == "file" and not config_argument and not _exists(source.location)
    if source.kind != "environment" and not is_missing:
        return environment
    try:
        names = (data_dir / VARIABLES_FILE).read_text("ascii").split()
    except (OSError, ValueError):
        names = []
    lacking = [name for name in names if name in _KNOWN and not environment.get(name, "").strip()]
    if is_missing and not lacking:
        raise StartError(
            f"there is no {source.location} in this folder, and no gateway has run in it on keys of"
            " the environment: run this where the gateway was started, or name its file with"
            " --config (`init` writes one; `connect` takes --url too)",
            2,
        )
    return {**environment, **{name: f"${name}" for name in lacking}}


def _exists(location: str) -> bool:
    # A link that leads nowhere is a file that is missing, and is told as one.
    return Path(location).is_symlink() or Path(location).exists()


def environment_text(environment: Mapping[str, str], client_key: str | None) -> str:
    """The configuration that the environment's provider keys make; with a client key that nobody
    has where none is kept yet.
    """
    return environment_config(found_keys(environment), client_key or generate_key())


def ensure_client_key(environment: Mapping[str, str], data_dir: Path) -> None:
    """Make and keep a client key before the first start, for who wants to use it at once."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    EnvironmentSource(environment, data_dir)


class EnvironmentSource:
    """For one process: the same client key at every reading."""

    def __init__(self, environment: Mapping[str, str], data_dir: Path | None) -> None:
        self._environment = environment
        kept = kept_client_key(data_dir)
        self._client_key = kept or generate_key()
        self._is_kept = kept is not None or self._keep(data_dir)
        self.is_new = kept is None

    def text(self) -> str:
        return environment_text(self._environment, self._client_key)

    def lines(self) -> str:
        """What is printed at the start that made the client key; later ones find it in the data
        dir.
        """
        where = "kept in the data dir" if self._is_kept else "for this run: nothing can be kept"
        return f"client key: {self._client_key} ({where}; shown this once)"

    def _keep(self, data_dir: Path | None) -> bool:
        if data_dir is None:
            return False
        try:
            write_atomic(data_dir / CLIENT_KEY_FILE, f"{self._client_key}\n".encode("ascii"))
        except OSError:
            return False
        return True


def keep_names(environment: Mapping[str, str], data_dir: Path) -> None:
    """For `as_the_gateway_sees`: which variables this start runs on."""
    names = [one.variable for one in found_keys(environment) if one.variable is not None]
    data = "".join(f"{name}\n" for name in names).encode("ascii")
    path = data_dir / VARIABLES_FILE
    # Without them only `explain` in another shell says less.
    with contextlib.suppress(OSError):
        if not path.exists() or path.read_bytes() != data:
            write_atomic(path, data)
