"""Embeddings as servers that are nearly OpenAI's answer them → OpenAI's answer: one vector for each
input, in the order of the inputs, in the form that was asked for.

Left to the client, a vector too few or two that changed places would put every text that follows
beside a vector of another (xberg-io/xberg#1302, cocoindex-io/cocoindex#2381; 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from uniapi.canonical import Json
from uniapi.errors import WireError

from .google import int_member, member
from .operation import kind_of
from .vectors import base64_vector, number_vector, unit_vector

_Row: TypeAlias = "Mapping[str, Json]"
_FORMS: Mapping[str, type] = {"base64": str, "float": list}
"""OpenAI's values of `encoding_format`, and what a vector is then."""


def as_asked(asked: Mapping[str, Json], answer: Json) -> Json:
    """The answer to an OpenAI client, the same object when it is right; raises WireError when it is
    none to these inputs. Others have answers of their own, and keep them.
    """
    if "input" not in asked:
        return answer
    rows = _rows(answer)
    if not rows:
        return answer
    expected = _count(asked["input"])
    if expected is not None and len(rows) != expected:
        raise WireError(f"expected {expected} embeddings, found {len(rows)}")
    fitted = [_formed(asked, _plain(row)) for row in _in_order(rows)]
    data = member(answer, "data")
    if not isinstance(data, list):
        return _openais(answer, fitted)
    is_right = all(one is other for one, other in zip(fitted, data, strict=False))
    return answer if is_right else {**answer, "data": fitted}


_HOLDERS = ("data", "embeddings", "embedding")
"""OpenAI's, Ollama's own `/api/embed` and `/api/embeddings` (docs.ollama.com/api, 2026-11-30)."""


def _rows(answer: Json) -> list[_Row]:
    """A row for each vector, whether it has one already or is bare, as Text Embeddings Inference's
    `/embed` has them; none where there is nothing like it.
    """
    held = answer
    if isinstance(answer, dict):
        held = next((answer[name] for name in _HOLDERS if name in answer), None)
    if not isinstance(held, list):
        return []
    if held and all(_is_number(item) for item in held):
        held = [held]
    rows = [{"embedding": item} if isinstance(item, list) else item for item in held]
    return [row for row in rows if isinstance(row, dict) and "embedding" in row]


def _count(value: Json) -> int | None:
    """How many inputs there are; None where that cannot be told: of pictures beside texts some
    vendors make one vector.
    """
    if isinstance(value, str):
        return 1
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(item, str) for item in value) or all(
        isinstance(item, list) for item in value
    ):
        return len(value)
    return 1 if all(isinstance(item, int) for item in value) else None


def _in_order(rows: list[_Row]) -> list[_Row]:
    """By `index` where that tells an order; else as they came, numbered (Rust's and C++'s servers
    leave it out: doobidoo/mcp-memory-service#612).
    """
    stated = [row.get("index") for row in rows]
    numbers = [one for one in stated if isinstance(one, int)]
    if sorted(numbers) != list(range(len(rows))):
        return [{"object": "embedding", **row, "index": place} for place, row in enumerate(rows)]
    if numbers == sorted(numbers):
        return rows
    return [rows[place] for place in sorted(range(len(rows)), key=numbers.__getitem__)]


def _plain(row: _Row) -> _Row:
    """A row with a vector; raises WireError for an empty one, and for the nulls that stand for NaN
    (ggml-org/llama.cpp, vllm). llama.cpp's own `/embedding` wraps it once more.
    """
    vector = row["embedding"]
    if isinstance(vector, list) and len(vector) == 1 and isinstance(vector[0], list):
        vector, row = vector[0], {**row, "embedding": vector[0]}
    is_vector = vector and (isinstance(vector, str | dict) or _begins_well(vector))
    if not is_vector:
        found = "something else" if vector else "an empty one"
        raise WireError(f"an embedding was expected, found {found}: {kind_of(vector)}")
    return row


def _begins_well(vector: Json) -> bool:
    """All of it is looked at only where it is written anew: there may be millions of numbers."""
    return isinstance(vector, list) and (_is_number(vector[0]) or isinstance(vector[0], list))


def _formed(asked: Mapping[str, Json], row: _Row) -> _Row:
    """With its vector in the form that was asked for: OpenAI's clients ask for base64, and servers
    that do not know it answer with numbers (LM Studio: lmstudio#756). Who names no form, or a
    vendor's own, gets what the vendor means by that: Perplexity's text holds bytes.
    """
    form = asked.get("encoding_format")
    wanted = _FORMS.get(form) if isinstance(form, str) else None
    if form is None or wanted is not None:
        row = _shortened(asked.get("dimensions"), row)
    vector = row["embedding"]
    if wanted is str and isinstance(vector, list) and _is_number(vector[0]):
        return {**row, "embedding": base64_vector(vector)}
    if wanted is list and isinstance(vector, str):
        return {**row, "embedding": number_vector(vector)}
    return row


def _shortened(dimensions: Json, row: _Row) -> _Row:
    """With no more dimensions than were asked for, at a length of one, as servers do that know the
    member: llama.cpp, LM Studio and OpenVINO give all the same (ggml-org/llama.cpp#25210,
    lmstudio-ai/lms#300; 2026-12-01), which no index of the other size takes. A model that was not
    trained for it (Matryoshka) loses by that, wherever it is done.
    """
    vector = row["embedding"]
    if type(dimensions) is not int or not 0 < dimensions < _dimensions_of(vector):
        return row
    short = unit_vector(number_vector(vector)[:dimensions])
    return {**row, "embedding": base64_vector(short) if isinstance(vector, str) else short}


def _dimensions_of(vector: Json) -> int:
    """Of the base64 of 32-bit floats as well; nought of anything else."""
    if isinstance(vector, str):
        padding = 2 if vector.endswith("==") else int(vector.endswith("="))
        size = len(vector) // 4 * 3 - padding
        return 0 if size % 4 else size // 4
    return len(vector) if isinstance(vector, list) and _is_number(vector[0]) else 0


def _openais(answer: Json, rows: list[_Row]) -> Json:
    """A vendor's own answer as OpenAI's, whose clients read `usage`: Ollama says it in
    `prompt_eval_count`.
    """
    stated = answer if isinstance(answer, dict) else {}
    others = {name: value for name, value in stated.items() if name not in _HOLDERS}
    read = int_member(stated, "prompt_eval_count") or 0
    usage = {"prompt_tokens": read, "total_tokens": read}
    return {"object": "list", "usage": usage, **others, "data": rows}


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
