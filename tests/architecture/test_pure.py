"""What is tested is what is shipped: the pure build."""

import subprocess
import sys

PROBE = """
import importlib.machinery, os, sys, sysconfig
loaded = []
create = importlib.machinery.ExtensionFileLoader.create_module
def counting(self, spec):
    if "site-packages" in os.path.realpath(self.path):
        loaded.append(self.path)
    return create(self, spec)
importlib.machinery.ExtensionFileLoader.create_module = counting
import uniapi.app, uniapi.cli, aiohttp, aiohttp.web, yarl, multidict, frozenlist, propcache, yaml, aiohttp_socks
import aiohttp.http_writer
assert aiohttp.http_writer._serialize_headers is aiohttp.http_writer._py_serialize_headers
yaml.safe_load("a: 1")
print(loaded)
"""  # noqa: E501


LOADED_BUT_UNUSED = ("_yaml", "_http_writer")
"""pip installs them here; PyYAML's C loader is not what `safe_load` uses, and aiohttp loads its
writer even when told not to use it (the probe asserts that it does not).
"""


def test_nothing_compiled_is_loaded_from_outside_the_standard_library():
    """The environment of the tests keeps every package to its Python code."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    loaded = [
        path
        for path in done.stdout.strip().strip("[]").split(", ")
        if path and not any(name in path for name in LOADED_BUT_UNUSED)
    ]
    assert loaded == []
