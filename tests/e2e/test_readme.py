"""The README and the pages under docs/ keep their word: every command block in them is run here, or
says which other system it needs; what they name exists.

The line before a block says what becomes of it: `run`, `curl`, `test` (also read by `.ci/run`),
`tested…`, `client: …`, `config`, `first-config`, `excerpt` (nothing to run), `elsewhere: …`.
`tested` blocks of a page run in their order, in a folder that holds the README's first api.yaml.
"""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.plain_line import COMMANDS
from uniapi.server.paths import _ROUTES, find_route

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
README_CN = (ROOT / "README_CN.md").read_text(encoding="utf-8")
CHINESE = re.compile(r"README_CN\.md|docs/zh/.+")
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")))
}
"""Every page that somebody reads, by its path."""
RELEASES = "../../releases"
"""On GitHub this leads from the README to the repository's own Releases page, whosever repository
it is; one `../` more for each folder that a page lies in.
"""
RUNNABLE = ("sh", "python", "crontab")
MARKS = re.compile(
    r"run|curl|test|config|excerpt|first-config|tested|tested: (serve|source)|client: (openai|anthropic|google)|elsewhere: .+"  # noqa: E501
)
CONFIG = {
    "providers": [
        {
            "provider": "a",
            "base_url": "http://127.0.0.1:9/v1/chat/completions",
            "api": "k",
            "model": ["gpt-4o"],
        }
    ],
    "api_keys": [{"api": "sk-0123456789abcdef"}],
}


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, the comment before it, its text without the
    indentation.
    """

    place: str
    language: str
    mark: str
    text: str


def blocks(name):
    found, mark, lines = [], "", iter(enumerate(PAGES[name].splitlines(), 1))
    for number, line in lines:
        comment = re.fullmatch(r"\s*<!-- (.+) -->\s*", line)
        fence = re.fullmatch(r"(\s*)```(\w*)", line)
        if comment:
            mark = comment[1]
        elif fence:
            text = []
            for _, inner in lines:
                if inner.strip() == "```":
                    break
                text.append(inner.removeprefix(fence[1]))
            found.append(Block(f"{name}:{number}", fence[2], mark, "\n".join(text) + "\n"))
            mark = ""
        elif line.strip():
            mark = ""
    return found


BLOCKS = {name: blocks(name) for name in PAGES}
ENGLISH = [block for name in PAGES if not CHINESE.fullmatch(name) for block in BLOCKS[name]]


def marked(mark, within=ENGLISH):
    found = [block for block in within if block.mark == mark]
    assert found, f"no page has a block under <!-- {mark} -->"
    return found


def environment(**more):
    """The environment a reader would have, with this Python as `python3`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CONFIG_URL", "PORT", "HOST", "DATA_DIR")
    }
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **more}


@pytest.fixture
def folder(tmp_path):
    """A reader's folder: the program under the name that the README gives it."""
    (tmp_path / "uni-api.pex").symlink_to(ROOT / "main.py")
    return tmp_path


class Served:
    """A command that serves, on a port of its own choosing."""

    def __init__(self, command, folder):
        more = {"HOST": "127.0.0.1", "PORT": "0", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=folder,
            env=environment(**more),
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stdout:
            found = re.search(r"listens on (http://127\.0\.0\.1:\d+)", line)
            if found:
                self.url = found[1]
                return
        raise AssertionError(f"{command!r} did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def demo():
    """The README's first command, in this tree's environment."""
    (block,) = marked("run")
    command = block.text.strip().rpartition("&& ")[2]
    assert command.startswith(".venv/bin/python ")
    served = Served(command.replace(".venv/bin/python", sys.executable), ROOT)
    yield served
    assert served.stop() == 0


def test_every_command_block_says_what_becomes_of_it():
    """No block of commands without a mark, and no mark that means nothing."""
    assert [
        f"{block.place}: {block.mark!r}"
        for block in ENGLISH
        if block.language in RUNNABLE and not MARKS.fullmatch(block.mark)
    ] == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_curl_line_is_answered(demo):
    """The second command of the README streams to its end."""
    (block,) = marked("curl")
    done = subprocess.run(
        ["bash", "-c", block.text.replace("http://127.0.0.1:8000", demo.url)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stdout.endswith("data: [DONE]\n\n"), done.stderr


def succeed(block, folder):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text.replace("selfcheck ", "selfcheck --port 0 ")],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{block.place}: {done.stdout}{done.stderr}"


def test_the_first_commands_succeed_in_their_order(folder):
    """`init`; the first configuration in place of what it wrote; `check`, `explain`, `selfcheck`,
    `schema`: as they stand, one after the other.
    """
    first, *others = marked("tested", BLOCKS["README.md"])
    (config,) = marked("first-config")
    succeed(first, folder)
    wrote = (folder / "api.yaml").read_text().splitlines()
    assert wrote[0] == "# yaml-language-server: $schema=./api.schema.json"
    (folder / "api.yaml").write_text(config.text)
    for block in others:
        succeed(block, folder)
    schema = json.loads((folder / "api.schema.json").read_text())
    assert "providers" in schema["properties"]


@pytest.mark.parametrize(
    "page",
    [
        name
        for name, found in BLOCKS.items()
        if name != "README.md" and any(block.mark == "tested" for block in found)
    ],
)
def test_the_commands_of_a_page_succeed_in_their_order(folder, page):
    """As they stand, with the README's first configuration beside them."""
    (config,) = marked("first-config")
    (folder / "api.yaml").write_text(config.text)
    for block in marked("tested", BLOCKS[page]):
        succeed(block, folder)


def test_it_serves_with_a_configuration(folder):
    """Without any argument, `./api.yaml` beside it."""
    (folder / "api.yaml").write_text(yaml.safe_dump(CONFIG))
    (block,) = marked("tested: serve")
    served = Served(block.text.partition("#")[0].strip(), folder)
    try:
        with urllib.request.urlopen(served.url + "/healthz", timeout=10) as response:
            assert json.load(response)["config"] == "ok"
    finally:
        assert served.stop() == 0
    assert (folder / "data" / "lock").exists()


@pytest.mark.parametrize(
    "sdk, module", [("openai", "openai"), ("anthropic", "anthropic"), ("google", "google.genai")]
)
def test_the_sdks_lines_are_answered(demo, folder, sdk, module):
    """The three lines of each SDK, against the demo."""
    try:
        if importlib.util.find_spec(module) is None:
            raise ModuleNotFoundError
    except ModuleNotFoundError:
        pytest.skip(f"{module} is not installed")
    (block,) = marked(f"client: {sdk}")
    assert "http://127.0.0.1:8000" in block.text
    text = block.text.replace("http://127.0.0.1:8000", demo.url)
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Hello!" in done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_it_installs_from_source_without_a_compiler(tmp_path):
    """The hash-pinned set, PyYAML made pure: no compiled file comes in, and the program runs."""
    shutil.copy(ROOT / "main.py", tmp_path)
    for name in ("uniapi", "packaging"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (block,) = marked("tested: source")
    more = {"CC": "/bin/false", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=tmp_path,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=380,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == (ROOT / "VERSION").read_text().strip()
    assert list((tmp_path / ".venv").glob("lib/*/site-packages/**/*.so")) == []


def problems_in(text):
    """What `check` says of a configuration, but that its keys are examples."""
    _, problems = parse_config(text, source="README", engines=engine_names(), environment={})
    return [problem for problem in problems if "an example's key" not in problem.message]


@pytest.mark.parametrize("mark", ["first-config", "config"])
def test_the_configurations_have_no_problem(mark):
    """No error and no warning."""
    for block in marked(mark):
        assert problems_in(block.text) == [], block.place


def test_other_formats_are_well_formed():
    """JSON parses; TOML does where Python can read it."""
    for block in (one for found in BLOCKS.values() for one in found):
        if block.language == "json":
            assert isinstance(json.loads(block.text), dict)
        if block.language == "toml" and sys.version_info >= (3, 11):
            import tomllib

            assert tomllib.loads(block.text)


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_is_served(page):
    """Methods and paths of the gateway's lead to a route."""
    named = re.findall(r"`(GET|POST|DELETE|HEAD) (/[^` ]*)`", PAGES[page])
    assert named or page != "docs/clients.md"
    for method, path in named:
        route = find_route(path.partition("?")[0].replace("MODEL", "m"))
        assert route is not None, path
        assert method in route.methods


def test_every_path_that_is_served_is_named():
    """A new route gets its place in the table of paths."""
    page = PAGES["docs/clients.md"]
    assert [path for path in sorted(_ROUTES) if path != "/" and f" {path}`" not in page] == []


def test_every_command_is_in_the_table():
    """And no other."""
    rows = re.findall(
        r"^\| `([a-z]+)[ `]",
        PAGES["docs/configuration.md"].partition("## Commands")[2].partition("| variable |")[0],
        re.MULTILINE,
    )
    assert sorted(rows) == sorted(COMMANDS)


def test_every_variable_is_read():
    """A name in the table of environment variables occurs in the program."""
    table = PAGES["docs/configuration.md"].partition("| variable |")[2].partition("Exit codes")[0]
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "uniapi").glob("*.py")
    ) + (ROOT / "uniapi/config/load.py").read_text(encoding="utf-8")
    names = re.findall(r"`([A-Z_]{4,})`(?=[ ,|].*\|.*\|)", table)
    assert len(names) >= 8
    assert [name for name in names if f'"{name}"' not in sources] == []


def anchors(page):
    """The headings, spelled as GitHub spells their anchors."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }


def broken_links(name):
    """Links of a page to files or headings that do not exist."""
    releases = "../" * name.count("/") + RELEASES
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", PAGES[name], flags=re.S)):
        file, _, anchor = target.partition("#")
        if target.startswith(("http", "mailto:")) or target == releases:
            continue
        path = ((ROOT / name).parent / file).resolve() if file else ROOT / name
        page = PAGES.get(path.relative_to(ROOT).as_posix()) if path.is_relative_to(ROOT) else None
        if not path.exists() or (anchor and anchor not in anchors(page or "")):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    """Files and headings exist."""
    assert broken_links(page) == []


@pytest.mark.parametrize("readme", [README, README_CN], ids=["README.md", "README_CN.md"])
def test_every_page_is_found_from_the_readme(readme):
    """Each page has a link in the README of its language."""
    language = "docs/zh/" if readme is README_CN else "docs/"
    pages = [name for name in PAGES if name.rpartition("/")[0] + "/" == language]
    assert [name for name in pages if f"]({name}" not in readme] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_address_is_made_up(page):
    """Whoever reads it does so in a repository of some owner: downloads are named by its Releases
    page, not by a guessed owner or a version that grows old.
    """
    made_up = r"OWNER|github\.com/\S+/releases/download|-\d+\.\d+\.\d+\.(?:pex|pyz)"
    assert re.findall(made_up, PAGES[page]) == []


def test_the_readme_is_short():
    """Twelve kilobytes: the rest is under docs/."""
    assert len(README.encode()) <= 12 * 1024


def test_the_chinese_readme_says_the_same():
    """Its first commands are the tested ones, and its configurations have no problem."""
    chinese = "".join(text for name, text in PAGES.items() if CHINESE.fullmatch(name))
    for mark in ("run", "curl", "test", "tested: source"):
        assert marked(mark)[0].text in chinese
    for block in (one for name in PAGES if CHINESE.fullmatch(name) for one in BLOCKS[name]):
        if block.language == "yaml" and block.mark != "excerpt":
            assert problems_in(block.text) == [], block.place
