"""Which configuration is taken, and its bytes as text."""

import os
from pathlib import Path

import pytest

from uniapi.config import (
    Config,
    ConfigProblems,
    ConfigSource,
    Preferences,
    Provider,
    choose_source,
    config_text,
    exposed_file,
    fetch_config,
    parse_config,
    read_config_file,
    shown_url,
    unreadable_ca_files,
)
from uniapi.engines import engine_names


@pytest.mark.parametrize(
    ("flag", "environment", "expected"),
    [
        (
            None,
            {},
            ConfigSource(
                kind="file",
                location="./api.yaml",
                reason="neither --config nor CONFIG_URL is given",
            ),
        ),
        (
            None,
            {"CONFIG_URL": " "},
            ConfigSource(
                kind="file",
                location="./api.yaml",
                reason="neither --config nor CONFIG_URL is given",
            ),
        ),
        (
            "x.yaml",
            {"CONFIG_URL": "https://h/c"},
            ConfigSource(kind="file", location="x.yaml", reason="given by --config"),
        ),
        (
            "https://h/c",
            {},
            ConfigSource(kind="url", location="https://h/c", reason="given by --config"),
        ),
        (
            "file:///etc/api.yaml",
            {},
            ConfigSource(kind="file", location="/etc/api.yaml", reason="given by --config"),
        ),
        (
            None,
            {"CONFIG_URL": "https://h/c"},
            ConfigSource(
                kind="url",
                location="https://h/c",
                reason="given by CONFIG_URL",
                warning="both CONFIG_URL and ./api.yaml exist: CONFIG_URL is used",
            ),
        ),
    ],
)
def test_flag_then_environment_then_file(
    flag: str | None, environment: dict[str, str], expected: ConfigSource
) -> None:
    """`--config`, else `CONFIG_URL`, else `./api.yaml`; a warning when the last two both exist."""
    assert choose_source(flag, environment, exists=lambda path: True) == expected


def test_no_warning_without_a_local_file() -> None:
    """CONFIG_URL alone is what the user wants."""
    assert (
        choose_source(None, {"CONFIG_URL": "https://h/c"}, exists=lambda path: False).warning
        is None
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:pass@h:8443/a/b?token=x#f", "https://h:8443/a/b?…"),
        ("http://h/c", "http://h/c"),
        ("http://[bad/c", "(an address that cannot be read)"),
    ],
)
def test_a_shown_address_holds_no_secret(url: str, expected: str) -> None:
    """User, password and query are left out."""
    assert shown_url(url) == expected
    assert ConfigSource(kind="url", location=url, reason="").shown == expected


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    """Editors on Windows add one."""
    path = tmp_path / "api.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\n")
    assert read_config_file(str(path)) == "a: é\n"


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """`init` or `serve --demo`."""
    with pytest.raises(ConfigProblems) as refused:
        read_config_file(str(tmp_path / "none.yaml"))
    assert "`init`" in str(refused.value)
    assert "`serve --demo`" in str(refused.value)


def test_a_directory_in_its_place_is_said_so(tmp_path: Path) -> None:
    """Docker makes one when a mounted file is missing."""
    with pytest.raises(ConfigProblems, match="is a directory"):
        read_config_file(str(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """The user's mistake, not a traceback."""
    path = tmp_path / "api.yaml"
    path.touch(mode=0o000)
    with pytest.raises(ConfigProblems, match="may not be read"):
        read_config_file(str(path))


def test_a_name_no_system_takes() -> None:
    """A zero byte is a ValueError of `open`."""
    with pytest.raises(ConfigProblems, match="zero byte"):
        read_config_file("a\0b")


def test_the_first_byte_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    """With its line and column."""
    with pytest.raises(ConfigProblems) as refused:
        config_text(b"a: b\nc: d\xe9\n", "api.yaml")
    (problem,) = refused.value.problems
    assert (problem.line, problem.column, refused.value.source) == (2, 5, "api.yaml")
    assert "0xe9 is not UTF-8" in problem.message


@pytest.mark.parametrize(
    ("content", "words"),
    [("a: b".encode("utf-16"), "UTF-16"), (b"a" * (9 * 1024 * 1024), "larger than 8 MiB")],
)
def test_what_is_no_text_file(content: bytes, words: str) -> None:
    """Said before YAML is tried."""
    with pytest.raises(ConfigProblems, match=words):
        config_text(content, "api.yaml")


async def test_a_url_gives_its_text() -> None:
    """The fetch is the caller's; its errors pass through."""

    async def fetch(url: str) -> bytes:
        if url == "http://down":
            raise OSError("down")
        return b"a: " + url.encode()

    assert await fetch_config("http://h", fetch) == "a: http://h"
    with pytest.raises(OSError, match="down"):
        await fetch_config("http://down", fetch)


async def test_a_web_page_is_no_configuration() -> None:
    """A share link instead of the raw one is the usual mistake."""

    async def fetch(url: str) -> bytes:
        return b"\n<!DOCTYPE html><html>"

    with pytest.raises(ConfigProblems, match="gives a web page"):
        await fetch_config("http://h", fetch)


@pytest.mark.parametrize(
    ("mode", "is_exposed"), [(0o600, False), (0o644, True), (0o640, True), (0o400, False)]
)
def test_a_file_others_may_read_is_a_warning(tmp_path: Path, mode: int, is_exposed: bool) -> None:
    """It holds keys, and the host may be shared."""
    path = tmp_path / "api.yaml"
    path.touch()
    path.chmod(mode)
    found = exposed_file(str(path))
    assert (found is not None) == is_exposed
    assert found is None or (found.severity, "chmod 600" in found.message) == ("warning", True)


def test_a_file_that_is_not_there_is_not_exposed(tmp_path: Path) -> None:
    """Reading it says so."""
    assert exposed_file(str(tmp_path / "none")) is None


def test_a_folder_is_not_exposed(tmp_path: Path) -> None:
    """What a mount made in the file's place is an error of its own; `chmod 600` would make it
    worse.
    """
    (tmp_path / "api.yaml").mkdir(mode=0o755)
    assert exposed_file(str(tmp_path / "api.yaml")) is None


def test_a_ca_file_that_cannot_be_read_is_named(tmp_path):
    """By `check`, before the first request fails for it."""
    there = tmp_path / "company.pem"
    there.write_text("")
    config = Config(
        providers=(Provider(provider_id="a", name="a", ca_file=str(tmp_path / "gone.pem")),),
        client_keys=(),
        preferences=Preferences(ca_file=str(there)),
    )
    (problem,) = unreadable_ca_files(config)
    assert (problem.severity, problem.path) == ("warning", "providers[a].preferences.ca_file")
    assert "gone.pem" in problem.message


def test_a_remote_configuration_reads_only_the_variables_that_are_named():
    """Whoever writes it would otherwise read our whole environment."""
    environment = {"CONFIG_ENV": "A_KEY, B", "A_KEY": "a", "OTHER": "o"}
    remote = choose_source("https://example.com/api.yaml", {})
    assert remote.variables(environment) == {"A_KEY": "a"}
    assert choose_source("api.yaml", {}).variables(environment) == environment
    with pytest.raises(ConfigProblems) as caught:
        parse_config(
            "providers: ${OTHER}",
            source="u",
            engines=engine_names(),
            environment=remote.variables(environment),
        )
    assert any("name it in CONFIG_ENV" in str(one) for one in caught.value.problems)


@pytest.mark.parametrize(
    ("url", "is_warned"),
    [
        ("http://example.com/api.yaml", True),
        ("https://example.com/api.yaml", False),
        ("http://127.0.0.1:8080/api.yaml", False),
        ("http://localhost/api.yaml", False),
        ("api.yaml", False),
    ],
)
def test_plain_http_is_warned_of(url, is_warned):
    assert ("plain http" in (choose_source(url, {}).warning or "")) is is_warned
    beside_a_file = choose_source(None, {"CONFIG_URL": url}, lambda _: True).warning
    assert "both CONFIG_URL" in beside_a_file
    assert ("plain http" in beside_a_file) is is_warned
