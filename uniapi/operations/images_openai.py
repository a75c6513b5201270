"""Images at OpenAI's own models: what clients still say that was DALL·E's, and what single models
refuse, taken out of a request that is relayed.

openai-python 3.57.0, `image_generate_params.py` and `image_edit_params.py` (2026-11-30): GPT image
models always answer with base64 and refuse `response_format` and `style`; `gpt-image-2` knows no
transparent background and no `input_fidelity`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from uniapi.canonical import Json

from .google import short_name

_FAMILY = re.compile(r"(?:chat)?gpt-image")
_SECOND = re.compile(r"gpt-image-2(?:-\d{4}-\d{2}-\d{2})?\Z")
_QUALITIES = {"standard": "auto", "hd": "high"}
_SIZES = {"256x256": "1024x1024", "512x512": "1024x1024"}
"""DALL·E's words → the nearest of today."""


def fit_image_request(
    model: str, body: Mapping[str, Json]
) -> tuple[Mapping[str, Json], tuple[str, ...]]:
    """The body as the upstream's model takes it, and what is lost; the same object when nothing is
    to be changed.
    """
    name = short_name(model)
    if not _FAMILY.match(name):
        return body, ()
    refused = [member for member in ("style",) if member in body]
    if _SECOND.match(name):
        refused += [member for member in ("input_fidelity",) if member in body]
        refused += ["background"] if body.get("background") == "transparent" else []
    changed = {
        member: words[stated]
        for member, words in (("quality", _QUALITIES), ("size", _SIZES))
        if isinstance(stated := body.get(member), str) and stated in words
    }
    dropped = {"response_format", *refused} & body.keys()
    if not dropped and not changed:
        return body, ()
    fitted = {name: value for name, value in body.items() if name not in dropped}
    lost = tuple(refused) + (("size",) if "size" in changed else ())
    return {**fitted, **changed}, lost


def with_urls(asked: Mapping[str, Json], answer: Json) -> Json:
    """The answer with the pictures as `data:` addresses, where the client asked for addresses and
    was given bytes; else the same object.
    """
    rows = answer.get("data") if isinstance(answer, dict) else None
    if asked.get("response_format") != "url" or not isinstance(rows, list):
        return answer
    if not any(_is_bare(row) for row in rows):
        return answer
    kind = answer.get("output_format") or asked.get("output_format")
    mime = f"image/{kind if isinstance(kind, str) else 'png'}"
    return {**answer, "data": [_addressed(row, mime) if _is_bare(row) else row for row in rows]}


def _is_bare(row: Json) -> bool:
    return isinstance(row, dict) and "url" not in row and isinstance(row.get("b64_json"), str)


def _addressed(row: Mapping[str, Json], mime: str) -> dict[str, Json]:
    kept = {name: value for name, value in row.items() if name != "b64_json"}
    return {**kept, "url": f"data:{mime};base64,{row['b64_json']}"}
