"""A request body as this model and host take it: the rules over every body that leaves."""

from __future__ import annotations

from uniapi.dialects.fit_learned import LEARNED_RULES
from uniapi.dialects.fitting import Body, Fitting, fit_by, minds

from .fit_blocks import (
    no_billing_block,
    no_marks_on_thinking,
    no_past_images,
    user_id_in_form,
)
from .fit_cache import mark_cache, mark_of_body, no_cache_marks
from .fit_calls import answered_calls, no_tool_search, no_trailing_space, object_inputs
from .fit_marks import few_marks, known_pictures, no_cache_scopes
from .fit_messages import (
    call_ids,
    no_empty_turns,
    no_images,
    no_prefill,
    own_thinking,
    system_turns,
)
from .fit_thinking import (
    forced_tool,
    no_missing_thinking,
    sampling_beside_thinking,
    thinking,
    without,
)
from .fit_tools import (
    distinct_tools,
    eager_by_beta,
    moonshots_schemas,
    no_choice_alone,
    no_constraints,
    no_tools,
    structured_output,
    unforced_choice,
)
from .searches import leave_out_our_searches

DEFAULT_MAX_TOKENS = 8192
_SAMPLING = ("temperature", "top_p", "top_k")


@minds("default_max_tokens", always=True)
def limit(body: Body, fitting: Fitting) -> Body:
    """The wire needs one, and a smaller one than the model's own would cut answers."""
    if isinstance(body.get("max_tokens"), int | float):
        return body
    return {**body, "max_tokens": fitting.quirk.default_max_tokens or DEFAULT_MAX_TOKENS}


@minds("anthropic_sampling", where=_SAMPLING)
def no_sampling(body: Body, fitting: Fitting) -> Body:
    return without(body, [name for name in _SAMPLING if name in body], fitting)


@minds("anthropic_sampling_pair", where=("top_p",))
def one_of_the_pair(body: Body, fitting: Fitting) -> Body:
    """1 is the default of both: the other one is what the client means."""
    if body.get("temperature") is None or body.get("top_p") is None:
        return body
    return without(body, ["temperature" if body["temperature"] == 1 else "top_p"], fitting)


@minds("dropped_members", where=lambda quirk: quirk.dropped_members)
def refused_members(body: Body, fitting: Fitting) -> Body:
    refused = sorted(fitting.quirk.dropped_members & body.keys())
    fitting.losses += refused
    return {name: value for name, value in body.items() if name not in refused} if refused else body


RULES = (
    limit,
    leave_out_our_searches,
    no_tools,
    distinct_tools,
    no_choice_alone,
    no_images,
    no_past_images,
    no_billing_block,
    user_id_in_form,
    structured_output,
    unforced_choice,
    eager_by_beta,
    no_constraints,
    moonshots_schemas,
    own_thinking,
    no_tool_search,
    answered_calls,
    object_inputs,
    call_ids,
    no_empty_turns,
    system_turns,
    no_prefill,
    no_trailing_space,
    thinking,
    forced_tool,
    no_missing_thinking,
    no_sampling,
    sampling_beside_thinking,
    one_of_the_pair,
    refused_members,
    known_pictures,
    no_cache_scopes,
    mark_cache,
    no_cache_marks,
    mark_of_body,
    no_marks_on_thinking,
    few_marks,
)
"""What is left of a history stands before what depends on it: whether thinking must be off is seen
from the last turn as it is sent.
"""

fit = fit_by((*RULES, *LEARNED_RULES))
