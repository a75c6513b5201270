"""What vendors of chat completions refuse, in their own words. A rule is `(body, issued) -> texts`:
`issued` are the signatures and reasonings that this vendor gave out in this run.

Sources: the vendors' documentation and public reports, collected on 2026-11-30.
"""

import json

from openai.types.chat import completion_create_params
from shapes import flaws

STAND_INS = {"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"}
"""https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11-30)"""


def _messages(body, role):
    return [
        (number, message)
        for number, message in enumerate(body["messages"])
        if message.get("role") == role
    ]


def openai_members(body, _issued):
    return flaws(body, completion_create_params.CompletionCreateParams)


def paired_calls(body, _issued):
    """Every call is answered by the messages after it, and nothing else is answered."""
    found, open_calls = [], set()
    for number, message in enumerate(body["messages"]):
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                found.append(f"messages[{number}]: 'tool' must follow a message with 'tool_calls'.")
            open_calls.discard(message.get("tool_call_id"))
            continue
        if open_calls:
            found.append(f"messages[{number}]: tool_call_ids without response: {open_calls}")
        open_calls = {call["id"] for call in message.get("tool_calls") or ()}
    return found


def object_arguments(body, _issued):
    return [
        f"messages[{number}]: arguments must be a JSON object"
        for number, message in _messages(body, "assistant")
        for call in message.get("tool_calls") or ()
        if not _is_object(call["function"]["arguments"])
    ]


def _is_object(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def one_system_first(words):
    """MiniMax and the templates of Qwen: one system message, at the beginning."""

    def rule(body, _issued):
        roles = [message.get("role") for message in body["messages"]]
        return [words] if {"system", "developer"} & set(roles[1:]) else []

    return rule


def roles(*known):
    def rule(body, _issued):
        strange = {message.get("role") for message in body["messages"]} - set(known)
        return [f"unknown variant `{role}`, expected one of {known}" for role in strange]

    return rule


def efforts(*words):
    def rule(body, _issued):
        word = body.get("reasoning_effort", words[0])
        return [] if word in words else [f"reasoning_effort: {word!r}, expected one of {words}"]

    return rule


def only_members(request, by_role, call, tool=("type", "function")):
    """Groq's and Cerebras' way: `property 'x' is unsupported`."""

    def rule(body, _issued):
        found = _strays(body, request, "")
        for number, message in enumerate(body["messages"]):
            path = f"messages.{number}."
            found += _strays(message, by_role.get(message["role"], ()), path)
            for one in message.get("tool_calls") or ():
                found += _strays(one, call, path + "tool_calls.")
        for one in body.get("tools", ()):
            found += _strays(one, tool, "tools.")
        return found

    return rule


def _strays(holder, known, path):
    return [f"property '{path}{name}' is unsupported" for name in holder.keys() - set(known)]


def fixed_sampling(body, _issued):
    """Kimi K2.5 and later (https://platform.kimi.ai/docs, 2026-11-30): leave them out."""
    names = ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty")
    return [f"invalid {name}: only 1 is allowed for this model" for name in names if name in body]


def no_forced_tool(body, _issued):
    if _thinks(body) and body.get("tool_choice", "auto") not in ("auto", "none"):
        return ["Thinking mode does not support this tool_choice"]
    return []


def _thinks(body):
    return (body.get("thinking") or {}).get("type") != "disabled"


def auto_choice_only(body, _issued):
    """Zhipu (https://docs.z.ai/api-reference, 2026-11-30)."""
    return [] if body.get("tool_choice", "auto") == "auto" else ["tool_choice: only auto is there"]


def no_forced_tool_in_qwen(body, _issued):
    """https://www.alibabacloud.com/help/en/model-studio/deep-thinking (2026-11-30)"""
    if body.get("enable_thinking", True) and body.get("tool_choice", "auto") not in (
        "auto",
        "none",
    ):
        return ["The tool_choice parameter does not support being set to required in thinking mode"]
    return []


def said_something(body, _issued):
    return [
        f"the message at position {number} with role 'assistant' must not be empty"
        for number, message in _messages(body, "assistant")
        if not message.get("content") and not message.get("tool_calls")
    ]


def reasoning_back(words, only_calls):
    """What a thinking model thought must come back, and what it thought itself unchanged."""

    def rule(body, issued):
        if not _thinks(body):
            return []
        found = []
        for number, message in _messages(body, "assistant"):
            calls = message.get("tool_calls") or []
            if only_calls and not calls:
                continue
            thought = message.get("reasoning_content")
            if not (isinstance(thought, str) and thought.strip()):
                found.append(f"{words} (index {number})")
            elif any(issued.get(call["id"], thought) != thought for call in calls):
                found.append(f"not the reasoning of that call (index {number})")
        return found

    return rule


def think_tags_back(body, issued):
    """MiniMax (https://platform.minimax.io/docs/api-reference/text-openai-api, 2026-11-30): the
    content of a turn with calls is preserved completely, `<think>` with it.
    """
    found = []
    for number, message in _messages(body, "assistant"):
        content = str(message.get("content")).replace("<think>\n", "<think>")
        for call in message.get("tool_calls") or ():
            if f"<think>{issued.get(call['id'], '')}" not in content and call["id"] in issued:
                found.append(f"messages[{number}]: the thinking of {call['id']} is not in its text")
    return found


def text_only(body, _issued):
    parts = [
        part
        for message in body["messages"]
        for part in message.get("content") or ()
        if isinstance(part, dict)
    ]
    kinds = {part.get("type") for part in parts} - {"text"}
    return [f"unknown variant `{kind}`, expected `text`" for kind in kinds]


def function_tools(body, _issued):
    kinds = {tool.get("type") for tool in body.get("tools", ())} - {"function"}
    return [f"tools: unknown variant `{kind}`, expected `function`" for kind in kinds]


def no_tools_while_reasoning(body, _issued):
    """https://developers.openai.com/api/docs/guides/deployment-checklist (2026-11-30)"""
    if not body.get("tools"):
        return []
    return [
        "Function tools with reasoning_effort are not supported for this model in "
        "/v1/chat/completions. To use function tools, use /v1/responses."
    ]


def own_details(body, issued):
    """https://openrouter.ai/docs (reasoning tokens, 2026-11-30): `reasoning_details` of Gemini 3
    are its own signatures; unsigned ones of a signing family are refused behind it; and each step
    of the present turn needs one with its first call.
    """
    found = []
    users = [number for number, _ in _messages(body, "user")]
    for number, message in _messages(body, "assistant"):
        details = message.get("reasoning_details") or []
        for detail in details:
            found += _detail_flaws(detail, number, issued)
        calls = message.get("tool_calls") or []
        signed = {detail.get("id") for detail in details if detail["type"] == "reasoning.encrypted"}
        if calls and number > users[-1] and calls[0]["id"] not in signed:
            name = calls[0]["function"]["name"]
            found.append(
                f"Function call `default_api:{name}` in the {number}. content block is missing a "
                "thought_signature."
            )
    return found


def _detail_flaws(detail, number, issued):
    if detail.get("format") not in (None, "google-gemini-v1", "unknown"):
        return [f"messages[{number}]: reasoning_details of format {detail.get('format')}"]
    if detail["type"] != "reasoning.encrypted":
        return []
    if detail.get("data") in {*issued.values(), *STAND_INS}:
        return []
    return [f"messages[{number}]: Corrupted thought signature."]
