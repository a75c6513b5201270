"""Jobs run again after a failure, tasks are held and named, and a shutdown leaves none."""

import asyncio
import random

from uniapi.scheduler import Jobs


class TurnedClock:
    """A clock whose sleeps end at once and are written down."""

    def __init__(self):
        self.slept = []

    def now_s(self):
        return 0.0

    def monotonic_s(self):
        return 0.0

    async def sleep(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def test_a_job_that_fails_is_logged_and_runs_again(caplog):
    """One bad round must not end a job for ever."""
    clock = TurnedClock()
    jobs = Jobs(clock, random.Random(1))
    rounds = []

    async def job():
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise ValueError("first round")

    jobs.every(10, job, "sweeping", at_once=True)
    while len(rounds) < 3:
        await asyncio.sleep(0)
    await jobs.shutdown()
    assert "sweeping" in caplog.text
    assert all(9 <= seconds <= 11 for seconds in clock.slept)


async def test_a_spawned_tasks_exception_is_not_lost(caplog):
    """Nobody awaits it, so the log must tell."""
    jobs = Jobs(TurnedClock(), random.Random(1))

    async def fail():
        raise ValueError("lost?")

    jobs.spawn(fail(), "falling")
    while jobs.running:
        await asyncio.sleep(0)
    assert "falling" in caplog.text


async def test_a_shutdown_cancels_and_awaits_everything():
    """Nothing runs on after it."""
    jobs = Jobs(TurnedClock(), random.Random(1))
    ended = []

    async def wait_for_ever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    jobs.spawn(wait_for_ever(), "waiting")
    await asyncio.sleep(0)
    await jobs.shutdown()
    assert (ended, jobs.running) == ([True], 0)
