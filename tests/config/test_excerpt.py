"""The lines that `check` shows below a problem: the place, a caret, and no secret."""

import pytest

from uniapi.config import ConfigProblems, Problem, excerpt, parse_config
from uniapi.engines import engine_names

FILE = """\
providers:
  - provider: a
    api: sk-proj-abcdefghijklmnopqrstuvwxyz
    base_url: https://x.example/v1
    model: [m]
"""


def at(line, column, path="providers[0].api", severity="warning"):
    return Problem(severity=severity, path=path, message="m", line=line, column=column)


def test_the_line_is_shown_with_a_caret_and_without_its_secret():
    assert excerpt(at(3, 10), FILE) == ["  3 |     api: sk-proj-abc…wxyz", "    |          ^"]


def test_a_key_of_no_known_form_is_hidden_by_its_place():
    """What `check` prints is copied into forums."""
    text = FILE.replace("sk-proj-", "zz")
    assert excerpt(at(3, 10), text)[0] == "  3 |     api: zz…"
    listed = "providers:\n  - api:\n    - zzabcdefghijk\n"
    assert excerpt(at(3, 7, "providers[0].api[0]"), listed)[0] == "  3 |     - zz…"


def test_a_comment_beside_a_key_is_left_out():
    """It may be another key; and of plain words a mask would leave half."""
    text = FILE.replace("uvwxyz", "uvwxyz # Supports several; optional. old: zzabcdefghijk")
    assert excerpt(at(3, 10), text)[0] == "  3 |     api: sk-proj-abc…wxyz # …"
    plain = FILE.replace("[m]", "[m] # Supports several")
    assert excerpt(at(5, 5, "providers[0].model"), plain)[0].endswith("# Supports several")


def test_names_in_quotes_are_no_secrets():
    text = '{"providers": [{"provider": "a", "api": "zzabcdefghijk"}], "api_keys": []}'
    shown = '  1 | {"providers": [{"provider": "a", "api": "zz…"}], "api_keys": []}'
    assert excerpt(at(1, 71, "api_keys"), text)[0] == shown


def test_a_variable_is_shown_as_it_is_written():
    text = FILE.replace("sk-proj-abcdefghijklmnopqrstuvwxyz", "$OPENAI_KEY")
    assert excerpt(at(3, 10), text, ("$OPENAI_KEY",))[0] == "  3 |     api: $OPENAI_KEY"


def test_secrets_of_the_configuration_are_hidden_wherever_they_stand():
    text = FILE.replace("https://x.example", "https://u:pass-word-1@x.example")
    assert "pass-word-1" not in "".join(excerpt(at(4, 15), text, ("pass-word-1",)))


@pytest.mark.parametrize("line, column", [(0, 0), (99, 1)])
def test_a_place_that_is_not_known_has_no_lines(line, column):
    assert excerpt(at(line, column), FILE) == []


def test_chinese_signs_take_two_columns():
    """The caret stands below the sign it means."""
    lines = excerpt(at(1, 4, ""), "模型：a\n")
    assert lines == ["  1 | 模型：a", "    |       ^"]


def test_long_lines_and_control_characters_do_no_harm():
    lines = excerpt(at(1, 100_000, ""), "x" * 200_000 + "\x1b[2J")
    assert len(lines) == 1
    assert len(lines[0]) < 140
    assert "\x1b" not in "".join(excerpt(at(1, 1, ""), "\x1b[2J"))


@pytest.mark.parametrize(
    "written, line, column, said",
    [
        ("providers:\n  - provider： a\n    base_url: x\n", 2, 13, "write `:`"),
        ("providers:\n  - base_url:https://x\n    api: k\n", 2, 14, "after `base_url:`"),
        ('providers:\n  - provider: "a\n    api: k\n', 2, 15, "not closed"),
    ],
)
def test_broken_yaml_is_placed_where_the_mistake_is(written, line, column, said):
    """Not where the reader gave up."""
    with pytest.raises(ConfigProblems) as found:
        parse_config(written, source="x", engines=engine_names(), environment={})
    (problem,) = found.value.problems
    assert (problem.line, problem.column) == (line, column)
    assert said in problem.message
    assert found.value.text == written
    assert excerpt(problem, written)[0].startswith("  1 | providers:")
