"""What is wrong with an `api.yaml`."""

from __future__ import annotations

from typing import Literal

from uniapi.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong: where (`providers[2].preferences.model_timeout`, line and column from 1, 0
    when unknown) and what was found, expected, and perhaps meant.
    """

    severity: Literal["error", "warning", "note"]
    path: str
    message: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        place = f"line {self.line}{column}: " if self.line else ""
        where = f"{self.path}: " if self.path else ""
        return f"{self.severity}: {place}{where}{self.message}"


class ConfigProblems(Exception):
    """An `api.yaml` that cannot be used; `problems` holds every error and warning found, in file
    order; `text` is the file.
    """

    def __init__(self, problems: tuple[Problem, ...], source: str = "", text: str = "") -> None:
        super().__init__(
            "\n".join((f"{source}: " if source else "") + str(problem) for problem in problems)
        )
        self.problems = problems
        self.source = source
        self.text = text
