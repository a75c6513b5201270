"""What refusals of the operations beside chat teach: how many inputs there may be at a time, and
members that only say in what form something is wanted, which can be made here.

What is asked for itself (texts, pictures, the voice, the size of a vector or a picture, the form of
a transcript) is never mended. The texts are those of the vendors' documentation and issues as of
2026-11-30; tests have them with their sources.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from uniapi.canonical import Failure, Json

from .learned import IMAGE_FORM, MOST_INPUTS, Learned, is_limit
from .lessons import Reader, by_param, read_as
from .mending import READERS, lesson_of, text_of

_MENDABLE = frozenset({400, 404, 413, 422})
_ASKED = frozenset(
    {"dimensions", "output_dimension", "output_dtype", "embedding_type", "input_type", "task"}
    | {"query", "documents", "top_n", "top_k", "voice", "voice_id", "speed", "instructions"}
    | {"size", "quality", "background", "mask", "image", "images", "seed", "negative_prompt"}
    | {"file", "file_url", "url", "language", "timestamp_granularities", "stream_format"}
    | {"diarize", "chunking_strategy", "response_format"}
)
"""Members that are what the user asked, beside those of every operation (`lessons`)."""
_IMAGE_FORMS = ("b64_json", "url")


def _few_at_a_time(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """The number that is named, where more inputs were sent; a text's tokens are one."""
    held = (body.get(name) for name in ("input", "documents", "texts"))
    stated, most = next(filter(None, held), None), float(_number(match))
    inputs: list[Json] = stated if isinstance(stated, list) else []
    is_more = len(inputs) > most and is_limit(most) and not isinstance(inputs[0], int)
    return Learned(limits={MOST_INPUTS: most}) if is_more else Learned()


def _number(match: re.Match[str]) -> str:
    """The one that a refusal names, in whichever of its wordings."""
    return next(found for found in match.groupdict().values() if found)


def _no_base64(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    is_said = body.get("encoding_format") is not None
    return Learned(drops=frozenset({("encoding_format",)})) if is_said else Learned()


def _as_texts(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    is_said = isinstance(body.get("documents"), list) and "texts" not in body
    return Learned(renames={("documents",): "texts"}) if is_said else Learned()


def _no_image_form(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """A picture's form: what comes unasked is made what was wanted, or cannot be."""
    is_picture = body.get("response_format") in _IMAGE_FORMS
    return Learned(drops=frozenset({IMAGE_FORM})) if is_picture else Learned()


OPERATION_READERS: tuple[Reader, ...] = (
    read_as(
        # Pydantic, before NVIDIA's rerankers, Mistral and others: «List should have at most 512
        # items after validation, not 600» (stargate/data-api#2567 has the number; 2026-12-01)
        r"list should have at most (?P<most>\d{1,6}) items",
        _few_at_a_time,
    ),
    read_as(
        # Cohere, Voyage, Jina and their kin: «too many documents: 1200, the maximum is 1000», «The
        # batch size limit is 1000» (vercel/ai#17811 names the limits; 2026-12-01)
        r"too many documents[^\n]{0,60}?(?:max(?:imum)?|limit|most|than)[^\d\n]{0,20}"
        r"(?P<most>\d{1,6})"
        r"|batch size limit is (?P<size>\d{1,6})"
        r"|(?:max(?:imum)?|at most|up to|more than) (?P<number>\d{1,6}) documents",
        _few_at_a_time,
    ),
    read_as(
        # DashScope: «batch size is invalid, it should not be larger than 10.: input.contents»
        # (MemMachine/MemMachine#864)
        r"batch size is invalid, it should not be larger than (?P<most>\d{1,6})",
        _few_at_a_time,
    ),
    read_as(
        # SiliconFlow: «input batch size 473 > maximum allowed batch size 64»
        # (n4ze3m/page-assist#371); Text Embeddings Inference, with 413, alike
        r"batch size \d{1,9} > maximum allowed batch size (?P<most>\d{1,6})",
        _few_at_a_time,
    ),
    read_as(
        # Google: «BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch»
        # (geldata/gel#9032)
        r"at most (?P<most>\d{1,6}) requests can be in one batch",
        _few_at_a_time,
    ),
    read_as(
        # Azure: «Too many inputs. The max number of inputs is 16.» (langgenius/dify#522)
        r"max(?:imum)? number of inputs is (?P<most>\d{1,6})",
        _few_at_a_time,
    ),
    read_as(
        # Zhipu: «input数组最大不得超过64条» (docs.bigmodel.cn, embeddings)
        r"input\s{0,2}数组\S{0,10}不得?超过\s{0,2}(?P<most>\d{1,6})",
        _few_at_a_time,
    ),
    read_as(
        # OpenAI: «Invalid 'input': array too long. Expected an array with maximum length 2048, but
        # got an array with length 3000 instead.»
        r"input[\"'`]?: array too long\. expected an array with maximum length (?P<most>\d{1,6})",
        _few_at_a_time,
    ),
    read_as(
        # vLLM before 0.5: «base64 encoding is not currently supported» (vllm-project/vllm#5734)
        r"base64 encoding is not (?:currently )?supported|encoding_format[^\n]{0,60}(?:only|float)",
        _no_base64,
    ),
    read_as(
        # serde (Text Embeddings Inference): «missing field `texts`» (nczz/pi-knowledge#9)
        r"missing field [`'\"]texts|field required[^\n]{0,40}texts|texts[^\n]{0,40}field required",
        _as_texts,
    ),
    read_as(
        # GPT image models behind names of others: «Unknown parameter: 'response_format'.»
        # (open-webui/open-webui#13327)
        r"(?:unknown|unsupported|unrecognized|unexpected|invalid) [^\n]{0,60}response_format"
        r"|response_format[^\n]{0,60}(?:not (?:supported|permitted|allowed)|unsupported)",
        _no_image_form,
    ),
)


def find_operation_mending(failure: Failure, body: Mapping[str, Json]) -> Learned:
    """What the refusal of `body` teaches; nothing (false) when it names nothing that may change."""
    if failure.status not in _MENDABLE:
        return Learned()
    text = text_of(failure)
    readers = (*OPERATION_READERS, *READERS)
    taught = (lesson_of(reader, text, body) for reader in readers)
    lesson = next((found for found in taught if found), None) or by_param(failure, body)
    return lesson if _may_be_taught(lesson) else Learned()


def _may_be_taught(lesson: Learned) -> bool:
    """No facts of chats, and nothing of what was asked but by the readers above."""
    if lesson.dialect is not None or lesson.facts:
        return False
    own = {IMAGE_FORM, ("documents",)}
    places = {*lesson.drops, *lesson.renames, *lesson.choices, *lesson.limits} - own
    return all(place[0] not in _ASKED for place in places)
