"""In a gateway's process: the longest steps of its event loop, in processor time of the loop's own
thread, written to the file that LOOP_STEPS names, line by line as they are found. Of a machine that
is shared the clock says little; this says what the program did.
"""

import asyncio.events
import os
import time

LONG_S = 0.03
_run = asyncio.events.Handle._run


def _timed(handle):
    callback = handle._callback
    began, began_at = time.thread_time(), time.monotonic()
    _run(handle)
    spent = time.thread_time() - began
    if spent > LONG_S:
        held = time.monotonic() - began_at
        with open(os.environ["LOOP_STEPS"], "a") as file:
            owner = getattr(callback, "__self__", callback)
            print(round(spent * 1000, 1), round(held * 1000, 1), repr(owner)[:400], file=file)


if "LOOP_STEPS" in os.environ:
    asyncio.events.Handle._run = _timed
