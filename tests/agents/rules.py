"""What the vendors of the other three dialects refuse; see `chat_rules` for the form of a rule."""

import itertools
import json
import re

from anthropic.types.beta import message_create_params
from chat_rules import STAND_INS
from openai.types.responses import response_create_params
from shapes import flaws

_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}


def responses_members(body, _issued):
    """`client_metadata` is what Codex itself sends to api.openai.com."""
    known = {name: value for name, value in body.items() if name != "client_metadata"}
    kind = (
        response_create_params.ResponseCreateParamsStreaming
        if body.get("stream")
        else response_create_params.ResponseCreateParamsNonStreaming
    )
    return flaws(known, kind)


def responses_items(body, issued):
    """Ids, pairs and encrypted reasoning: error texts of api.openai.com."""
    found, open_calls = [], set()
    items = body["input"] if isinstance(body["input"], list) else []
    for number, item in enumerate(items):
        kind, item_id = item.get("type", "message"), item.get("id")
        prefix = _PREFIXES.get(kind)
        if item_id is not None and prefix and not re.match(f"{prefix}_.{{1,60}}$", item_id):
            found.append(f"Invalid 'input[{number}].id': '{item_id}'. Expected '{prefix}'.")
        if kind == "reasoning":
            found += _reasoning_flaws(item, number, issued)
        elif kind.endswith("_call"):
            open_calls.add(item.get("call_id"))
        elif kind.endswith("_call_output") and item.get("call_id") not in open_calls:
            found.append(f"No tool call found for output with call_id {item.get('call_id')}.")
        elif kind.endswith("_call_output"):
            open_calls.discard(item.get("call_id"))
    return found + [f"No tool output found for function call {one}." for one in open_calls]


def _reasoning_flaws(item, number, issued):
    if not item.get("encrypted_content"):
        return [f"Item with id '{item.get('id')}' not found (input[{number}])."]
    if item["encrypted_content"] not in issued.values():
        return [f"The encrypted content of input[{number}] could not be verified."]
    return []


def always_reasons(body, _issued):
    """GPT-6 astra and 6.1 sol: no effort below low, no sampling."""
    effort = (body.get("reasoning") or {}).get("effort") or "medium"
    found = [
        f"Unsupported parameter: '{name}' is not supported with this model."
        for name in ("temperature", "top_p", "top_logprobs")
        if name in body
    ]
    if effort not in ("low", "medium", "high", "xhigh", "max"):
        found.append(f"Unsupported value: 'reasoning.effort' does not support '{effort}'.")
    return found


def messages_members(body, _issued):
    kind = (
        message_create_params.MessageCreateParamsStreaming
        if body.get("stream")
        else message_create_params.MessageCreateParamsNonStreaming
    )
    return flaws(body, kind)


def messages_turns(body, issued):
    """Signed thinking of its own only; results right after their calls."""
    found, calls = [], set()
    for number, message in enumerate(body["messages"]):
        blocks = message["content"] if isinstance(message["content"], list) else []
        results = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if results != calls and message["role"] != "system":
            found.append(f"messages.{number}: `tool_use` ids without `tool_result`: {calls}")
        calls = {block["id"] for block in blocks if block["type"] == "tool_use"}
        found += [f"messages.{number}: bad id" for one in calls if not re.match(r"[\w-]+$", one)]
        found += [
            f"messages.{number}: Invalid `signature` in `thinking` block"
            for block in blocks
            if block["type"] == "thinking" and block.get("signature") not in issued.values()
        ]
    return found


_GEMINI_MEMBERS = {
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "safetySettings",
    "generationConfig",
    "cachedContent",
    "labels",
}
_PART_MEMBERS = {
    "text",
    "thought",
    "thoughtSignature",
    "functionCall",
    "functionResponse",
    "inlineData",
    "fileData",
}


def gemini_members(body, _issued):
    strange = body.keys() - _GEMINI_MEMBERS
    parts = [part for content in body["contents"] for part in content["parts"]]
    strange |= {name for part in parts for name in part.keys() - _PART_MEMBERS}
    return [f'Invalid JSON payload received. Unknown name "{name}"' for name in strange]


def gemini_signatures(body, issued):
    """https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11-30): the first call of
    every step of the present turn carries one.
    """
    found = []
    good = {*issued.values(), *STAND_INS}
    present = max(number for number, content in enumerate(body["contents"]) if _asks(content))
    for number, content in enumerate(body["contents"]):
        signatures = [
            part.get("thoughtSignature") for part in content["parts"] if "functionCall" in part
        ]
        given = {part.get("thoughtSignature") for part in content["parts"]} - {None}
        found += [f"contents[{number}]: Corrupted thought signature." for _ in given - good]
        if number > present and signatures and signatures[0] is None:
            found.append(f"Function call in the {number}. content block lacks thought_signature.")
    return found


def gemini_turns(body, _issued):
    """One result for each call, right after the turn that made them."""
    found = []
    for call_turn, result_turn in itertools.pairwise(body["contents"]):
        calls = sum("functionCall" in part for part in call_turn["parts"])
        results = sum("functionResponse" in part for part in result_turn["parts"])
        if result_turn.get("role") != "model" and calls != results:
            found.append(
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
    return found


def gemini_own_reasoning(body, issued):
    """Of the present turn; Gemini CLI itself forgets it in a resumed session."""
    contents = body["contents"]
    present = max(number for number, content in enumerate(contents) if _asks(content))
    return own_reasoning_back(contents[present:], issued)


def own_reasoning_back(body, issued):
    """What a vendor thought or signed with a call comes back with it: «Item of type 'function_call'
    was provided without its required 'reasoning' item», and its like.
    """
    text = json.dumps(body)
    return [
        f"'{call_id}' was provided without its required reasoning"
        for call_id, thought in issued.items()
        if f'"{call_id}"' in text and thought not in text
    ]


def _asks(content):
    return content.get("role", "user") == "user" and any(
        "text" in part for part in content["parts"]
    )
