"""The conversation as Converse takes it: roles alternate, the user begins, every tool call is
answered in the turn after it, no text is blank.

What the API would refuse is repaired so that the meaning stays: a missing tool result is written as
such, a result without a call becomes text that names it, an assistant who begins is given a user
turn to answer.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping

from uniapi.canonical import CacheHint, Json, Message, Role, ToolResult
from uniapi.dialects.numbered_names import NumberedNames
from uniapi.dialects.turn_repair import NO_RESULT, OPENING, orphan_label
from uniapi.values import dataclass, field

from .request_encode_names import MAX_LENGTH
from .request_encode_parts import Block, PartEncoder

DOCUMENT_TEXT = "See the attached document."
"""A turn with a document must hold a text beside it."""


@dataclass(slots=True)
class _Turn:
    role: Role
    blocks: list[Block] = field(default_factory=list)
    orphans: dict[str, list[list[Block]]] = field(default_factory=dict)
    """By wire id, how each result of the turn, in order, reads should its call not be there."""


def encode_turns(
    messages: tuple[Message, ...], encoder: PartEncoder, losses: list[str], cache: CacheHint | None
) -> list[dict[str, Json]]:
    """`messages` of the wire; `cache` puts a cache point behind the last user turn."""
    turns = _answered(_merged(messages, encoder, losses))
    if turns and turns[0].role == "assistant":
        turns.insert(0, _Turn(role="user", blocks=[{"text": OPENING}]))
    for turn in turns:
        if (
            turn.role == "user"
            and any("document" in block for block in turn.blocks)
            and not any("text" in block for block in turn.blocks)
        ):
            turn.blocks.append({"text": DOCUMENT_TEXT})
    if turns and turns[-1].role == "assistant" and "text" in turns[-1].blocks[-1]:
        last = turns[-1].blocks[-1]
        last["text"] = str(last["text"]).rstrip()
    if turns and cache is not None and "cachePoint" not in turns[-1].blocks[-1]:
        turns[-1].blocks += encoder.cache_point(cache)
    return [{"role": turn.role, "content": turn.blocks} for turn in turns]


def uses_tools(turns: list[dict[str, Json]]) -> bool:
    """Whether the conversation holds tool blocks, which the API only takes beside a
    `toolConfig`.
    """
    return any(
        "toolUse" in block or "toolResult" in block for turn in turns for block in turn["content"]
    )


def _merged(messages: tuple[Message, ...], encoder: PartEncoder, losses: list[str]) -> list[_Turn]:
    """Neighbours of one role joined, messages that come out empty left out, closing reasoning
    dropped.
    """
    turns: list[_Turn] = []
    for number, message in enumerate(messages):
        if message.role in ("system", "developer"):
            continue
        if message.name:
            losses.append(f"messages[{number}].name")
        turn = _encoded(message, f"messages[{number}]", encoder)
        if not turn.blocks:
            continue
        if turns and turns[-1].role == turn.role:
            turns[-1].blocks += turn.blocks
            for call_id, blocks in turn.orphans.items():
                turns[-1].orphans.setdefault(call_id, []).extend(blocks)
        else:
            turns.append(turn)
    return turns


def _encoded(message: Message, where: str, encoder: PartEncoder) -> _Turn:
    turn = _Turn(role=message.role)
    for part in message.parts:
        blocks = encoder.blocks(part, where, message.role)
        if blocks and isinstance(part, ToolResult):
            result = blocks[0]["toolResult"]
            turn.orphans.setdefault(result["toolUseId"], []).append(_orphan(result, part))
        turn.blocks += blocks
    while turn.role == "assistant" and turn.blocks and "reasoningContent" in turn.blocks[-1]:
        turn.blocks.pop()
    return turn


def _answered(turns: list[_Turn]) -> list[_Turn]:
    """Each assistant turn with calls followed by a user turn that begins with one result
    for each.
    """
    answered: list[_Turn] = []
    ids = NumberedNames(MAX_LENGTH)
    pending: list[tuple[str, str]] = []
    for turn in turns:
        if turn.role == "user":
            turn.blocks = _results_first(turn, pending)
            pending = []
        else:
            pending = _name_calls(turn, ids)
        answered.append(turn)
    if pending:
        answered.append(_Turn(role="user", blocks=_results_first(_Turn(role="user"), pending)))
    return [turn for turn in answered if turn.blocks]


def _name_calls(turn: _Turn, ids: NumberedNames) -> list[tuple[str, str]]:
    """Gives every call of the turn an id that no call before it has («`tool_use` ids must be
    unique»); returns (the id it had, the id it has) in order.
    """
    pending: list[tuple[str, str]] = []
    for block in turn.blocks:
        call = block.get("toolUse")
        if not isinstance(call, dict) or call.get("type") == "server_tool_use":
            continue
        original = str(call["toolUseId"])
        unique = ids.next(original)
        block["toolUse"] = {**call, "toolUseId": unique}
        pending.append((original, unique))
    return pending


def _results_first(turn: _Turn, pending: list[tuple[str, str]]) -> list[Block]:
    """The turn's blocks with the results of `pending` in front, in the order of the calls; results
    of no call become text.
    """
    found: dict[str, deque[Block]] = {}
    seen: Counter[str] = Counter()
    wanted = Counter(original for original, _ in pending)
    rest: list[Block] = []
    for block in turn.blocks:
        result = block.get("toolResult")
        call_id = result.get("toolUseId") if isinstance(result, dict) else None
        if call_id is None:
            rest.append(block)
            continue
        if seen[call_id] < wanted[call_id]:
            found.setdefault(call_id, deque()).append(block)
        else:
            rest += turn.orphans[call_id][seen[call_id]]
        seen[call_id] += 1
    results: list[Block] = []
    for original, unique in pending:
        waiting = found.get(original)
        result = waiting.popleft()["toolResult"] if waiting else {"content": [{"text": NO_RESULT}]}
        results.append({"toolResult": {**result, "toolUseId": unique}})
    return results + rest


def _orphan(result: Block, part: ToolResult) -> list[Block]:
    """A result whose call is not in the turn before, as content that still says what it is."""
    content = [
        {"text": str(block["json"])} if "json" in block else block for block in result["content"]
    ]
    return [{"text": orphan_label(part)}, *content]


def may_end_empty(body: Mapping[str, Json]) -> bool:
    """Whether a tool's result is what the model is asked to answer: it may find nothing to add."""
    turns = body.get("messages")
    last = turns[-1:] if isinstance(turns, list) else []
    return any("toolResult" in block for turn in last for block in turn["content"])
