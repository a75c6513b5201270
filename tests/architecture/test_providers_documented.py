"""docs/providers.md says of every vendor what the program's rows say."""

import re
import runpy
from pathlib import Path
from urllib.parse import urlsplit

from uniapi.engines.detect import address_engine
from uniapi.engines.presets import PRESETS, preset_for

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
TABLE = runpy.run_path(str(ROOT / "packaging" / "providers_page.py"))


def test_the_table_of_providers_is_fresh():
    """Stale: run `.venv/bin/python packaging/providers_page.py`."""
    assert TABLE["with_table"](PAGE) == PAGE


def test_every_vendor_is_shown():
    """One that is known by a host stands in the table with its lines to paste."""
    for preset in PRESETS:
        if preset.hosts:
            assert f"| {preset.vendor} |" in PAGE
            assert f"provider: {preset.vendor}," in PAGE


def test_the_lines_to_paste_lead_where_they_say():
    """Each address of the table is known as the vendor's."""
    for preset in PRESETS:
        for host in preset.hosts:
            assert preset_for(host).vendor == preset.vendor
    assert address_engine("https://api.anthropic.com") == "claude"


def test_somebody_answers_where_the_lines_to_paste_point():
    """At the bare domain of a vendor that has a host for each region or customer nobody does; the
    few that serve there are known.
    """
    pasted = re.findall(r"provider: ([\w-]+), base_url: https://([^/,]+)", PAGE)
    assert len(pasted) > 40
    for vendor, host in pasted:
        assert preset_for(host.lower()).vendor == vendor
    short = {host for _, host in pasted if host.count(".") < 2}
    assert short == {"openrouter.ai", "opencode.ai", "ollama.com"}
    examples = [preset for preset in PRESETS if preset.example]
    for preset in examples:
        assert urlsplit(preset.example).hostname.endswith(preset.hosts)
