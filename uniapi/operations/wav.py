"""WAV around raw sound: the header that makes 16-bit PCM a file, and what a file's header says.

soundfile.sapp.org/doc/WaveFormat. Gemini's speech is 16-bit, one channel, 24 kHz, little-endian,
whatever RFC 2586 says of `audio/L16`.
"""

from __future__ import annotations

import struct

DEFAULT_RATE = 24000
UNKNOWN_LENGTH = 0xFFFFFFFF
"""Stands for «until the end» in a stream whose length is not known yet; players read on."""

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")


def wav_header(rate: int, data_bytes: int | None = None) -> bytes:
    """The 44 bytes before 16-bit mono samples; without a length, for a stream."""
    length = UNKNOWN_LENGTH if data_bytes is None else data_bytes
    whole = UNKNOWN_LENGTH if data_bytes is None else min(UNKNOWN_LENGTH, data_bytes + 36)
    form = _FORMAT.pack(1, 1, rate, rate * 2, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", whole)
        + b"WAVE"
        + _CHUNK.pack(b"fmt ", len(form))
        + form
        + _CHUNK.pack(b"data", length)
    )


def wav_samples(data: bytes) -> bytes:
    """The samples of a WAV file; bytes that are no WAV are samples already."""
    found = _data_chunk(data)
    return data if found is None else data[found[0] : found[0] + found[1]]


def wav_seconds(data: bytes) -> float | None:
    """How long the sound of a WAV file lasts; None when it is no WAV, or does not say."""
    found = _data_chunk(data)
    if found is None or not found[2]:
        return None
    return found[1] / found[2]


def _data_chunk(data: bytes) -> tuple[int, int, int] | None:
    """Where the samples begin, their bytes (as far as they are there), and bytes a second."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return None
    position, byte_rate = 12, 0
    while position + 8 <= len(data):
        name, length = _CHUNK.unpack_from(data, position)
        position += 8
        if name == b"data":
            return position, min(length, len(data) - position), byte_rate
        if name == b"fmt " and length >= 16 and position + 16 <= len(data):
            byte_rate = _FORMAT.unpack_from(data, position)[3]
        position += length + length % 2
    return None
