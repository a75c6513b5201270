"""Claude, wherever it is served: how it thinks, what it refuses, how much it may write.

Sources:
platform.claude.com/docs/en/build-with-claude/{extended-thinking,adaptive-thinking,effort,structured-outputs},
the models overview and the migration guides
(…/models/{sonnet-5,opus-5-5,sonnet-5-5}/migration-guide),
docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html.
"""

from __future__ import annotations

from functools import partial

from .quirks import fact

_ENGINES = frozenset({"claude", "vertex", "vertex-claude", "aws", "azure"})
"""Where Claude is spoken to in its own terms; behind an OpenAI-compatible address the host
translates.
"""

_claude = partial(fact, engines=_ENGINES)

CLAUDE_ROWS = (
    _claude(
        "a tool_use id is of [a-zA-Z0-9_-]; a thinking block with a foreign signature and a blank"
        " text answer 400; up to 4.7 «role 'system' is not supported» among messages; up to 4.8 no"
        " thinking unless asked for (litellm 1.110.2, anthropic 2.14, 2026-11-30); «`tool_use` ids"
        " were found without `tool_result` blocks» (anthropics/claude-code#1237)",
        r"claude",
        tool_call_id_form="word",
        calls_need_results=True,
        anthropic_own_thinking=True,
        empty_turns=False,
        system_turns="first",
        reasons_by_default=False,
    ),
    fact(
        "four cache marks, behind routers too, which hand them on (github.com/anthropics/skills,"
        " skills/claude-api/shared/prompt-caching.md, 2026-11-30)",
        r"claude",
        most_cache_marks=4,
    ),
    fact(
        "«cache_control: Extra inputs are not permitted» for the mark of a whole body: automatic"
        " caching is Anthropic's own and Azure's (platform.claude.com/docs/en/build-with-claude/"
        "prompt-caching, github.com/UKGovernmentBEIS/inspect_ai/pull/3851,"
        " github.com/langchain-ai/langchain-google/issues/1612; 2026-11-30)",
        r"claude",
        engines={"aws", "vertex", "vertex-claude"},
        anthropic_body_mark=False,
    ),
    fact(
        "«tools.0.custom.eager_input_streaming: Extra inputs are not permitted»; the beta alone is"
        " taken (github.com/vercel/ai/pull/17179, BerriAI/litellm-docs/pull/1550,"
        " anthropics/claude-code/issues/32820; 2026-11-30)",
        r"claude",
        engines={"aws"},
        anthropic_eager_tools=False,
    ),
    _claude(
        "Claude before 3.7 does not think; no effort, no output_config.format",
        r"claude-(?:1|2|instant|3[.-]5|3-(?:opus|sonnet|haiku)|(?:opus|sonnet|haiku)-3(?![.-]?7))",
        anthropic_thinking="none",
        anthropic_effort=False,
        anthropic_structured=False,
    ),
    _claude(
        "3.7 and 4.0 think by a fixed budget; effort came with Opus 4.5, structured outputs with"
        " 4.1 and 4.5",
        r"claude-(?:3[.-]7|(?:opus|sonnet)-4(?:-0|-2025\d{4}|@|-v1|$)|4-(?:opus|sonnet))",
        anthropic_thinking="budget",
        sampling_while_reasoning=False,
        anthropic_effort=False,
        anthropic_structured=False,
    ),
    _claude(
        "4.1 and 4.5 think by a fixed budget and refuse temperature together with top_p",
        r"claude-(?:(?:opus|sonnet|haiku)-4[.-][15](?!\d)|4[.-]5-(?:opus|sonnet|haiku))",
        anthropic_thinking="budget",
        sampling_while_reasoning=False,
        anthropic_effort=False,
        anthropic_sampling_pair=False,
    ),
    _claude(
        "Opus 4.5 was the first with effort: low, medium, high",
        r"claude-opus-4[.-]5(?!\d)",
        anthropic_effort=True,
        efforts=("low", "medium", "high"),
    ),
    _claude(
        "4.6: adaptive (budgets deprecated), no prefill; «Supported levels: high, low, max,"
        " medium»",
        r"claude-(?:opus|sonnet|haiku)-4[.-]6(?!\d)",
        anthropic_thinking="either",
        sampling_while_reasoning=False,
        anthropic_prefill=False,
        anthropic_sampling_pair=False,
        efforts=("low", "medium", "high", "max"),
    ),
    _claude(
        "4.7, 4.8 and the 5 family: budgets, sampling parameters and prefill answer 400",
        r"claude-(?:(?:opus|sonnet|haiku)-(?:4[.-][7-9]|[5-9])(?!\d)|fable|mythos)",
        anthropic_thinking="adaptive",
        anthropic_sampling=False,
        anthropic_prefill=False,
        efforts=("low", "medium", "high", "xhigh", "max"),
    ),
    _claude(
        "Opus 4.8 and the 5 family take system turns in the middle, behind a user's turn"
        " (supports_mid_conversation_system of litellm 1.110.2, 2026-11-30; Haiku is not flagged)",
        r"claude-(?:opus-4[.-][89]|(?:opus|sonnet)-[5-9]|fable|mythos)(?!\d)",
        system_turns="after_user",
    ),
    _claude(
        "the 5 family thinks unless told not to (…/whats-new-claude-opus-5, 2026-11-30)",
        r"claude-(?:(?:opus|sonnet|haiku)-[5-9](?!\d)|fable|mythos)",
        reasons_by_default=True,
    ),
    _claude(
        "Fable, Mythos, Opus 5.5 and Sonnet 5.5 always think: thinking.type disabled answers 400"
        " (Opus 5, Sonnet 5 and Haiku 5.5 can be silenced)",
        r"claude-(?:fable|mythos|(?:opus|sonnet)-5[.-]5)",
        anthropic_thinking_off=False,
    ),
    _claude(
        'Fable and Mythos 5.1, Opus 5.5, Sonnet 5.5: «tool_choice: type "tool" and "any" are not'
        " supported for this model.» (…/models/fable-5-1/migration-guide)",
        r"claude-(?:(?:fable|mythos)-(?:5[.-][1-9](?!\d)|[6-9])|(?:opus|sonnet)-5[.-]5)",
        anthropic_forced_tool=False,
    ),
    # The shortest prompt that each keeps in its cache. A mark on a shorter one is ignored, so what
    # is not known yet has the least of its family before it.
    *(
        fact(
            f"shortest prompt that is cached: {least} tokens (Anthropic's own table, the same on"
            " every platform: github.com/anthropics/skills, skills/claude-api/shared/"
            "prompt-caching.md, 2026-11-30)",
            pattern,
            engines=_ENGINES | {"openrouter"},
            cache_marks=least,
            least_cached=least,
        )
        for pattern, least in (
            (r"claude", 1024),
            (r"claude-(?:3-haiku|3[.-]5-haiku|haiku-3)", 2048),
            (r"claude-(?:opus-4[.-][56](?!\d)|haiku-4[.-]5(?!\d))", 4096),
            (r"claude-opus-4[.-]7(?!\d)", 2048),
            (r"claude-(?:opus-[5-9](?!\d)|fable|mythos)", 512),
            (r"claude-mythos-preview", 2048),
        )
    ),
    fact(
        "Deferred tools and `tool_reference` are Claude's (platform.claude.com/docs/en/agents-and-"
        "tools/tool-use/tool-search-tool); Kimi's layer answers them 400 (github.com/farion1231/"
        "cc-switch/issues/2941, 2026-11-30)",
        r"^(?!.*claude)",
        engines={"claude"},
        anthropic_tool_search=False,
    ),
    fact(
        "«diagnostics: Extra inputs are not permitted», «cache_control.ephemeral.scope: …» where"
        " the betas behind them are not known: cache-diagnosis, fast-mode, prompt-caching-scope"
        " (experientiallabs/experiential#679, caozhiyuan/copilot-api#143; 2026-11-30)",
        r"claude",
        engines={"aws", "vertex", "vertex-claude"},
        drops={"diagnostics", "speed"},
        anthropic_cache_scopes=False,
    ),
    fact(
        "«x-anthropic-billing-header is a reserved keyword and may not be used in the system"
        " prompt.» (Bedrock: anthropics/claude-code#24168, anthropics/claude-code-action#928,"
        " musistudio/claude-code-router#1161; 2026-11-30)",
        engines={"aws"},
        anthropic_billing_block=False,
    ),
    fact(
        "Claude Code's attribution block differs from call to call, and stands before all that a"
        " prefix cache of another maker could hold (ggml-org/llama.cpp#20623, ollama/ollama#14918,"
        " farion1231/cc-switch#2842; 2026-11-30)",
        r"^(?!.*claude)",
        engines={"claude"},
        anthropic_billing_block=False,
    ),
    fact(
        "DeepSeek's Messages: «Invalid 'user_id': string does not match pattern. Expected a string"
        " that matches the pattern '^[a-zA-Z0-9_-]+$'.», of the JSON that Claude Code sends"
        " (deepseek-ai/awesome-deepseek-agent#67, 2026-11-30)",
        engines={"claude"},
        vendors={"deepseek"},
        anthropic_user_ids="word",
    ),
    fact(
        "no prompt cache: the first Claudes. At Bedrock «generally available with Claude 3.7 Sonnet"
        " [and] 3.5 Haiku», 3.5 Sonnet v2 only for who tried its preview"
        " (docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, 2026-11-30)",
        r"claude-(?:1|2|v2|instant)",
        cache_marks=None,
    ),
    fact(
        "the same at Bedrock before 3.7, but for 3.5 Haiku (the page of the row above, 2026-11-30)",
        r"claude-3-(?:opus|sonnet|haiku|5-sonnet)",
        engines={"aws"},
        cache_marks=None,
    ),
    fact(
        "MiniMax's Messages: «chat content has invalid message role: system (2013)»"
        " (MiniMax-M2.7#43, litellm#33807)",
        engines={"claude"},
        vendors={"minimax"},
        system_turns="first",
    ),
    fact(
        "Bedrock and Google's own Vertex: base64 image sources only"
        " (platform.claude.com/docs/en/build-with-claude/vision, 2026-11-30)",
        r"claude",
        engines={"aws", "vertex", "vertex-claude"},
        image_urls=False,
    ),
    fact(
        "Bedrock refuses a forced tool beside any thinking, adaptive too, up to 4.7"
        " (langchain-aws#1151, pydantic-ai#7283)",
        r"claude-(?!(?:opus|sonnet|haiku)-(?:4[.-][89]|[5-9](?!\d))|fable|mythos)",
        engines={"aws"},
        forced_tool_while_reasoning=False,
    ),
    fact(
        "Vertex: structured outputs are off until an organization allows them, and absent before"
        " 4.6 (…/partner-models/claude/structured_outputs); the forced tool that stands in is"
        " refused by the models that always think",
        r"claude-(?!fable|mythos|(?:opus|sonnet)-5[.-]5)",
        engines={"vertex", "vertex-claude"},
        anthropic_structured=False,
    ),
    # The most each may write, sent when the client named no limit: the wire wants a number, and a
    # smaller one would cut answers. Bedrock and Azure reserve max_tokens from a quota at the start
    # of a call, so only Anthropic's own API and Vertex get the full figure.
    *(
        fact(
            f"largest max_tokens: {limit} (models overview)",
            pattern,
            engines={"claude", "vertex", "vertex-claude"},
            default_max_tokens=limit,
        )
        for pattern, limit in (
            (r"claude", 64000),
            (r"claude-(?:1|2|instant)", 4096),
            (r"claude-3-(?:opus|sonnet|haiku)|claude-(?:opus|sonnet|haiku)-3(?![.-]?[57])", 4096),
            (r"claude-3[.-]5", 8192),
            (r"claude-opus-4(?:[.-][01](?!\d)|-2025\d{4}|@|$)", 32000),
            (
                r"claude-(?:(?:opus|sonnet)-4[.-][6-9]|(?:opus|sonnet|haiku)-[5-9](?!\d)|fable|mythos)",
                128000,
            ),
        )
    ),
)
