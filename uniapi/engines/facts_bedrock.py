"""What Bedrock's Converse takes beyond its own members, by the family of the model.

Sources:
docs.aws.amazon.com/bedrock/latest/userguide/{conversation-inference-supported-models-features,structured-output,model-parameters}.html,
docs.aws.amazon.com/nova.
"""

from __future__ import annotations

from functools import partial

from .quirks import fact

_AWS = frozenset({"aws"})

_converse = partial(fact, engines=_AWS)

BEDROCK_ROWS = (
    _converse(
        "additionalModelRequestFields is the model's own: a foreign member answers «extraneous key"
        " is not permitted»",
        converse_fields="none",
    ),
    _converse(
        "an inference profile's ARN does not tell its model; Claude is what profiles are mostly"
        " made for",
        r"anthropic|claude|arn:aws\S*:application-inference-profile",
        converse_fields="claude",
    ),
    _converse(
        "Nova: reasoningConfig and inferenceConfig.topK",
        r"amazon[.-]nova|nova-",
        converse_fields="nova",
        efforts=("low", "medium", "high"),
    ),
    _converse(
        "reasoningConfig came with Nova 2: the first generation answers «extraneous key"
        " [reasoningConfig] is not permitted»",
        r"(?:amazon[.-])?nova-(?:micro|lite|pro|premier)",
        reasoning_request="none",
    ),
    _converse(
        "gpt-oss: reasoning_effort",
        r"openai[.-]gpt|gpt-oss",
        converse_fields="openai",
        efforts=("low", "medium", "high"),
    ),
    _converse(
        "«This model doesn't support tool use in streaming mode.» (the column «Streaming tool use»;"
        " earendil-works/pi#3739, langchain-aws#466)",
        r"meta|llama|writer|palmyra|mistral-(?:large|small)-24\d\d|pixtral|(?:us\.)?deepseek[.-]r1",
        converse_tools_streamed=False,
    ),
    _converse(
        "structured output is offered for Claude 4.5 and the newer open models only",
        r"amazon|nova-|titan|meta|llama|cohere|ai21|jamba|writer|mistral-7b|mixtral|mistral-(?:large|small)-240|us\.deepseek\.r1|deepseek\.r1|stability|luma",
        json_schema=False,
    ),
)
