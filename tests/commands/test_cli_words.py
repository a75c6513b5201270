"""What the command line says: the whole help, and what was probably meant."""

import re

import pytest
import yaml

from uniapi.cli import main


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"]])
def test_the_help_has_flags_examples_and_environment(words, capsys):
    """All of the default command, in one place."""
    assert main(words) == 0
    text = capsys.readouterr().out
    for word in ("--port", "--log-level", "check", "stop", "examples:", "CONFIG_URL", "TIMEOUT"):
        assert word in text


@pytest.mark.parametrize("words", [["--version"], ["-V"], ["version"]])
def test_the_version_has_its_usual_names(words, capsys):
    assert main(words) == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    "words, said",
    [
        (["--prot", "9000"], "did you mean `--port`?"),
        (["serve", "--log-levle=debug"], "did you mean `--log-level`?"),
        (["check", "--jsn"], "did you mean `--json`?"),
        (["chek"], "did you mean `check`?"),
        (["my.yaml"], "--config my.yaml"),
        (["check", "--zzz"], "there are --config, --help"),
    ],
)
def test_a_slip_is_told_what_was_meant(words, said, capsys):
    """Exit code 2, one line, no traceback."""
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_configuration_may_be_a_plain_argument(tmp_path, capsys):
    """For check, models, explain; two that differ are one too many."""
    path = tmp_path / "my.yaml"
    path.write_text(
        "providers:\n  - {provider: p, base_url: 'https://p.example/v1', api: sk-1234567890123456,"
        " model: [m]}\napi_keys:\n  - {api: sk-client-0123456789}\n"
    )
    path.chmod(0o600)
    assert main(["check", str(path)]) == 0
    assert main(["models", str(path)]) == 0
    assert main(["explain", "m", str(path)]) == 0
    assert "p/m" in capsys.readouterr().out
    assert main(["check", str(path), "--config", "other.yaml"]) == 2
    assert "two configurations" in capsys.readouterr().err


def test_statistics_take_the_data_dir_as_a_plain_argument(tmp_path, capsys):
    assert main(["stats", str(tmp_path)]) == 0
    assert "Last 24 hours" in capsys.readouterr().out


def test_init_names_the_file_that_it_wrote(tmp_path, capsys):
    """The commands it proposes work as they stand."""
    path = tmp_path / "x.yaml"
    assert main(["init", str(path)]) == 0
    assert f"check --config {path}" in capsys.readouterr().out


HOSTILE = "<img>\u202egnp.exe\x1b]0;title\x07" + "W" * 100_000


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["models"],
        ["explain", "plain"],
        ["explain", HOSTILE[:200]],
        [HOSTILE],
        ["check", f"--{HOSTILE}"],
        ["connect", "claude", "--key", HOSTILE],
    ],
)
def test_no_name_controls_the_terminal(tmp_path, capsys, monkeypatch, words):
    """Whatever stands in the file or on the command line: it moves no cursor, turns no reading and
    fills no screen.
    """
    config = {
        "providers": [
            {
                "provider": f"p\u202e{name[:9]}",
                "base_url": "http://127.0.0.1:9/v1",
                "api": "sk-aaaaaaaaaaaaaaaaaaaaaaa",
                "model": ["plain", {f"{name}-up": f"{name}-alias"}],
            }
            for name in ("a", HOSTILE[:200])
        ],
        "api_keys": [
            {"api": "sk-0123456789abcdef0123", "role": HOSTILE, "model": ["all", HOSTILE]}
        ],
    }
    (tmp_path / "api.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    monkeypatch.chdir(tmp_path)
    main(words)
    said = capsys.readouterr()
    for character in "\x1b\x07\u202e":
        assert character not in said.out + said.err
    assert 0 < len(said.out + said.err) < 20_000


def test_init_names_a_folder_that_is_not_there(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "sub/api.yaml"]) == 1
    assert "there is no folder sub" in capsys.readouterr().err
