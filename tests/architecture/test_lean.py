"""What is shipped is the program without its comments, line by line the same."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAN = runpy.run_path(str(ROOT / "packaging" / "lean.py"))


@pytest.mark.parametrize(
    "source, shipped",
    [
        ('"""Doc."""\nx = 1  # kept\n# gone\n', "\nx = 1  # kept\n\n"),
        ('class A:\n    """Only\n    this."""\n', "class A:\n ...\n\n"),
        ('def f():\n    """Doc."""\n    return "# no"\n', 'def f():\n\n return "# no"\n'),
        (
            'x: int = 1\n"""Of a field."""\ny = """a\n# b\n"""\n',
            'x: int = 1\n\ny = """a\n# b\n"""\n',
        ),
        (
            'if x:\n    if y:\n        z = """a\n    b""", (\n            1)\n',
            'if x:\n if y:\n  z = """a\n    b""", (\n   1)\n',
        ),
        (
            "def f(a: int, *b: A[int, B], c: str = g(x, y=1), d=lambda x: x, **e: C) -> A[B, C]:\n"
            "    d: int = {1: 2}[1]\n",
            "def f(a, *b, c = g(x, y=1), d=lambda x: x, **e):\n d: int = {1: 2}[1]\n",
        ),
        (
            "class A:\n    b: int\n    async def f(\n        self, a: A[\n            B,\n"
            "        ],\n    ): ...\n",
            "class A:\n b: int\n async def f(\n  self, a\n\n,\n ): ...\n",
        ),
        ("def f() -> A[\n    B\n]:\n    pass\n", "def f() -> A[\n B\n]:\n pass\n"),
    ],
)
def test_only_what_nobody_reads_goes(source, shipped):
    """Strings that are used stay, types of fields too, lines keep their numbers."""
    assert LEAN["lean"](source) == shipped
    assert LEAN["same_program"](source, shipped)


def test_another_program_would_be_noticed():
    assert not LEAN["same_program"]("x = 1\n", "x = 2\n")
    assert not LEAN["same_program"]("x = 'a'\n", "\n")
