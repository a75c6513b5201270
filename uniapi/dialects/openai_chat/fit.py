"""A chat body as its upstream takes it, translated or relayed: the table of rules, in the order of
their application.

What the row forbids and nobody will miss (a role's name, the spelling of a limit, reasoning of an
earlier turn that this upstream calls an unknown parameter) changes silently; what the client asked
for and does not get is a loss.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.dialects.fit_learned import LEARNED_RULES
from uniapi.dialects.fitting import fit_by
from uniapi.dialects.quirk import Quirk

from .fit_alone import no_members_alone
from .fit_cache import few_marks, mark_cache, no_cache_marks, only_known_marks
from .fit_calls import answered_calls
from .fit_format import json_in_words, say_json, schema_in_words
from .fit_members import (
    ask_streamed,
    known_service_tier,
    known_verbosity,
    no_refused_members,
    no_stream_options,
    one_by_one_unsaid,
    rename_limit,
    rename_seed,
    with_fewer_stops,
)
from .fit_messages import (
    call_ids_in_form,
    documents_by_url,
    no_empty_turns,
    no_images,
    no_past_images,
    text_alone,
)
from .fit_reasoning import (
    ask_for_reasoning,
    no_reasoning_beside_forced_tool,
    no_reasoning_beside_json,
    no_sampling_beside_reasoning,
)
from .fit_replay import (
    no_missing_reasoning,
    put_back,
    replay_reasoning,
    signed_calls,
    signed_details,
)
from .fit_result_media import media_behind_results
from .fit_strict import only_taken_members
from .fit_system import one_system_role, system_turns_in_place
from .fit_tools import (
    arguments_of_objects,
    freeform_tools_as_functions,
    has_freeform_tools,
    has_longer_names,
    known_tool_choice,
    mended_schemas,
    moonshots_schemas,
    no_constraints,
    no_tools,
    only_allowed_tools,
)
from .fit_turn_order import marked_prefix, ordered_turns

RULES = (
    # messages; the first is told by the place of each what its encoder knew
    put_back,
    replay_reasoning,
    no_tools,
    no_images,
    no_past_images,
    documents_by_url,
    text_alone,
    only_known_marks,
    answered_calls,
    media_behind_results,
    mark_cache,
    no_cache_marks,
    few_marks,
    call_ids_in_form,
    schema_in_words,
    json_in_words,
    say_json,
    one_system_role,
    system_turns_in_place,
    no_empty_turns,
    ordered_turns,
    marked_prefix,
    signed_calls,
    signed_details,
    # tools
    arguments_of_objects,
    freeform_tools_as_functions,
    only_allowed_tools,
    known_tool_choice,
    mended_schemas,
    no_constraints,
    moonshots_schemas,
    # members
    rename_limit,
    rename_seed,
    with_fewer_stops,
    ask_for_reasoning,
    no_reasoning_beside_forced_tool,
    no_reasoning_beside_json,
    no_sampling_beside_reasoning,
    no_missing_reasoning,
    known_verbosity,
    known_service_tier,
    ask_streamed,
    no_stream_options,
    no_members_alone,
    one_by_one_unsaid,
    no_refused_members,
    only_taken_members,
)

fit = fit_by((*RULES, *LEARNED_RULES))


def needs_translation(body: Mapping[str, Json], quirk: Quirk) -> bool:
    """Whether the answer to `body` cannot be relayed: a freeform tool that is offered as a function
    must be told apart again in it, a tool whose name is shortened must be called by its own.
    """
    if "tools" not in body or not quirk.has_tools:
        return False
    if not quirk.custom_tools and has_freeform_tools(body):
        return True
    longest = quirk.longest_tool_name
    return longest is not None and has_longer_names(body, longest)
