"""The status page: one HTML file of our own, sent with a policy that lets it run nothing else and
reach nothing but this server.
"""

from __future__ import annotations

import base64
import hashlib
import pkgutil
import re
from collections.abc import Mapping
from functools import cached_property

_INLINE = re.compile(rb"<(style|script)>(.*?)</\1>", re.DOTALL)


class StatusPage:
    """Read when it is first asked for, through the package's loader: the package may be inside a
    zip file.
    """

    @cached_property
    def body(self) -> bytes:
        content = pkgutil.get_data("uniapi.server", "status.html")
        assert content is not None
        return content

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The inline style and script are named by their hashes
        (https://www.w3.org/TR/CSP3/#match-element-to-source-list).
        """
        hashes: dict[str, list[str]] = {"style": [], "script": []}
        for kind, inside in _INLINE.findall(self.body):
            hashes[kind.decode()].append(
                f"'sha256-{base64.b64encode(hashlib.sha256(inside).digest()).decode()}'"
            )
        policy = (
            f"default-src 'none'; style-src {' '.join(hashes['style'])}; script-src"
            f" {' '.join(hashes['script'])}; connect-src 'self'; img-src data:; base-uri 'none';"
            " form-action 'none'; frame-ancestors 'none'"
        )
        return {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": policy,
            "cache-control": "no-cache",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "vary": "accept",
        }
