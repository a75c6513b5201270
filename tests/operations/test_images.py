"""Images toward Gemini's image models, Imagen and OpenRouter."""

from __future__ import annotations

import json
from typing import Any

import openai.types
import pytest

from uniapi.canonical import Operation, RequestRefused
from uniapi.errors import WireError
from uniapi.operations import (
    EncodedOperation,
    OperationAnswer,
    OperationRequest,
    UploadedFile,
    codec_for,
)
from uniapi.wire import SseDecoder

PNG = UploadedFile(field="image", filename="a.png", content_type="image/png", data=b"\x89PNG")


def asked(
    body: Any, model: str, operation: Operation, files: tuple[UploadedFile, ...]
) -> OperationRequest:
    return OperationRequest(
        operation=operation,
        model=model,
        requested_model="alias",
        body=body,
        files=files,
        created_s=1700000000,
    )


def encode(
    body: Any,
    model: str = "gemini-3.1-flash-image",
    upstream: str = "gemini",
    operation: Operation = Operation.IMAGE,
    files: tuple[UploadedFile, ...] = (),
) -> EncodedOperation:
    codec = codec_for(operation, "openai", upstream)
    assert codec is not None
    return codec.encode_request(asked(body, model, operation, files))


def decode(body: Any, *answers: Any, operation: Operation = Operation.IMAGE) -> OperationAnswer:
    codec = codec_for(operation, "openai", "gemini")
    assert codec is not None
    return codec.decode_response(
        asked(body, "gemini-3.1-flash-image", operation, ()),
        [json.dumps(answer).encode() for answer in answers],
    )


def drawn(data: str = "iVBO", mime: str = "image/png", **more: Any) -> dict[str, Any]:
    parts = [
        {"text": "thinking", "thought": True},
        {"text": "Here:"},
        {"inlineData": {"mimeType": mime, "data": data}},
    ]
    return {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}], **more}


USAGE = {
    "promptTokenCount": 9,
    "candidatesTokenCount": 1290,
    "totalTokenCount": 1299,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}],
}


def test_a_prompt_is_a_turn_with_images_wanted() -> None:
    """The plainest request, and its answer with the picture, the format it came in and what it
    cost.
    """
    encoded = encode({"model": "alias", "prompt": "a cat"})
    assert encoded.bodies == (
        {
            "contents": [{"role": "user", "parts": [{"text": "a cat"}]}],
            "generationConfig": {"responseModalities": ["IMAGE"]},
        },
    )
    assert encoded.losses == ()
    decoded = decode({"prompt": "a cat"}, drawn(usageMetadata=USAGE))
    assert json.loads(decoded.body) == {
        "created": 1700000000,
        "data": [{"b64_json": "iVBO"}],
        "output_format": "png",
        "usage": {
            "input_tokens": 9,
            "output_tokens": 1290,
            "total_tokens": 1299,
            "input_tokens_details": {"text_tokens": 9, "image_tokens": 0},
        },
    }
    openai.types.ImagesResponse.model_validate_json(decoded.body, strict=True)


@pytest.mark.parametrize(
    "size, model, config, lost",
    [
        (None, "gemini-3.1-flash-image", None, False),
        ("auto", "gemini-3.1-flash-image", None, False),
        ("1024x1024", "gemini-3.1-flash-image", {"aspectRatio": "1:1"}, False),
        ("1536x1024", "gemini-3.1-flash-image", {"aspectRatio": "3:2"}, True),
        ("1024x1792", "gemini-3.1-flash-image", {"aspectRatio": "9:16"}, True),
        ("2048x2048", "gemini-3.1-flash-image", {"aspectRatio": "1:1", "imageSize": "2K"}, False),
        ("3840x2160", "gemini-3-pro-image", {"aspectRatio": "16:9", "imageSize": "2K"}, True),
        ("4096x4096", "gemini-3-pro-image", {"aspectRatio": "1:1", "imageSize": "4K"}, False),
        ("2048x2048", "gemini-2.5-flash-image", {"aspectRatio": "1:1"}, True),
        ("16:9", "gemini-3.1-flash-image", {"aspectRatio": "16:9"}, False),
        ("256x256", "gemini-3.1-flash-image", {"aspectRatio": "1:1"}, True),
    ],
)
def test_a_size_becomes_a_ratio_and_a_class(
    size: str | None, model: str, config: dict[str, str] | None, lost: bool
) -> None:
    """The nearest there is; a picture of other dimensions than asked for is a loss."""
    encoded = encode({"prompt": "a cat", "size": size}, model)
    assert config == encoded.bodies[0]["generationConfig"].get("imageConfig")
    assert lost == ("size" in encoded.losses)


def test_several_images_are_several_requests() -> None:
    """Gemini draws one picture a call; the answers are one list, in order, their usage added."""
    assert len(encode({"prompt": "a cat", "n": "3"}).bodies) == 3
    decoded = decode(
        {"prompt": "a cat", "n": 2},
        drawn("AAAA", usageMetadata=USAGE),
        drawn("BBBB", "image/jpeg", usageMetadata=USAGE),
    )
    written = json.loads(decoded.body)
    assert written["data"] == [{"b64_json": "AAAA"}, {"b64_json": "BBBB"}]
    assert written["usage"] == {"input_tokens": 18, "output_tokens": 2580, "total_tokens": 2598}


def test_a_url_is_the_picture_itself() -> None:
    """There is nowhere to fetch it from, so the URL holds it."""
    assert json.loads(decode({"prompt": "x", "response_format": "url"}, drawn()).body)["data"] == [
        {"url": "data:image/png;base64,iVBO"}
    ]


def test_a_streaming_client_gets_whole_pictures_as_events() -> None:
    """One completed event each, the usage on the last; the official types read them."""
    body = {"prompt": "x", "stream": True, "partial_images": 2}
    assert encode(body).losses == ("partial_images",)
    decoded = decode(body, drawn("AAAA", usageMetadata=USAGE), drawn("BBBB", usageMetadata=USAGE))
    frames = SseDecoder().feed(decoded.body)
    assert decoded.content_type == "text/event-stream"
    assert [frame.event for frame in frames] == ["image_generation.completed"] * 2
    assert json.loads(frames[0].data)["b64_json"] == "AAAA"
    assert json.loads(frames[1].data)["usage"]["total_tokens"] == 2598
    edited = SseDecoder().feed(
        decode(body, drawn(usageMetadata=USAGE), operation=Operation.IMAGE_EDIT).body
    )
    openai.types.ImageEditCompletedEvent.model_validate_json(edited[0].data, strict=True)


def test_edits_send_the_pictures_beside_the_prompt() -> None:
    """Files of a form, data URLs and https addresses, in OpenAI's and xAI's spelling."""
    encoded = encode(
        {
            "prompt": "greener",
            "image": "data:image/webp;base64,UklG",
            "images": [
                {"image_url": "data:image/png;base64,iVBO"},
                {"type": "image_url", "url": "https://example.com/b.jpg?x=1"},
            ],
        },
        operation=Operation.IMAGE_EDIT,
        files=(
            PNG,
            UploadedFile(
                field="image",
                filename="b.webp",
                content_type="application/octet-stream",
                data=b"RIFF",
            ),
        ),
    )
    assert encoded.bodies[0]["contents"][0]["parts"] == [
        {"text": "greener"},
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}},
        {"inlineData": {"mimeType": "image/webp", "data": "UklGRg=="}},
        {"inlineData": {"mimeType": "image/webp", "data": "UklG"}},
        {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/b.jpg?x=1"}},
    ]


def test_imagen_is_asked_by_predict() -> None:
    """Its own words for count, ratio and class; its own answer."""
    encoded = encode(
        {
            "prompt": "a cat",
            "n": 2,
            "size": "2048x1536",
            "output_format": "jpeg",
            "output_compression": 80,
        },
        "imagen-4.0-generate-001",
    )
    assert encoded.verb == "predict"
    parameters = {
        "sampleCount": 2,
        "aspectRatio": "4:3",
        "sampleImageSize": "2K",
        "outputOptions": {"mimeType": "image/jpeg", "compressionQuality": 80},
    }
    assert encoded.bodies == ({"instances": [{"prompt": "a cat"}], "parameters": parameters},)
    answer = {
        "predictions": [
            {"bytesBase64Encoded": "AAAA", "mimeType": "image/jpeg"},
            {"bytesBase64Encoded": "BBBB", "mimeType": "image/jpeg"},
        ]
    }
    written = json.loads(decode({"prompt": "a cat"}, answer).body)
    assert (written["data"], written["output_format"]) == (
        [{"b64_json": "AAAA"}, {"b64_json": "BBBB"}],
        "jpeg",
    )


def test_the_output_format_can_be_chosen_on_vertex_only() -> None:
    """The Gemini API has no member for it, so there it is a loss."""
    body = {"prompt": "a cat", "output_format": "jpeg", "output_compression": 70}
    on_vertex = encode(body, upstream="vertex")
    assert on_vertex.bodies[0]["generationConfig"]["imageConfig"] == {
        "imageOutputOptions": {"mimeType": "image/jpeg", "compressionQuality": 70}
    }
    assert on_vertex.losses == ()
    assert encode(body).losses == ("output_format", "output_compression")


def test_what_cannot_be_carried_is_listed() -> None:
    """Only what asks for something special."""
    body = {
        "prompt": "a cat",
        "quality": "high",
        "background": "auto",
        "moderation": "auto",
        "style": "vivid",
        "user": "u",
        "stream": False,
    }
    assert encode(body).losses == ("quality", "style", "user")


@pytest.mark.parametrize(
    "body, model, operation, files, member",
    [
        ({}, "gemini-3-pro-image", Operation.IMAGE, (), "prompt"),
        ({"prompt": 3}, "gemini-3-pro-image", Operation.IMAGE, (), "prompt"),
        ({"prompt": "x", "n": 11}, "gemini-3-pro-image", Operation.IMAGE, (), "n"),
        ({"prompt": "x", "n": "two"}, "gemini-3-pro-image", Operation.IMAGE, (), "n"),
        ({"prompt": "x", "size": "huge"}, "gemini-3-pro-image", Operation.IMAGE, (), "size"),
        ({"prompt": "x", "size": "0x10"}, "gemini-3-pro-image", Operation.IMAGE, (), "size"),
        ({"prompt": "x", "size": []}, "gemini-3-pro-image", Operation.IMAGE, (), "size"),
        (
            {"prompt": "x", "response_format": "svg"},
            "gemini-3-pro-image",
            Operation.IMAGE,
            (),
            "response_format",
        ),
        (
            {"prompt": "x", "output_format": "gif"},
            "imagen-4.0-generate-001",
            Operation.IMAGE,
            (),
            "output_format",
        ),
        ({"prompt": "x"}, "gemini-3-pro-image", Operation.IMAGE_EDIT, (), "image"),
        ({"prompt": "x", "mask": {}}, "gemini-3-pro-image", Operation.IMAGE_EDIT, (PNG,), "mask"),
        (
            {"prompt": "x"},
            "gemini-3-pro-image",
            Operation.IMAGE_EDIT,
            (PNG, UploadedFile(field="mask", filename="", content_type="", data=b"m")),
            "mask",
        ),
        (
            {"prompt": "x", "images": [{"file_id": "f"}]},
            "gemini-3-pro-image",
            Operation.IMAGE_EDIT,
            (),
            "images[0]",
        ),
        (
            {"prompt": "x", "images": [{"image_url": "http://10.0.0.1/"}]},
            "gemini-3-pro-image",
            Operation.IMAGE_EDIT,
            (),
            "images[0]",
        ),
        ({"prompt": "x"}, "imagen-4.0-generate-001", Operation.IMAGE_EDIT, (PNG,), "model"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(
    body: Any, model: str, operation: Operation, files: tuple[UploadedFile, ...], member: str
) -> None:
    """400 naming the member."""
    with pytest.raises(RequestRefused) as refused:
        encode(body, model, operation=operation, files=files)
    assert (refused.value.error.status, refused.value.error.param) == (400, member)


@pytest.mark.parametrize(
    "answer",
    [
        {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
        {"candidates": [{"finishReason": "IMAGE_SAFETY", "finishMessage": "no"}]},
        {"predictions": [{"raiFilteredReason": "Unable to show generated images."}]},
    ],
)
def test_a_withheld_picture_is_the_clients_matter(answer: dict[str, Any]) -> None:
    """400 with the code clients know; asking another channel would not help."""
    with pytest.raises(RequestRefused) as refused:
        decode({"prompt": "x"}, answer)
    assert (refused.value.error.status, refused.value.error.code) == (
        400,
        "content_policy_violation",
    )


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"candidates": None},
        {"candidates": [None]},
        {"candidates": [{"content": {"parts": [{"text": "I cannot draw."}]}}]},
        {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": 3, "data": 3}}]}}]},
        {"predictions": [{"bytesBase64Encoded": 5}]},
        {
            "candidates": [
                {
                    "content": {"parts": [{"inlineData": {"mimeType": "audio/wav", "data": "AA"}}]},
                    "finishReason": "NO_IMAGE",
                }
            ]
        },
    ],
    ids=lambda answer: json.dumps(answer)[:60],
)
def test_an_answer_without_a_picture_is_a_wire_error(answer: Any) -> None:
    """The message says what came instead."""
    with pytest.raises(WireError):
        decode({"prompt": "x"}, answer)


def test_openrouter_is_asked_at_its_one_endpoint() -> None:
    """DALL·E's words become today's, an edit's pictures are references, what it cannot be told is
    listed."""
    body = {
        "prompt": "a boat",
        "n": 2,
        "quality": "hd",
        "response_format": "url",
        "style": "vivid",
        "seed": 7,
    }
    encoded = encode(body, "openai/gpt-image-2", "openrouter")
    assert encoded.bodies == (
        {"model": "openai/gpt-image-2", "prompt": "a boat", "seed": 7, "n": 2, "quality": "high"},
    )
    assert encoded.losses == ("style",)
    edited = encode({"prompt": "p"}, "m", "openrouter", Operation.IMAGE_EDIT, (PNG,))
    assert edited.bodies[0]["input_references"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
    ]


@pytest.mark.parametrize(
    "body, row",
    [
        ({"prompt": "p"}, {"b64_json": "aGk="}),
        ({"prompt": "p", "response_format": "url"}, {"url": "data:image/webp;base64,aGk="}),
    ],
)
def test_openrouters_picture_comes_as_it_was_asked_for(
    body: dict[str, Any], row: dict[str, Any]
) -> None:
    """With what it cost; without a picture it is no answer."""
    codec = codec_for(Operation.IMAGE, "openai", "openrouter")
    assert codec is not None
    request = asked(body, "m", Operation.IMAGE, ())
    answer = {
        "created": 1,
        "data": [{"b64_json": "aGk=", "media_type": "image/webp"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8, "cost": 0.04},
    }
    decoded = codec.decode_response(request, [json.dumps(answer).encode()])
    assert json.loads(decoded.body)["data"] == [row]
    assert decoded.usage is not None
    assert decoded.usage.cost == 0.04
    with pytest.raises(WireError):
        codec.decode_response(request, [b'{"data": [{"b64_json": ""}]}'])


def test_dashscope_is_asked_in_a_message() -> None:
    """The prompt is its text, pictures to edit stand before it; sizes have a star."""
    body = {"prompt": "a boat", "n": 2, "size": "1024x768", "quality": "high", "seed": 7}
    encoded = encode(body, "qwen-image-2.0", "dashscope")
    assert encoded.bodies == (
        {
            "model": "qwen-image-2.0",
            "input": {"messages": [{"role": "user", "content": [{"text": "a boat"}]}]},
            "parameters": {"seed": 7, "n": 2, "size": "1024*768"},
        },
    )
    assert encoded.losses == ("quality",)
    (edited,) = encode({"prompt": "p"}, "m", "dashscope", Operation.IMAGE_EDIT, (PNG,)).bodies
    content = edited["input"]["messages"][0]["content"]
    assert content == [{"image": "data:image/png;base64,iVBORw=="}, {"text": "p"}]


def test_dashscopes_pictures_are_addresses() -> None:
    """They are handed on; an answer without one is none."""
    codec = codec_for(Operation.IMAGE, "openai", "dashscope")
    assert codec is not None
    request = asked({"prompt": "p"}, "m", Operation.IMAGE, ())
    answer = {"output": {"choices": [{"message": {"content": [{"image": "https://h/a.png"}]}}]}}
    decoded = codec.decode_response(request, [json.dumps(answer).encode()])
    assert json.loads(decoded.body)["data"] == [{"url": "https://h/a.png"}]
    with pytest.raises(WireError, match="no such model"):
        codec.decode_response(request, [b'{"code": "x", "message": "no such model"}'])


ADDRESS = "data:image/png;base64,iVBORw=="
SHOWN = {"type": "image_url", "url": ADDRESS}


@pytest.mark.parametrize(
    "upstream, body, files, told, lost",
    [
        (
            "xai",
            {"prompt": "p", "n": "2", "size": "1536x1024", "quality": "high"},
            (PNG,),
            {"n": 2, "aspect_ratio": "3:2", "image": SHOWN},
            ("quality",),
        ),
        ("xai", {"prompt": "p"}, (PNG, PNG), {"images": [SHOWN, SHOWN]}, ()),
        (
            "ark",
            {"prompt": "p", "size": "2K", "watermark": "false", "seed": "7"},
            (PNG,),
            {"size": "2K", "image": ADDRESS, "seed": 7, "watermark": False},
            (),
        ),
        ("ark", {"prompt": "p", "size": "auto"}, (PNG, PNG), {"image": [ADDRESS, ADDRESS]}, ()),
        (
            "siliconflow",
            {"prompt": "p", "n": 1, "size": "1024x1024", "response_format": "url"},
            (PNG, PNG, PNG),
            {
                "batch_size": 1,
                "response_format": "url",
                "image_size": "1024x1024",
                "image": ADDRESS,
                "image2": ADDRESS,
                "image3": ADDRESS,
            },
            (),
        ),
    ],
)
def test_vendors_that_take_json_alone_get_pictures_as_addresses(
    upstream: str,
    body: dict[str, Any],
    files: tuple[UploadedFile, ...],
    told: dict[str, Any],
    lost: tuple[str, ...],
) -> None:
    """What a form says in text is a number or a flag again."""
    encoded = encode(body, "m", upstream, Operation.IMAGE_EDIT, files)
    assert encoded.bodies == ({"model": "m", "prompt": "p", **told},)
    assert encoded.losses == lost


def test_pictures_of_those_vendors_are_read_under_their_names() -> None:
    codec = codec_for(Operation.IMAGE, "openai", "siliconflow")
    assert codec is not None
    request = asked({"prompt": "p"}, "m", Operation.IMAGE, ())
    decoded = codec.decode_response(
        request, [b'{"images": [{"url": "https://h/x.png"}], "seed": 1}']
    )
    assert json.loads(decoded.body)["data"] == [{"url": "https://h/x.png"}]
    assert decoded.usage is not None
    assert decoded.usage.images == 1
    for empty in (b'{"images": []}', b'{"data": [{"error": {"message": "sensitive"}}]}'):
        with pytest.raises(WireError):
            codec.decode_response(request, [empty])
