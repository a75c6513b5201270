"""The conversation as the API takes it: roles alternate, the user begins, every tool call is
answered in the turn after it.

What the API would refuse is repaired so that the meaning stays: a missing tool result is written as
such, a result without a call becomes text that names it, an assistant who begins is given a user
turn to answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from uniapi.canonical import Json, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from uniapi.dialects.turn_repair import NO_RESULT, OPENING, orphan_label

from .request_encode_names import clean_call_id
from .request_encode_parts import Block, PartEncoder

CONTINUE = "Continue."
"""What the user says after a last assistant turn that the model will not take as the beginning of
its answer.
"""


@dataclass(slots=True)
class _Turn:
    role: Role
    blocks: list[Block] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: dict[int, ToolResult] = field(default_factory=dict)
    """By the block's position."""


def encode_turns(
    messages: tuple[Message, ...], encoder: PartEncoder, losses: list[str], *, has_prefill: bool
) -> list[dict[str, Json]]:
    """`messages` of the wire.

    `has_prefill`: the model takes a last assistant turn as the beginning of its answer.
    """
    turns = _merged_turns(messages, encoder, losses)
    if turns and turns[0].role == "assistant":
        turns.insert(0, _Turn(role="user", blocks=[{"type": "text", "text": OPENING}]))
    turns = _answered(turns)
    for turn in turns:
        if turn.role == "assistant":
            _close_thinking(turn)
    turns = [turn for turn in turns if turn.blocks]
    if turns and turns[-1].role == "assistant":
        _end_prefill(turns, losses, has_prefill=has_prefill)
    return [{"role": turn.role, "content": plain_or_blocks(turn.blocks)} for turn in turns]


def lacks_signed_thinking(messages: tuple[Message, ...], family: str) -> bool:
    """Whether a fixed thinking budget would be refused because of the last assistant turn: it calls
    a tool, or is a prefill, and does not begin with thinking of this family.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
    """
    turns = [message for message in messages if message.role in ("user", "assistant")]
    last = max(
        (number for number, message in enumerate(turns) if message.role == "assistant"),
        default=None,
    )
    if last is None:
        return False
    parts: tuple[Part, ...] = ()
    for message in reversed(turns[: last + 1]):
        if message.role != "assistant":
            break
        parts = message.parts + parts
    is_prefill = last == len(turns) - 1
    if not is_prefill and not any(isinstance(part, ToolCall) for part in parts):
        return False
    written = [
        part
        for part in parts
        if not (
            isinstance(part, Reasoning) and (part.opaque is None or part.opaque.family != family)
        )
    ]
    written = [part for part in written if not (isinstance(part, Text) and not part.text.strip())]
    return bool(written) and not isinstance(written[0], Reasoning)


def plain_or_blocks(blocks: list[Block]) -> str | list[Block]:
    """A single unmarked text as a string, the usual spelling."""
    if len(blocks) == 1 and set(blocks[0]) == {"type", "text"} and blocks[0]["type"] == "text":
        text = blocks[0]["text"]
        return text if isinstance(text, str) else blocks
    return blocks


def _merged_turns(
    messages: tuple[Message, ...], encoder: PartEncoder, losses: list[str]
) -> list[_Turn]:
    """Neighbours of one role joined, messages that come out empty left out."""
    turns: list[_Turn] = []
    for number, message in enumerate(messages):
        if message.role in ("system", "developer"):
            continue
        if message.name:
            losses.append(f"messages[{number}].name")
        turn = turns[-1] if turns and turns[-1].role == message.role else _Turn(role=message.role)
        for part in message.parts:
            blocks = encoder.blocks(part, f"messages[{number}]", message.role)
            if blocks and isinstance(part, ToolResult):
                turn.results[len(turn.blocks)] = part
            elif blocks and isinstance(part, ToolCall):
                turn.calls.append(part)
            turn.blocks += blocks
        if turn.blocks and (not turns or turns[-1] is not turn):
            turns.append(turn)
    return turns


def _answered(turns: list[_Turn]) -> list[_Turn]:
    """Each assistant turn with calls followed by a user turn that begins with one result for each,
    ids unique and clean.
    """
    answered: list[_Turn] = []
    taken: set[str] = set()
    pending: list[tuple[str, str]] = []
    for turn in turns:
        if pending and turn.role == "assistant":
            answered.append(_Turn(role="user", blocks=_results_first(_Turn(role="user"), pending)))
            pending = []
        if turn.role == "assistant":
            pending = _name_calls(turn, taken)
        else:
            turn.blocks = _results_first(turn, pending)
            pending = []
        answered.append(turn)
    if pending:
        answered.append(_Turn(role="user", blocks=_results_first(_Turn(role="user"), pending)))
    return answered


def _name_calls(turn: _Turn, taken: set[str]) -> list[tuple[str, str]]:
    """Gives every call of the turn its wire id; returns (the client's id, the wire's) in order."""
    pending: list[tuple[str, str]] = []
    for block in turn.blocks:
        if block["type"] != "tool_use":
            continue
        original = str(block["id"])
        base = wire_id = clean_call_id(original)
        count = 1
        while wire_id in taken:
            count += 1
            wire_id = f"{base}_{count}"
        taken.add(wire_id)
        block["id"] = wire_id
        pending.append((original, wire_id))
    return pending


def _results_first(turn: _Turn, pending: list[tuple[str, str]]) -> list[Block]:
    """The turn's blocks with the results of `pending` in front, in the order of the calls; other
    results become text.
    """
    by_call: dict[str, list[Block]] = {}
    rest: list[Block] = []
    expected = {original for original, _ in pending}
    for position, block in enumerate(turn.blocks):
        result = turn.results.get(position)
        if result is None:
            rest.append(block)
        elif result.call_id in expected:
            by_call.setdefault(result.call_id, []).append(block)
        else:
            rest += _orphan(block, result)
    blocks: list[Block] = []
    for original, wire_id in pending:
        found = by_call.get(original)
        block = (
            found.pop(0)
            if found
            else {"type": "tool_result", "content": NO_RESULT, "is_error": True}
        )
        blocks.append({**block, "tool_use_id": wire_id})
    extra = [
        text
        for call_id, surplus in by_call.items()
        for block in surplus
        for text in _orphan(block, ToolResult(call_id=call_id))
    ]
    return blocks + extra + rest


def _orphan(block: Block, result: ToolResult) -> list[Block]:
    """A result whose call is not in the turn before, as content that still says what it is."""
    content = block.get("content", "")
    inner = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    return [
        {"type": "text", "text": orphan_label(result)},
        *(
            item
            for item in inner
            if item.get("type") != "text" or str(item.get("text", "")).strip()
        ),
    ]


def _close_thinking(turn: _Turn) -> None:
    """The last block of an assistant turn may not be thinking."""
    while turn.blocks and turn.blocks[-1]["type"] in ("thinking", "redacted_thinking"):
        turn.blocks.pop()


def _end_prefill(turns: list[_Turn], losses: list[str], *, has_prefill: bool) -> None:
    """A last assistant turn may not end in white space; where the model takes no prefill the user
    asks it to go on.
    """
    last = turns[-1].blocks[-1]
    if not has_prefill and last["type"] == "text":
        losses.append("messages[-1].prefill")
        turns.append(_Turn(role="user", blocks=[{"type": "text", "text": CONTINUE}]))
        return
    if last["type"] == "text":
        last["text"] = last["text"].rstrip()
