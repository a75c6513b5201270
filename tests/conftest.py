"""What every test stands on: the pure build of aiohttp and its relatives, which is what is shipped."""

import os

for package in ("AIOHTTP", "MULTIDICT", "YARL", "FROZENLIST", "PROPCACHE"):
    os.environ[f"{package}_NO_EXTENSIONS"] = "1"
