"""What Bedrock's Converse takes beyond its own members, by the family of the model.

Sources: docs.aws.amazon.com/bedrock/latest/userguide/{conversation-inference-supported-models-features,structured-output,model-parameters}.html, docs.aws.amazon.com/nova.
"""

from __future__ import annotations

from .quirks import QuirkRow, models

_AWS = frozenset({"aws"})

BEDROCK_ROWS = (
    QuirkRow(
        reason="additionalModelRequestFields is the model's own: a foreign member answers «extraneous key is not permitted»",
        engines=_AWS,
        changes={"converse_fields": "none"},
    ),
    QuirkRow(
        reason="an inference profile's ARN does not tell its model; Claude is what profiles are mostly made for",
        model=models(r"anthropic|claude|arn:aws\S*:application-inference-profile"),
        engines=_AWS,
        changes={"converse_fields": "claude"},
    ),
    QuirkRow(
        reason="Nova: reasoningConfig and inferenceConfig.topK",
        model=models(r"amazon[.-]nova|nova-"),
        engines=_AWS,
        changes={"converse_fields": "nova", "efforts": ("low", "medium", "high")},
    ),
    QuirkRow(
        reason="reasoningConfig came with Nova 2: the first generation answers «extraneous key [reasoningConfig] is not permitted»",
        model=models(r"(?:amazon[.-])?nova-(?:micro|lite|pro|premier)"),
        engines=_AWS,
        changes={"reasoning_request": "none"},
    ),
    QuirkRow(
        reason="gpt-oss: reasoning_effort",
        model=models(r"openai[.-]gpt|gpt-oss"),
        engines=_AWS,
        changes={"converse_fields": "openai", "efforts": ("low", "medium", "high")},
    ),
    QuirkRow(
        reason="structured output is offered for Claude 4.5 and the newer open models only",
        model=models(
            r"amazon|nova-|titan|meta|llama|cohere|ai21|jamba|writer|mistral-7b|mixtral|mistral-(?:large|small)-240|us\.deepseek\.r1|deepseek\.r1|stability|luma"
        ),
        engines=_AWS,
        changes={"json_schema": False},
    ),
)
