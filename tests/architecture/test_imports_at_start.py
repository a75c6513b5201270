"""What a start imports, by name and in number: it is paid at each start and held as long as the
process runs.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LATE = (
    *("aiohttp", "aiohttp_socks", "python_socks", "multidict", "yarl", "attr"),
    *(
        "uniapi.commands.common",
        "uniapi.commands.check",
        "uniapi.commands.explain",
        "uniapi.commands.connect",
    ),
    *("uniapi.dialects.anthropic.upstream", "uniapi.dialects.gemini.upstream"),
    *("uniapi.dialects.openai_responses.upstream", "uniapi.dialects.bedrock_converse.upstream"),
    *("uniapi.dialects.cohere.upstream", "uniapi.operations.codecs", "uniapi.engines.vertex"),
    *("uniapi.engines.azure", "uniapi.engines.bedrock", "uniapi.engines.cohere"),
    *("uniapi.engines.mending", "uniapi.engines.mending_facts", "uniapi.engines.lessons"),
    *("uniapi.connect", "uniapi.server.connect_report", "uniapi.server.codex_catalog"),
    *("uniapi.server.bounded", "uniapi.network.aiohttp_transport"),
    *("uniapi.stats.report", "uniapi.stats.metrics", "uniapi.server.admin"),
    *("uniapi.dialects.refusals", "uniapi.dialects.delays", "uniapi.wire.aws_eventstream"),
    *("uniapi.config.starter", "uniapi.config.editor_schema"),
    *("argparse", "dataclasses", "difflib", "email", "logging.handlers", "pickle", "platform"),
    *("shutil", "tempfile", "uuid"),
)
"""What most processes never need, or only when a configuration or a request names it."""
MOST_OURS = 381
MOST_OTHERS = 210
"""Those of the standard library and of PyYAML; versions of Python differ."""


def imported():
    code = "import sys, uniapi.cli, uniapi.serve; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_start_imports_what_it_needs():
    found = imported()
    assert sorted(set(LATE) & set(found)) == []
    ours = [name for name in found if name.startswith("uniapi")]
    assert len(ours) <= MOST_OURS
    assert len(found) - len(ours) <= MOST_OTHERS


def test_a_second_start_that_finds_the_first_imports_next_to_nothing(tmp_path):
    """From cron it happens every minute."""
    code = "import sys, uniapi.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    ours = [name for name in done.stdout.split() if name.startswith("uniapi")]
    assert len(ours) <= 12, ours
    assert "asyncio" not in done.stdout.split()
