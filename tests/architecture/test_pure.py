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
yaml.safe_load("a: 1")
print(loaded)
"""


def test_nothing_compiled_is_loaded_from_outside_the_standard_library():
    """PyYAML's C loader may lie beside its Python one in this environment, but must not be what serves."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    loaded = [path for path in done.stdout.strip().strip("[]").split(", ") if path and "_yaml" not in path]
    assert loaded == []
