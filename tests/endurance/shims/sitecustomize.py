"""Loaded by the gateway's process in the fault runs (PYTHONPATH): a clock that jumps and a disk
that is slow, as the environment says.

`UNIAPI_TEST_CLOCK` names a file with the seconds that the date is wrong by, read at each look;
`UNIAPI_TEST_DISK_S` is how long every fsync, rename and opening takes beside the real one;
`UNIAPI_TEST_DISK_ERROR` names a file with the number of the error that every write ends with, which
is read at each (an empty file, or none: it works).
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

_error = os.environ.get("UNIAPI_TEST_DISK_ERROR")
if _error:
    _write, _open_ = os.write, os.open
    _real_fsync, _real_replace = os.fsync, os.replace

    def _fault():
        try:
            descriptor = _open_(_error, os.O_RDONLY)
        except OSError:
            return 0
        try:
            return int(os.read(descriptor, 10) or b"0")
        finally:
            os.close(descriptor)

    def _failing(call, *, is_written=lambda *arguments: True):
        def failing(*arguments, **options):
            number = _fault() if is_written(*arguments) else 0
            if number:
                raise OSError(number, os.strerror(number))
            return call(*arguments, **options)

        return failing

    def _is_file(descriptor, data):
        """Not a pipe, a socket or a terminal."""
        return os.path.isfile(f"/proc/self/fd/{descriptor}") and descriptor > 2

    os.write = _failing(_write, is_written=_is_file)
    os.fsync, os.replace = _failing(_real_fsync), _failing(_real_replace)
    os.open = _failing(_open_, is_written=lambda path, flags, *_: bool(flags & os.O_CREAT))
