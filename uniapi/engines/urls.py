"""`base_url` in all the forms people write it → the root of an API and the URL of each operation.

Users paste what they found: the host alone, the root with its version, the full endpoint, a doubled
`/v1`, a trailing `/`. The rules, in order:

1. a trailing `#` means: this is the endpoint, exactly (the convention of chat clients such as
   Cherry Studio);
2. a known endpoint path at the end is cut off, what remains is the root;
3. a host without a path gets the API's usual path (`/v1`), so does one with the beginning or the
   end of it;
4. any other path is the root; only when `engine:` was written and the path does not look like a
   root (`v1`, `openai`, `api`, a trailing `/`) is it the endpoint as written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from uniapi.operations import SERVICES
from uniapi.values import dataclass

OPENAI_PATHS = {
    operation: service.openai_path
    for operation, service in SERVICES.items()
    if service.openai_path is not None
}
"""Where an OpenAI-compatible API has each operation, below its root."""

OPENAI_ENDINGS = (
    "chat/completions",
    "chat/completion",
    "responses/compact",
    "responses/input_tokens",
    "responses",
    *OPENAI_PATHS.values(),
    "models",
)
"""Endpoint paths a `base_url` may carry.

GitHub Models' users write a singular `chat/completion` (the predecessor's README names it).
"""

ANTHROPIC_ENDINGS = ("messages/count_tokens", "messages", "complete", "models")
COHERE_ENDINGS = ("chat", "embed", "rerank", "audio/transcriptions", "models")

_ABSOLUTE = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?\Z", re.DOTALL
)
_LOCAL_HOST = re.compile(r"(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?\Z")
_VERSION = re.compile(r"v\d+(?:(?:alpha|beta|preview)\d*)?\Z")
_ROOT_WORDS = frozenset(
    {
        "api",
        "openai",
        "anthropic",
        "claude",
        "gemini",
        "google",
        "claude-code-proxy",
        "claudecode",
        "coding",
        "compat",
        "compatible",
        "compatible-mode",
        "inference",
        "plan",
        "proxy",
        "serving-endpoints",
    }
)
"""Last segments of a path that name an API's root, not one of its endpoints."""


@dataclass(frozen=True, slots=True)
class UrlParts:
    """A URL taken apart: `host` with its port, in lower case; `path` without a trailing slash or
    doubled ones, `""` for none.
    """

    scheme: str
    host: str
    path: str
    query: str
    is_exact: bool
    """It ended in `#`."""
    is_slashed: bool
    """The path ended in `/`: a root, not an endpoint."""

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def host_name(self) -> str:
        """The host without its port or user."""
        name = self.host.rpartition("@")[2]
        return name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]

    @property
    def segments(self) -> list[str]:
        return [segment for segment in self.path.split("/") if segment]


@dataclass(frozen=True, slots=True)
class Root:
    """Where an API begins. `exact` is the main endpoint's URL when it was written out and must not
    be derived.
    """

    url: str
    query: str = ""
    exact: str | None = None

    def at(self, path: str, query: str = "") -> str:
        """The URL of `path` below the root, with the written query and `query`."""
        joined = "&".join(part for part in (self.query, query) if part)
        return f"{self.url}/{path}" + (f"?{joined}" if joined else "")


@lru_cache(maxsize=1024)
def parse_url(text: str) -> UrlParts:
    """Any text as a URL; never raises. Without a scheme it is https, on the loopback http."""
    match = _ABSOLUTE.match(text.strip())
    assert match is not None
    scheme, host, path, query, fragment = match.groups()
    host = host.lower()
    if not scheme:
        scheme = "http" if _LOCAL_HOST.match(host) else "https"
    path = re.sub(r"/{2,}", "/", path)
    return UrlParts(
        scheme=scheme.lower(),
        host=host,
        path=_undouble(path.rstrip("/")),
        query=query or "",
        is_exact=fragment is not None,
        is_slashed=len(path) > 1 and path.endswith("/"),
    )


def _undouble(path: str) -> str:
    """`/v1/v1` → `/v1`: the version written once too often."""
    segments = path.split("/")
    kept = [
        segment
        for index, segment in enumerate(segments)
        if not (index and segment == segments[index - 1] and _VERSION.match(segment))
    ]
    return "/".join(kept)


@lru_cache(maxsize=1024)
def find_root(
    base_url: str,
    endings: tuple[str, ...],
    usual_path: str,
    is_forced: bool,
    other_paths: tuple[str, ...] = (),
) -> Root:
    """The root behind `base_url` (rules above).

    `usual_path` (`/v1`) is what a bare host gets. Only the beginning of that path, or of one of
    `other_paths`, stands for the whole, and its end: `/v1` where the API lies at `/openai/v1`.
    """
    parts = parse_url(base_url)
    if parts.is_exact:
        return _as_written(parts)
    path = parts.path
    for ending in sorted(endings, key=len, reverse=True):
        if path.endswith("/" + ending):
            return Root(parts.origin + path[: -len(ending) - 1], parts.query)
    if not path:
        return Root(parts.origin + usual_path, parts.query)
    for known in (usual_path, *other_paths):
        if known.startswith(path + "/"):
            return Root(parts.origin + known, parts.query)
    if usual_path.endswith(path):
        return Root(parts.origin + usual_path, parts.query)
    above = path.removesuffix("/chat")
    if above != path and ends_in_version(above) and not is_forced:
        # The half of `/chat/completions` (ChatBox and others ask for address and path apart).
        return Root(parts.origin + above, parts.query)
    if is_forced and not parts.is_slashed and not looks_like_root(path):
        return _as_written(parts)
    return Root(parts.origin + path, parts.query)


def _as_written(parts: UrlParts) -> Root:
    """The URL is the endpoint itself; its neighbours are looked for beside it."""
    return Root(
        parts.origin + parts.path,
        parts.query,
        parts.origin + parts.path + (f"?{parts.query}" if parts.query else ""),
    )


def looks_like_root(path: str) -> bool:
    last = path.rpartition("/")[2]
    return not last or last in _ROOT_WORDS or ends_in_version(path)


def ends_in_version(path: str) -> bool:
    return is_version(path.rpartition("/")[2])


def is_version(segment: str) -> bool:
    return _VERSION.match(segment) is not None


def quote_model(model: str, safe: str = "") -> str:
    """A model's name as a part of a path; nothing but unreserved characters and `safe` stays as it
    is.
    """
    return quote(model, safe=safe)


def with_query(url: str, member: str) -> str:
    """`url` with one more query member, already encoded."""
    return f"{url}{'&' if '?' in url else '?'}{member}"
