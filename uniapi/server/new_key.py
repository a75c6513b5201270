"""Client keys that nobody guesses."""

from __future__ import annotations

import secrets
import string

KEY_LENGTH = 48
_ALPHABET = string.ascii_letters + string.digits


def generate_key() -> str:
    """A new client key: `sk-` and 48 random letters and digits. Nothing is stored."""
    return "sk-" + "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))
