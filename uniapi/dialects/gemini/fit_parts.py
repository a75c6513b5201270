"""Rules about what stands in the turns: calls and results, pictures, ids, signatures."""

from __future__ import annotations

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds

from .fit_members import in_turns, turn_role, with_member, with_parts, without
from .request_encode_parts import shown_behind
from .vocabulary import (
    SKIP_SIGNATURE,
    both_spellings,
    is_signature,
    list_member,
    member,
    object_member,
    text_member,
)

_TOOL_PARTS = both_spellings("functionCall", "functionResponse")
_MEDIA_MEMBERS = ("inlineData", "fileData")


@minds("has_tools")
def leave_out_tools(body: Body, fitting: Fitting) -> Body:
    """Tools, how to call them, calls and results."""

    def change(part: Body) -> list[Body]:
        if not _TOOL_PARTS & part.keys():
            return [part]
        fitting.lose("tools")
        return []

    if list_member(body, "tools"):
        fitting.lose("tools")
    return with_parts(without(body, "tools", "toolConfig"), change)


@minds("has_images")
def leave_out_images(body: Body, fitting: Fitting) -> Body:
    """Pictures, in turns and in results."""

    def change(part: Body) -> list[Body]:
        if _is_image(part):
            fitting.lose("image")
            return []
        result = object_member(part, "functionResponse")
        inside = list_member(result, "parts")
        kept = [each for each in inside if not _is_image(each)]
        if len(kept) == len(inside):
            return [part]
        fitting.lose("image")
        result = with_member(result, "parts", kept) if kept else without(result, "parts")
        return [with_member(part, "functionResponse", result)]

    return with_parts(body, change)


def _is_image(part: Json) -> bool:
    return any(
        text_member(member(part, name), "mimeType").startswith("image/") for name in _MEDIA_MEMBERS
    )


@minds(always=True, where=tuple(both_spellings("functionResponse")))
def one_result_a_call(body: Body, fitting: Fitting) -> Body:
    """Gemini CLI says every result of a resumed session twice: «Please ensure that the number of
    function response parts is equal to the number of function call parts of the function call turn»
    (github.com/google-gemini/gemini-cli/issues/29365, 2026-11-30).
    """
    said: dict[str, Json] = {}

    def change(part: Body) -> list[Body]:
        said.pop(text_member(member(part, "functionCall"), "id"), None)
        result = member(part, "functionResponse")
        call_id = text_member(result, "id")
        if not call_id:
            return [part]
        is_repeated = said.get(call_id) == result
        said[call_id] = result
        return [] if is_repeated else [part]

    return with_parts(body, change)


@minds("empty_turns", always=True)
def leave_out_empty_turns(body: Body, fitting: Fitting) -> Body:
    """«contents.parts must not be empty»: what clients keep of an answer with nothing in it
    (github.com/google-gemini/gemini-cli/pull/7769, 2026-11-30).
    """
    contents = body.get("contents")
    if not isinstance(contents, list):
        return body
    kept = [turn for turn in contents if not _is_empty(turn)]
    if len(kept) == len(contents) or not kept:
        return body
    return {**body, "contents": in_turns(kept)}


def _is_empty(turn: Json) -> bool:
    if not isinstance(turn, dict) or not turn.keys() <= {"role", "parts"}:
        return False
    return not any(list_member(turn, "parts"))


@minds("function_call_ids")
def leave_out_call_ids(body: Body, fitting: Fitting) -> Body:
    def change(part: Body) -> list[Body]:
        for name in _TOOL_PARTS & part.keys():
            if member(part[name], "id") is not None:
                part = {**part, name: without(part[name], "id")}
        return [part]

    return with_parts(body, change)


@minds("result_media")
def keep_media_outside_results(body: Body, fitting: Fitting) -> Body:
    """What a result shows stands behind it."""

    def change(part: Body) -> list[Body]:
        result = object_member(part, "functionResponse")
        inside = list_member(result, "parts")
        return shown_behind(without(result, "parts"), inside) if inside else [part]

    return with_parts(body, change)


@minds("call_signatures", always=True)
def vouch_for_calls(body: Body, fitting: Fitting) -> Body:
    """The first call of every step that has no signature, or one that is none, gets the documented
    stand-in: such a turn was another model's, and is refused otherwise.
    """
    contents = body.get("contents")
    if not fitting.quirk.call_signatures or not isinstance(contents, list):
        return body
    vouched: list[Json] = []
    is_first = True
    for turn in contents:
        if turn_role(turn) != "model":
            is_first = True
        elif is_first and (position := _first_call(turn)) is not None:
            turn = _vouched(turn, position)
            is_first = False
        vouched.append(turn)
    is_same = all(new is old for new, old in zip(vouched, contents, strict=True))
    return body if is_same else {**body, "contents": vouched}


def _first_call(turn: Json) -> int | None:
    parts = turn.get("parts")
    if not isinstance(parts, list):
        return None
    return next(
        (at for at, part in enumerate(parts) if isinstance(member(part, "functionCall"), dict)),
        None,
    )


def _vouched(turn: Body, position: int) -> Body:
    parts = turn["parts"]
    call = parts[position]
    if is_signature(member(call, "thoughtSignature")):
        return turn
    signed = with_member(call, "thoughtSignature", SKIP_SIGNATURE)
    return {**turn, "parts": [*parts[:position], signed, *parts[position + 1 :]]}
