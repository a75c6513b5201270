"""Put at the top of the pex's `__main__.py`, before pex itself: runs in whatever Python there is,
2.7 too, and says in one sentence what pex would say in a page or a traceback.

An old Python is no reason to end while a newer one is on PATH: pex goes on with that one.
"""

import os
import sys


def prepare_boot():
    def has_newer_python():
        folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
        return any(
            os.access(os.path.join(folder, "python3.%d" % minor), os.X_OK)
            for folder in folders
            for minor in range(10, 30)
        )

    def explain(kind, error, trace):
        import errno

        numbers = (errno.ENOSPC, errno.EDQUOT)
        # pex looks at the interpreter in a process of its own, and then has only that one's words.
        is_full = getattr(error, "errno", None) in numbers or any(
            os.strerror(number) in str(error) for number in numbers
        )
        # CPython can leave a cut .pyc on a full disk, which is read as it is ever after: what is
        # said then depends on where the cut is.
        is_damaged = any(words in str(error) for words in ("marshal data", "EOF read where"))
        # Once the program itself runs, a full disk is its own matter.
        if not is_damaged and (not is_full or "uniapi" in sys.modules):
            sys.__excepthook__(kind, error, trace)
            return
        folder = os.environ.get("PEX_ROOT") or os.path.expanduser("~/.cache/pex")
        if is_damaged:
            found = "the program's unpacked copy in %s is damaged"
        else:
            found = "the disk or your quota is full, and the program unpacks itself into %s"
        way_out = (
            "remove that folder, see that there are 25 MB of room (or set"
            " PEX_ROOT=/another/folder), and start again. The .pyz file of a release needs no such"
            " folder."
        )
        sys.stderr.write("uni-api: %s: %s\n" % (found % folder, way_out))

    if sys.version_info < (3, 10) and not os.environ.get("PEX_PYTHON") and not has_newer_python():
        sys.exit(
            "uni-api needs Python 3.10 or newer; this is Python %d.%d (%s)."
            % (sys.version_info[0], sys.version_info[1], sys.executable)
        )
    sys.excepthook = explain


prepare_boot()
