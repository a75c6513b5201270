"""What hosts of the chat format take, from their rows through the rules: one table a rule, several
vendors each, and for each a host or a model that must be left alone.
"""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.dialects.openai_chat import UPSTREAM
from uniapi.engines import quirk_for

USER = {"role": "user", "content": "Hi"}
SYSTEM = {"role": "system", "content": "Be brief."}
LATER = {"role": "system", "content": "The mode is plan."}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
NAMED = {"type": "function", "function": {"name": "f"}}
CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "abcdefghi", "content": "1"}


def fitted(host: str, model: str, **members: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    body = {"model": model, "messages": [USER], **members}
    return UPSTREAM.fit(body, quirk_for("gpt", host, model))


@pytest.mark.parametrize(
    ("host", "model", "members", "kept"),
    [
        ("api.groq.com", "openai/gpt-oss-120b", {"prompt_cache_key": "k", "seed": 1}, {"seed"}),
        ("api.groq.com", "llama-4", {"verbosity": "low", "logprobs": True}, set()),
        ("api.groq.com", "llama-4", {"a_member_of_tomorrow": 1, "documents": []}, {"documents"}),
        ("api.groq.com", "llama-4", {"service_tier": "priority"}, set()),
        ("api.groq.com", "llama-4", {"service_tier": "flex"}, {"service_tier"}),
        ("api.cerebras.ai", "zai-glm-4.7", {"logit_bias": {"1": 1}, "top_p": 0.5}, {"top_p"}),
        ("api.cerebras.ai", "zai-glm-4.7", {"prediction": {}, "thinking": {}}, {"prediction"}),
        ("api.mistral.ai", "mistral-small-latest", {"top_k": 4, "user": "u"}, {"top_k"}),
        ("models.github.ai", "openai/gpt-4.1", {"top_k": 4, "store": True, "seed": 1}, {"seed"}),
        ("shop.example", "gpt-4.1", {"top_k": 4, "temperature": 0.5}, {"temperature"}),
        ("shop.example", "o4-mini", {"min_p": 0.1, "seed": 1}, {"seed"}),
        ("shop.example", "gpt-oss-20b", {"min_p": 0.1}, {"min_p"}),
        ("shop.example", "Qwen/Qwen3-8B", {"min_p": 0.1, "top_k": 4}, {"min_p", "top_k"}),
        ("api.together.xyz", "m", {"min_p": 0.1, "repetition_penalty": 1}, None),
    ],
)
def test_a_host_that_refuses_unknown_members_gets_those_it_lists(
    host: str, model: str, members: dict[str, Any], kept: set[str] | None
) -> None:
    """What is left out is named; others get whatever the client says."""
    body, losses = fitted(host, model, **members)
    expected = members.keys() if kept is None else kept
    assert body.keys() - {"model", "messages"} == set(expected)
    assert set(losses) == members.keys() - set(expected)


@pytest.mark.parametrize(
    ("host", "model", "message_members", "call_members"),
    [
        ("api.groq.com", "openai/gpt-oss-120b", set(), set()),
        ("api.cerebras.ai", "zai-glm-4.7", set(), set()),
        ("api.mistral.ai", "mistral-small-latest", set(), set()),
        ("shop.example", "gpt-4.1", {"name"}, set()),
        ("h.example", "m", {"name", "reasoning_details", "annotations"}, {"extra_content"}),
    ],
)
def test_members_of_earlier_messages_are_on_the_list_too(
    host: str, model: str, message_members: set[str], call_members: set[str]
) -> None:
    """Another vendor's reasoning, signatures and notes; nobody misses them."""
    call = {**CALL, "extra_content": {"google": {}}}
    foreign = {"reasoning_details": [], "annotations": [], "name": "a"}
    messages = [USER, {**CALLING, **foreign, "tool_calls": [call]}, RESULT, USER]
    body, losses = fitted(host, model, messages=messages)
    turn = next(message for message in body["messages"] if message.get("tool_calls"))
    allowed = {"role", "content", "tool_calls", "name"} | message_members
    assert message_members <= turn.keys() <= allowed
    assert turn["tool_calls"][0].keys() == {"id", "type", "function"} | call_members
    assert losses == ()


@pytest.mark.parametrize(
    ("host", "model", "is_one"),
    [
        ("api.minimax.io", "MiniMax-M2.7", True),
        ("gpu.lan", "Qwen/Qwen3.6-35B-A3B", True),
        ("localhost", "qwen3.5:9b", True),
        ("api.together.xyz", "Qwen/Qwen3.8-Max", True),
        ("gpu.lan", "Qwen/Qwen3-8B", False),
        ("gpu.lan", "Qwen/Qwen2.5-72B", False),
        ("dashscope.aliyuncs.com", "qwen3.6-plus", False),
        ("api.openai.com", "gpt-4.1", False),
        ("api.deepseek.com", "deepseek-v4-pro", False),
    ],
)
def test_system_turns_stand_where_the_template_takes_them(
    host: str, model: str, is_one: bool
) -> None:
    """One at the beginning, made of those that open; a later one is the user's. Elsewhere every
    turn keeps its place.
    """
    body, losses = fitted(host, model, messages=[SYSTEM, SYSTEM, USER, LATER, USER])
    roles = [message["role"] for message in body["messages"]]
    assert losses == ()
    if not is_one:
        assert roles == ["system", "system", "user", "system", "user"]
        return
    assert roles == ["system", "user", "user", "user"]
    assert body["messages"][0]["content"] == "Be brief.\n\nBe brief."
    assert body["messages"][2]["content"] == LATER["content"]


@pytest.mark.parametrize(
    ("host", "model", "choice", "members"),
    [
        ("api.deepseek.com", "deepseek-v4-pro", NAMED, {"thinking": {"type": "disabled"}}),
        ("api.deepseek.com", "deepseek-v4-pro", "required", {"thinking": {"type": "disabled"}}),
        ("api.deepseek.com", "deepseek-v4-pro", "auto", {}),
        ("api.deepseek.com", "deepseek-chat", NAMED, {}),
        ("api.moonshot.ai", "kimi-k2.6", NAMED, {"thinking": {"type": "disabled"}}),
        ("dashscope.aliyuncs.com", "qwen3.5-plus", NAMED, {"enable_thinking": False}),
        ("dashscope.aliyuncs.com", "qwen3-32b-thinking", NAMED, {}),
        ("api.openai.com", "gpt-5", NAMED, {}),
        ("gpu.lan", "deepseek-v4-pro", NAMED, {}),
    ],
)
def test_thinking_is_off_beside_a_forced_tool_that_it_refuses(
    host: str, model: str, choice: Any, members: dict[str, Any]
) -> None:
    """Where the model thinks unless told not to, and can be told."""
    body, losses = fitted(host, model, tools=[FUNCTION], tool_choice=choice, stream=True)
    switches = ("thinking", "enable_thinking", "reasoning_effort", "reasoning")
    assert {name: body[name] for name in switches if name in body} == members
    assert body["tool_choice"] == choice
    assert losses == ()


@pytest.mark.parametrize(
    ("host", "model", "choice", "expected", "losses"),
    [
        ("api.moonshot.ai", "kimi-k2.6", "required", NAMED, ()),
        ("api.moonshot.ai", "kimi-k3", NAMED, "required", ()),
        ("api.moonshot.ai", "kimi-k2.7-code", NAMED, "auto", ("tool_choice",)),
        ("api.z.ai", "glm-5", NAMED, "auto", ("tool_choice",)),
        ("api.z.ai", "glm-5", "none", "none", ()),
        ("api.groq.com", "llama-4", NAMED, NAMED, ()),
    ],
)
def test_a_choice_that_is_refused_becomes_the_nearest(
    host: str, model: str, choice: Any, expected: Any, losses: tuple[str, ...]
) -> None:
    """Where nothing forces a call, words ask for it behind the caller's own."""
    tools, messages = [FUNCTION], [SYSTEM, USER]
    body, lost = fitted(host, model, tools=tools, tool_choice=choice, messages=messages)
    assert (body["tool_choice"], lost) == (expected, losses)
    said = body["messages"][0]["content"]
    assert said.startswith("Be brief.")
    assert ("Answer by calling the tool `f`" in said) is bool(losses)


@pytest.mark.parametrize(
    ("host", "model", "word", "members"),
    [
        ("api.mistral.ai", "mistral-small-latest", "low", {"reasoning_effort": "high"}),
        ("api.groq.com", "qwen/qwen3-32b", "low", {"reasoning_effort": "default"}),
        ("api.cerebras.ai", "zai-glm-4.7", "xhigh", {"reasoning_effort": "high"}),
        ("api.moonshot.ai", "kimi-k3", "none", {"reasoning_effort": "low"}),
        ("api.moonshot.ai", "kimi-k2.7-code", "none", {"thinking": {"type": "enabled"}}),
        (
            "api.z.ai",
            "glm-5.3",
            "none",
            {"thinking": {"type": "enabled"}, "reasoning_effort": "low"},
        ),
        ("api.z.ai", "glm-4.7", "none", {"thinking": {"type": "disabled"}}),
        (
            "generativelanguage.googleapis.com",
            "gemini-3-pro-preview",
            "xhigh",
            {"reasoning_effort": "high"},
        ),
        (
            "generativelanguage.googleapis.com",
            "gemini-3-pro-preview",
            "none",
            {"reasoning_effort": "minimal"},
        ),
        ("api.x.ai", "grok-4.5", "none", {"reasoning_effort": "low"}),
        ("gpu.lan", "m", "ultra", {"reasoning_effort": "ultra"}),
    ],
)
def test_an_effort_becomes_a_word_that_the_host_knows(
    host: str, model: str, word: str, members: dict[str, Any]
) -> None:
    """The nearest; who asked for thinking is not given none, and who cannot have none the least."""
    body, _ = fitted(host, model, reasoning_effort=word)
    switches = ("thinking", "enable_thinking", "reasoning_effort", "reasoning")
    assert {name: body[name] for name in switches if name in body} == members


@pytest.mark.parametrize(
    ("host", "model", "member"),
    [
        ("api.deepseek.com", "deepseek-v4-pro", "reasoning_content"),
        ("api.moonshot.ai", "kimi-k2.6", "reasoning_content"),
        ("api.xiaomimimo.com", "mimo-v2-pro", "reasoning_content"),
        ("api.deepseek.com", "deepseek-chat", None),
        ("gpu.lan", "m", None),
    ],
)
def test_reasoning_that_must_come_back_does(host: str, model: str, member: str | None) -> None:
    """As the client has it, under whatever name; else a stand-in; none where thinking is off."""
    told = {**CALLING, "reasoning": "I should look."}
    body, _ = fitted(host, model, messages=[USER, told, RESULT, USER, CALLING, RESULT])
    first, second = (message for message in body["messages"] if message.get("tool_calls"))
    assert (first.get("reasoning_content"), bool(second.get("reasoning_content"))) == (
        ("I should look.", True) if member else (None, False)
    )
    off, _ = fitted(host, model, messages=[USER, CALLING, RESULT], thinking={"type": "disabled"})
    assert "reasoning_content" not in off["messages"][1]


def test_a_call_that_nobody_signed_gets_googles_stand_in() -> None:
    """The first of a step alone, and only where Gemini 3 wants one; a signature stays."""
    both = {**CALLING, "tool_calls": [CALL, {**CALL, "id": "b"}]}
    google = "generativelanguage.googleapis.com"
    body, _ = fitted(google, "gemini-3-pro-preview", messages=[USER, both, RESULT])
    signed = [call.get("extra_content") for call in body["messages"][1]["tool_calls"]]
    stand_in = {"google": {"thought_signature": "skip_thought_signature_validator"}}
    assert signed == [stand_in, None]
    own = {**CALL, "extra_content": {"google": {"thought_signature": "own"}}}
    kept, _ = fitted(
        google, "gemini-3-pro-preview", messages=[USER, {**CALLING, "tool_calls": [own]}]
    )
    assert kept["messages"][1]["tool_calls"] == [own]
    older, _ = fitted(google, "gemini-2.5-flash", messages=[USER, both, RESULT])
    assert "extra_content" not in older["messages"][1]["tool_calls"][0]


@pytest.mark.parametrize(
    ("host", "model", "streams"),
    [
        ("dashscope.aliyuncs.com", "qwen3-32b", True),
        ("dashscope-intl.aliyuncs.com", "qwq-plus", True),
        ("dashscope.aliyuncs.com", "qwen3-235b-a22b-instruct-2507", False),
        ("dashscope.aliyuncs.com", "qwen-plus", False),
        ("gpu.lan", "qwen3-32b", False),
    ],
)
def test_a_model_that_only_streams_is_asked_for_a_stream(
    host: str, model: str, streams: bool
) -> None:
    """With the usage, which a whole answer has."""
    body, losses = fitted(host, model)
    assert (body.get("stream"), "stream_options" in body) == (True if streams else None, streams)
    assert losses == ()


@pytest.mark.parametrize(
    ("host", "model", "kept"),
    [
        ("api.moonshot.ai", "kimi-k2.6", set()),
        ("api.moonshot.cn", "kimi-k3", set()),
        ("api.moonshot.ai", "kimi-k2-0905-preview", {"temperature", "top_p"}),
        ("gpu.lan", "moonshotai/kimi-k2.6", {"temperature", "top_p"}),
    ],
)
def test_sampling_that_the_vendor_fixed_is_left_out(host: str, model: str, kept: set[str]) -> None:
    """A temperature of 1 says nothing, and is no loss."""
    body, losses = fitted(host, model, temperature=1, top_p=0.9)
    assert body.keys() & {"temperature", "top_p"} == kept
    assert losses == (() if kept else ("top_p",))


@pytest.mark.parametrize(
    ("host", "model", "is_left_out"),
    [
        ("api.moonshot.ai", "kimi-k2.6", True),
        ("api.mistral.ai", "mistral-large-latest", True),
        ("api.minimax.io", "MiniMax-M2.7", True),
        ("api.openai.com", "gpt-4.1", False),
    ],
)
def test_a_turn_that_says_nothing_is_left_out_where_it_is_refused(
    host: str, model: str, is_left_out: bool
) -> None:
    """The last one stays: without it nothing would be asked."""
    empty = {"role": "assistant", "content": ""}
    parts = {"role": "user", "content": [{"type": "text", "text": " "}]}
    body, _ = fitted(host, model, messages=[USER, empty, parts, USER, parts])
    assert len(body["messages"]) == (3 if is_left_out else 5)
