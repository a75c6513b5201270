"""The wire's `finish_reason` ↔ canonical finish reasons: OpenAI's five words, and the words other
vendors let through.
"""

from __future__ import annotations

from uniapi.canonical import Finish, FinishReason, Json

from .request_decode_members import DIALECT_NAME

REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "prohibited_content": "content_filter",
    "blocklist": "content_filter",
    "refusal": "content_filter",
    "sensitive": "content_filter",
    "error": "error",
    "abort": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
    "malformed_function_call": "error",
    "unexpected_tool_call": "error",
    "too_many_tool_calls": "error",
    "missing_thought_signature": "error",
    "malformed_response": "error",
}
"""Lower-case words. `sensitive`, `network_error`: Z.ai; `insufficient_system_resource`: DeepSeek;
`eos`: Together; `model_length`, `error`: Mistral; `error`: OpenRouter; `abort`: vLLM and SGLang,
when the engine gives a request up; from `malformed_function_call` on: Gemini's, through layers that
put them into lower case (2026-11-30). Any other word is a stop.
"""
_FILTERED_CALL = "function_call_filter: "
"""What Vertex's OpenAI layer puts before Gemini's word for a call it could not use."""

WORDS: dict[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "error": "stop",
}
"""What is written: the wire has no word for an error."""


def decode_finish(word: Json, has_calls: bool, stop_sequence: Json = None) -> Finish:
    """How a choice ended. A stop beside tool calls is a stop *for* tool calls, and the reverse:
    clients wait for calls that a vendor's word promises.
    """
    if stop_sequence is None and isinstance(word, str) and word in _USUAL:
        return _USUAL[word][has_calls]
    native = word if isinstance(word, str) and word else None
    known = (native or "stop").lower().removeprefix(_FILTERED_CALL)
    reason = REASONS.get(known, "stop")
    if reason == "stop" and has_calls:
        reason = "tool_calls"
    elif reason == "tool_calls" and not has_calls:
        reason = "stop"
    return Finish(
        reason=reason,
        native=native,
        dialect=DIALECT_NAME if native else None,
        stop_sequence=stop_sequence if isinstance(stop_sequence, str) else None,
    )


_USUAL: dict[str, tuple[Finish, Finish]] = {}
"""How most choices end, by the word: without calls and with."""
_USUAL |= {
    word: (decode_finish(word, has_calls=False), decode_finish(word, has_calls=True))
    for word in ("stop", "length", "tool_calls")
}


def encode_finish(finish: Finish) -> str:
    return WORDS[finish.reason]
