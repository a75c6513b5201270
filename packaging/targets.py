"""Writes pex's complete-platform files, for the CPython minors and systems that the pex must serve,
and prints the options that name them.

Every minor on FreeBSD, and the oldest and the newest on the others: requirements differ by minor or
by system, never by both together. Their tags are pure ones only. With no platform tag to choose
from, pex cannot take a compiled wheel: a dependency without a pure one fails the build. The order
of the minors is the order in which the pex's shell header looks for interpreters, so 3.10 comes
last of those that are released.
"""

import json
import sys
from pathlib import Path

MINORS = (12, 13, 11, 14, 10, 15)
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    "freebsd": {
        "sys_platform": "freebsd14",
        "platform_system": "FreeBSD",
        "platform_machine": "amd64",
    },
}


def target(system: str, minor: int) -> dict[str, object]:
    """The complete platform of CPython 3.`minor` on one of SYSTEMS, pure tags only."""
    return {
        "marker_environment": {
            **SYSTEMS[system],
            "implementation_name": "cpython",
            "implementation_version": f"3.{minor}.0",
            "os_name": "posix",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_version": "",
            "python_full_version": f"3.{minor}.0",
            "python_version": f"3.{minor}",
        },
        "compatible_tags": [f"py3{minor}-none-any", "py3-none-any"],
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for minor in MINORS:
        for system in SYSTEMS if minor in (min(MINORS), max(MINORS)) else ("freebsd",):
            path = folder / f"{system}-3{minor}.json"
            path.write_text(json.dumps(target(system, minor), indent=1))
            print(f"--complete-platform {path}")
