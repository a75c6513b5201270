"""Pictures at vendors that take JSON alone, also for edits, in which pictures are addresses: xAI,
Volcengine's Ark and SiliconFlow. Their answers are OpenAI's, or read like them (`with_pictures`).

docs.x.ai/developers/model-capabilities/images/generation: OpenAI's form is refused, `size` and
`quality` are not known; volcengine.com/docs/82379/1666946; docs.siliconflow.com, images/generations
(2026-11-30).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError
from uniapi.wire import dump_long_json

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
from .images_google import picture_shape
from .images_openai import with_pictures
from .operation import (
    EncodedOperation,
    OperationAnswer,
    OperationCodec,
    OperationRequest,
    is_true,
    load_object,
    optional_count,
    optional_number,
    optional_text,
    required_text,
    stated_members,
)
from .operation_usage import decode_usage

XAI_RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "2:1", "1:2")
_READ = frozenset({"model", "prompt", "n", "size", "response_format", "stream", *IMAGE_FIELDS})
_NUMBERS = ("seed", "guidance_scale", "num_inference_steps")
_FLAGS = ("watermark",)
_TEXTS = ("user", "negative_prompt", "aspect_ratio", "resolution", "sequential_image_generation")
"""Members of these vendors that pass, by what they are: a form can carry text alone."""


def _xais(request: OperationRequest, images: Sequence[Image]) -> dict[str, Json]:
    shape = picture_shape(optional_text(request.body, "size"), XAI_RATIOS, has_classes=False)
    ratio: dict[str, Json] = {"aspect_ratio": shape.ratio} if shape.ratio is not None else {}
    shown: list[Json] = [{"type": "image_url", "url": image.address} for image in images]
    if not shown:
        return ratio
    return {**ratio, "image": shown[0]} if len(shown) == 1 else {**ratio, "images": shown}


def _arks(request: OperationRequest, images: Sequence[Image]) -> dict[str, Json]:
    shown: list[Json] = [image.address for image in images]
    return {**_sized("size", request), "image": shown if len(shown) > 1 else shown[0]}


def _sized(name: str, request: OperationRequest) -> dict[str, Json]:
    size = optional_text(request.body, "size")
    return {} if size in (None, "auto") else {name: size}


def _siliconflows(request: OperationRequest, images: Sequence[Image]) -> dict[str, Json]:
    """The second picture is `image2`."""
    names = ("image", *(f"image{number}" for number in range(2, len(images) + 1)))
    shown = {name: image.address for name, image in zip(names, images, strict=False)}
    return {**_sized("image_size", request), **shown}


def _codec(
    vendor: str, count: str, own: Callable[[OperationRequest, Sequence[Image]], dict[str, Json]]
) -> OperationCodec:
    """`count`: what the vendor calls `n`; `own`: the members that it has for itself."""

    def encode(request: OperationRequest) -> EncodedOperation:
        check_response_format(request)
        is_edit = request.operation is Operation.IMAGE_EDIT
        images = edited_images(request, vendor) if is_edit else []
        most = optional_count(request.body, "n", most=MAX_IMAGES)
        passed = _passed(request.body)
        wanted = request.body.get("response_format")
        body = {
            "model": request.model,
            "prompt": required_text(request.body, "prompt"),
            **({count: most} if most is not None else {}),
            **({"response_format": wanted} if wanted is not None else {}),
            **own(request, images),
            **passed,
        }
        lost = stated_members(request.body, except_for=_READ | frozenset(passed))
        return EncodedOperation(bodies=(body,), losses=lost)

    return OperationCodec(encode_request=encode, decode_response=_decode)


def _passed(body: Mapping[str, Json]) -> dict[str, Json]:
    numbers = {name: optional_number(body, name) for name in _NUMBERS}
    texts = {name: optional_text(body, name) for name in _TEXTS}
    flags = {name: is_true(body[name]) for name in _FLAGS if body.get(name) is not None}
    stated = {name: value for name, value in {**numbers, **texts}.items() if value is not None}
    whole = {
        name: int(value)
        for name, value in stated.items()
        if isinstance(value, float) and value == int(value)
    }
    return {**stated, **whole, **flags}


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    """As it came where it is OpenAI's: nothing it states is lost."""
    answer = with_pictures(request.body, load_object(answers[0]))
    mime = MIMES.get(str(request.body.get("output_format") or "png"), "image/png")
    images = [
        Image(mime=mime, data=text_member(row, "b64_json"), url=text_member(row, "url"))
        for row in list_member(answer, "data")
    ]
    made = [image for image in images if image.data or image.url]
    if not made:
        raise WireError("expected an image, found none")
    usage = decode_usage(request.operation, answer)
    if is_true(request.body.get("stream")):
        return encode_images(request, made, usage)
    return OperationAnswer(
        body=dump_long_json({"created": request.created_s, **answer}), usage=usage
    )


XAI = _codec("xAI", "n", _xais)
ARK = _codec("Volcengine", "n", _arks)
SILICONFLOW = _codec("SiliconFlow", "batch_size", _siliconflows)
