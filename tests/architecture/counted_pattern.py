"""A regular expression run by a matcher that counts its steps, and the texts that would make one
work hard: what Python's own matcher does, in the same order, without a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

try:
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse as parser

WIDE = 2
"""A repeat that ends is bounded work however wide it is: it is run as if it ended here."""
LONG = 32
"""What must be there more often is asked for so often only."""
MOST_STEPS = 50_000
"""From here on a match is given up: it will not be told how much worse it gets."""
_STRANGE = "\x01"
"""A character that hardly any pattern names: what makes a match fail at the very end."""
_SHOWN = "a0_A -.:/\"'\\{}[]()<>=,;\n"
"""The characters that stand for a class are sought among these first, and once among those that
the pattern itself names: a text is ended by nothing else than what may stand in it.
"""


@dataclass
class CountedPattern:
    """`steps` of matching `text`; `once`: at its beginning only (`match`, `fullmatch`), else
    wherever it is found, again and again (`search`, `finditer`, `sub`).
    """

    pattern: re.Pattern[Any]
    _program: list[tuple[Any, ...]] = field(default_factory=list)
    _shown: str = ""

    def __post_init__(self) -> None:
        source = self.pattern.pattern
        self._tree = parser.parse(source, self.pattern.flags & ~re.DEBUG)
        self._flags = self._tree.state.flags
        self._has_references = "GROUPREF" in repr(self._tree)
        self._emit_all(self._tree)
        self._program.append(("match",))

    def steps(self, text: str, *, once: bool) -> int:
        total = position = 0
        while position <= len(text):
            end, taken = self._run(text, position, 0)
            total += taken
            if once:
                break
            position = end if end is not None and end > position else position + 1
        return total

    def hostile(self) -> Iterator[tuple[str, str, str]]:
        """Beginnings, what is repeated behind them, and ends."""
        seen = set()
        for shown in (_SHOWN, "".join(dict.fromkeys(_named_in(self._tree))) + _SHOWN):
            self._shown = shown
            for before, piece in self._pieces(self._tree, ""):
                for start in ("", before):
                    for end in ("", _STRANGE):
                        if piece and (start, piece, end) not in seen:
                            seen.add((start, piece, end))
                            yield start, piece, end

    # The program: characters, choices in their order, looks around.

    def _emit_all(self, items: Any) -> None:
        for op, value in items:
            self._emit(str(op), value)

    def _emit(self, op: str, value: Any) -> None:
        program = self._program
        match op:
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                self._emit_repeat(*value, is_greedy=op != "MIN_REPEAT")
            case "SUBPATTERN":
                marks = [
                    ("mark", sign * (value[0] or 0)) for sign in (1, -1) if self._has_references
                ]
                program += marks[:1]
                self._emit_all(value[3])
                program += marks[1:]
            case "BRANCH":
                self._emit_branches(value[1])
            case "ASSERT" | "ASSERT_NOT":
                at = len(program)
                program.append(())
                self._emit_all(value[1])
                program.append(("match",))
                width = value[1].getwidth()[0] if value[0] < 0 else 0
                program[at] = ("look", op == "ASSERT", width, len(program))
            case "AT":
                program.append(("at", str(value)))
            case "GROUPREF":
                program.append(("again", value))
            case _:
                program.append(("one", self._taker(op, value)))

    def _emit_repeat(self, low: int, high: Any, body: Any, *, is_greedy: bool) -> None:
        low = min(low, LONG)
        for _ in range(low):
            self._emit_all(body)
        program = self._program
        if high is parser.MAXREPEAT:
            at = len(program)
            program.append(())
            self._emit_all(body)
            program.append(("jump", at))
            ways = (at + 1, len(program))
            program[at] = ("split", *(ways if is_greedy else ways[::-1]))
            return
        for _ in range(min(high - low, WIDE)):
            at = len(program)
            program.append(())
            self._emit_all(body)
            ways = (at + 1, len(program))
            program[at] = ("split", *(ways if is_greedy else ways[::-1]))

    def _emit_branches(self, branches: list[Any]) -> None:
        program, ends = self._program, []
        for branch in branches[:-1]:
            at = len(program)
            program.append(())
            self._emit_all(branch)
            ends.append(len(program))
            program.append(())
            program[at] = ("split", at + 1, len(program))
        self._emit_all(branches[-1])
        for end in ends:
            program[end] = ("jump", len(program))

    def _taker(self, op: str, value: Any) -> Callable[[str], bool]:
        """Whether a character is taken, told by Python's own matcher and remembered."""
        single = parser.SubPattern(self._tree.state, [(_NAMED[op], value)])
        known: dict[str, bool] = {}
        folded = self._flags & re.IGNORECASE
        flags = re.compile("", folded).flags | (self._flags & re.DOTALL)

        def takes(character: str) -> bool:
            if character not in known:
                forms = {character, character.lower(), character.upper()} if folded else {character}
                known[character] = any(
                    _holds(single, form, flags) for form in forms if len(form) == 1
                )
            return known[character]

        return takes

    def _run(self, text: str, start: int, at: int) -> tuple[int | None, int]:
        """Where the match that begins at `start` ends, and the steps it took."""
        program, steps, length = self._program, 0, len(text)
        stack: list[tuple[int, int, dict[Any, int]]] = [(at, start, {})]
        while stack and steps < MOST_STEPS:
            at, position, groups = stack.pop()
            while True:
                steps += 1
                name, *more = program[at]
                if name == "one":
                    if position >= length or not more[0](text[position]):
                        break
                    position += 1
                elif name == "split":
                    stack.append((more[1], position, groups))
                    at = more[0]
                    continue
                elif name == "jump":
                    at = more[0]
                    continue
                elif name == "match":
                    return position, steps
                elif name == "mark":
                    groups = {**groups, more[0]: position}
                elif name == "again":
                    said = text[groups[more[0]] : groups[-more[0]]]
                    if not text.startswith(said, position):
                        break
                    position += len(said)
                elif name == "look":
                    found, taken = None, 0
                    if position >= more[1]:
                        found, taken = self._run(text, position - more[1], at + 1)
                    steps += taken
                    if (found is not None) is not more[0]:
                        break
                    at = more[2]
                    continue
                elif not _stands(more[0], text, position):
                    break
                at += 1
        return None, steps

    # The texts: what each stretch of the pattern takes, repeated.

    def _pieces(self, items: Any, before: str) -> Iterator[tuple[str, str]]:
        words = list(_words(items))
        samples = ["".join(map(self._sample, word)) for word in words]
        for first, word in enumerate(words):
            ahead = before + "".join(samples[:first])
            for last in range(first + 1, min(first + 4, len(samples) + 1)):
                yield ahead, "".join(samples[first:last])
            for inner in _inner(*word[0]):
                yield from self._pieces(inner, ahead)

    def _sample(self, item: tuple[Any, Any]) -> str:
        op, value = str(item[0]), item[1]
        match op:
            case "AT" | "ASSERT" | "ASSERT_NOT" | "GROUPREF":
                return ""
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return "".join(map(self._sample, value[2])) * max(1, min(value[0], LONG))
            case "SUBPATTERN":
                return "".join(map(self._sample, value[3]))
            case "BRANCH":
                return "".join(map(self._sample, value[1][0]))
        takes = self._taker(op, value)
        return next((each for each in (*self._shown, *map(chr, range(1, 256))) if takes(each)), "")


_NAMED = {str(op): op for op in (parser.LITERAL, parser.NOT_LITERAL, parser.ANY, parser.IN)}


def _holds(single: Any, character: str, flags: int) -> bool:
    """Whether the one element of `single` takes a character."""
    op, value = single[0]
    code = ord(character)
    match str(op):
        case "LITERAL":
            return bool(code == value)
        case "NOT_LITERAL":
            return bool(code != value)
        case "ANY":
            return character != "\n" or bool(flags & re.DOTALL)
    is_out = str(value[0][0]) == "NEGATE"
    return is_out is not any(_is_member(str(kind), of, character) for kind, of in value)


_CATEGORIES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}


def _is_member(kind: str, of: Any, character: str) -> bool:
    match kind:
        case "LITERAL":
            return bool(ord(character) == of)
        case "RANGE":
            return bool(of[0] <= ord(character) <= of[1])
        case "CATEGORY":
            name = str(of).removeprefix("CATEGORY_")
            is_in = re.match(_CATEGORIES[name.removeprefix("NOT_")], character) is not None
            return is_in is not name.startswith("NOT_")
    return False


def _stands(where: str, text: str, position: int) -> bool:
    match where:
        case "AT_BEGINNING" | "AT_BEGINNING_STRING":
            return position == 0
        case "AT_END_STRING":
            return position == len(text)
        case "AT_END":
            return position == len(text) or text[position:] == "\n"
    sides = [text[at : at + 1] for at in (position - 1, position) if at >= 0]
    is_edge = sum(re.match(r"\w", side) is not None for side in sides) == 1
    return is_edge is (where == "AT_BOUNDARY")


def _inner(op: Any, value: Any) -> Iterator[Any]:
    """The sequences inside an element."""
    match str(op):
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            yield value[2]
        case "SUBPATTERN":
            yield value[3]
        case "BRANCH":
            yield from value[1]
        case "ASSERT" | "ASSERT_NOT":
            yield value[1]


def _words(items: Any) -> Iterator[list[Any]]:
    """The elements of a sequence, those that spell a word together."""
    word: list[Any] = []
    for item in items:
        if str(item[0]) == "LITERAL":
            word.append(item)
            continue
        if word:
            yield word
            word = []
        yield [item]
    if word:
        yield word


def _named_in(items: Any) -> Iterator[str]:
    """The characters that a pattern names, in their order."""
    for op, value in items:
        if str(op) == "LITERAL":
            yield chr(value)
        for inner in _inner(op, value):
            yield from _named_in(inner)
