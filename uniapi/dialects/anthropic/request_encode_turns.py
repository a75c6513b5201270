"""The conversation as the API takes it: roles alternate, the user begins, every tool call is
answered in the turn after it.

What the API would refuse is repaired so that the meaning stays: a missing tool result is written as
such, a result without a call becomes text that names it, an assistant who begins is given a user
turn to answer.
"""

from __future__ import annotations

from uniapi.canonical import Json, Message, Role, ToolCall, ToolResult
from uniapi.dialects.numbered_names import NumberedNames
from uniapi.dialects.turn_repair import NO_RESULT, OPENING, encode_system, orphan_label
from uniapi.values import dataclass, field

from .request_encode_names import clean_call_id
from .request_encode_parts import Block, PartEncoder

SYSTEM_ROLES = ("system", "developer")


@dataclass(slots=True)
class _Turn:
    role: Role
    blocks: list[Block] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: dict[int, ToolResult] = field(default_factory=dict)
    """By the block's position."""


def encode_turns(
    messages: tuple[Message, ...], encoder: PartEncoder, losses: list[str], *, begins_at: int = 0
) -> list[dict[str, Json]]:
    """`messages` of the wire, from the message of that number on."""
    turns = _merged_turns(messages, encoder, losses, begins_at)
    if turns and turns[0].role == "assistant":
        turns.insert(0, _Turn(role="user", blocks=[{"type": "text", "text": OPENING}]))
    said: list[_Turn] = []
    for turn in _answered(turns):
        if turn.role == "assistant":
            _close_thinking(turn)
        if turn.blocks:
            said.append(turn)
    if said and said[-1].role == "assistant":
        _end_prefill(said[-1])
    return [{"role": turn.role, "content": plain_or_blocks(turn.blocks)} for turn in said]


def leading_system(messages: tuple[Message, ...]) -> int:
    """How many instructions stand before the first turn."""
    for number, message in enumerate(messages):
        if message.role not in SYSTEM_ROLES:
            return number
    return len(messages)


def plain_or_blocks(blocks: list[Block]) -> str | list[Block]:
    """A single unmarked text as a string, the usual spelling."""
    if len(blocks) == 1:
        block = blocks[0]
        text = block.get("text")
        if len(block) == 2 and block.get("type") == "text" and isinstance(text, str):
            return text
    return blocks


def _merged_turns(
    messages: tuple[Message, ...], encoder: PartEncoder, losses: list[str], begins_at: int
) -> list[_Turn]:
    """Neighbours of one role joined, messages that come out empty left out. Instructions between a
    call and its result wait until it is there.
    """
    turns: list[_Turn] = []
    waiting: list[_Turn] = []
    unanswered: set[str] = set()
    for number, message in enumerate(messages[begins_at:], begins_at):
        role: Role = "system" if message.role in SYSTEM_ROLES else message.role
        if role == "system" and unanswered:
            _join(waiting, _encoded_turn(message, role, number, encoder, losses))
            continue
        if role == "assistant":
            turns += waiting
            waiting = []
        turn = _encoded_turn(message, role, number, encoder, losses)
        if turn.calls:
            unanswered |= {call.call_id for call in turn.calls}
        if turn.results:
            unanswered -= {result.call_id for result in turn.results.values()}
        _join(turns, turn)
        if not unanswered:
            turns += waiting
            waiting = []
    return turns + waiting


def _join(turns: list[_Turn], turn: _Turn) -> None:
    """Puts `turn`, unless it is empty, behind the others, or into the last one of its role."""
    last = turns[-1] if turns else None
    if last is None or last.role != turn.role:
        turns += [turn] if turn.blocks else []
        return
    last.results.update(
        {len(last.blocks) + position: result for position, result in turn.results.items()}
    )
    last.calls += turn.calls
    last.blocks += turn.blocks


def _encoded_turn(
    message: Message, role: Role, number: int, encoder: PartEncoder, losses: list[str]
) -> _Turn:
    where = f"messages[{number}]"
    turn = _Turn(role=role)
    if role == "system":
        turn.blocks = encode_system((message,), encoder.blocks, losses, number)
        return turn
    if message.name:
        losses.append(f"{where}.name")
    for part in message.parts:
        blocks = encoder.blocks(part, where, message.role)
        if blocks and isinstance(part, ToolResult):
            turn.results[len(turn.blocks)] = part
        elif blocks and isinstance(part, ToolCall):
            turn.calls.append(part)
        turn.blocks += blocks
    return turn


def _answered(turns: list[_Turn]) -> list[_Turn]:
    """Each assistant turn with calls followed by a user turn that begins with one result for each,
    ids unique and clean.
    """
    answered: list[_Turn] = []
    ids = NumberedNames()
    pending: list[tuple[str, str]] = []
    for turn in turns:
        if pending and turn.role != "user":
            answered.append(_Turn(role="user", blocks=_results_first(_Turn(role="user"), pending)))
            pending = []
        if turn.role == "assistant":
            pending = _name_calls(turn, ids)
        elif turn.role == "user":
            if pending or turn.results:
                turn.blocks = _results_first(turn, pending)
            pending = []
        answered.append(turn)
    if pending:
        answered.append(_Turn(role="user", blocks=_results_first(_Turn(role="user"), pending)))
    return answered


def _name_calls(turn: _Turn, ids: NumberedNames) -> list[tuple[str, str]]:
    """Gives every call of the turn its wire id; returns (the client's id, the wire's) in order."""
    pending: list[tuple[str, str]] = []
    for block in turn.blocks:
        if block["type"] == "tool_use":
            original = str(block["id"])
            block["id"] = ids.next(clean_call_id(original))
            pending.append((original, block["id"]))
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


def _end_prefill(turn: _Turn) -> None:
    """A last assistant turn may not end in white space."""
    last = turn.blocks[-1]
    if last["type"] == "text":
        last["text"] = last["text"].rstrip()
