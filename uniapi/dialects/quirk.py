"""The facts about a vendor or a model that a dialect's codecs ask for.

Pure data: the rows that fill it, with their reasons, are `engines/facts_…`.
"""

from __future__ import annotations

from typing import Literal

from uniapi.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenMembers:
    """All members of a chat body that a host takes which refuses every other one: of the request,
    of messages by role (`system` also for developer turns), of a tool call, and of a tool.
    """

    request: frozenset[str]
    system: frozenset[str]
    user: frozenset[str]
    assistant: frozenset[str]
    tool: frozenset[str]
    call: frozenset[str]
    offered: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """Facts about a vendor or a model that change what its dialect's codecs write or read. The
    rows, with their reasons, are in `engines/facts_…`.

    Every default is what the dialect's own documentation says, so that a vendor without a row gets
    the plain dialect.
    """

    # any dialect
    dropped_members: frozenset[str] = frozenset()
    """Top-level request members this model refuses, by their name in the upstream's dialect; each
    dropped one the client sent is a loss.
    """
    has_tools: bool = True
    """False: tools, tool choice and tool turns are left out (`tools: false`)."""
    has_images: bool = True
    """False: image parts are left out (`image: false`)."""
    past_images: bool = True
    """False: pictures are refused; those of earlier turns and of tools' results are told as words,
    so that a conversation with some can go on.
    """
    image_urls: bool = True
    """False: images by URL must be fetched and sent by value."""
    think_tags: bool = False
    """`<think>…</think>` at the start of the text is reasoning (`dialects/think_tags.py`)."""
    think_tag_is_open: bool = False
    """The template opens the tag in the prompt and the model always thinks: text before a closing
    tag alone is reasoning, unless reasoning came by its own member.
    """
    opaque_family: str | None = None
    """Overrides the dialect's family (Gemini's OpenAI layer: `gemini`)."""
    other_families: tuple[str, ...] = ()
    """Whose tokens are read there besides (routers in front of several families)."""
    tool_call_id_form: Literal["any", "alnum9", "word", "max40"] = "any"
    """`alnum9`: exactly nine letters or digits (Mistral); `word`: letters, digits, `_`, `-`
    (Anthropic, Bedrock); `max40`: one to forty of anything (OpenAI).
    """
    system_turns: Literal["anywhere", "after_user", "first"] = "anywhere"
    """Where system turns may stand; what stands elsewhere becomes a user turn in its place.

    `after_user`: only between a user's and an assistant's turn, or last (Claude from Opus 4.8 on);
    `first`: at the beginning alone, and one (MiniMax, Qwen's templates, older Claude, whose first
    is the `system` member).
    """
    streams_only: bool = False
    """Answers come in streams alone: a whole one is asked for streamed and folded."""
    empty_turns: bool = True
    """False: a turn, or a text in it, that says nothing is refused; it is left out."""
    calls_need_results: bool = False
    """A call without its result, and a result without its call, are refused: the first is answered,
    the second told as text.
    """
    forced_tool_while_reasoning: bool = True
    """False: a forced tool call is refused while the model reasons: reasoning goes off for it.

    `reasons_by_default` tells whether it must be switched off by name.
    """
    schema_constraints: bool = True
    """False: a tool's schema has no patterns and counts, of which the server cannot make a grammar.
    """
    moonshot_schemas: bool = False
    """Schemas of tools and answers are taken in Moonshot's flavour alone
    (`dialects/moonshot_schema.py`).
    """

    cache_marks: int | None = None
    """The shortest prompt, in tokens, that the model keeps in its cache at a mark: a client that
    sets no marks gets them on longer ones. None: it needs none, or the owner wants none set.
    """
    least_cached: int | None = None
    """The shortest prompt, in tokens, that is kept in a cache at all; None: nobody says."""
    cache_lasts_s: float | None = None
    """How long a prompt is kept at least, in seconds; None: nobody says."""
    keeps_cache_marks: bool = True
    """False: no mark goes upstream, a client's own neither (`prompt_cache: off`)."""
    cache_breakpoints: bool | None = None
    """Content parts may carry OpenAI's `prompt_cache_breakpoint`; False: they are refused. None:
    nobody says, so a client's own are relayed and none are added.
    """
    prompt_cache_key: bool = False
    """The vendor takes `prompt_cache_key`: a translated conversation gets its session's name."""

    learned_drops: frozenset[tuple[str, ...]] = frozenset()
    """Places of members that this model refused (patterns of `wire.body_paths`). These three come
    from refusals that were read, not from rows; every dialect's last rules mind them.
    """
    learned_renames: frozenset[tuple[tuple[str, ...], str]] = frozenset()
    """Places, and the name that was asked for instead."""
    learned_choices: frozenset[tuple[tuple[str, ...], tuple[str, ...]]] = frozenset()
    """Places, and the words that may stand there."""
    learned_limits: frozenset[tuple[tuple[str, ...], float]] = frozenset()
    """Places, and the largest number that may stand there."""

    # openai_chat
    max_tokens_member: Literal["max_tokens", "max_completion_tokens", "either"] = (
        "max_completion_tokens"
    )
    """The name of the output limit that is known. `either`: an older server may know `max_tokens`
    alone, which is what we write; a client's own spelling is relayed.
    """
    system_role: Literal["developer", "system", "user"] = "system"
    """The role that carries system and developer turns; `user`: there is none, the text is put
    before the first user turn.
    """
    reasoning_request: Literal["effort", "openrouter", "thinking", "enable_thinking", "none"] = (
        "effort"
    )
    """How reasoning is asked for: `reasoning_effort`; `reasoning: {effort|max_tokens}`; `thinking:
    {type}`; `enable_thinking` (+ `thinking_budget`); `none`: not at all (Cohere and Converse mind
    that too).
    """
    efforts: tuple[str, ...] = ()
    """Effort words the model takes, weakest first; another word becomes the nearest.

    Empty: all pass. `default` (Groq's Qwen) is every effort but `none`.
    """
    sampling_while_reasoning: bool = True
    """False: temperature, top_p and logprobs are refused unless reasoning is off.

    Responses minds it too; Claude still takes a temperature of 1 and a top_p near it.
    """
    reasons_by_default: bool = True
    """Whether the model reasons when the request names no effort; read where
    `sampling_while_reasoning` or `forced_tool_while_reasoning` is False.
    """
    reasoning_replay: Literal[
        "reasoning_content", "reasoning", "reasoning_details", "think_tags", "none"
    ] = "reasoning_content"
    """The member in which an assistant turn's reasoning goes back upstream, when the upstream reads
    it; `think_tags`: at the head of its text, as it came; `none`: leave it out.
    """
    details_format: str | None = None
    """How the `format` of the signed `reasoning_details` begins that the model behind a router
    reads; those of other vendors are left out. None: all go.
    """
    reasoning_beside_output: bool = False
    """`completion_tokens` leave the reasoning out, and the total counts both."""
    needs_reasoning: Literal["no", "tool_turns", "every_turn"] = "no"
    """Of which assistant turns the reasoning must come back, signed by nobody, while the model
    thinks; a stand-in where it is lost.
    """
    can_stop_reasoning: bool = True
    """False: reasoning cannot be switched off; the least is asked for instead."""
    json_while_reasoning: bool = True
    """False: `response_format` is refused while the model reasons: reasoning goes off for it."""
    tool_choices: Literal["any", "words", "no_required", "auto"] = "any"
    """What `tool_choice` may be: `words`: auto, none, required, no single tool; `no_required`:
    one tool may be named, but `required` is refused; `auto`: nothing forces a call, words ask for
    it.
    """
    taken_members: TakenMembers | None = None
    """What is taken where unknown members are refused; None: they are not."""
    service_tiers: tuple[str, ...] = ()
    """Words of `service_tier`; empty: all."""
    stream_options: bool = True
    """`stream_options.include_usage` may be sent."""
    json_schema: bool = True
    """False: a JSON schema is asked for as `json_object`, the schema put into the system text."""
    json_object: bool = True
    """False: `json_object` is refused; JSON is asked for in words."""
    text_content_only: bool = False
    """Message content must be a string."""
    parallel_tool_calls_member: bool = True
    cache_control: bool | None = None
    """Parts, calls and tools may carry Anthropic-style `cache_control` marks (OpenRouter, Vercel);
    OpenAI itself refuses them. None: nobody says (LiteLLM knows them), so a client's own are
    relayed and none are added.
    """
    longest_tool_name: int | None = None
    """A tool with a longer name is refused; the encoder shortens it, and the answer's decoder gives
    it back.
    """
    custom_tools: bool = True
    """Freeform (`custom`) tools are understood; False: they are offered as functions with one
    `input` text, and told apart again in the answer.
    """

    turn_order: Literal["any", "assistant_after_tool", "alternating"] = "any"
    """Which roles may follow each other: `assistant_after_tool`: no user right after a tool's
    result; `alternating`: user and assistant take turns, instructions first.
    """
    prefix_member: bool = False
    """A last assistant turn, the beginning of the answer, is marked `prefix`."""
    allowed_tools: bool = True
    """`tool_choice` may name several tools (`allowed_tools`); False: only those tools are sent."""
    members_alone: bool = True
    """False: an empty list of tools, `tool_choice` and `parallel_tool_calls` without tools, and
    `stream_options` without `stream` are refused; they go.
    """
    json_needs_word: bool = False
    """`json_object` is refused where no text says the word; it is said."""
    checks_schemas: bool = False
    """A relayed tool whose schema OpenAI's validator refuses is mended
    (`openai_chat/tool_schema.py`); a translated one always is.
    """
    max_stops: int | None = None
    """How many stop sequences are taken; more answer 400."""
    seed_member: Literal["seed", "random_seed"] = "seed"
    document_part: Literal["file", "document_url"] = "file"
    """The content part that carries a document: OpenAI's `file` (by value), Mistral's
    `document_url` (by value or URL).
    """

    # openai_responses
    agent_messages: bool = True
    """False: what one of Codex's agents told another is told as a user's message."""
    encrypted_reasoning: bool | None = None
    """Whether `reasoning.encrypted_content` is asked for, so that stateless clients can hand
    reasoning back. None: when the client asks for reasoning or hands some back; True: whenever what
    comes back is kept for a client that cannot; False: never (models that do not reason answer 400
    "Encrypted content is not supported with this model").
    """
    reasoning_items: Literal["any", "openai", "not_openai"] = "any"
    """Whose reasoning items are taken back: `openai`: its own alone, by the forms of its ids and
    encrypted content; `not_openai`: any but those.
    """
    reasoning_summary: bool = True
    """`reasoning.summary` may be asked for."""
    verbosities: tuple[str, ...] = ()
    """Words of `text.verbosity` the model takes, and of `verbosity` in chat; empty: all."""

    # anthropic
    anthropic_thinking: Literal["any", "budget", "either", "adaptive", "none"] = "any"
    """How the model is asked to think: by a budget, adaptively, either way, or not at all; `any`:
    nothing is known, a client's own words pass. Converse minds the next ones too.
    """
    anthropic_sampling: bool = True
    """False: temperature, top_p, top_k are refused."""
    anthropic_effort: bool = True
    """`output_config.effort` is understood; `efforts` says which words."""
    anthropic_structured: bool = True
    """`output_config.format` is understood; False: a forced tool named `json_response` stands in.
    """
    anthropic_thinking_off: bool = True
    """False: `thinking: disabled` is refused, the model always thinks."""
    anthropic_prefill: bool = True
    """False: a conversation may not end with an assistant turn (Claude 4.6 and later)."""
    anthropic_sampling_pair: bool = True
    """False: temperature and top_p may not come together (Claude 4.1 to 4.5)."""
    anthropic_forced_tool: bool = True
    """False: `tool_choice` may not force a call (`any`, `tool`); the system text asks for it
    instead.
    """
    anthropic_own_thinking: bool = False
    """Thinking that Claude itself did not sign is refused, and blocks made for a foreign answer;
    both are taken out of earlier turns.
    """
    anthropic_body_mark: bool = True
    """A body may carry `cache_control` itself, for a mark that moves with the newest turn."""
    anthropic_eager_tools: bool = True
    """A tool may say `eager_input_streaming`; False: only the beta before it does, for all tools.
    """
    anthropic_billing_block: bool = True
    """False: Claude Code's attribution block is no part of the instructions."""
    anthropic_user_ids: Literal["any", "word"] = "any"
    """`word`: `metadata.user_id` is of letters, digits, `_` and `-`."""
    anthropic_cache_scopes: bool = True
    """A mark may carry a `scope`."""
    most_cache_marks: int | None = None
    """So many blocks of a body may carry `cache_control`; None: nobody counts."""
    anthropic_tool_search: bool = True
    """Deferred tools, and references to those that a search found, are understood."""
    default_max_tokens: int | None = None
    """Sent when the client named no limit and the wire needs one."""

    # bedrock_converse
    converse_fields: Literal["claude", "nova", "openai", "none"] = "claude"
    """Whose members `additionalModelRequestFields` takes, and with them how reasoning is asked for:
    Claude's `thinking` and `top_k`, Nova's `reasoningConfig` and `inferenceConfig.topK`, gpt-oss's
    `reasoning_effort`; `none`: plain Converse only. Also who understands cache points, result
    status and signatures.
    """

    converse_tools_streamed: bool = True
    """False: tools are refused on the streaming path; the answer is asked for whole, and told as a
    stream.
    """

    # gemini
    gemini_thinking: Literal["level", "budget", "none"] = "level"
    thinking_levels: tuple[str, ...] = ("minimal", "low", "medium", "high")
    thinking_budget_range: tuple[int, int] = (0, 24576)
    """Smallest and largest budget; a smallest above 0 means thinking cannot be turned off."""
    smallest_thinking_budget: int = 0
    """The smallest budget that is not off."""
    safety_threshold: str | None = None
    """Threshold for all adjustable categories when the client named no safety settings; None: send
    none.
    """
    function_call_ids: bool = True
    """`functionCall.id` and `functionResponse.id` are understood (Vertex refuses them on older
    models).
    """
    result_media: bool = True
    """A tool's result may hold pictures and documents: `functionResponse.parts` (Gemini 3 and
    later), a chat's tool message (open servers; not OpenAI).
    """
    call_signatures: bool = True
    """A step's first call is refused without a signature (Gemini 3 and later); the documented
    stand-in is one.
    """
    json_schema_members: bool = True
    """`responseJsonSchema` and `parametersJsonSchema` are understood; False: only the OpenAPI
    subset.
    """
    json_with_tools: bool = True
    """JSON may be asked for beside tools; False: the system text asks for it there (Gemini before
    3).
    """
    hosted_with_functions: bool = False
    """Google's own tools may stand beside functions (Gemini 3 at Google's API, with
    `includeServerSideToolInvocations`); False: functions win, the others are losses.
    """


PLAIN = Quirk()
"""The dialect as its documentation has it."""
