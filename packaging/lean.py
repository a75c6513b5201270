"""The program as it is shipped: without comments and docstrings, indented by one blank a step,
every line where it was, so that a traceback names the line of the repository. It saves a quarter of
the size, and memory and time at each start; the sdist holds the sources as they are.

    python packaging/lean.py uniapi build/stage/uniapi
"""

import ast
import io
import shutil
import sys
import tokenize
from pathlib import Path


def lean(source: str) -> str:
    """The module without whole-line comments and without strings that stand alone."""
    lines = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip():
            lines[token.start[0] - 1] = ""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            if _is_text(statement):
                first, last = statement.lineno - 1, (statement.end_lineno or 0) - 1
                blank = "" if len(body) > 1 else lines[first][: statement.col_offset] + "..."
                lines[first : last + 1] = [blank, *[""] * (last - first)]
    return _indented_by_one("\n".join(lines))


STEP = 4
"""Blanks that a step has in the sources."""


def _indented_by_one(source: str) -> str:
    lines = source.split("\n")
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING:
            # The blanks before the further lines of a text belong to it.
            inside.update(range(token.start[0], token.end[0]))
    for number, line in enumerate(lines):
        if number not in inside:
            bare = line.lstrip(" ")
            lines[number] = " " * ((len(line) - len(bare)) // STEP) + bare
    return "\n".join(lines)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


class _WithoutTexts(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if _is_text(node) else node


def same_program(source: str, shipped: str) -> bool:
    """Whether the two are the same but for texts that nobody reads."""
    trees = [_WithoutTexts().visit(ast.parse(text)) for text in (source, shipped)]
    before, after = (
        ast.dump(tree).replace("Expr(value=Constant(value=Ellipsis))", "") for tree in trees
    )
    return before == after


if __name__ == "__main__":
    origin, target = Path(sys.argv[1]), Path(sys.argv[2])
    for path in sorted(origin.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        place = target / path.relative_to(origin)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".py":
            shutil.copyfile(path, place)
            continue
        text = path.read_text(encoding="utf-8")
        shipped = lean(text)
        if not same_program(text, shipped):
            raise SystemExit(f"{path}: it would be another program without its comments")
        place.write_text(shipped, encoding="utf-8")
