"""Model lists across a restart: what providers listed, in one file of the data dir."""

from __future__ import annotations

import json
import logging

from .gateway import ModelLists
from .storage import Folder

log = logging.getLogger("uniapi.app")

MODEL_LISTS_FILE = "models.json"


class KeptLists:
    """`load` once; `note` what changed on the event loop; then `flush` in a thread, so that a slow
    disk holds nobody.
    """

    def __init__(self, lists: ModelLists, folder: Folder) -> None:
        self._lists = lists
        self._folder = folder
        self._is_changed = False

    def load(self) -> None:
        """A missing or damaged file is as if nothing had been listed."""
        try:
            stored = json.loads(self._folder.read(MODEL_LISTS_FILE))
        except (OSError, ValueError, RecursionError):
            return
        if isinstance(stored, dict):
            self._lists.load(stored)

    def note(self) -> None:
        """A list has come, or is another."""
        self._is_changed = True

    def flush(self) -> None:
        """Make it durable; what a disk does not take is told and tried at the next change."""
        if not self._is_changed:
            return
        self._is_changed = False
        try:
            self._folder.replace(MODEL_LISTS_FILE, json.dumps(self._lists.dump()).encode())
        except OSError as error:
            log.warning("the model lists cannot be kept in the data dir: %s", error.strerror)
