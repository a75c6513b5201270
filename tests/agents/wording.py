"""A rendered answer in a vendor's own words: the pieces of `replies` know plain functions, and
reasoning in one member alone.
"""

import json
import re

from script import offered_tools


def in_own_words(pieces, vendor, dialect, reply, body, number):
    if dialect == "chat" and vendor.reasoning != "reasoning_content":
        pieces = [_reasoned(piece, vendor.reasoning, reply) for piece in pieces]
    elif dialect == "responses":
        # The arguments of a call are told whole when it ends.
        whole = [piece for piece in pieces if b"function_call_arguments.delta" not in piece]
        pieces = [_as_offered(piece, offered_tools(body)) for piece in whole]
    return [_named(piece, vendor.model, number) for piece in pieces]


def _named(piece, model, number):
    """Claude Code takes two answers of one id for pieces of one turn, and the thinking of another
    model than it asked for is left out by it.
    """
    piece = piece.replace(b'"up-model"', json.dumps(model).encode())
    return re.sub(rb'"((?:msg|resp|rs|fc|ctc|chatcmpl)[-_]\d+)"', rb'"\1-%d"' % number, piece)


def _reasoned(piece, member, reply):
    head, mark, text = piece.rpartition(b"data: ")
    if b"reasoning_content" not in text:
        return piece
    value = json.loads(text)
    holder = value["choices"][0].get("delta") or value["choices"][0]["message"]
    thought = holder.pop("reasoning_content")
    if member == "<think>":
        opened = "<think>" if reply.reasoning.startswith(thought) else ""
        closed = "</think>" if reply.reasoning.endswith(thought) else ""
        holder["content"] = opened + thought + closed + (holder.get("content") or "")
    elif member == "reasoning_details":
        holder |= _details(thought, reply)
    else:
        holder[member] = thought
    return head + mark + json.dumps(value).encode() + (b"\n\n" if mark else b"")


def _details(thought, reply):
    """OpenRouter's for Gemini: the signature is a detail that names the call."""
    form = {"format": "google-gemini-v1", "index": 0}
    details = [{"type": "reasoning.text", "text": thought, **form}]
    if reply.calls and reply.reasoning.endswith(thought):
        sealed = {"type": "reasoning.encrypted", "data": reply.signature, "id": reply.calls[0][0]}
        details.append({**sealed, **form})
    return {"reasoning": thought, "reasoning_details": details}


def _as_offered(piece, tools):
    """A tool of a namespace by both names, a freeform tool by its bare text."""
    _, mark, text = piece.rpartition(b"data: ")
    value = json.loads(text)
    for item in (value.get("item"), *(value.get("response") or {}).get("output", ())):
        if item and item["type"] == "function_call":
            _rewrite(item, tools)
    is_done = value.get("type") == "response.function_call_arguments.done"
    if is_done and _is_freeform(value["name"], tools):
        value["type"] = "response.custom_tool_call_input.done"
        value["item_id"] = value["item_id"].replace("fc_", "ctc_")
        value["input"] = json.loads(value.pop("arguments"))["input"]
    named = f"event: {value['type']}\n".encode() if mark and "type" in value else b""
    return named + mark + json.dumps(value).encode() + (b"\n\n" if mark else b"")


def _rewrite(item, tools):
    space, tool = _found(item["name"], tools)
    if space is not None:
        item["namespace"] = space
    if tool.get("type") == "custom":
        arguments = item.pop("arguments")
        text = json.loads(arguments)["input"] if arguments else ""
        item |= {"type": "custom_tool_call", "id": item["id"].replace("fc_", "ctc_"), "input": text}


def _is_freeform(name, tools):
    return _found(name, tools)[1].get("type") == "custom"


def _found(name, tools):
    """(its namespace or None, the tool)"""
    for tool in tools:
        if tool.get("name") == name:
            return None, tool
        for inner in tool.get("tools", ()):
            if inner.get("name") == name:
                return tool["name"], inner
    return None, {}
