"""A canonical request as the body of `POST /model/{modelId}/converse` or `/converse-stream`; the
model and the streaming are in the path.

Format: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. Blobs
(images, documents) are base64 text.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, OutputFormat, Request
from uniapi.dialects.anthropic.fit_messages import CONTINUE
from uniapi.dialects.anthropic.fit_thinking import SMALLEST_THINKING_TOP_P
from uniapi.dialects.anthropic.request_encode_schema import structured_schema
from uniapi.dialects.codec import EncodedRequest
from uniapi.dialects.losses import SETTINGS, unsaid
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.turn_repair import encode_system, json_in_words

from .request_encode_names import ToolNames
from .request_encode_parts import Block, PartEncoder
from .request_encode_reasoning import ReasoningFields, plan_reasoning
from .request_encode_tools import ToolEncoder, is_forced
from .request_encode_turns import encode_turns
from .vocabulary import NAME, dumped, has_schema_output, stands_in_tool

MAX_CACHE_POINTS = 4

_OWN_MEMBERS = frozenset(
    {
        "guardrailConfig",
        "performanceConfig",
        "promptVariables",
        "requestMetadata",
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
        "serviceTier",
    }
)
"""Members of Converse that a client of any dialect may put into its request; no other dialect has a
meaning for them.
"""
_SERVICE_TIERS = {
    "default": "default",
    "standard_only": "default",
    "flex": "flex",
    "priority": "priority",
    "reserved": "reserved",
}
_STOP_SEQUENCE_PATHS = ("/stop_sequence", "/delta/stop_sequence")
"""Where Claude says which stop sequence it met, whole and streamed."""

_UNSAID = SETTINGS - {"top_logprobs", "cache_control", "citations", "documents.context"}
"""Settings that the wire has no word for."""


def encode_request(request: Request, quirk: Quirk) -> EncodedRequest:
    """The body for this model. Never fails: what cannot be said is in `losses`."""
    losses: list[str] = []
    names = ToolNames(request.tools)
    parts = PartEncoder(quirk, names, losses)
    stand_in = stands_in_tool(request, quirk)
    must_call = stand_in is not None or (
        is_forced(request.tool_choice) and bool(request.tools) and quirk.has_tools
    )
    system, turns = _conversation(request, quirk, parts, losses)
    reasoning = plan_reasoning(request, turns, quirk, is_tool_forced=must_call)
    if reasoning.is_lost:
        losses.append("reasoning")
    tool_encoder = ToolEncoder(request, quirk, names, parts, losses, stand_in)
    tools = tool_encoder.config(turns)
    if tool_encoder.asked is not None:
        system = [*system, {"text": tool_encoder.asked}]
    body: dict[str, Json] = {"messages": turns}
    if system:
        body["system"] = system
    inference = _inference(request, quirk, reasoning, losses)
    if inference:
        body["inferenceConfig"] = inference
    if tools is not None:
        body["toolConfig"] = tools
    fields = {**reasoning.fields, **_top_k(request, quirk, reasoning, losses)}
    if fields:
        body["additionalModelRequestFields"] = fields
    output = _output_config(request, quirk, reasoning, stand_in, losses)
    if output:
        body["outputConfig"] = output
    if "stopSequences" in inference and quirk.converse_fields == "claude":
        body["additionalModelResponseFieldPaths"] = list(_STOP_SEQUENCE_PATHS)
    _add_service_tier(body, request, losses)
    _add_extensions(body, request, losses)
    losses += unsaid(request, _UNSAID)
    _drop_members(body, quirk.dropped_members, losses)
    _limit_cache_points(body, losses)
    return EncodedRequest(body=body, losses=tuple(dict.fromkeys(losses)))


def _conversation(
    request: Request, quirk: Quirk, parts: PartEncoder, losses: list[str]
) -> tuple[list[Block], list[dict[str, Json]]]:
    system = encode_system(request.messages, parts.blocks, losses)
    turns = encode_turns(request.messages, parts, losses, request.cache)
    if not turns and system:
        # Instructions alone are refused; as the user's words they are answered.
        return [], [{"role": "user", "content": system}]
    if not quirk.anthropic_prefill and turns and _is_prefill(turns[-1]):
        losses.append("messages[-1].prefill")
        turns = [*turns, {"role": "user", "content": [{"text": CONTINUE}]}]
    wanted = _json_in_words(request, quirk, losses)
    return ([*system, {"text": wanted}] if wanted else system), turns


def _is_prefill(turn: Mapping[str, Json]) -> bool:
    return turn["role"] == "assistant" and "text" in turn["content"][-1]


def _json_in_words(request: Request, quirk: Quirk, losses: list[str]) -> str:
    """How JSON is asked for where neither the wire nor a forced tool can: any object, or a schema
    for a model that has neither (nothing enforces it).
    """
    output_format = request.output_format
    if output_format is None or output_format.kind == "text":
        return ""
    if output_format.schema is None:
        return json_in_words(None)
    if has_schema_output(quirk) or stands_in_tool(request, quirk) is not None:
        return ""
    losses.append("response_format")
    return json_in_words(output_format.schema)


def _inference(
    request: Request, quirk: Quirk, reasoning: ReasoningFields, losses: list[str]
) -> Block:
    sampling = request.sampling
    said: Block = {}
    limit = (
        sampling.max_output_tokens
        if sampling.max_output_tokens is not None
        else quirk.default_max_tokens
    )
    if limit is not None:
        said["maxTokens"] = max(1, limit if limit > reasoning.budget else limit + reasoning.budget)
    if sampling.temperature is not None:
        said["temperature"] = min(1.0, max(0.0, sampling.temperature))
        if said["temperature"] != sampling.temperature:
            losses.append("temperature")
    if sampling.top_p is not None:
        said["topP"] = min(1.0, max(0.0, sampling.top_p))
    stop = [text for text in sampling.stop if text.strip()]
    if len(stop) < len(sampling.stop):
        losses.append("stop")
    if stop:
        said["stopSequences"] = stop
    for member in _refused_sampling(said, quirk, reasoning):
        losses.append({"topP": "top_p", "maxTokens": "max_tokens"}.get(member, member))
        del said[member]
    return said


def _refused_sampling(
    said: Mapping[str, Json], quirk: Quirk, reasoning: ReasoningFields
) -> list[str]:
    """What of the sampling this model, its reasoning, or the pair of both does not allow."""
    refused = [member for member in reasoning.refuses if member in said]
    if quirk.converse_fields != "claude":
        return refused
    temperature, top_p = said.get("temperature"), said.get("topP")
    if not quirk.anthropic_sampling:
        return [member for member in ("temperature", "topP") if member in said]
    if reasoning.is_on:
        refused += ["temperature"] if temperature is not None and temperature != 1 else []
        refused += ["topP"] if top_p is not None and top_p < SMALLEST_THINKING_TOP_P else []
    if (
        not quirk.anthropic_sampling_pair
        and temperature is not None
        and top_p is not None
        and not refused
    ):
        # 1 is the default of both: the other one is what the client means.
        refused.append("temperature" if temperature == 1 else "topP")
    return refused


def _top_k(request: Request, quirk: Quirk, reasoning: ReasoningFields, losses: list[str]) -> Block:
    top_k = request.sampling.top_k
    if top_k is None:
        return {}
    if quirk.converse_fields == "claude" and quirk.anthropic_sampling and not reasoning.is_on:
        return {"top_k": top_k}
    if quirk.converse_fields == "nova":
        return {"inferenceConfig": {"topK": top_k}}
    losses.append("top_k")
    return {}


def _output_config(
    request: Request,
    quirk: Quirk,
    reasoning: ReasoningFields,
    stand_in: OutputFormat | None,
    losses: list[str],
) -> Block:
    config: Block = {}
    output_format = request.output_format
    if (
        output_format is not None
        and output_format.schema is not None
        and stand_in is None
        and has_schema_output(quirk)
    ):
        described: Block = {
            "schema": dumped(_structured_schema(output_format.schema, quirk, losses))
        }
        if output_format.name:
            described["name"] = output_format.name
        if output_format.description:
            described["description"] = output_format.description
        config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": described}}
    if reasoning.effort is not None:
        config["effort"] = reasoning.effort
    return config


def _structured_schema(
    schema: Mapping[str, Json], quirk: Quirk, losses: list[str]
) -> Mapping[str, Json]:
    """Claude refuses the same keywords here as at its maker's API; what the other models take is
    theirs to say.
    """
    if quirk.converse_fields != "claude":
        return schema
    unsupported: set[str] = set()
    adapted = structured_schema(schema, unsupported)
    losses += [f"response_format.schema.{keyword}" for keyword in sorted(unsupported)]
    return adapted


def _add_service_tier(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    if request.service_tier is None or request.service_tier == "auto":
        return
    tier = _SERVICE_TIERS.get(request.service_tier)
    if tier is None:
        losses.append("service_tier")
    else:
        body["serviceTier"] = {"type": tier}


def _add_extensions(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    """Converse's own members as they came, joined with ours where both speak of one object; unknown
    members of other dialects are losses.
    """
    for dialect, members in request.extensions.items():
        for name, value in members.items():
            if dialect != NAME and name not in _OWN_MEMBERS:
                losses.append(name)
                continue
            ours = body.get(name)
            if isinstance(ours, dict) and isinstance(value, dict):
                body[name] = {**value, **ours}
            elif name not in body or name == "additionalModelResponseFieldPaths":
                body[name] = value


def _drop_members(body: dict[str, Json], dropped: frozenset[str], losses: list[str]) -> None:
    """Leaves out what this model refuses, wherever in the body the member of that name stands."""
    if not dropped:
        return
    holders = [
        body,
        *(
            body.get(name)
            for name in (
                "inferenceConfig",
                "toolConfig",
                "additionalModelRequestFields",
                "outputConfig",
            )
        ),
    ]
    for holder in holders:
        if isinstance(holder, dict):
            for member in sorted(dropped & holder.keys()):
                del holder[member]
                losses.append(member)


def _limit_cache_points(body: dict[str, Json], losses: list[str]) -> None:
    """Four cache points are taken; the last ones cover the most, so the earliest go."""
    lists = [
        body.get("toolConfig", {}).get("tools", []),
        body.get("system", []),
        *(turn["content"] for turn in body["messages"]),
    ]
    surplus = sum("cachePoint" in block for blocks in lists for block in blocks) - MAX_CACHE_POINTS
    if surplus <= 0:
        return
    losses.append("cache_control")
    for blocks in lists:
        for block in [block for block in blocks if "cachePoint" in block]:
            if surplus > 0:
                blocks.remove(block)
                surplus -= 1
