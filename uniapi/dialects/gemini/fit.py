"""A generateContent body as one model takes it: the rules, in the order in which they apply, and
the small ones themselves. Larger ones have modules of their own (`fit_…`).
"""

from __future__ import annotations

from uniapi.dialects.fit_learned import LEARNED_RULES
from uniapi.dialects.fitting import Body, Fitting, fit_by, minds

from .fit_members import generation_config, with_config
from .fit_parts import (
    keep_media_outside_results,
    leave_out_call_ids,
    leave_out_empty_turns,
    leave_out_images,
    leave_out_tools,
    one_result_a_call,
    vouch_for_calls,
)
from .fit_results import answer_every_call
from .fit_schema import ask_for_json_in_words, say_schemas_in_openapi
from .fit_thinking import fit_thinking
from .fit_tools import no_config_without_functions, settle_hosted_tools
from .vocabulary import both_spellings, member

HARM_CATEGORIES = (
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)
"""The adjustable ones: https://ai.google.dev/gemini-api/docs/safety-settings"""


@minds("safety_threshold")
def set_safety_threshold(body: Body, fitting: Fitting) -> Body:
    """The threshold for a client that named none."""
    if member(body, "safetySettings") is not None:
        return body
    threshold = fitting.quirk.safety_threshold
    settings = [{"category": each, "threshold": threshold} for each in HARM_CATEGORIES]
    return {**body, "safetySettings": settings}


@minds("dropped_members")
def drop_members(body: Body, fitting: Fitting) -> Body:
    """Members this model refuses, at the top or in the generation config."""
    refused = both_spellings(*fitting.quirk.dropped_members)
    config = generation_config(body)
    for name in [*sorted(refused & body.keys()), *sorted(refused & config.keys())]:
        fitting.lose(name)
    if refused & config.keys():
        kept = {name: value for name, value in config.items() if name not in refused}
        body = with_config(body, kept)
    if refused & body.keys():
        body = {name: value for name, value in body.items() if name not in refused}
    return body


RULES = (
    one_result_a_call,
    leave_out_empty_turns,
    leave_out_tools,
    leave_out_images,
    answer_every_call,
    keep_media_outside_results,
    leave_out_call_ids,
    vouch_for_calls,
    settle_hosted_tools,
    no_config_without_functions,
    ask_for_json_in_words,
    say_schemas_in_openapi,
    fit_thinking,
    set_safety_threshold,
    drop_members,
)

fit = fit_by((*RULES, *LEARNED_RULES), turns_in="contents")
