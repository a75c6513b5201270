"""Images at DashScope (Qwen-Image): one synchronous call of its own for making and editing, in
which a prompt is a message and so is the answer.

`{model, input: {messages: [{role, content: [{image}, {text}]}]}, parameters}` →
`{output: {choices: [{message: {content: [{image: URL}]}}]}}`; the addresses live for a day.
alibabacloud.com/help/en/model-studio/qwen-image-api, by litellm 1.110.2 (2026-11-30)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from uniapi.canonical import Json, Operation
from uniapi.errors import WireError

from .google import list_member, member, text_member
from .images import (
    IMAGE_FIELDS,
    MAX_IMAGES,
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

_PASSED = frozenset({"negative_prompt", "prompt_extend", "watermark", "seed"})
_READ = frozenset({"model", "prompt", "n", "size", "response_format", "stream", *IMAGE_FIELDS})
_SIZE = re.compile(r"(\d{1,5})\s*[xX×*]\s*(\d{1,5})\Z")


def _encode(request: OperationRequest) -> EncodedOperation:
    check_response_format(request)
    content: list[Json] = []
    if request.operation is Operation.IMAGE_EDIT:
        content += [{"image": image.address} for image in edited_images(request, "DashScope")]
    content.append({"text": required_text(request.body, "prompt")})
    parameters: dict[str, Json] = {
        name: value for name, value in request.body.items() if name in _PASSED and value is not None
    }
    count = optional_count(request.body, "n", most=MAX_IMAGES)
    if count is not None:
        parameters["n"] = count
    size = _SIZE.match(optional_text(request.body, "size") or "")
    if size is not None:
        parameters["size"] = f"{size[1]}*{size[2]}"
    body = {
        "model": request.model,
        "input": {"messages": [{"role": "user", "content": content}]},
        **({"parameters": parameters} if parameters else {}),
    }
    return EncodedOperation(
        bodies=(body,), losses=stated_members(request.body, except_for=_PASSED | _READ)
    )


def _decode(request: OperationRequest, answers: Sequence[bytes]) -> OperationAnswer:
    """Addresses are given as they are: nothing here fetches what lies at them."""
    body = load_object(answers[0])
    images = [Image(mime="image/png", url=url) for url in _addresses(body)]
    if not images:
        said = text_member(body, "message") or "nothing"
        raise WireError(f"expected an image, found {said[:200]}")
    return encode_images(request, images, None)


def _addresses(body: Json) -> Iterator[str]:
    for choice in list_member(member(body, "output"), "choices"):
        for part in list_member(member(choice, "message"), "content"):
            if url := text_member(part, "image"):
                yield url


DASHSCOPE = OperationCodec(encode_request=_encode, decode_response=_decode)
