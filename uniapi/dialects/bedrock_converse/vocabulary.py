"""The words of the Converse API that several codecs share: names, stop reasons, media formats.

Formats: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
botocore's `bedrock-runtime` service model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import FinishReason, Json, OutputFormat, Request
from uniapi.dialects.quirk import Quirk

NAME = "bedrock_converse"
FAMILY = "anthropic"
"""Claude's signatures are good wherever Claude runs."""
OTHER_FAMILY = "bedrock"
"""Who else's signed reasoning is read on Bedrock alone."""

STOP_REASONS: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}

IMAGE_FORMATS: Mapping[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}

DOCUMENT_FORMATS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}

VIDEO_FORMATS: Mapping[str, str] = {
    "video/x-matroska": "mkv",
    "video/quicktime": "mov",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/mpg": "mpg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}

AUDIO_FORMATS: Mapping[str, str] = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/opus": "opus",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "mp4",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/ogg": "ogg",
    "audio/webm": "webm",
    "audio/pcm": "pcm",
}

EXTENSION_FORMATS: Mapping[str, Mapping[str, str]] = {
    "image": {"jpg": "jpeg", **{name: name for name in ("png", "jpeg", "gif", "webp")}},
    "file": {
        name: name for name in ("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md")
    },
    "video": {
        "3gp": "three_gp",
        **{name: name for name in ("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv")},
    },
    "audio": {
        name: name
        for name in (
            "mp3",
            "opus",
            "wav",
            "aac",
            "flac",
            "mp4",
            "ogg",
            "mkv",
            "mka",
            "m4a",
            "mpeg",
            "mpga",
            "pcm",
            "webm",
        )
    },
}
"""By the kind of media: a file name's extension → the format's word, for media that come without a
type.
"""


def has_schema_output(quirk: Quirk) -> bool:
    """Whether `outputConfig.textFormat` is understood
    (https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html lists the models).
    """
    return quirk.json_schema and quirk.anthropic_structured


def stands_in_tool(request: Request | None, quirk: Quirk) -> OutputFormat | None:
    """The output format for which `json_response` (`function_tools`) is forced, None when there is
    no such tool: encoder and decoders must agree.

    Only Claude and Nova let one tool be forced
    (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html).
    """
    if request is None or request.output_format is None or request.output_format.schema is None:
        return None
    if (
        not quirk.has_tools
        or has_schema_output(quirk)
        or quirk.converse_fields not in ("claude", "nova")
    ):
        return None
    return request.output_format


def opaque_family(quirk: Quirk) -> str:
    """Whose signatures this model issues and reads."""
    return quirk.opaque_family or (FAMILY if quirk.converse_fields == "claude" else OTHER_FAMILY)


def dumped(value: Json) -> str:
    """JSON text as models write it, characters as they are."""
    return json.dumps(value, ensure_ascii=False)
