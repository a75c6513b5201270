"""Gemini, at Google's API and on Vertex AI: how thinking is asked for, what older models do not
know.

Sources: ai.google.dev/gemini-api/docs/{thinking,gemini-3,safety-settings,structured-output},
cloud.google.com/vertex-ai/generative-ai/docs/thinking; levels of the newest models as LiteLLM's
model list has them (github.com/BerriAI/litellm, 2026-11-30).
"""

from __future__ import annotations

from functools import partial

from .quirks import fact

_ENGINES = frozenset({"gemini", "vertex", "vertex-gemini"})
_VERTEX = frozenset({"vertex", "vertex-gemini"})

_gemini = partial(fact, engines=_ENGINES)

GEMINI_ROWS = (
    *(
        _gemini(
            f"shortest prompt that is cached: {least} tokens"
            " (ai.google.dev/gemini-api/docs/caching, 2026-11-30)",
            pattern,
            least_cached=least,
        )
        for pattern, least in ((r"gemini-2[.-]5", 2048), (r"gemini-(?:3|[4-9])", 4096))
    ),
    _gemini(
        "«the number of function response parts is equal to the number of function call parts»"
        " (github.com/google-gemini/gemini-cli/issues/16987, 2026-11-30)",
        calls_need_results=True,
    ),
    _gemini(
        "models that do not think: «Thinking is not enabled for this model»",
        r"gemini-(?:1|2[.-]0|pro$|pro-vision)|gemma-[1-3]|learnlm|imagen|veo|text-embedding|embedding-|gemini-embedding|aqa",
        gemini_thinking="none",
    ),
    _gemini(
        "2.5 Flash: thinkingBudget 0 (off) to 24576",
        r"gemini-2[.-]5-flash",
        gemini_thinking="budget",
        thinking_budget_range=(0, 24576),
    ),
    _gemini(
        "2.5 Flash-Lite: 512 to 24576, or 0 (off)",
        r"gemini-2[.-]5-flash-lite",
        smallest_thinking_budget=512,
    ),
    _gemini(
        "2.5 Pro: thinkingBudget 128 to 32768, cannot be turned off",
        r"gemini-2[.-]5-(?:pro|computer)",
        gemini_thinking="budget",
        thinking_budget_range=(128, 32768),
    ),
    _gemini(
        "Robotics ER 1.x thinks like 2.5 Flash",
        r"gemini-robotics-er-1",
        gemini_thinking="budget",
        thinking_budget_range=(0, 24576),
        smallest_thinking_budget=512,
    ),
    _gemini("3 Pro knows LOW and HIGH only", r"gemini-3-pro", thinking_levels=("low", "high")),
    _gemini(
        "3.1 Pro and later know no MINIMAL, nor do 3.7 Flash and later"
        " (docs.cloud.google.com/gemini-enterprise-agent-platform/models/guides/gemini-3-8-flash,"
        " 2026-11-30)",
        r"gemini-(?:3[.-][1-9]\d*-pro|3[.-](?:[7-9]|\d\d)-flash(?!-lite)|pro-latest|[4-9])",
        thinking_levels=("low", "medium", "high"),
    ),
    _gemini(
        "4 Hydrogen goes up to XHIGH",
        r"gemini-4-hydrogen",
        thinking_levels=("low", "medium", "high", "xhigh"),
    ),
    _gemini(
        "Gemma 4 thinks or does not: MINIMAL and HIGH (ai.google.dev/gemma/docs/capabilities)",
        r"gemma-4",
        thinking_levels=("minimal", "high"),
    ),
    _gemini(
        "signatures on calls and media inside results came with Gemini 3"
        " (ai.google.dev/gemini-api/docs/gemini-3)",
        r"gemini-(?:[12]|pro$|pro-vision|robotics-er-1)|gemma-|learnlm",
        call_signatures=False,
        result_media=False,
    ),
    fact(
        "Gemini 3 at Google's API takes its own tools beside functions"
        " (ai.google.dev/gemini-api/docs/tool-combination)",
        r"gemini-(?:[3-9]|(?:flash|pro|flash-lite)-latest)",
        engines={"gemini"},
        hosted_with_functions=True,
    ),
    _gemini(
        "image, speech and live models take no thinkingConfig (3.1 Flash Image takes levels, but"
        " only some of them)",
        r"gemini-\S*(?:-image|-tts|-live|-native-audio|-dialog|-transcribe)",
        gemini_thinking="none",
    ),
    fact(
        "before 2.5 the default thresholds block; the predecessor's users expect none. From 2.5 on"
        " they are off by default (docs/safety-settings)",
        r"gemini-(?:1|2[.-]0|pro$)|learnlm",
        engines={"gemini"},
        safety_threshold="BLOCK_NONE",
    ),
    _gemini(
        "«Function calling with a response mime type: 'application/json' is unsupported», which"
        " Gemini 3 takes (ai.google.dev/gemini-api/docs/structured-output)",
        r"gemini-[12]|gemini-pro$|gemma-[1-3]|learnlm",
        json_with_tools=False,
    ),
    _gemini(
        "responseJsonSchema came with 2.0; 1.5 and Gemma know the OpenAPI subset",
        r"gemini-1|gemma-[1-3]|learnlm",
        json_schema_members=False,
    ),
    fact(
        'Vertex: «Unknown name "id" at … function_call» before Gemini 3'
        " (github.com/anomalyco/opencode/pull/50504)",
        r"gemini-[12]",
        engines=_VERTEX,
        function_call_ids=False,
    ),
)
