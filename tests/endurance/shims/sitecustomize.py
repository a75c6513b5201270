"""Loaded by the gateway's process in the fault runs (PYTHONPATH): a clock that jumps and a disk
that is slow, as the environment says.

`UNIAPI_TEST_CLOCK` names a file with the seconds that the date is wrong by, read at each look;
`UNIAPI_TEST_DISK_S` is how long every fsync, rename and opening takes beside the real one.
"""

import os
import time

_clock = os.environ.get("UNIAPI_TEST_CLOCK")
if _clock:
    _date_s = time.time

    def _wrong_by():
        try:
            with open(_clock) as file:
                return float(file.read() or 0)
        except (OSError, ValueError):
            return 0.0

    time.time = lambda: _date_s() + _wrong_by()

_slow_s = float(os.environ.get("UNIAPI_TEST_DISK_S") or 0)
if _slow_s:
    _fsync, _replace, _open = os.fsync, os.replace, os.open

    def _slowly(call):
        def slow(*arguments, **options):
            time.sleep(_slow_s)
            return call(*arguments, **options)

        return slow

    os.fsync, os.replace, os.open = _slowly(_fsync), _slowly(_replace), _slowly(_open)
