"""A line can be read aloud and holds a breakpoint: few branches on it, no condition in another."""

import ast
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "uniapi"
MOST_BRANCHES = 3


def branches(tree):
    """The line of every branch inside an expression: `and`, `or`, `if`, `for`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp):
            yield node.test.lineno
        elif isinstance(node, ast.BoolOp):
            yield from (value.lineno for value in node.values[1:])
        elif isinstance(node, ast.comprehension):
            yield node.iter.lineno
            yield from (test.lineno for test in node.ifs)


def trees():
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))


def test_no_line_has_more_than_three_branches():
    """What decides more is several statements, or a function with a name."""
    offences = [
        f"{path}:{line}"
        for path, tree in trees()
        for line, count in Counter(branches(tree)).items()
        if count > MOST_BRANCHES
    ]
    assert offences == []


def test_no_conditional_expression_holds_another():
    """A choice among three is a statement or a table."""
    offences = [
        f"{path}:{outer.lineno}"
        for path, tree in trees()
        for outer in ast.walk(tree)
        if isinstance(outer, ast.IfExp)
        and any(isinstance(inner, ast.IfExp) for inner in ast.walk(outer) if inner is not outer)
    ]
    assert offences == []


def test_the_counting_sees_each_kind_of_branch():
    """Of the rule itself: each word counts on its own line."""
    text = "x = [a for b in c if d and e or f] if g else h"
    assert Counter(branches(ast.parse(text))) == {1: 5}
