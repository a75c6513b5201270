"""Images at Google: OpenAI's `images/generations` and `images/edits` as generateContent with
Gemini's image models, or as `predict` with Imagen.

Gemini makes one image at a time, so `n` images are `n` requests; it takes an aspect ratio and a
class of size instead of pixels. Imagen was shut down at Google in August 2026 and is spoken for
what still serves it. Formats: https://ai.google.dev/gemini-api/docs/image-generation,
https://ai.google.dev/gemini-api/docs/imagen, developers.openai.com/api/reference/resources/images.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError
from uniapi.values import dataclass

from .google import (
    answer_parts,
    list_member,
    member,
    refuse_blocked,
    said_instead,
    short_name,
    text_member,
)
from .images import (
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
    refuse,
    required_text,
    stated_members,
)
from .operation_usage import decode_usage, sum_usages

GEMINI_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
IMAGEN_RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9")

_SIZE = re.compile(r"(\d{1,5})\s*[xX×]\s*(\d{1,5})\Z")
_RATIO = re.compile(r"(\d{1,2}):(\d{1,2})\Z")
_HARMLESS = {
    "quality": ("auto", "standard"),
    "background": ("auto", "opaque"),
    "moderation": ("auto",),
}
"""Values that ask for nothing special, by member."""
_CARRIED = frozenset(
    {
        "model",
        "prompt",
        "n",
        "response_format",
        "size",
        "stream",
        "partial_images",
        "image",
        "images",
        "mask",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureShape:
    """What became of `size`: a ratio from the upstream's list, a class of size (None: the default,
    about 1024 pixels), and whether that is the size asked for.
    """

    ratio: str | None = None
    size_class: str | None = None
    is_exact: bool = True


def _encode_gemini(request: OperationRequest) -> EncodedOperation:
    return _encode(request, is_vertex=False)


def _encode_vertex(request: OperationRequest) -> EncodedOperation:
    return _encode(request, is_vertex=True)


def _encode(request: OperationRequest, *, is_vertex: bool) -> EncodedOperation:
    prompt = required_text(request.body, "prompt")
    count = optional_count(request.body, "n", most=MAX_IMAGES) or 1
    check_response_format(request)
    name = short_name(request.model)
    if "imagen" in name:
        return _encode_imagen(request, prompt, count)
    shape = picture_shape(
        optional_text(request.body, "size"), GEMINI_RATIOS, has_classes="gemini-2" not in name
    )
    parts: list[Json] = [{"text": prompt}]
    if request.operation is Operation.IMAGE_EDIT:
        parts += [_part(image) for image in edited_images(request, "Gemini")]
    config: dict[str, Json] = {}
    if shape.ratio is not None:
        config["aspectRatio"] = shape.ratio
    if shape.size_class is not None:
        config["imageSize"] = shape.size_class
    carried: set[str] = set()
    if is_vertex and (options := _output_options(request)):
        config["imageOutputOptions"] = options
        carried = {"output_format", "output_compression"}
    generation: dict[str, Json] = {
        "responseModalities": ["IMAGE"],
        **({"imageConfig": config} if config else {}),
    }
    body = {"contents": [{"role": "user", "parts": parts}], "generationConfig": generation}
    return EncodedOperation(bodies=(body,) * count, losses=_losses(request, shape, carried))


def _part(image: Image) -> Json:
    if image.url:
        return {"fileData": {"mimeType": image.mime, "fileUri": image.url}}
    return {"inlineData": {"mimeType": image.mime, "data": image.data}}


def _encode_imagen(request: OperationRequest, prompt: str, count: int) -> EncodedOperation:
    if request.operation is Operation.IMAGE_EDIT:
        refuse("model", f"{request.model} does not edit images here: use a Gemini image model")
    shape = picture_shape(optional_text(request.body, "size"), IMAGEN_RATIOS, has_classes=True)
    parameters: dict[str, Json] = {"sampleCount": count}
    if shape.ratio is not None:
        parameters["aspectRatio"] = shape.ratio
    if shape.size_class is not None:
        parameters["sampleImageSize"] = "2K"
    carried: set[str] = set()
    if options := _output_options(request):
        parameters["outputOptions"] = options
        carried = {"output_format", "output_compression"}
    return EncodedOperation(
        bodies=({"instances": [{"prompt": prompt}], "parameters": parameters},),
        losses=_losses(request, shape, carried),
        verb="predict",
    )


def _output_options(request: OperationRequest) -> dict[str, Json]:
    wanted = optional_text(request.body, "output_format")
    if wanted is None:
        return {}
    if wanted not in ("png", "jpeg"):
        refuse("output_format", f"'output_format' is {wanted!r}: Google writes 'png' and 'jpeg'")
    quality = optional_count(request.body, "output_compression", most=100)
    return {
        "mimeType": MIMES[wanted],
        **({"compressionQuality": quality} if quality is not None and wanted == "jpeg" else {}),
    }


def _losses(request: OperationRequest, shape: PictureShape, carried: set[str]) -> tuple[str, ...]:
    lost = [
        name
        for name in stated_members(request.body, except_for=_CARRIED | carried)
        if not (
            isinstance(request.body[name], str) and request.body[name] in _HARMLESS.get(name, ())
        )
    ]
    if not shape.is_exact:
        lost.append("size")
    if (optional_count({"n": request.body.get("partial_images") or None}, "n")) is not None:
        lost.append("partial_images")
    return tuple(lost)


def picture_shape(size: str | None, ratios: Sequence[str], *, has_classes: bool) -> PictureShape:
    """`1536x1024` → the nearest ratio, by area the class; a ratio (`16:9`) is taken too."""
    if size is None or size == "auto":
        return PictureShape()
    ratio_text, pixels = _RATIO.match(size), _SIZE.match(size)
    found = ratio_text or pixels
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not width or not height:
        refuse("size", f"'size' is {size[:40]!r}: expected 'WIDTHxHEIGHT' or 'auto'")
    wanted = math.log(width / height)
    ratio = min(
        ratios,
        key=lambda each: abs(
            math.log(int(each.partition(":")[0]) / int(each.partition(":")[2])) - wanted
        ),
    )
    if ratio_text:
        return PictureShape(ratio=ratio, is_exact=ratio == size)
    side = math.sqrt(width * height)
    # The bounds lie half way, by ratio, between the sides of 1024, 2048 and 4096.
    size_class = None
    if has_classes and side >= 1448:
        size_class = "2K" if side < 2896 else "4K"
    return PictureShape(
        ratio=ratio,
        size_class=size_class,
        is_exact=width == height == {None: 1024, "2K": 2048, "4K": 4096}[size_class],
    )


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    bodies = [load_object(answer) for answer in answers]
    images: list[Image] = []
    for body in bodies:
        found = _images(body)
        if not found:
            refuse_blocked(body)
            raise WireError(f"expected an image, found {said_instead(body)}")
        images += found
    return encode_images(
        request, images, sum_usages(decode_usage(request.operation, body) for body in bodies)
    )


def _images(body: Mapping[str, Json]) -> list[Image]:
    """Gemini's inline parts, or Imagen's predictions; what has no picture in it is passed over."""
    holders = [(member(part, "inlineData"), "data") for part in answer_parts(body)]
    holders += [
        (prediction, "bytesBase64Encoded") for prediction in list_member(body, "predictions")
    ]
    found = (
        (text_member(holder, name), text_member(holder, "mimeType") or "image/png")
        for holder, name in holders
    )
    images = [
        Image(data=data, mime=mime) for data, mime in found if data and mime.startswith("image/")
    ]
    filtered = next(
        (
            reason
            for each in list_member(body, "predictions")
            if (reason := text_member(each, "raiFilteredReason"))
        ),
        None,
    )
    if not images and filtered is not None:
        refuse_blocked({"promptFeedback": {"blockReason": filtered}})
    return images


GEMINI = OperationCodec(encode_request=_encode_gemini, decode_response=_decode)
VERTEX = OperationCodec(encode_request=_encode_vertex, decode_response=_decode)
