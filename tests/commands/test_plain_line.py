"""A plain `serve` line is read without argparse, and as argparse would read it."""

import subprocess
import sys
from pathlib import Path

import pytest

from uniapi.cli_parser import make_parsers
from uniapi.plain_line import plain_serve

PLAIN = [
    "",
    "serve",
    "--config a.yaml --host 127.0.0.1 --port 0 --data-dir d",
    "serve --lang zh --log-level debug --log-file x.log",
    "--port 9000 --port 8000",
]
NOT_PLAIN = [
    "--demo",
    "--port 70000",
    "--port x",
    "--port",
    "--config --demo",
    "--config=a.yaml",
    "--conf a.yaml",
    "--log_level debug",
    "--log-level loud",
    "--log-format json",
    "check --config a.yaml",
    "serve serve",
    "a.yaml b",
    "--help me",
]


@pytest.mark.parametrize("line", PLAIN)
def test_what_is_plain_says_what_argparse_says(line):
    words = line.split()
    full = words if words[:1] == ["serve"] else ["serve", *words]
    theirs = vars(make_parsers().whole.parse_args(full))
    assert {**vars(plain_serve(words)), "version": False} == theirs


@pytest.mark.parametrize("line", NOT_PLAIN)
def test_all_else_is_argparses(line):
    assert plain_serve(line.split()) is None


def test_a_plain_line_needs_no_argparse():
    code = "import sys, uniapi.cli; sys.exit('argparse' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
