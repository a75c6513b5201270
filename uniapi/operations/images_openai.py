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
from uniapi.errors import WireError

from .google import member, short_name

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


def with_pictures(asked: Mapping[str, Json], answer: Json) -> Json:
    """The answer with its pictures under `data`, as `b64_json` or `url`, whichever the client asked
    for where both can be made; the same object when it has them so. Raises WireError where there
    are only reasons why none was made.
    """
    held = (member(answer, name) for name in _HOLDERS)
    rows: list[Json] = next((rows for rows in held if isinstance(rows, list) and rows), [])
    if not rows or not isinstance(answer, dict):
        return answer
    kind = answer.get("output_format") or asked.get("output_format")
    mime = f"image/{kind if isinstance(kind, str) else 'png'}"
    fitted = [_pictured(row, asked.get("response_format"), mime) for row in rows]
    if all(member(row, "error") for row in fitted):
        said = member(member(fitted[0], "error"), "message")
        raise WireError(f"expected an image, found {str(said)[:200]}")
    is_right = all(one is other for one, other in zip(fitted, rows, strict=True))
    return answer if is_right and answer.get("data") is rows else {**answer, "data": fitted}


_HOLDERS = ("data", "images")
"""OpenAI's, and SiliconFlow's (docs.siliconflow.com, images/generations; 2026-11-30)."""
_INLINE = re.compile(r"data:[^,]{0,80};base64,", re.IGNORECASE)


def _pictured(row: Json, wanted: Json, mime: str) -> Json:
    """One picture. Some name its address alone, or as chats do (`image_url: {url}`), some write a
    data URL where bytes belong (piexian/astrbot_plugin_gemini_image_generation#2, 2026-11-30).
    """
    if isinstance(row, str):
        row = {"url": row}
    if not isinstance(row, dict):
        return row
    form = _form(row, wanted, mime)
    if all(row.get(name) == value for name, value in form.items()):
        return row
    return {**{name: value for name, value in row.items() if name not in _FORMS}, **form}


_FORMS = ("url", "b64_json", "image_url")


def _form(row: Mapping[str, Json], wanted: Json, mime: str) -> dict[str, Json]:
    """The member that holds the picture, as it is `wanted` where that can be had; none where it is
    right already.
    """
    data, address = row.get("b64_json"), row.get("url") or row.get("image_url")
    address = member(address, "url") if isinstance(address, dict) else address
    held = data if isinstance(data, str) else address
    if not isinstance(held, str):
        return {}
    if inline := _INLINE.match(held):
        return {"url": held} if wanted == "url" else {"b64_json": held[inline.end() :]}
    if held is address:
        return {"url": address}
    is_missing = wanted == "url" and row.get("url") is None
    return {"url": f"data:{mime};base64,{held}"} if is_missing else {}
