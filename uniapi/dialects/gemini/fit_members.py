"""How the rules of `fit` change a body without touching the client's objects: members in the
spelling the client used, parts one by one, turns put right after some are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body

from .request_encode_turns import begun_by_user
from .vocabulary import list_member, object_member, snake, text_member


def with_member(holder: Mapping[str, Json], name: str, value: Json) -> Body:
    """`holder` with this member, under the spelling it has there."""
    spelling = snake(name) if name not in holder and snake(name) in holder else name
    return {**holder, spelling: value}


def without(holder: Body, *names: str) -> Body:
    """`holder` without these members, in either spelling; itself when it has none of them."""
    gone = {spelling for name in names for spelling in (name, snake(name))}
    if not gone & holder.keys():
        return holder
    return {name: value for name, value in holder.items() if name not in gone}


def with_config(body: Body, config: Body) -> Body:
    """`body` with this generation config; without one when it says nothing."""
    return (
        with_member(body, "generationConfig", config)
        if config
        else without(body, "generationConfig")
    )


PartChange = Callable[[Body], list[Body]]
"""What stands for a part: the same object when nothing is wrong with it, none when it goes."""


def with_parts(body: Body, change: PartChange) -> Body:
    """`body` with every part of its turns changed; turns left without any go, and the rest is
    joined so that user and model still take turns.
    """
    contents = body.get("contents")
    if not isinstance(contents, list):
        return body
    turns = [_changed_turn(turn, change) for turn in contents]
    if all(new is old for new, old in zip(turns, contents, strict=True)):
        return body
    kept = [
        turn
        for turn, before in zip(turns, contents, strict=True)
        if turn is before or turn["parts"]
    ]
    return {**body, "contents": kept if len(kept) == len(turns) else in_turns(kept)}


def _changed_turn(turn: Json, change: PartChange) -> Json:
    parts = turn.get("parts") if isinstance(turn, dict) else None
    if not isinstance(parts, list):
        return turn
    changed: list[Json] = []
    for part in parts:
        changed += change(part) if isinstance(part, dict) else [part]
    is_same = len(changed) == len(parts) and all(
        new is old for new, old in zip(changed, parts, strict=True)
    )
    return turn if is_same else {**turn, "parts": changed}


def in_turns(turns: list[Json]) -> list[Json]:
    """The turns so that user and model take turns, and the user begins."""
    joined: list[Json] = []
    for turn in turns:
        if joined and _follows_its_own(joined[-1], turn):
            joined[-1] = {**joined[-1], "parts": [*joined[-1]["parts"], *turn["parts"]]}
        else:
            joined.append(turn)
    return begun_by_user(joined)


def _follows_its_own(before: Json, turn: Json) -> bool:
    """Whether two turns are of one role and can be made one."""
    return turn_role(before) == turn_role(turn) and all(
        isinstance(each, dict) and isinstance(each.get("parts"), list) for each in (before, turn)
    )


def turn_role(turn: Json) -> str:
    """`model`, or `user`, which a turn without a role is."""
    return text_member(turn, "role").lower() or "user"


def with_tools(body: Body, change: Callable[[Body], Body]) -> Body:
    """`body` with every Tool object changed; those left empty go, and with the last of them
    `tools`.
    """
    tools = list_member(body, "tools")
    changed = [change(tool) if isinstance(tool, dict) else tool for tool in tools]
    if all(new is old for new, old in zip(changed, tools, strict=True)):
        return body
    kept = [tool for tool in changed if tool]
    return with_member(body, "tools", kept) if kept else without(body, "tools")


def generation_config(body: Mapping[str, Json]) -> Body:
    return object_member(body, "generationConfig")
