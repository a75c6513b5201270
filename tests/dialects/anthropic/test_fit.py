"""What a model refuses is changed in a body of any road, and nothing else: the rules, one table
each.
"""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.dialects import Quirk
from uniapi.dialects.anthropic import UPSTREAM
from uniapi.dialects.anthropic.fit import RULES

ASKED: dict[str, Any] = {
    "model": "m",
    "max_tokens": 9000,
    "messages": [{"role": "user", "content": "hi"}],
}
BASH = {"name": "Bash", "input_schema": {"type": "object"}}
CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "a.txt"}
SIGNED = {"type": "thinking", "thinking": "so", "signature": "EqQB"}
UNSIGNED = {"type": "thinking", "thinking": "so", "signature": ""}


def fit(quirk: Quirk, **members: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What becomes of a body with these members; those of `ASKED` where they changed."""
    fitted, losses = UPSTREAM.fit({**ASKED, **members}, quirk)
    return {name: value for name, value in fitted.items() if ASKED.get(name) is not value}, losses


def spoken(*turns: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in turns]


def test_a_body_that_no_rule_touches_stays_itself() -> None:
    """A relay keeps its bytes, whatever the model."""
    for quirk in (Quirk(), Quirk(anthropic_thinking="adaptive", anthropic_own_thinking=True)):
        body = {**ASKED, "messages": spoken(("user", "hi"), ("assistant", [SIGNED, CALL]))}
        assert UPSTREAM.fit(body, quirk)[0] is body


def test_every_fact_has_one_rule() -> None:
    """A fact that two rules mind would be mended twice."""
    facts = [name for rule in RULES for name in rule.facts]
    assert len(facts) == len(set(facts))


@pytest.mark.parametrize(
    ("quirk", "members", "limit"),
    [
        (Quirk(), {"max_tokens": None}, 8192),
        (Quirk(default_max_tokens=64000), {"max_tokens": None}, 64000),
        (Quirk(default_max_tokens=64000), {"max_tokens": 5}, 5),
    ],
)
def test_a_limit_is_always_said(quirk: Quirk, members: dict[str, Any], limit: int) -> None:
    """The wire needs one."""
    assert fit(quirk, **members)[0].get("max_tokens", 9000) == limit


BUDGET = Quirk(anthropic_thinking="budget", anthropic_effort=False)
WORDS = Quirk(anthropic_thinking="budget", efforts=("low", "medium", "high"))
EITHER = Quirk(anthropic_thinking="either")
ADAPTIVE = Quirk(anthropic_thinking="adaptive")
ALWAYS = Quirk(anthropic_thinking="adaptive", anthropic_thinking_off=False)
NEVER = Quirk(anthropic_thinking="none", anthropic_effort=False)
THINKS = {"type": "adaptive"}
OFF = {"type": "disabled"}
FIXED = {"type": "enabled", "budget_tokens": 5000}
XHIGH = {"effort": "xhigh"}
FORCED = {"tools": [BASH], "tool_choice": {"type": "any"}}
UNTHOUGHT = {"messages": spoken(("user", "go"), ("assistant", [CALL]), ("user", [RESULT]))}


@pytest.mark.parametrize(
    ("quirk", "members", "thinking", "effort", "lost"),
    [
        (Quirk(), {"thinking": FIXED}, FIXED, None, ()),
        (Quirk(), {"thinking": THINKS, "output_config": XHIGH}, THINKS, "xhigh", ()),
        (
            BUDGET,
            {"thinking": THINKS, "output_config": XHIGH},
            {"type": "enabled", "budget_tokens": 16384},
            None,
            (),
        ),
        (
            BUDGET,
            {"thinking": {**THINKS, "display": "omitted"}},
            {"type": "enabled", "budget_tokens": 8192, "display": "omitted"},
            None,
            (),
        ),
        (
            WORDS,
            {"thinking": THINKS, "output_config": XHIGH},
            {"type": "enabled", "budget_tokens": 16384},
            "high",
            (),
        ),
        (BUDGET, {"output_config": XHIGH}, None, None, ("output_config.effort",)),
        (BUDGET, {"thinking": FIXED}, FIXED, None, ()),
        (BUDGET, {"thinking": FIXED, **FORCED}, OFF, None, ("thinking",)),
        (BUDGET, {"thinking": FIXED, **UNTHOUGHT}, OFF, None, ("thinking",)),
        (EITHER, {"thinking": FIXED}, FIXED, None, ()),
        (
            EITHER,
            {"thinking": FIXED, **UNTHOUGHT},
            {"type": "adaptive", "display": "summarized"},
            "medium",
            (),
        ),
        (
            ADAPTIVE,
            {"thinking": {**FIXED, "budget_tokens": 31999}},
            {"type": "adaptive", "display": "summarized"},
            "max",
            (),
        ),
        (
            ADAPTIVE,
            {"thinking": {**FIXED, "display": "omitted"}, "output_config": {"effort": "low"}},
            {"type": "adaptive", "display": "omitted"},
            "low",
            (),
        ),
        (ADAPTIVE, {"thinking": {"type": "between_tools"}}, {"type": "between_tools"}, None, ()),
        (ADAPTIVE, {"thinking": OFF}, OFF, None, ()),
        (ALWAYS, {"thinking": OFF}, None, "low", ("thinking",)),
        (ALWAYS, {"thinking": OFF, "output_config": XHIGH}, None, "xhigh", ("thinking",)),
        (NEVER, {"thinking": THINKS, "output_config": XHIGH}, None, None, ("thinking",)),
        (NEVER, {"thinking": OFF}, None, None, ()),
        (Quirk(), {"thinking": {"type": "of tomorrow"}}, {"type": "of tomorrow"}, None, ()),
    ],
)
def test_thinking_in_the_words_of_the_model(
    quirk: Quirk,
    members: dict[str, Any],
    thinking: dict[str, Any] | None,
    effort: str | None,
    lost: tuple[str, ...],
) -> None:
    """A client chooses its words by the name it asked for; behind an alias is another model."""
    fitted, losses = fit(quirk, **members)
    assert fitted.get("thinking") == thinking
    assert fitted.get("output_config", {}).get("effort") == effort
    assert fitted.get("output_config") != {}
    assert losses == lost


@pytest.mark.parametrize(
    ("asked", "sent"), [(9000, 9000 + 16384), (32000, 32000), (16384, 2 * 16384)]
)
def test_a_budget_leaves_room_to_answer(asked: int, sent: int) -> None:
    """The limit holds thinking and answer."""
    fitted, _ = fit(BUDGET, max_tokens=asked, thinking=THINKS, output_config=XHIGH)
    assert fitted["max_tokens"] == sent


def test_a_model_that_does_not_think_takes_no_thinking_back() -> None:
    """Nor is a turn left that held nothing else."""
    history = spoken(("user", "a"), ("assistant", [SIGNED]), ("assistant", [SIGNED, CALL]))
    fitted, losses = fit(NEVER, messages=history)
    assert fitted["messages"] == spoken(("user", "a"), ("assistant", [CALL]))
    assert losses == ("messages.reasoning",)


@pytest.mark.parametrize(
    ("facts", "members", "thinking", "lost"),
    [
        ({}, {"thinking": THINKS, **FORCED}, OFF, ("thinking",)),
        ({}, FORCED, OFF, ()),
        ({"reasons_by_default": False}, FORCED, None, ()),
        ({}, {"thinking": OFF, **FORCED}, OFF, ()),
        ({}, {"thinking": THINKS, "tool_choice": {"type": "auto"}}, THINKS, ()),
        (
            {"forced_tool_while_reasoning": True},
            {"thinking": THINKS, **FORCED},
            THINKS,
            (),
        ),
    ],
)
def test_who_must_call_a_tool_does_not_think(
    facts: dict[str, Any],
    members: dict[str, Any],
    thinking: dict[str, Any] | None,
    lost: tuple[str, ...],
) -> None:
    """Where both together are refused."""
    fitted, losses = fit(Quirk(**{"forced_tool_while_reasoning": False, **facts}), **members)
    assert (fitted.get("thinking"), losses) == (thinking, lost)


@pytest.mark.parametrize(
    ("facts", "members", "left", "lost"),
    [
        (
            {"anthropic_sampling": False},
            {"temperature": 0.2, "top_k": 3},
            {},
            {"temperature", "top_k"},
        ),
        ({"anthropic_sampling": False}, {"temperature": 1}, {}, set()),
        (
            {"anthropic_sampling_pair": False},
            {"temperature": 0.2, "top_p": 0.5},
            {"temperature": 0.2},
            {"top_p"},
        ),
        (
            {"anthropic_sampling_pair": False},
            {"temperature": 1, "top_p": 0.5},
            {"top_p": 0.5},
            set(),
        ),
        (
            {"sampling_while_reasoning": False},
            {"thinking": THINKS, "temperature": 0.2, "top_p": 0.97, "top_k": 3},
            {"thinking": THINKS, "top_p": 0.97},
            {"temperature", "top_k"},
        ),
        (
            {"sampling_while_reasoning": False},
            {"thinking": OFF, "temperature": 0.2},
            {"thinking": OFF, "temperature": 0.2},
            set(),
        ),
        ({"dropped_members": frozenset({"top_k"})}, {"top_k": 3}, {}, {"top_k"}),
    ],
)
def test_sampling_as_far_as_the_model_takes_it(
    facts: dict[str, Any], members: dict[str, Any], left: dict[str, Any], lost: set[str]
) -> None:
    """The default, said aloud, is nothing lost."""
    fitted, losses = fit(Quirk(**facts), **members)
    assert (fitted, set(losses)) == (left, lost)


@pytest.mark.parametrize(
    ("choice", "left", "words"),
    [
        ({"type": "any"}, None, "one of the tools"),
        ({"type": "tool", "name": "Bash"}, None, "`Bash`"),
        (
            {"type": "any", "disable_parallel_tool_use": True},
            {"type": "auto", "disable_parallel_tool_use": True},
            "one of the tools",
        ),
    ],
)
def test_who_may_not_be_forced_is_asked(choice: dict[str, Any], left: Any, words: str) -> None:
    """Behind the caller's own instructions."""
    fitted, losses = fit(
        Quirk(anthropic_forced_tool=False), system="Be brief.", tools=[BASH], tool_choice=choice
    )
    assert fitted.get("tool_choice") == left
    assert [fitted["system"][0]["text"], words in fitted["system"][1]["text"]] == [
        "Be brief.",
        True,
    ]
    assert losses == ("tool_choice",)


def test_no_tool_is_strict_where_nothing_is_structured() -> None:
    """The two came together."""
    read = {**BASH, "name": "Read"}
    tools = [{**BASH, "strict": True}, read]
    fitted, losses = fit(Quirk(anthropic_structured=False), tools=tools)
    assert (fitted["tools"], losses) == ([BASH, read], ("tools.Bash.strict",))


@pytest.mark.parametrize(
    ("facts", "members", "translates"),
    [
        ({"anthropic_structured": False}, {"output_config": {"format": {"schema": {}}}}, True),
        ({"anthropic_structured": False}, {"output_format": {"schema": {}}}, True),
        ({}, {"output_config": {"format": {"schema": {}}}}, False),
        ({"anthropic_structured": False}, {"output_config": {"effort": "low"}}, False),
        (
            {"image_urls": False},
            {"messages": spoken(("user", [{"type": "image", "source": {"type": "url"}}]))},
            True,
        ),
        (
            {"image_urls": False},
            {"messages": spoken(("user", [{"type": "image", "source": {"type": "base64"}}]))},
            False,
        ),
        ({"image_urls": False}, {"messages": "hostile"}, False),
    ],
)
def test_what_cannot_be_relayed(
    facts: dict[str, Any], members: dict[str, Any], translates: bool
) -> None:
    """A stand-in's answer must be read as such, and a picture be fetched first."""
    assert UPSTREAM.needs_translation({**ASKED, **members}, Quirk(**facts)) is translates


OWN = Quirk(anthropic_own_thinking=True)
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [{"type": "web_search_result", "url": "https://a", "encrypted_content": ""}],
}
CITED = {"type": "text", "text": "x", "citations": [{"url": "https://a", "encrypted_index": ""}]}
TEXT = {"type": "text", "text": "x"}


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ([UNSIGNED, CALL], [CALL]),
        ([{"type": "thinking", "thinking": "so"}, CALL], [CALL]),
        ([{**UNSIGNED, "signature": "uniapi.v1.abc"}, CALL], [CALL]),
        ([{**UNSIGNED, "signature": "9f8e7d6c"}, CALL], [CALL]),
        ([{"type": "redacted_thinking", "data": ""}, TEXT], [TEXT]),
        ([SEARCH, FOUND, TEXT], [TEXT]),
        ([CITED], [TEXT]),
    ],
)
def test_a_vendor_gets_back_what_it_wrote_itself(content: Any, left: Any) -> None:
    """Thinking of others would be refused, at this turn and every later one."""
    fitted, _ = fit(OWN, messages=spoken(("user", "hi"), ("assistant", content), ("user", "?")))
    assert fitted["messages"][1]["content"] == left


@pytest.mark.parametrize(
    "content",
    [
        [SIGNED, {"type": "redacted_thinking", "data": "anything"}, CALL],
        [
            {**SEARCH, "id": "srvtoolu_01"},
            {
                "type": "web_search_tool_result",
                "tool_use_id": "srvtoolu_01",
                "content": [{"type": "web_search_result", "encrypted_content": "Ab"}],
            },
            TEXT,
        ],
        "hostile",
        [None, 1, {"type": "thinking"} | {"signature": "Ex"}],
    ],
)
def test_what_it_wrote_itself_is_not_touched(content: Any) -> None:
    """By identity: signatures are bound to every byte before them."""
    assert fit(OWN, messages=spoken(("user", "hi"), ("assistant", content)))[0].keys() == {
        "messages"
    }
    body = {**ASKED, "messages": spoken(("user", "hi"), ("assistant", content))}
    assert UPSTREAM.fit(body, OWN)[0] is body


def test_history_is_fitted_the_same_at_every_turn() -> None:
    """What a later signature is bound to comes back as it was."""
    before = spoken(("user", "a"), ("assistant", [UNSIGNED, TEXT]), ("user", "b"))
    later = [*before, *spoken(("assistant", [SIGNED, TEXT]), ("user", "c"))]
    quirk = Quirk(anthropic_own_thinking=True, system_turns="after_user", empty_turns=False)
    first, second = (fit(quirk, messages=turns)[0]["messages"] for turns in (before, later))
    assert second[: len(first)] == first


def test_ids_of_others_are_mended_in_call_and_result_alike() -> None:
    """Refused letters, and ids that come again in a later answer."""
    turns = spoken(
        ("assistant", [{**CALL, "id": "functions.Bash:0"}, {**CALL, "id": ""}]),
        (
            "user",
            [
                {**RESULT, "tool_use_id": "functions.Bash:0"},
                {**RESULT, "tool_use_id": ""},
            ],
        ),
        ("assistant", [{**CALL, "id": "functions.Bash:0"}]),
        ("user", [{**RESULT, "tool_use_id": "functions.Bash:0"}]),
    )
    fitted, losses = fit(Quirk(tool_call_id_form="word"), messages=turns)
    called, results = (
        [block[name] for turn in fitted["messages"] for block in turn["content"] if name in block]
        for name in ("id", "tool_use_id")
    )
    assert called == results == ["functions_Bash_0", "call", "functions_Bash_0_2"]
    assert losses == ()


@pytest.mark.parametrize(
    ("turns", "left"),
    [
        (
            spoken(("user", "a"), ("assistant", [{"type": "text", "text": " "}]), ("user", "b")),
            spoken(("user", "a"), ("user", "b")),
        ),
        (
            spoken(("user", "a"), ("assistant", ""), ("user", [TEXT, {**TEXT, "text": ""}])),
            spoken(("user", "a"), ("user", [TEXT])),
        ),
        (
            spoken(("user", [{**RESULT, "content": [{"type": "text", "text": ""}]}])),
            spoken(("user", [{"type": "tool_result", "tool_use_id": "t1"}])),
        ),
        (spoken(("user", " ")), None),
    ],
)
def test_what_says_nothing_is_left_out(turns: Any, left: Any) -> None:
    """As long as something remains to be asked."""
    fitted, losses = fit(Quirk(empty_turns=False), messages=turns)
    assert fitted["messages"] == (turns if left is None else left)
    assert losses == ()


def noted(text: str) -> str:
    return f"<system-reminder>\n{text}\n</system-reminder>"


@pytest.mark.parametrize(
    ("place", "turns", "left"),
    [
        (
            "first",
            spoken(("user", "a"), ("system", "s"), ("assistant", "b")),
            spoken(("user", "a"), ("user", noted("s")), ("assistant", "b")),
        ),
        (
            "first",
            spoken(("assistant", [CALL]), ("system", [TEXT]), ("user", [RESULT])),
            spoken(
                ("assistant", [CALL]),
                ("user", [RESULT]),
                ("user", [{"type": "text", "text": noted("x")}]),
            ),
        ),
        ("after_user", spoken(("user", "a"), ("system", "s"), ("assistant", "b")), None),
        ("after_user", spoken(("user", "a"), ("system", "s")), None),
        (
            "after_user",
            spoken(("user", "a"), ("system", "s"), ("system", "t")),
            spoken(("user", "a"), ("user", noted("s")), ("system", "t")),
        ),
        (
            "after_user",
            spoken(("assistant", "b"), ("system", "s"), ("user", "a")),
            spoken(("assistant", "b"), ("user", noted("s")), ("user", "a")),
        ),
        (
            "after_user",
            spoken(("user", "a"), ("system", "s"), ("user", "b")),
            spoken(("user", "a"), ("user", noted("s")), ("user", "b")),
        ),
        ("anywhere", spoken(("assistant", "b"), ("system", "s"), ("user", "a")), None),
    ],
)
def test_instructions_stand_where_they_may(place: Any, turns: Any, left: Any) -> None:
    """Elsewhere they are the user's words, in their place and never between call and result."""
    fitted, _ = fit(Quirk(system_turns=place), messages=turns)
    assert fitted["messages"] == (turns if left is None else left)


@pytest.mark.parametrize(
    ("last", "goes_on"),
    [("Once upon", True), ([CALL, TEXT], True), ([{**SEARCH, "id": "srvtoolu_01"}], False)],
)
def test_a_beginning_of_the_answer_is_told_to_go_on(last: Any, goes_on: bool) -> None:
    """Where none is taken; a paused turn of the vendor's own tools goes on by itself."""
    turns = spoken(("user", "hi"), ("assistant", last))
    fitted, losses = fit(Quirk(anthropic_prefill=False), messages=turns)
    assert (fitted["messages"][-1] == {"role": "user", "content": "Continue."}) is goes_on
    assert losses == (("messages[-1].prefill",) if goes_on else ())


def test_neither_tools_nor_pictures_where_a_provider_has_none() -> None:
    """`tools: false` and `image: false`; a picture in a result goes too."""
    picture = {"type": "image", "source": {"type": "base64"}}
    turns = spoken(("user", [picture, TEXT]), ("assistant", [CALL]), ("user", [RESULT, TEXT]))
    fitted, losses = fit(Quirk(has_tools=False), messages=turns, **FORCED)
    assert fitted == {"messages": spoken(("user", [picture, TEXT]), ("user", [TEXT]))}
    assert losses == ("tools",)
    seen = spoken(("user", [{**RESULT, "content": [picture, TEXT]}]))
    fitted, losses = fit(Quirk(has_images=False), messages=seen)
    assert fitted["messages"][0]["content"] == [{**RESULT, "content": [TEXT]}]
    assert losses == ("messages.image",)


@pytest.mark.parametrize(
    ("messages", "may_end"),
    [
        (spoken(("user", "a"), ("assistant", [CALL]), ("user", [RESULT])), True),
        (spoken(("user", [RESULT]), ("assistant", "b"), ("user", "c")), False),
        ("hostile", False),
        ([], False),
    ],
)
def test_after_a_result_nothing_may_be_added(messages: Any, may_end: bool) -> None:
    """Claude's documented empty `end_turn`."""
    assert UPSTREAM.may_end_empty({"messages": messages}) is may_end


MARK = {"type": "ephemeral"}
BILLING = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=ab;"}


def test_thinking_carries_no_cache_mark() -> None:
    """Nobody takes one there; others stay."""
    text = {"type": "text", "text": "a", "cache_control": MARK}
    turns = spoken(("user", "hi"), ("assistant", [{**SIGNED, "cache_control": MARK}, text]))
    fitted, losses = fit(Quirk(), messages=turns)
    assert fitted["messages"][1]["content"] == [SIGNED, text]
    assert losses == ()


def test_claude_codes_attribution_stays_with_anthropic() -> None:
    """Bedrock refuses it; behind others it would come before all that a cache holds."""
    rest = {"type": "text", "text": "Be brief."}
    elsewhere = Quirk(anthropic_billing_block=False)
    assert fit(elsewhere, system=[BILLING, rest])[0]["system"] == [rest]
    assert "system" not in fit(elsewhere, system=[BILLING])[0]
    system = [BILLING, rest]
    assert fit(Quirk(), system=system)[0]["system"] is system


def test_a_user_id_of_other_letters_is_a_digest() -> None:
    """DeepSeek takes letters, digits, `_` and `-`."""
    word = Quirk(anthropic_user_ids="word")
    told = fit(word, metadata={"user_id": '{"device_id":"a"}', "x": 1})[0]["metadata"]
    assert len(told["user_id"]) == 64
    assert told["user_id"].isalnum()
    assert told["x"] == 1
    sound = {"user_id": "user_1-a"}
    assert fit(word, metadata=sound)[0]["metadata"] is sound


def test_of_two_tools_of_one_name_the_first_is_offered() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    fitted, losses = fit(Quirk(), tools=[BASH, search, {**BASH, "description": "again"}])
    assert fitted["tools"] == [BASH, search]
    assert losses == ("tools.Bash",)
    tools = [BASH, {"input_schema": {}}, {"input_schema": {}}]
    assert fit(Quirk(), tools=tools)[0]["tools"] is tools


def test_nothing_is_chosen_where_no_tool_is_offered() -> None:
    """«tool_choice may only be specified while providing tools.»"""
    auto = {"type": "auto"}
    assert "tool_choice" not in fit(Quirk(), tool_choice=auto)[0]
    assert "tool_choice" not in fit(Quirk(), tools=[], tool_choice=auto)[0]
    assert fit(Quirk(), tools=[BASH], tool_choice=auto)[0]["tool_choice"] is auto


def test_a_marks_scope_goes_where_its_beta_is_not_known():
    """Claude Code writes it; Vertex and Bedrock refuse it."""
    mark = {"type": "ephemeral", "ttl": "1h", "scope": "global"}
    block = {"type": "text", "text": "x", "cache_control": mark}
    body = {
        "max_tokens": 9,
        "system": [block],
        "tools": [{"name": "f", "input_schema": {}, "cache_control": mark}],
        "messages": [{"role": "user", "content": [block, {"type": "text", "text": "y"}]}],
    }
    told = UPSTREAM.fit(body, Quirk(anthropic_cache_scopes=False))[0]
    kept = {"type": "ephemeral", "ttl": "1h"}
    assert told["system"][0]["cache_control"] == kept
    assert told["tools"][0]["cache_control"] == kept
    assert told["messages"][0]["content"][0]["cache_control"] == kept
    assert UPSTREAM.fit(body, Quirk())[0] is body
