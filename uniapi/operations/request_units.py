"""What of a request is billed by the piece, known before it is answered: pictures asked for, text
to be spoken, sound to be transcribed. It is what is reserved for a call, and what stands for an
answer that states nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Operation, Usage, estimate_text_tokens
from uniapi.values import replace

BYTES_A_SECOND = 16_000
"""Of sound whose length nobody states: 128 kbit/s, as MP3 and AAC are usually made. Too much for a
voice message, which is the safe side.
"""
MOST_PICTURES = 100


def request_units(
    operation: Operation, body: Mapping[str, Json], upload_bytes: int
) -> Usage | None:
    """None for operations that are billed by tokens alone."""
    match operation:
        case Operation.SPEECH:
            text = body.get("input")
            if not isinstance(text, str):
                return None
            return Usage(characters=len(text), spoken_tokens=estimate_text_tokens(text))
        case Operation.IMAGE | Operation.IMAGE_EDIT | Operation.IMAGE_VARIATION:
            return Usage(images=_asked(body.get("n")))
        case Operation.TRANSCRIBE | Operation.TRANSLATE_AUDIO:
            return Usage(audio_seconds=upload_bytes / BYTES_A_SECOND, is_estimate=True)
        case Operation.RERANK:
            return Usage(search_units=1)
        case _:
            return None


def with_units(usage: Usage | None, units: Usage | None) -> Usage | None:
    """What an answer states, and of the request's units those that it says nothing of."""
    if units is None:
        return usage
    stated = usage or Usage()
    is_guess = stated.audio_seconds is None and units.audio_seconds is not None
    if is_guess and stated.input_tokens is not None:
        # A transcript that is billed by its tokens says nothing of seconds.
        return stated
    return _joined(stated, units, is_guess=is_guess)


def _joined(stated: Usage, units: Usage, *, is_guess: bool) -> Usage:
    return replace(
        stated,
        images=_first(stated.images, units.images),
        characters=_first(stated.characters, units.characters),
        spoken_tokens=units.spoken_tokens,
        search_units=_first(stated.search_units, units.search_units),
        audio_seconds=units.audio_seconds if is_guess else stated.audio_seconds,
        is_estimate=stated.is_estimate or is_guess,
    )


def _first(stated: int | None, asked: int | None) -> int | None:
    return asked if stated is None else stated


def _asked(value: Json) -> int:
    """How many are asked for: forms say it in text."""
    text = str(value)
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    return max(1, min(count, MOST_PICTURES))
