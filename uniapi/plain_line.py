"""The command line as nearly every start has it, read without `argparse`, which with the flags of
all commands would be a tenth of the start; and what both ways of reading know.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

COMMANDS = (
    *("serve", "check", "explain", "models", "stats", "connect", "keygen", "init", "schema"),
    *("selfcheck", "stop", "notify"),
)
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
DEFAULT_PORT = 8000
DEFAULT_TIMEOUT_S = 100.0
_SERVE = ("config", "lang", "host", "port", "data_dir", "log_level", "log_file")
"""The flags of `serve` that take a word, which may be any, but for the port and the level."""


def plain_serve(arguments: Sequence[str]) -> Any:
    """The options of a `serve` with nothing but whole flags and their words behind them; None for
    whatever else it is, a mistake among it: `cli_parser` reads that.
    """
    words = list(arguments[1:] if arguments[:1] == ["serve"] else arguments)
    said: dict[str, Any] = dict.fromkeys(_SERVE)
    for flag, word in zip(words[::2], words[1::2], strict=False):
        name = flag[2:].replace("-", "_")
        if flag != f"--{name.replace('_', '-')}" or name not in said or word.startswith("-"):
            return None
        said[name] = word
    try:
        said["port"] = None if said["port"] is None else port_number(said["port"])
    except ValueError:
        return None
    if len(words) % 2 or said["log_level"] not in (None, *LOG_LEVELS):
        return None
    return SimpleNamespace(command="serve", demo=False, log_format="text", **said)


def port_number(text: str) -> int:
    """Raises ValueError, with what to say."""
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise ValueError(f"a port is a number from 0 to 65535, not {text!r}")
    return port
