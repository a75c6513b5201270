"""The status page: one HTML file, put together of our own parts, sent with a policy that lets it
run nothing else and reach nothing but this server.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from functools import cached_property

_FOLDER = "status_page"
_SCRIPTS = ("base", "asking", "charts", "requests", "keys", "tables", "money", "connect", "board")
"""In the order in which they build on each other."""


Words = tuple[str, Mapping[str, str]]
"""The language that the page begins in ("": the browser's), and its texts in Chinese."""


class StatusPage:
    """Read when it is first asked for, through the package's loader: the package may be inside a
    zip file.
    """

    def __init__(self, words: Callable[[], Words]) -> None:
        self._words = words

    @cached_property
    def body(self) -> bytes:
        page, style, script = _text("page.html"), self._style, self._script
        return page.replace("{{style}}", style).replace("{{script}}", script).encode()

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The inline style and script are named by their hashes
        (https://www.w3.org/TR/CSP3/#match-element-to-source-list).
        """
        policy = (
            f"default-src 'none'; style-src '{_hash(self._style)}'; script-src"
            f" '{_hash(self._script)}'; connect-src 'self'; img-src data:; base-uri 'none';"
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

    @cached_property
    def _style(self) -> str:
        return _text("style.css")

    @cached_property
    def _script(self) -> str:
        language, chinese = self._words()
        constants = {"WORDS": dict(chinese), "WANTED_LANGUAGE": language}
        # A script element ends at the first `</script`, whatever stands around it.
        given = "".join(
            f"const {name} = {json.dumps(value, ensure_ascii=False)};\n".replace("<", "\\u003c")
            for name, value in constants.items()
        )
        parts = "\n".join(_text(f"{name}.js") for name in _SCRIPTS)
        return f'"use strict";\n(() => {{\n{given}{parts}\n}})();\n'


def _text(name: str) -> str:
    content = pkgutil.get_data("uniapi.server", f"{_FOLDER}/{name}")
    assert content is not None
    return content.decode()


def _hash(inside: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}"
