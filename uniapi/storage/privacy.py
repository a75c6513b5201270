"""Whether a data dir is ours alone: on a shared host a neighbour who may write to it, or who laid
links in it beforehand, would have us write where they say.
"""

from __future__ import annotations

import os
import stat
from itertools import islice
from pathlib import Path

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
MOST_LOOKED_AT = 10_000


def privacy_fault(path: Path) -> str | None:
    """Why the folder at `path` cannot be trusted, as the end of a sentence that begins with it;
    None for one that can. Raises OSError when it cannot be looked at.
    """
    link, us = os.lstat(path), os.geteuid()
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in (us, 0):
        return f"is a link that belongs to another user (uid {link.st_uid})"
    found = os.stat(path)
    if not stat.S_ISDIR(found.st_mode):
        return "is no folder"
    if found.st_uid != us:
        return (
            f"belongs to another user (uid {found.st_uid}, we are {us}): `chown -R {us} {path}`,"
            " or name another with --data-dir"
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & _WRITABLE_BY_OTHERS:
        return f"may be written to by others (mode {mode:04o}): `chmod 700 {path}`"
    laid = _first_link(path)
    return None if laid is None else f"holds the link {laid}, and links are not followed"


def _first_link(path: Path) -> str | None:
    """A link in the folder, or in one of its folders."""
    folders = [path, *(one for one in path.iterdir() if one.is_dir() and not one.is_symlink())]
    entries = islice((entry for folder in folders for entry in folder.iterdir()), MOST_LOOKED_AT)
    found = next((entry for entry in entries if entry.is_symlink()), None)
    return None if found is None else str(found.relative_to(path))
