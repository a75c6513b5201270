"""How a secret is named without being shown: a stable fingerprint for counters and files, a masked form for people."""

from __future__ import annotations

import hashlib
import re

KNOWN_PREFIXES = (
    "sk-proj-",
    "sk-ant-",
    "sk-or-",
    "sk-",
    "AIza",
    "gsk_",
    "xai-",
    "pplx-",
    "nvapi-",
    "ghp_",
    "github_pat_",
    "hf_",
    "r8_",
    "AKIA",
    "ABSK",
)
"""Vendors' public prefixes: they say whose key it is and nothing else, so they may be shown. Longest first where one contains another."""

_SOUNDS_SECRET = re.compile(r"(?:\A|[_\- .])(?:token|secret|password|passwd|authorization|api[_-]?key|credentials?|cookie)\Z", re.IGNORECASE)

_SHOWN_HEAD = 3
_SHOWN_TAIL = 4
_SHORTEST_SHOWN = 16


def fingerprint(secret: str) -> str:
    """Sixteen hex digits that name `secret` in statistics, cooldowns and files; the same in every process and version."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def mask(secret: str) -> str:
    """`sk-abc…wxyz`: the public prefix, at most three characters, at most the last four. A body under 16 characters is not shown at all."""
    prefix = next((known for known in KNOWN_PREFIXES if secret.startswith(known)), "")
    body = secret[len(prefix) :]
    if len(body) < _SHORTEST_SHOWN:
        return f"{prefix}…"
    return f"{prefix}{body[:_SHOWN_HEAD]}…{body[-_SHOWN_TAIL:]}"


def looks_secret(text: str) -> bool:
    """True for text that starts like a vendor's key: such text is masked wherever a message would quote it."""
    return text.startswith(KNOWN_PREFIXES) or "-----BEGIN" in text


def sounds_secret(name: str) -> bool:
    """True for the name of a member, a header or a parameter whose text is a secret by convention."""
    return _SOUNDS_SECRET.search(name) is not None
