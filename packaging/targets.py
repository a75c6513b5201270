"""Writes pex's complete-platform files: one for each CPython minor that the pex must serve, with pure tags only.

With no platform tag to choose from, pex cannot take a compiled wheel: a dependency without a pure one fails the build. The marker environment is FreeBSD's, the system
farthest from the one that builds; pure wheels are the same everywhere.
"""

import json
import sys
from pathlib import Path

MINORS = (10, 11, 12, 13, 14)


def target(minor: int) -> dict[str, object]:
    """The complete platform of CPython 3.`minor` on FreeBSD, pure tags only."""
    return {
        "marker_environment": {
            "implementation_name": "cpython",
            "implementation_version": f"3.{minor}.0",
            "os_name": "posix",
            "platform_machine": "amd64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "FreeBSD",
            "platform_version": "",
            "python_full_version": f"3.{minor}.0",
            "python_version": f"3.{minor}",
            "sys_platform": "freebsd14",
        },
        "compatible_tags": [f"py3{minor}-none-any", "py3-none-any"],
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for minor in MINORS:
        (folder / f"py3{minor}.json").write_text(json.dumps(target(minor), indent=1))
