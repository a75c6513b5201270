"""Every call answered, as Google counts them: «Please ensure that the number of function response
parts is equal to the number of function call parts of the function call turn»
(github.com/google-gemini/gemini-cli/issues/16987, 2026-11-30).
"""

from __future__ import annotations

from collections import Counter

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds

from .fit_members import turn_role
from .request_encode_turns import NO_RESULT
from .vocabulary import list_member, member, text_member


@minds("calls_need_results", where=("functionCall", "function_call"))
def answer_every_call(body: Body, fitting: Fitting) -> Body:
    """What the last turn calls is still open. Results without a call stay: the vendor names them
    better.
    """
    contents = body.get("contents")
    if not isinstance(contents, list):
        return body
    answered: list[Json] = []
    for number, turn in enumerate(contents):
        calls = _named(contents[number - 1], "model", "functionCall") if number else []
        missing = _unanswered(calls, turn) if calls and turn_role(turn) == "user" else []
        answered.append(
            _with_results(turn, missing) if missing and isinstance(turn, dict) else turn
        )
    is_same = all(new is old for new, old in zip(answered, contents, strict=True))
    return body if is_same else {**body, "contents": answered}


def _named(turn: Json, role: str, kind: str) -> list[Json]:
    """The calls, or the results, of a turn of this role."""
    if not isinstance(turn, dict) or turn_role(turn) != role:
        return []
    found = (member(part, kind) for part in list_member(turn, "parts"))
    return [one for one in found if isinstance(one, dict)]


def _unanswered(calls: list[Json], turn: Json) -> list[Json]:
    """By id where there is one, else by name."""
    results = _named(turn, "user", "functionResponse")
    if len(results) >= len(calls):
        return []
    ids = {text_member(result, "id") for result in results}
    names = Counter(text_member(result, "name") for result in results)
    missing = []
    for call in calls:
        call_id, name = text_member(call, "id"), text_member(call, "name")
        is_answered = call_id in ids if call_id else names[name] > 0
        names[name] -= 1
        if not is_answered:
            missing.append(call)
    return missing


def _with_results(turn: Json, calls: list[Json]) -> Json:
    results = [_no_result(call) for call in calls]
    parts = list_member(turn, "parts")
    said = [part for part in parts if member(part, "functionResponse") is None]
    told = [part for part in parts if member(part, "functionResponse") is not None]
    return {**turn, "parts": [*told, *results, *said]}


def _no_result(call: Json) -> Json:
    named = {name: call[name] for name in ("id", "name") if name in call}
    return {"functionResponse": {**named, "response": {"error": NO_RESULT}}}
