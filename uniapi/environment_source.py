"""A gateway without any file: the provider keys of the environment, and a client key of its own
that is made once, shown once and kept in the data dir.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .config import environment_config, found_keys
from .server.admin import generate_key
from .storage import write_atomic

CLIENT_KEY_FILE = "client-key"


def kept_client_key(data_dir: Path | None) -> str | None:
    """The client key that an earlier start has kept there."""
    if data_dir is None:
        return None
    try:
        return (data_dir / CLIENT_KEY_FILE).read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


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
