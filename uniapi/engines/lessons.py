"""What one refusal teaches about the request it refused: the place that it names in the body, and
what to do there. `mending` has the texts.

A name is taken from a text only where the request holds it, and nothing is taught that would change
what the user asked: texts, the model, tools as such, the response format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from uniapi.canonical import Failure, Json
from uniapi.dialects import at_most, without_past_images
from uniapi.values import dataclass
from uniapi.wire import ITEM, Path, changed_at, holds, paths_to, walk

from .learned import BETAS, EVERY_BETA, MAX_LESSONS, Learned, is_limit

Teach = Callable[[re.Match[str], Mapping[str, Json]], Learned]
"""(what was found in the text, the refused body) → what it teaches; nothing when the body does not
hold what is named.
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """One form of refusal: `pattern` is searched for in the text, `teach(match, body)` gives what
    it teaches about this request, nothing when the request does not hold what is named. Narrower
    forms stand first: the first one that teaches anything is believed. Who writes so stands above
    the pattern.
    """

    pattern: re.Pattern[str]
    teach: Teach


def read_as(pattern: str, teach: Teach) -> Reader:
    """`teach` where `pattern` stands in a refusal, however it is capitalized."""
    return Reader(re.compile(pattern, re.IGNORECASE), teach)


_NEVER = frozenset(
    {
        "model",
        "messages",
        "input",
        "contents",
        "prompt",
        "system",
        "instructions",
        "systemInstruction",
        "system_instruction",
        "tools",
        "functions",
        "response_format",
        "stream",
        "n",
    }
)
"""Members that are what the user asked; something within them may go, they may not."""
_NEVER_WITHIN = frozenset(
    {
        "role",
        "content",
        "text",
        "parts",
        "name",
        "arguments",
        "parameters",
        "input_schema",
        "parametersJsonSchema",
        "functionDeclarations",
        "function",
        "tool_calls",
        "tool_call_id",
        "call_id",
        "tool_use_id",
        "output",
        "json_schema",
        "schema",
        "format",
        "output_format",
        "responseSchema",
        "responseJsonSchema",
        "response_schema",
        "response_json_schema",
        "image_url",
        "inlineData",
        "source",
        "type",
    }
)
"""Names that carry a turn, a tool or the wanted form, wherever they stand."""
_WORDS_OF_PLACES = frozenset(
    {"body", "assistant", "user", "tool", "system", "custom", "enabled", "adaptive", "developer"}
    | {"list", "str", "dict"}
)
"""What validators put into a path though no member is called so: roles, kinds of items, and the
types of a union (`content.list[ChatMessageContent][0]`, Fireworks: musistudio/claude-code-router
#377, 2026-11-30).
"""


def find_place(named: str, body: Mapping[str, Json]) -> Path:
    """The place that a text names (`messages[1].x`, `body.thinking`, `reasoning.effort`, `x`), as a
    pattern, where the body holds it; empty when it does not, or may not be changed there.
    """
    tokens = [token for token in re.split(r"[.\[\]/'\"`\s]+", named[:200]) if token]
    path = _followed(tokens, body)
    if not path and len(tokens) == 1:
        found = [place for each in _spellings(tokens[0]) for place in paths_to(body, each)]
        places = {place for place in found if may_change(place)}
        path = places.pop() if len(places) == 1 else ()
    return path if may_change(path) and not _holds_form(path, body) else ()


_FORM_HOLDERS = {
    "output_config": ("format",),
    "text": ("format",),
    "generationConfig": ("responseSchema", "responseJsonSchema"),
    "generation_config": ("response_schema", "response_json_schema"),
}
"""Members in which, beside other things, the form of the answer may be asked for."""


def _holds_form(path: Path, body: Mapping[str, Json]) -> bool:
    """Whether what is named would take the wanted form of the answer with it."""
    within = _FORM_HOLDERS.get(path[0], ()) if len(path) == 1 else ()
    return any(_has(body.get(path[0]), name) for name in within)


def may_change(path: Path) -> bool:
    if not path or path[-1] == ITEM:
        return False
    return not (len(path) == 1 and path[0] in _NEVER) and path[-1] not in _NEVER_WITHIN


def _followed(tokens: Iterable[str], body: Any) -> Path:
    """The pattern of a place that is named step by step, words that are no members left out."""
    path: list[str] = []
    value = body
    steps = list(tokens)
    for at, token in enumerate(steps):
        is_tag = _is_tag(token, value)
        if isinstance(value, list) and is_tag and at + 1 < len(steps):
            continue
        if isinstance(value, list):
            path.append(ITEM)
            if token.isdigit():
                value = value[int(token)] if len(token) < 7 and int(token) < len(value) else None
                continue
            value = next((item for item in value if _has(item, token)), None)
        name = next((one for one in _spellings(token) if _has(value, one)), None)
        if name is not None and (at + 1 == len(steps) or isinstance(value[name], dict | list)):
            path.append(name)
            value = value[name]
        elif name is None and not is_tag and not token.isdigit():
            return ()
    return tuple(path)


def _is_tag(token: str, value: Any) -> bool:
    """Whether a validator, and no body, calls something so: the kind that it took `value` for
    (`system.1.cache_control.ephemeral.scope`: caozhiyuan/copilot-api#143, 2026-11-30).
    """
    if isinstance(value, dict) and value.get("type") == token:
        return True
    return token in _WORDS_OF_PLACES or (token[:1].isupper() and not token.isupper())


def _has(value: Any, name: str) -> bool:
    return isinstance(value, dict) and name in value


def _spellings(name: str) -> tuple[str, ...]:
    """As it is written, and in the other case: presencePenalty is presence_penalty."""
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1].lower(), name)
    head, *rest = name.split("_")
    camel = head + "".join(part[:1].upper() + part[1:] for part in rest)
    return tuple(dict.fromkeys((name, snake, camel)))


def drop(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """Every member named, in one list or alone."""
    names = match["name"][:400].split(",")
    places = [find_place(name.strip(), body) for name in names[:16]]
    return Learned(drops=frozenset(place for place in places if place))


def drop_at(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """Google names the member and the place above it."""
    holder = _followed([part for part in re.split(r"[.\[\]]+", match["at"]) if part], body)
    name = next((one for one in _spellings(match["name"]) if holds(body, (*holder, one))), None)
    place = (*holder, name) if name is not None else ()
    return Learned(drops=frozenset({place})) if may_change(place) else Learned()


def drop_loc(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """Pydantic's `loc`: the steps to the member, as a list."""
    steps = re.findall(r"[\w-]+", match["loc"])
    place = _followed(steps, body)
    is_whole = bool(place) and bool(steps) and place[-1] in _spellings(steps[-1])
    return Learned(drops=frozenset({place})) if is_whole and may_change(place) else Learned()


def rename(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    place = find_place(match["name"], body)
    wanted = match["wanted"].rpartition(".")[2]
    if not place or wanted in _NEVER or wanted in _NEVER_WITHIN:
        return Learned()
    return Learned(renames={place: wanted})


def choose(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """The nearest of the words that are listed, at the member named, or where the refused word
    stands.
    """
    groups = match.groupdict()
    words = tuple(re.findall(r"[\w.-]+", _listed(groups["words"])))[:24]
    words = tuple(word for word in words if word not in ("and", "or", "null", "true", "false"))
    place = find_place(groups["name"], body) if groups.get("name") else ()
    if not place and groups.get("value"):
        place = _place_of(groups["value"], body)
    if not place or not words:
        return Learned()
    return Learned(choices={place: words})


def _listed(text: str) -> str:
    """The list alone: up to the end of its sentence."""
    return re.split(r"\.\s|\.$|\n|\bat line\b|;", text[:300], maxsplit=1)[0]


def _place_of(value: str, body: Mapping[str, Json]) -> Path:
    """Where this very word stands as a setting, when it stands in one such place."""
    places = {path for path, found in walk(body) if found == value and may_change(path)}
    return places.pop() if len(places) == 1 else ()


_OUTPUT_LIMITS = (
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "maxOutputTokens",
    "maxTokens",
)
"""What a vendor calls `max_tokens` may have been written as any of these."""


def keep_within(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """The largest number that is named (`most`; `below`: one more than that), at the member
    (`name`; none: the limit of the output) whose number is larger.
    """
    groups = match.groupdict()
    below = groups.get("below")
    most = float(below) - 1 if below else float(groups["most"])
    name = groups.get("name") or _OUTPUT_LIMITS[0]
    for one in _OUTPUT_LIMITS if name in _OUTPUT_LIMITS else (name,):
        place = find_place(one, body)
        if place and is_limit(most) and _is_larger(body, place, most):
            return Learned(limits={place: most})
    return Learned()


def _is_larger(body: Mapping[str, Json], place: Path, most: float) -> bool:
    """Whether a number above `most` stands there: the same body fitted would be another."""
    return changed_at(body, place, lambda value: at_most(value, most)) is not body


def keep_reasoning(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """A model that always reasons, asked not to: it is asked to reason little."""
    place = _place_of("none", body)
    return Learned(choices={place: ("low", "medium", "high", "xhigh", "max")} if place else {})


def teaches(**facts: Any) -> Teach:
    """Facts of the Quirk, whatever the body."""
    return lambda match, body: Learned(facts=facts)


def drop_betas(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """Every beta named; all of them where none is."""
    named = match.groupdict().get("betas")
    names = re.findall(r"[a-z][a-z0-9-]{3,60}", named)[:MAX_LESSONS] if named else [EVERY_BETA]
    return Learned(drops=frozenset((BETAS, name) for name in names))


def past_images(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """Pictures of earlier turns and of tools' results, where the request holds some: what the user
    shows now is another provider's.
    """
    seen = dict(body)
    holds_some = without_past_images(seen) is not seen
    return Learned(facts={"past_images": False}) if holds_some else Learned()


def no_structured_output(match: re.Match[str], body: Mapping[str, Json]) -> Learned:
    """Messages without structured output, where the request wants some: a tool stands in for it."""
    config = body.get("output_config")
    is_wanted = _has(config, "format") or isinstance(body.get("output_format"), dict)
    return Learned(facts={"anthropic_structured": False}) if is_wanted else Learned()


def asks_in(dialect: str) -> Teach:
    """Another dialect of the same vendor."""
    return lambda match, body: Learned(dialect=dialect)


def by_param(failure: Failure, body: Mapping[str, Json]) -> Learned:
    """OpenAI's form with words of somebody else: the member stands in `param`, and the code or the
    text says that it is not known.
    """
    if not failure.param:
        return Learned()
    said = f"{failure.code} {failure.message[:500]}".lower()
    if not any(word in said for word in _UNKNOWN_WORDS):
        return Learned()
    place = find_place(failure.param, body)
    return Learned(drops=frozenset({place})) if place else Learned()


_UNKNOWN_WORDS = (
    "unsupported_parameter",
    "unknown_parameter",
    "unsupported_value",
    "not supported",
    "unsupported",
    "unknown",
    "unrecognized",
    "param incorrect",
    "不支持",
)
