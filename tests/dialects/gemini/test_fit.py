"""A body, translated or relayed, keeps everything but what the model refuses."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from uniapi.canonical import ReasoningSettings
from uniapi.dialects import Beside, Quirk
from uniapi.dialects.gemini import UPSTREAM

SKIP = "skip_thought_signature_validator"
CALL = {"functionCall": {"id": "1", "name": "f", "args": {}}, "thoughtSignature": "QUJD"}
RESULT = {"function_response": {"id": "1", "name": "f", "response": {}}}
PICTURE = {"inline_data": {"mime_type": "image/png", "data": "AAAA"}}
BODY: dict[str, Any] = {
    "contents": [
        {"role": "user", "parts": [{"text": "a"}, PICTURE]},
        {"role": "model", "parts": [CALL]},
        {"role": "user", "parts": [RESULT]},
        {"parts": {"text": "b"}},
    ],
    "tools": [{"googleSearch": {}}],
    "toolConfig": {},
    "generationConfig": {
        "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True},
        "seed": 1,
    },
    "unknown": 1,
}


def fitted(quirk: Quirk, body: dict[str, Any] = BODY) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body after `fit`, which leaves the one it was given as it was."""
    before = deepcopy(body)
    found = UPSTREAM.fit(body, quirk, Beside())
    assert body == before
    return found


def test_a_body_without_fault_stays_the_very_object() -> None:
    """So that a relay keeps its bytes."""
    body, losses = fitted(Quirk())
    assert body is BODY
    assert losses == ()


def test_ids_are_taken_out() -> None:
    """The rest of a call stays, signature included; turns without calls stay the same objects."""
    body, losses = fitted(Quirk(function_call_ids=False))
    assert losses == ()
    assert body["contents"][1]["parts"] == [
        {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "QUJD"}
    ]
    assert body["contents"][2]["parts"] == [{"function_response": {"name": "f", "response": {}}}]
    assert body["contents"][0] is BODY["contents"][0]


def test_a_provider_without_tools_or_images() -> None:
    """Tools, their turns and pictures go, and are named."""
    body, losses = fitted(Quirk(has_tools=False, has_images=False))
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "a"}]},
        {"parts": {"text": "b"}},
    ]
    assert not {"tools", "toolConfig"} & body.keys()
    assert set(losses) == {"tools", "image"}


def test_turns_still_take_turns_when_some_are_gone() -> None:
    """Neighbours of one role become one turn, and the user begins."""
    body, _ = fitted(
        Quirk(has_tools=False),
        {
            "contents": [
                {"role": "user", "parts": [RESULT]},
                {"role": "model", "parts": [{"text": "a"}]},
                {"role": "user", "parts": [RESULT]},
                {"role": "model", "parts": [{"text": "b"}, CALL]},
            ]
        },
    )
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": " "}]},
        {"role": "model", "parts": [{"text": "a"}, {"text": "b"}]},
    ]


@pytest.mark.parametrize("empty", [{"role": "model"}, {"parts": []}, {"role": "x", "parts": [{}]}])
def test_turns_that_say_nothing(empty: dict[str, Any]) -> None:
    """They are refused, and left out; a conversation of nothing else is the vendor's to judge."""
    first, second = {"parts": [{"text": "a"}]}, {"role": "user", "parts": [{"text": "b"}]}
    body, losses = fitted(Quirk(), {"contents": [first, empty, second]})
    assert body["contents"] == [{"parts": [{"text": "a"}, {"text": "b"}]}]
    assert losses == ()
    alone = {"contents": [empty]}
    assert fitted(Quirk(), alone)[0] is alone


def test_a_result_that_is_said_twice() -> None:
    """The copy goes, in the turn or in a later one; other words, a new call of that id, or results
    without an id are not taken for copies.
    """
    call = {"functionCall": {"id": "1", "name": "f", "args": {}}, "thoughtSignature": "QUJD"}
    result = {"functionResponse": {"id": "1", "name": "f", "response": {"output": "a"}}}
    other = {"functionResponse": {"id": "1", "name": "f", "response": {"output": "b"}}}
    nameless = {"functionResponse": {"name": "f", "response": {"output": "a"}}}
    asked = [{"role": "user", "parts": [{"text": "go"}]}, {"role": "model", "parts": [call]}]

    def kept(*turns: list[Any]) -> list[list[Any]]:
        answers = [{"role": "user", "parts": parts} for parts in turns]
        body, losses = fitted(Quirk(), {"contents": [*asked, *answers]})
        assert losses == ()
        return [turn["parts"] for turn in body["contents"][2:]]

    assert kept([result, result]) == [[result]]
    assert kept([result], [result]) == [[result]]
    assert kept([result, other]) == [[result, other]]
    assert kept([nameless, nameless]) == [[nameless, nameless]]
    again = {"contents": [*asked, {"parts": [result]}, asked[1], {"parts": [result]}]}
    assert fitted(Quirk(), again)[0] is again


def test_a_picture_inside_a_result() -> None:
    """It goes where no pictures are taken, and stands behind the result where results hold none."""
    result = {"name": "f", "response": {"result": "a"}}
    turn = {"role": "user", "parts": [{"functionResponse": {**result, "parts": [PICTURE]}}]}
    body, losses = fitted(Quirk(has_images=False), {"contents": [turn]})
    assert body["contents"][0]["parts"] == [{"functionResponse": result}]
    assert losses == ("image",)
    body, losses = fitted(Quirk(result_media=False), {"contents": [turn]})
    assert body["contents"][0]["parts"] == [
        {"functionResponse": result},
        {"text": "Returned by the tool call f:"},
        PICTURE,
    ]
    assert losses == ()


@pytest.mark.parametrize(
    "signed, expected",
    [
        ({}, SKIP),
        ({"thoughtSignature": "QUJD"}, "QUJD"),
        ({"thought_signature": "context_engineering_is_the_way_to_go"}, None),
        ({"thoughtSignature": "uniapi.v1.QUJD"}, SKIP),
    ],
)
def test_calls_that_the_model_did_not_sign(signed: dict[str, str], expected: str | None) -> None:
    """The first of a step gets the documented stand-in, also in place of another's token; a
    stand-in that the client wrote stays.
    """
    call = {"functionCall": {"name": "f", "args": {}}}
    turns = [
        {"role": "model", "parts": [{"text": "a"}, {**call, **signed}]},
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [RESULT]},
    ]
    body, losses = fitted(Quirk(), {"contents": turns})
    assert losses == ()
    assert body["contents"][0]["parts"][1].get("thoughtSignature") == expected
    assert body["contents"][1] is turns[1]
    assert fitted(Quirk(call_signatures=False), {"contents": turns})[0]["contents"] is turns


PRO = Quirk(gemini_thinking="budget", thinking_budget_range=(128, 32768))
LITE = Quirk(gemini_thinking="budget", smallest_thinking_budget=512)
FEW = Quirk(thinking_levels=("low", "high"))


@pytest.mark.parametrize(
    "quirk, said, expected, losses",
    [
        (Quirk(gemini_thinking="budget"), {"thinkingLevel": "LOW"}, {"thinkingBudget": 1024}, ()),
        (Quirk(gemini_thinking="none"), {"thinkingLevel": "LOW"}, None, ("reasoning",)),
        (Quirk(gemini_thinking="none"), {"thinkingBudget": 0}, None, ()),
        (PRO, {"thinking_budget": 0}, {"thinking_budget": 128}, ()),
        (PRO, {"thinkingBudget": 99999}, {"thinkingBudget": 32768}, ()),
        (PRO, {"thinkingBudget": -1}, {"thinkingBudget": -1}, ()),
        (LITE, {"thinkingBudget": 3}, {"thinkingBudget": 512}, ()),
        (FEW, {"thinkingLevel": "MEDIUM"}, {"thinkingLevel": "high"}, ()),
        (FEW, {"thinking_level": "minimal"}, {"thinking_level": "low"}, ()),
        (FEW, {"thinkingBudget": 0}, {"thinkingLevel": "low"}, ()),
        (FEW, {"thinkingBudget": 2000}, {"thinkingBudget": 2000}, ()),
        (FEW, {"thinkingLevel": "NEW"}, {"thinkingLevel": "NEW"}, ()),
        (Quirk(), {"thinkingLevel": "xhigh"}, {"thinkingLevel": "high"}, ()),
        (Quirk(), {"thinkingBudget": 0}, {"thinkingBudget": 0}, ()),
    ],
)
def test_thinking_in_terms_the_model_has(
    quirk: Quirk, said: dict[str, Any], expected: Any, losses: tuple[str, ...]
) -> None:
    """A level of those it knows or a budget within its range, in the client's spelling."""
    body, lost = fitted(quirk, {"generationConfig": {"thinkingConfig": said, "seed": 1}})
    assert body["generationConfig"].get("thinkingConfig") == expected
    assert body["generationConfig"]["seed"] == 1
    assert lost == losses


def test_a_budget_beside_the_body_is_what_the_client_asked_for() -> None:
    """The plain dialect has a level only, which would be another budget."""
    body = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}}
    beside = Beside(reasoning=ReasoningSettings(budget=5000))
    found, _ = UPSTREAM.fit(body, PRO, beside)
    assert found["generationConfig"] == {"thinkingConfig": {"thinkingBudget": 5000}}


FUNCTIONS = {"functionDeclarations": [{"name": "f"}]}


def test_googles_own_tools_beside_functions() -> None:
    """They go where both may not stand, and Google is told where they may; the client's own word is
    kept, and a computer may stand everywhere.
    """
    both = {"tools": [{**FUNCTIONS, "google_search": {}}, {"urlContext": {}, "computerUse": {}}]}
    body, losses = fitted(Quirk(), both)
    assert body == {"tools": [FUNCTIONS, {"computerUse": {}}]}
    assert losses == ("tools.web_search", "tools.url_context")
    body, losses = fitted(Quirk(hosted_with_functions=True), both)
    assert body == {**both, "toolConfig": {"includeServerSideToolInvocations": True}}
    assert losses == ()
    permitted = {**both, "tool_config": {"include_server_side_tool_invocations": True}}
    assert fitted(Quirk(), permitted)[0] is permitted


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
OPENAPI = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}


@pytest.mark.parametrize(
    "asked",
    [
        {"responseJsonSchema": SCHEMA},
        {"_responseJsonSchema": SCHEMA},
        {"response_schema": OPENAPI},
    ],
)
def test_json_beside_tools_is_asked_for_in_words(asked: dict[str, Any]) -> None:
    """The schema goes from the config into the system text, behind the client's own."""
    body = {
        "system_instruction": {"parts": [{"text": "Be brief."}]},
        "tools": [FUNCTIONS],
        "generation_config": {"responseMimeType": "application/json", **asked, "seed": 1},
    }
    found, losses = fitted(Quirk(json_with_tools=False), body)
    assert losses == ("response_format",)
    assert found["generation_config"] == {"seed": 1}
    said = found["system_instruction"]["parts"]
    assert said[0] == {"text": "Be brief."}
    assert '"a": {"type": "string"}' in said[1]["text"]
    alone = {"generationConfig": body["generation_config"]}
    assert fitted(Quirk(json_with_tools=False), alone)[0] is alone


def test_schemas_in_the_openapi_subset() -> None:
    """Of functions and of the answer; what is in it already stays as it is."""
    older = Quirk(json_schema_members=False)
    function = {"name": "f", "parameters_json_schema": SCHEMA}
    body, losses = fitted(
        older,
        {
            "tools": [{"function_declarations": [function]}, {"googleSearch": {}}],
            "generationConfig": {"responseJsonSchema": SCHEMA},
        },
    )
    assert losses == ("tools.web_search",)
    assert body == {
        "tools": [{"function_declarations": [{"name": "f", "parameters": OPENAPI}]}],
        "generationConfig": {"responseSchema": OPENAPI},
    }
    assert fitted(older, body)[0] is body


def test_the_threshold_of_the_model() -> None:
    """It is for clients that named none."""
    older = Quirk(safety_threshold="OFF")
    body, _ = fitted(older, {"contents": []})
    assert {setting["threshold"] for setting in body["safetySettings"]} == {"OFF"}
    named: dict[str, Any] = {"safety_settings": []}
    assert fitted(older, named)[0] is named


def test_refused_members() -> None:
    """At the top and in the generation config, by either spelling."""
    body, losses = fitted(
        Quirk(dropped_members=frozenset({"topK", "unknown"})),
        {**BODY, "generationConfig": {"top_k": 1}},
    )
    assert not {"unknown", "generationConfig"} & body.keys()
    assert losses == ("unknown", "top_k")


@pytest.mark.parametrize("odd", [None, 1, "x", [], [1], {"parts": 1}, [{"parts": [1, None]}]])
def test_members_of_an_unexpected_shape_stay(odd: Any) -> None:
    """Whatever stands in their place, the vendor judges it."""
    body = {"contents": odd, "tools": odd, "generationConfig": odd, "systemInstruction": odd}
    everything = Quirk(
        has_images=False,
        function_call_ids=False,
        result_media=False,
        json_with_tools=False,
        json_schema_members=False,
        gemini_thinking="budget",
        dropped_members=frozenset({"seed"}),
    )
    assert fitted(everything, body) == (body, ())


def test_nothing_is_configured_where_no_function_is_offered() -> None:
    """«Function calling config is set without function_declarations.»"""
    config = {"function_calling_config": {"mode": "AUTO"}}
    search = {**BODY, "tools": [{"google_search": {}}], "toolConfig": config}
    assert "toolConfig" not in fitted(Quirk(), search)[0]
    more = {**search, "toolConfig": {**config, "retrievalConfig": {}}}
    assert fitted(Quirk(), more)[0]["toolConfig"] == {"retrievalConfig": {}}
    functions = {**BODY, "tools": [{"functionDeclarations": [{"name": "f"}]}], "toolConfig": config}
    assert fitted(Quirk(), functions)[0]["toolConfig"] is config
