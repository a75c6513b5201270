"""What is known of a candidate while its answer streams, and the code that it shows as text."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from uniapi.canonical import Finish, Json, ToolCall
from uniapi.values import dataclass, field

from .stream_decode_arguments import PartialArguments
from .vocabulary import member, text_member


@dataclass(slots=True, kw_only=True)
class Candidate:
    """What is known of one candidate.

    `members`: its metadata, for a client of this dialect and for citations.
    """

    finish: Finish | None = None
    has_calls: bool = False
    has_output: bool = False
    text: list[str] = field(default_factory=list)
    """The visible text of the answer so far."""
    text_parts: int = 0
    signed: set[Hashable] = field(default_factory=set)
    """Open parts that have their signature: more text needs a new part."""
    call: ToolCall | None = None
    arguments: PartialArguments | None = None
    """Of the call whose arguments are still arriving."""
    sound_rest: bytes = b""
    """One or two bytes that do not fill a base64 group yet."""
    members: dict[str, Json] = field(default_factory=dict)


def shown_code(part: Mapping[str, Json]) -> str:
    """Code that Google ran, or what it printed, as Markdown; empty when the part is neither."""
    executable = member(part, "executableCode")
    if isinstance(executable, dict):
        language = text_member(executable, "language").lower().replace("language_unspecified", "")
        return f"\n```{language}\n{text_member(executable, 'code').rstrip()}\n```\n"
    result = member(part, "codeExecutionResult")
    if isinstance(result, dict):
        output = (
            text_member(result, "output").rstrip()
            or text_member(result, "outcome").removeprefix("OUTCOME_").lower()
        )
        return f"\n```\n{output}\n```\n"
    return ""
