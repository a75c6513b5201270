"""The status page as a file: whole, by itself, and in two languages."""

import base64
import hashlib
import re
from pathlib import Path

from uniapi.language import catalogue
from uniapi.server import page
from uniapi.server.page import StatusPage

FOLDER = Path(page.__file__).parent / "status_page"
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
CHINESE = catalogue("page")


def served(language=""):
    return StatusPage(lambda: (language, CHINESE))


def said():
    """Every text that the page may show, as its sources have them."""
    scripts = "\n".join(text for name, text in SOURCES.items() if name.endswith(".js"))
    found = set(re.findall(r'\bt\("((?:[^"\\]|\\.)*)"', scripts))
    for pair in re.findall(r'\bmany\([^"]+?, "([^"]*)", "([^"]*)"', scripts):
        found |= set(pair)
    for pair in re.findall(r'\bt\([^"\n]*?(?:"[^"]*")?\)? \? "([^"]*)" : "([^"]*)"', scripts):
        found |= set(pair)
    return found | set(re.findall(r"data-t>([^<]+)<", SOURCES["page.html"]))


def test_every_text_of_the_page_is_in_the_catalogue():
    """A text that is added is added in Chinese too."""
    assert len(said()) > 150
    assert sorted(said() - CHINESE.keys()) == []


def test_what_is_filled_in_is_filled_in_in_both():
    """The same names in braces."""
    for english, chinese in CHINESE.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese))


def test_the_policy_names_what_stands_in_the_page_and_nothing_else():
    """By its hash; nothing is reached but this server."""
    whole = served()
    policy = whole.headers["content-security-policy"]
    for kind in ("style", "script"):
        (inside,) = re.findall(rf"<{kind}>(.*?)</{kind}>".encode(), whole.body, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    head = whole.body.decode().split("<script>")[0]
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)|\burl\(|@import|\{\{""", head)


def test_no_text_of_the_catalogue_ends_the_script():
    """Whatever it says."""
    assert served().body.decode().count("</script") == 1


def test_the_gateway_may_have_been_started_in_a_language():
    """It is that of the page, until somebody chooses another."""
    assert 'const WANTED_LANGUAGE = "zh"' in served("zh").body.decode()


def test_the_page_is_small():
    """A phone has it in a moment."""
    assert len(served().body) < 120_000


def test_markup_is_never_parsed_from_text():
    """Nodes are built: nothing that a stranger wrote becomes an element."""
    scripts = "\n".join(text for name, text in SOURCES.items() if name.endswith(".js"))
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert word not in scripts
