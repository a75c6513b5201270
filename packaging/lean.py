"""The program as it is shipped: without comments, docstrings and the types of functions, indented
by one blank a step, every line where it was, so that a traceback names the line of the repository.
It saves a third of the size, and memory and time at each start; the sdist holds the sources as they
are.

    python packaging/lean.py uniapi build/stage/uniapi
"""

import ast
import io
import shutil
import sys
import tokenize
from collections.abc import Iterator
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
    return _indented_by_one(_without_types("\n".join(lines)))


def _without_types(source: str) -> str:
    """The module without what functions say of the types of their parameters and results."""
    lines = source.split("\n")
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    cuts = [
        cut
        for at, token in enumerate(tokens)
        if token.string == "def"
        for cut in _types(tokens, at)
    ]
    for (row, column), (end_row, end_column) in reversed(cuts):
        if row == end_row:
            lines[row - 1] = lines[row - 1][:column] + lines[row - 1][end_column:]
        else:
            between = [""] * (end_row - row - 1)
            lines[row - 1 : end_row] = [
                lines[row - 1][:column],
                *between,
                lines[end_row - 1][end_column:],
            ]
    return "\n".join(lines)


OPENING, CLOSING = frozenset("([{"), frozenset(")]}")
Place = tuple[int, int]


def _types(tokens: list[tokenize.TokenInfo], at: int) -> Iterator[tuple[Place, Place]]:
    """From where to where the types stand in the head of the function whose `def` is there. That
    of a result which goes over several lines stays: nothing would hold its lines together.
    """
    depth, is_default, begun = 0, False, None
    while True:
        at += 1
        text, before = tokens[at].string, tokens[at - 1].end
        depth -= text in CLOSING
        if depth == 1 and text == ":" and not is_default:
            begun = before
        elif (depth, text) in ((1, ","), (1, "="), (0, ")")):
            if begun is not None:
                yield begun, before
            begun, is_default = None, text == "="
            if depth == 0:
                break
        depth += text in OPENING
    begun = tokens[at].end
    while depth or tokens[at + 1].string != ":":
        at += 1
        depth += (tokens[at].string in OPENING) - (tokens[at].string in CLOSING)
    if begun < tokens[at].end and begun[0] == tokens[at].end[0]:
        yield begun, tokens[at].end


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


class _WithoutWords(ast.NodeTransformer):
    """Without texts and dots that stand alone, and without the types of functions."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_dots = isinstance(node.value, ast.Constant) and node.value.value is ...
        return None if is_dots or _is_text(node) else node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


def same_program(source: str, shipped: str) -> bool:
    """Whether the two are the same but for words that nobody reads."""
    before, after = (_WithoutWords().visit(ast.parse(text)) for text in (source, shipped))
    return ast.dump(before) == ast.dump(after)


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
