"""What every test stands on: the pure build of aiohttp and its relatives, which is what is shipped, and generated examples that are the same in every run."""

import os

from hypothesis import HealthCheck, settings

for package in ("AIOHTTP", "MULTIDICT", "YARL", "FROZENLIST", "PROPCACHE"):
    os.environ[f"{package}_NO_EXTENSIONS"] = "1"

# No deadline and no complaint about slowness: the machine may be busy, and time is nothing a test here asserts.
settings.register_profile("project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
