"""Images on the client's side, OpenAI's shape: the pictures to be edited out of a form or JSON, and
the answer with what was made, whole or as a stream of whole pictures.

The upstream shapes are in `images_google.py` and `images_openrouter.py`.
developers.openai.com/api/reference/resources/images
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from uniapi.canonical import Json, Operation, Usage
from uniapi.values import dataclass
from uniapi.wire import dump_json, encode_sse

from .google import member
from .operation import (
    OperationAnswer,
    OperationRequest,
    is_true,
    optional_text,
    refuse,
)
from .operation_usage import token_usage

MAX_IMAGES = 10
IMAGE_FIELDS = ("image", "images")

_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,]*)?;base64,", re.IGNORECASE)
MIMES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture: its bytes in base64, or the https address where it lies."""

    mime: str
    data: str = ""
    url: str = ""

    @property
    def address(self) -> str:
        """An address of it in any case."""
        return self.url or f"data:{self.mime};base64,{self.data}"


def edited_images(request: OperationRequest, vendor: str) -> list[Image]:
    """The images to edit: files of a form, or the references of a JSON body. Refuses a mask, and a
    request without any.
    """
    if any(file.field == "mask" for file in request.files) or request.body.get("mask") is not None:
        refuse(
            "mask", f"'mask' cannot be sent to {vendor}: describe in the prompt what is to change"
        )
    images = [
        Image(
            mime=_mime(file.content_type, file.filename),
            data=base64.b64encode(file.data).decode("ascii"),
        )
        for file in request.files
        if file.field in IMAGE_FIELDS
    ]
    for name in IMAGE_FIELDS:
        stated = request.body.get(name)
        if stated is None:
            continue
        for index, reference in enumerate(stated if isinstance(stated, list) else [stated]):
            images.append(_referenced_image(reference, f"{name}[{index}]", vendor))
    if not images:
        refuse("image", "'image' is missing: expected at least one image to edit")
    return images


def _referenced_image(reference: Json, place: str, vendor: str) -> Image:
    """`{"image_url": URL}`, as OpenAI writes it, or xAI's `{"type", "url"}`; the URL may hold the
    image itself.
    """
    url = (
        reference
        if isinstance(reference, str)
        else next(
            (found for name in ("image_url", "url") if (found := member(reference, name))), None
        )
    )
    if isinstance(url, dict):
        url = url.get("url")
    if not isinstance(url, str):
        refuse(
            place,
            f"{place!r} names no image URL: {vendor} takes images by value or by https address, no"
            " file ids",
        )
    inline = _DATA_URL.match(url)
    if inline:
        return Image(mime=_mime(inline[1], ""), data=url[inline.end() :])
    if not url.startswith("https://"):
        refuse(place, f"{place!r} is {url[:40]!r}: expected a data URL or an https address")
    return Image(mime=_mime("", url.partition("?")[0]), url=url)


def _mime(stated: str, filename: str) -> str:
    media_type = stated.partition(";")[0].strip().lower()
    return (
        media_type
        if media_type.startswith("image/")
        else MIMES.get(filename.rpartition(".")[2].lower(), "image/png")
    )


def check_response_format(request: OperationRequest) -> None:
    """Refuses what is no form of a picture."""
    stated = optional_text(request.body, "response_format")
    if stated not in (None, "url", "b64_json"):
        refuse(
            "response_format", f"'response_format' is {stated[:40]!r}: expected 'url' or 'b64_json'"
        )


def encode_images(
    request: OperationRequest, images: Sequence[Image], usage: Usage | None
) -> OperationAnswer:
    """The answer with these pictures, at least one, as the client asked for it."""
    if is_true(request.body.get("stream")):
        return OperationAnswer(
            body=_events(request, images, usage), content_type="text/event-stream", usage=usage
        )
    is_url = request.body.get("response_format") == "url"
    written: dict[str, Json] = {
        "created": request.created_s,
        "data": [_row(image, is_url) for image in images],
        "output_format": _format(images[0]),
    }
    counts = _counts(usage)
    if counts is not None:
        written["usage"] = counts
    return OperationAnswer(body=dump_json(written), usage=usage)


def _row(image: Image, is_url: bool) -> dict[str, Json]:
    return {"url": image.address} if is_url or image.url else {"b64_json": image.data}


def _events(request: OperationRequest, images: Sequence[Image], usage: Usage | None) -> bytes:
    """A stream of whole images, as OpenAI sends one when no partial images are wanted; the last
    event states the usage.
    """
    kind = (
        "image_edit.completed"
        if request.operation is Operation.IMAGE_EDIT
        else "image_generation.completed"
    )
    written: list[bytes] = []
    for index, image in enumerate(images):
        event: dict[str, Json] = {
            "type": kind,
            **_row(image, is_url=False),
            "created_at": request.created_s,
            "background": "auto",
            "output_format": _format(image),
            "quality": "auto",
            "size": "auto",
        }
        counts = _counts(usage) if index == len(images) - 1 else None
        written.append(
            encode_sse(
                dump_json({**event, **({"usage": counts} if counts is not None else {})}), kind
            )
        )
    return b"".join(written)


def _counts(usage: Usage | None) -> dict[str, Json] | None:
    return token_usage(usage, detail_member="input_tokens_details", modality="IMAGE")


def _format(image: Image) -> str:
    return image.mime.partition("/")[2].partition(";")[0]
