"""What an upstream of this API takes: the rules, in the order in which they are applied.

Names that a vendor forbids and nobody misses (an include, a call id's form) are changed silently;
what the client asked for and does not get is a loss.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Media
from uniapi.dialects.fit_learned import LEARNED_RULES
from uniapi.dialects.fitting import Body, Fitting, fit_by, minds
from uniapi.dialects.openai_chat.fit_format import JSON_WORDS, says_json, schema_instruction
from uniapi.dialects.openai_chat.request_decode_members import at
from uniapi.dialects.quirk import Quirk

from .fit_cache import known_breakpoints
from .fit_input import agent_messages, call_ids, images, known_searches, no_empty_turns
from .fit_reasoning import efforts, encrypted_reasoning, reasoning_items, sampling, summaries
from .fit_system import system_turns_in_place
from .fit_tools import (
    allowed_tools,
    arguments_of_objects,
    custom_tools,
    has_custom_tools,
    parallel_tool_calls,
    schemas,
    tools,
)
from .request_encode_answered_calls import OUTPUT_OF, with_answered_calls


@minds("json_schema")
def json_schema(body: Body, fitting: Fitting) -> Body:
    """Where only `json_object` is known the schema is told in words, behind the client's own."""
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    if not isinstance(schema, dict):
        return body
    said = body.get("instructions")
    words = schema_instruction(schema)
    return {
        **body,
        "instructions": f"{said}\n\n{words}" if isinstance(said, str) and said else words,
        "text": {**body["text"], "format": {"type": "json_object"}},
    }


@minds("json_needs_word", where=("text",))
def say_json(body: Body, fitting: Fitting) -> Body:
    """«Response input messages must contain the word 'json' in some form to use 'text.format' of
    type 'json_object'.»
    """
    said, items = body.get("instructions"), body.get("input")
    if at(body.get("text"), "format", "type") != "json_object" or says_json(items):
        return body
    told = items if isinstance(items, list) else []
    if says_json(said) or any(says_json(at(item, "content")) for item in told):
        return body
    has_said = isinstance(said, str) and said
    return {**body, "instructions": f"{said}\n\n{JSON_WORDS}" if has_said else JSON_WORDS}


@minds("verbosities")
def verbosity(body: Body, fitting: Fitting) -> Body:
    """A model without the dial takes its one word only."""
    text = body.get("text")
    if not isinstance(text, dict) or text.get("verbosity") in (None, *fitting.quirk.verbosities):
        return body
    fitting.lose("text.verbosity")
    return {**body, "text": {name: text[name] for name in text if name != "verbosity"}}


@minds("dropped_members")
def dropped_members(body: Body, fitting: Fitting) -> Body:
    refused = sorted(fitting.quirk.dropped_members & body.keys())
    for name in refused:
        fitting.lose(name)
    return {name: body[name] for name in body if name not in refused} if refused else body


@minds("calls_need_results", where=(*OUTPUT_OF, *OUTPUT_OF.values()))
def answered_calls(body: Body, fitting: Fitting) -> Body:
    """«No tool output found for function call …». Calls of a response that is continued lie at the
    vendor.
    """
    items = body.get("input")
    if not isinstance(items, list) or body.get("previous_response_id") or body.get("conversation"):
        return body
    calls = {_call_of(item) for item in items if _kind(item) in OUTPUT_OF}
    outputs = {_call_of(item) for item in items if _kind(item) in OUTPUT_OF.values()}
    if calls == outputs or None in calls | outputs or not all(map(_is_item, items)):
        return body
    if _kind(items[-1]) in OUTPUT_OF:
        return body
    return {**body, "input": with_answered_calls(items)}


def _kind(item: Json) -> str:
    kind = at(item, "type")
    return kind if isinstance(kind, str) else ""


def _call_of(item: Json) -> str | None:
    call_id = at(item, "call_id")
    return call_id if isinstance(call_id, str) else None


def _is_item(item: Json) -> bool:
    return isinstance(item, dict) and isinstance(item.get("type", ""), str)


RULES = (
    tools,
    images,
    allowed_tools,
    custom_tools,
    arguments_of_objects,
    schemas,
    parallel_tool_calls,
    agent_messages,
    known_searches,
    reasoning_items,
    answered_calls,
    known_breakpoints,
    call_ids,
    system_turns_in_place,
    no_empty_turns,
    efforts,
    summaries,
    encrypted_reasoning,
    sampling,
    json_schema,
    say_json,
    verbosity,
    dropped_members,
)

fit = fit_by((*RULES, *LEARNED_RULES), turns_in="input")


def needs_translation(body: Mapping[str, Json], quirk: Quirk) -> bool:
    """Whether the answer to `body` cannot be relayed: a freeform tool that is offered as a function
    must be told apart again in it.
    """
    return not quirk.custom_tools and quirk.has_tools and has_custom_tools(body)


def needs_inline(media: Media, quirk: Quirk) -> bool:
    """Images and documents go by URL (`image_url`, `file_url`); a sound has no place at all."""
    return media.url is not None and media.kind == "image" and not quirk.image_urls
