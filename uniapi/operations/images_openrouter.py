"""Images at OpenRouter: one endpoint, `POST /images`, for making and for editing; the pictures to
be edited are references.

Members: openrouter 1.3.84 on PyPI (2026-11-30).
"""

from __future__ import annotations

from collections.abc import Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError

from .google import list_member, text_member
from .images import (
    IMAGE_FIELDS,
    MAX_IMAGES,
    MIMES,
    Image,
    check_response_format,
    edited_images,
    encode_images,
)
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    load_object,
    optional_count,
    optional_text,
    required_text,
    stated_members,
)
from .operation_usage import decode_usage

_PASSED = frozenset(
    {
        "size",
        "aspect_ratio",
        "resolution",
        "background",
        "output_format",
        "output_compression",
        "seed",
        "user",
        "session_id",
        "provider",
        "input_references",
    }
)
_READ = frozenset({"model", "prompt", "n", "quality", "response_format", "stream", *IMAGE_FIELDS})
_QUALITIES = {"standard": "auto", "hd": "high"}
"""DALL·E's words, which no living model knows."""


def _encode(request: OperationRequest) -> EncodedOperation:
    """A picture is always given by value, and whole: what the client asked for is made of that."""
    check_response_format(request)
    body: dict[str, Json] = {
        "model": request.model,
        "prompt": required_text(request.body, "prompt"),
        **{
            name: value
            for name, value in request.body.items()
            if name in _PASSED and value is not None
        },
    }
    count = optional_count(request.body, "n", most=MAX_IMAGES)
    if count is not None:
        body["n"] = count
    quality = optional_text(request.body, "quality")
    if quality is not None:
        body["quality"] = _QUALITIES.get(quality, quality)
    if request.operation is Operation.IMAGE_EDIT:
        body["input_references"] = [
            {"type": "image_url", "image_url": {"url": image.address}}
            for image in edited_images(request, "OpenRouter")
        ]
    return EncodedOperation(
        bodies=(body,), losses=stated_members(request.body, except_for=_PASSED | _READ)
    )


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    body = load_object(answers[0])
    stated = optional_text(request.body, "output_format") or "png"
    images = [
        Image(
            mime=text_member(row, "media_type") or MIMES.get(stated, f"image/{stated}"),
            data=text_member(row, "b64_json"),
            url=text_member(row, "url"),
        )
        for row in list_member(body, "data")
    ]
    made = [image for image in images if image.data or image.url]
    if not made:
        raise WireError("expected an image, found none")
    return encode_images(request, made, decode_usage(request.operation, body))


OPENROUTER = OperationCodec(encode_request=_encode, decode_response=_decode)
