"""Bytes ↔ frames, HTTP as values, JSON patches: no meaning, no I/O, imports no other room."""

from typing import TYPE_CHECKING

from uniapi.late import late

from .alike import Alike, Run
from .alike_holes import Members, spoken
from .answer_head import (
    STATUS_LINES,
    HeadReader,
    KnownHeaders,
    answer_head,
    header_lines,
    status_line,
)
from .body_paths import ITEM, Path, changed_at, holds, paths_to, renamed, walk, without
from .frames import LARGE_BYTES, Frame, Framer, dump_json, load_json, parse_json
from .http import (
    CREDENTIAL_HEADERS,
    HOP_BY_HOP,
    LENGTH_HEADER,
    Answers,
    BodySource,
    HttpRequest,
    ResponseHead,
    http_date,
    media_type,
)
from .http1 import Received, ResponseParser, head_of_request, request_bytes
from .inflate import STEP_BYTES, Inflater, inflater_for
from .json_array import JsonArrayDecoder, JsonArrayWriter
from .json_members import holds_twins, load_members
from .json_values import MAX_VALUES, count_many_values, holds_more_values, weight_of
from .long_json import dump_long_json
from .multipart import (
    FormBody,
    FormPart,
    MultipartError,
    MultipartScanner,
    Range,
    form_boundary,
    pieces_length,
)
from .patch import (
    DeleteMember,
    MemberSplice,
    Operation,
    SetMember,
    apply_operations,
    insert_member,
    splice_member,
    splice_text,
)
from .request_head import MAX_LENGTH_DIGITS, RequestHead, plain_head, without_length
from .sse import DONE, SseDecoder, encode_comment, encode_sse, is_cut_done, read_frame

if TYPE_CHECKING:
    from .aws_eventstream import (
        ERROR_PREFIX,
        EXCEPTION_PREFIX,
        EventStreamDecoder,
        decode_message,
        encode_message,
        unwrap_chunk,
    )
else:
    __getattr__ = late(
        __name__,
        aws_eventstream=(
            "ERROR_PREFIX EXCEPTION_PREFIX EventStreamDecoder decode_message encode_message"
            " unwrap_chunk"
        ),
    )

__all__ = [
    "CREDENTIAL_HEADERS",
    "DONE",
    "ERROR_PREFIX",
    "EXCEPTION_PREFIX",
    "HOP_BY_HOP",
    "ITEM",
    "LARGE_BYTES",
    "LENGTH_HEADER",
    "MAX_LENGTH_DIGITS",
    "MAX_VALUES",
    "STATUS_LINES",
    "STEP_BYTES",
    "Alike",
    "Answers",
    "BodySource",
    "DeleteMember",
    "EventStreamDecoder",
    "FormBody",
    "FormPart",
    "Frame",
    "Framer",
    "HeadReader",
    "HttpRequest",
    "Inflater",
    "JsonArrayDecoder",
    "JsonArrayWriter",
    "KnownHeaders",
    "MemberSplice",
    "Members",
    "MultipartError",
    "MultipartScanner",
    "Operation",
    "Path",
    "Range",
    "Received",
    "RequestHead",
    "ResponseHead",
    "ResponseParser",
    "Run",
    "SetMember",
    "SseDecoder",
    "answer_head",
    "apply_operations",
    "changed_at",
    "count_many_values",
    "decode_message",
    "dump_json",
    "dump_long_json",
    "encode_comment",
    "encode_message",
    "encode_sse",
    "form_boundary",
    "head_of_request",
    "header_lines",
    "holds",
    "holds_more_values",
    "holds_twins",
    "http_date",
    "inflater_for",
    "insert_member",
    "is_cut_done",
    "load_json",
    "load_members",
    "media_type",
    "parse_json",
    "paths_to",
    "pieces_length",
    "plain_head",
    "read_frame",
    "renamed",
    "request_bytes",
    "splice_member",
    "splice_text",
    "spoken",
    "status_line",
    "unwrap_chunk",
    "walk",
    "weight_of",
    "without",
    "without_length",
]
