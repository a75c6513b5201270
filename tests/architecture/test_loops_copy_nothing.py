"""A loop adds to what it gathers and never copies it: `all = all + more` costs the square of the
length, in one line and without a call, so that counting lines and calls does not see it.
"""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "uniapi"


def copies(tree):
    """Lines in loops where a name becomes itself plus another name, as a new object."""
    loops = (
        node for node in ast.walk(tree) if isinstance(node, ast.For | ast.AsyncFor | ast.While)
    )
    assigns = {node for loop in loops for node in ast.walk(loop) if isinstance(node, ast.Assign)}
    for assign in assigns:
        for target in assign.targets:
            many = isinstance(target, ast.Tuple) and isinstance(assign.value, ast.Tuple)
            pairs = (
                zip(target.elts, assign.value.elts, strict=False)
                if many
                else [(target, assign.value)]
            )
            yield from (assign.lineno for name, value in pairs if is_copy(name, value))


def is_copy(target, value):
    return (
        isinstance(value, ast.BinOp)
        and isinstance(value.op, ast.Add)
        and isinstance(value.right, ast.Name | ast.List | ast.Tuple)
        and ast.unparse(value.left) == ast.unparse(target)
    )


def test_no_loop_copies_what_it_gathers():
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in copies(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_the_rule_sees_a_copy():
    code = "for one in many:\n    turns, waiting = turns + waiting, []\n    turns += [one]\n"
    assert list(copies(ast.parse(code))) == [2]
