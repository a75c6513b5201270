"""What the command line and the environment decided about a run; the configuration is another thing
(config/).
"""

from __future__ import annotations

from pathlib import Path

from uniapi.values import dataclass

from .config import ConfigSource
from .language import ENGLISH, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line and the environment decided.

    `data_dir` is None unless given by flag, which makes an unusable one fatal.
    """

    config_argument: str | None
    is_demo: bool
    host: str
    port: int
    data_dir: Path | None
    default_data_dir: Path | None
    timeout_s: float
    is_stateless: bool
    version: str
    language: Language = ENGLISH


def data_dir_of(source: ConfigSource | None, flag: Path | None, environment: Path | None) -> Path:
    """Where the data dir is: `--data-dir`, `DATA_DIR`, `data/` beside a local configuration, else
    `./data`.
    """
    beside = (
        Path(source.location).parent / "data"
        if source is not None and source.kind == "file"
        else Path("data")
    )
    return flag or environment or beside
