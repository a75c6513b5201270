"""Figures about the shape of the code, for notes and reviews; no test, nothing fails here.

    .venv/bin/python tests/figures.py [CHECKOUT]

Widths, branches inside expressions, comments, sizes; what the gateway's face exports, how many
parameters its loop hands around, and how often operations and dialects are told apart by name
outside the rooms that own them.
"""

import ast
import io
import statistics
import sys
import tokenize
from pathlib import Path

DIALECTS = {"openai_chat", "openai_responses", "anthropic", "gemini", "bedrock_converse", "cohere"}
LOOPS = ("executor.py", "call_state.py", "attempt_try.py", "attempt_request.py")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[int(len(ordered) * share)] if ordered else 0


def branch_count(tree):
    """`and`, `or`, `if`, `for` inside expressions."""
    count = 0
    for node in ast.walk(tree):
        match node:
            case ast.IfExp():
                count += 1
            case ast.BoolOp(values=values):
                count += len(values) - 1
            case ast.comprehension(ifs=tests):
                count += 1 + len(tests)
    return count


def compares_with(tree, names):
    """Comparisons (`==`, `in`, …) in which one of `names` stands as a text or `Operation.NAME`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        inner = list(ast.walk(node))
        texts = {one.value for one in inner if isinstance(one, ast.Constant)}
        operations = {
            one.value.id
            for one in inner
            if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
        }
        if (texts | operations) & names:
            yield node.lineno


def comment_count(text):
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type == tokenize.COMMENT for token in tokens)


def main():
    package = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve() / "uniapi"
    texts = {path.relative_to(package): path.read_text() for path in package.rglob("*.py")}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    lines = [line for text in texts.values() for line in text.splitlines()]
    widths = [len(line) for line in lines if line.strip()]
    functions = [
        node
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    sizes = [node.end_lineno - node.lineno + 1 for node in functions]
    modules = [len(text.splitlines()) for text in texts.values()]
    thousand = len(lines) / 1000
    conditions = sum(
        isinstance(node, ast.IfExp) for tree in trees.values() for node in ast.walk(tree)
    )
    print(f"modules {len(texts)}, lines {len(lines)}")
    print(f"module lines p90 {percentile(modules, 0.9)}, most {max(modules)}")
    median = statistics.median(sizes)
    print(f"function lines median {median}, p95 {percentile(sizes, 0.95)}, most {max(sizes)}")
    print(f"width p95 {percentile(widths, 0.95)}, over 100: {sum(width > 100 for width in widths)}")
    print(f"conditional expressions per 1,000 lines {conditions / thousand:.1f}")
    branches = sum(branch_count(tree) for tree in trees.values())
    print(f"branches inside expressions per 1,000 lines {branches / thousand:.1f}")
    comments = sum(comment_count(text) for text in texts.values())
    print(f"comments per 100 lines {comments * 100 / len(lines):.2f}")
    for room in ("gateway", "network", "pipes"):
        face = trees.get(Path(room, "__init__.py"))
        if face is not None:
            exported = [node for node in ast.walk(face) if isinstance(node, ast.Assign)]
            names = sum(len(node.value.elts) for node in exported if hasattr(node.value, "elts"))
            count = sum(path.parts[0] == room for path in texts)
            print(f"{room}: {count} modules, {names} names on its face")
    loop = [trees[Path("gateway", name)] for name in LOOPS if Path("gateway", name) in trees]
    methods = [
        node
        for tree in loop
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__"
    ]
    handed = sum(len(node.args.args) + len(node.args.kwonlyargs) - 1 for node in methods)
    print(f"the loop: {len(methods)} methods with {handed} parameters")
    outside = {path: tree for path, tree in trees.items() if path.parts[0] != "dialects"}
    told = sum(len(list(compares_with(tree, DIALECTS))) for tree in outside.values())
    print(f"comparisons with a dialect's name outside dialects {told}")
    kinds = sum(
        len(list(compares_with(tree, {"Operation", "CARRIED", "GENERATING"})))
        for path, tree in trees.items()
        if path.parts[0] in ("gateway", "server", "pipes", "routing")
    )
    print(f"branches on operations in gateway, pipes, routing, server {kinds}")


if __name__ == "__main__":
    main()
