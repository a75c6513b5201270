"""Gemini, at Google's API and on Vertex AI: how thinking is asked for, what older models do not know.

Sources: ai.google.dev/gemini-api/docs/{thinking,gemini-3,safety-settings,structured-output}, cloud.google.com/vertex-ai/generative-ai/docs/thinking.
"""

from __future__ import annotations

from .quirks import QuirkRow, models

_ENGINES = frozenset({"gemini", "vertex", "vertex-gemini"})
_VERTEX = frozenset({"vertex", "vertex-gemini"})

GEMINI_ROWS = (
    QuirkRow(
        reason="models that do not think: «Thinking is not enabled for this model»",
        model=models(r"gemini-(?:1|2[.-]0|pro$|pro-vision)|gemma-[1-3]|learnlm|imagen|veo|text-embedding|embedding-|gemini-embedding|aqa"),
        engines=_ENGINES,
        changes={"gemini_thinking": "none"},
    ),
    QuirkRow(
        reason="2.5 Flash: thinkingBudget 0 (off) to 24576",
        model=models(r"gemini-2[.-]5-flash"),
        engines=_ENGINES,
        changes={"gemini_thinking": "budget", "thinking_budget_range": (0, 24576)},
    ),
    QuirkRow(
        reason="2.5 Flash-Lite: 512 to 24576, or 0 (off)",
        model=models(r"gemini-2[.-]5-flash-lite"),
        engines=_ENGINES,
        changes={"smallest_thinking_budget": 512},
    ),
    QuirkRow(
        reason="2.5 Pro: thinkingBudget 128 to 32768, cannot be turned off",
        model=models(r"gemini-2[.-]5-(?:pro|computer)"),
        engines=_ENGINES,
        changes={"gemini_thinking": "budget", "thinking_budget_range": (128, 32768)},
    ),
    QuirkRow(
        reason="Robotics ER 1.x thinks like 2.5 Flash",
        model=models(r"gemini-robotics-er-1"),
        engines=_ENGINES,
        changes={"gemini_thinking": "budget", "thinking_budget_range": (0, 24576), "smallest_thinking_budget": 512},
    ),
    QuirkRow(reason="3 Pro knows LOW and HIGH only", model=models(r"gemini-3-pro"), engines=_ENGINES, changes={"thinking_levels": ("low", "high")}),
    QuirkRow(
        reason="3.1 Pro and later know no MINIMAL",
        model=models(r"gemini-(?:3[.-][1-9]\d*-pro|pro-latest|[4-9]\S*-pro)"),
        engines=_ENGINES,
        changes={"thinking_levels": ("low", "medium", "high")},
    ),
    QuirkRow(
        reason="Gemini 3 at Google's API takes its own tools beside functions (ai.google.dev/gemini-api/docs/tool-combination)",
        model=models(r"gemini-(?:[3-9]|(?:flash|pro|flash-lite)-latest)"),
        engines=frozenset({"gemini"}),
        changes={"hosted_with_functions": True},
    ),
    QuirkRow(
        reason="image, speech and live models take no thinkingConfig (3.1 Flash Image takes levels, but only some of them)",
        model=models(r"gemini-\S*(?:-image|-tts|-live|-native-audio|-dialog|-transcribe)"),
        engines=_ENGINES,
        changes={"gemini_thinking": "none"},
    ),
    QuirkRow(
        reason="before 2.5 the default thresholds block; the predecessor's users expect none. From 2.5 on they are off by default (docs/safety-settings)",
        model=models(r"gemini-(?:1|2[.-]0|pro$)|learnlm"),
        engines=frozenset({"gemini"}),
        changes={"safety_threshold": "BLOCK_NONE"},
    ),
    QuirkRow(
        reason="«Function calling with a response mime type: 'application/json' is unsupported», which Gemini 3 takes (ai.google.dev/gemini-api/docs/structured-output)",
        model=models(r"gemini-[12]|gemini-pro$|gemma-[1-3]|learnlm"),
        engines=_ENGINES,
        changes={"json_with_tools": False},
    ),
    QuirkRow(
        reason="responseJsonSchema came with 2.0; 1.5 and Gemma know the OpenAPI subset",
        model=models(r"gemini-1|gemma-[1-3]|learnlm"),
        engines=_ENGINES,
        changes={"json_schema_members": False},
    ),
    QuirkRow(
        reason='Vertex: «Unknown name "id" at … function_call» before Gemini 3 (github.com/anomalyco/opencode/pull/50504)',
        model=models(r"gemini-[12]"),
        engines=_VERTEX,
        changes={"function_call_ids": False},
    ),
)
