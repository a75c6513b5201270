"""Slips in a key that cost a request to notice: what no vendor's key has in it, and how people of
other tools write where a key is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_QUOTES = "\"'`“”‘’„‚«»＂＇"
_WIDE_SEPARATORS = "，；、"
_VARIABLE_FORMS = (
    re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)\Z"),
    re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]*)\Z"),
    re.compile(r"(?:process\.)?env[.:/]([A-Za-z_][A-Za-z0-9_]*)\Z", re.IGNORECASE),
    re.compile(r"\$env:([A-Za-z_][A-Za-z0-9_]*)\Z", re.IGNORECASE),
    re.compile(r"\{\{ ?([A-Za-z_][A-Za-z0-9_]*) ?\}\}\Z"),
    re.compile(r"%([A-Za-z_][A-Za-z0-9_]*)%\Z"),
)
"""A shell's, LiteLLM's (docs.litellm.ai/docs/proxy/configs), JavaScript's, PowerShell's, templates'
and Windows' ways to name a variable.
"""
_PLACEHOLDER = re.compile(
    r"\byours?\b|\b(first|second)-key$|[-_]here$|xxxx|\.\.\.|…|^<.*>$|^changeme$", re.IGNORECASE
)
"""What examples have in a key's place: no vendor's keys look like it."""
_LONGEST_SHOWN = 40


def key_slips(secret: str) -> Iterator[str]:
    """What looks wrong about any key, and what to write: the first thing, or nothing. The key
    itself is never quoted.
    """
    named = next((found[1] for form in _VARIABLE_FORMS if (found := form.match(secret))), None)
    foreign = next((character for character in secret if not character.isascii()), None)
    if named is not None:
        yield (
            f"a variable of the environment is written `${{{named[:_LONGEST_SHOWN]}}}`: as it"
            " stands, these very letters are the key"
        )
    elif secret[0] in _QUOTES or secret[-1] in _QUOTES:
        yield "the quote at its end is part of the key: leave it out, or use plain quotes"
    elif foreign is not None and foreign not in _WIDE_SEPARATORS + "…":
        place = secret.index(foreign) + 1
        name = unicodedata.name(foreign, "a character without a name").lower()
        yield (
            f"its character {place} is U+{ord(foreign):04X}, {name}, which no key has: copy it"
            " again, or type that character"
        )


def vendor_key_slips(secret: str) -> Iterator[str]:
    """The same of a vendor's key, which also comes alone and has no blank in it."""
    slip = next(key_slips(secret), None)
    if slip is not None:
        yield slip
    elif any(separator in secret for separator in ",;" + _WIDE_SEPARATORS):
        yield "it looks like several keys in one text: write `api` as a list, one key an item"
    elif secret.lower().startswith("bearer "):
        yield "leave `Bearer` out: it is added where it belongs"
    elif " " in secret:
        yield "the key has a blank inside; several keys are written as a list"
    elif _PLACEHOLDER.search(secret):
        yield "this looks like an example's key: put your own in its place"


def client_key_slips(secret: str) -> Iterator[str]:
    """The same of a key that clients of ours present: one from a page anybody may have read."""
    slip = next(key_slips(secret), None)
    if slip is not None:
        yield slip
    elif _PLACEHOLDER.search(secret):
        yield "this looks like an example's key, which others have read too: `keygen` makes one"
