"""Rules about reasoning: what may be asked for, and whose reasoning may be handed back.

https://platform.openai.com/docs/guides/reasoning
"""

from __future__ import annotations

from uniapi.canonical import Json
from uniapi.dialects.efforts import is_reasoning, nearest_effort
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.losses import REASONING_LOSS

from .fit_input import Item, with_items
from .opaque import OUR_ITEMS, is_packed
from .request_decode import ENCRYPTED_INCLUDE, LOGPROBS_INCLUDE

_OPENAI_CONTENT = "gAAAA"
"""OpenAI's encrypted content is a Fernet token, and so begins with its version and the high bytes
of a time (github.com/fernet/spec): «The encrypted content gAAA… could not be verified».
"""
_OPENAI_IDS = {
    "reasoning": "rs_",
    "message": "msg_",
    "function_call": "fc_",
    "custom_tool_call": "ctc_",
}
"""«Invalid 'input[2].id': '…'. Expected an ID that begins with 'fc'.»"""
_SAYS_NOTHING = (("temperature", 1), ("top_p", 1), ("top_logprobs", 0))
"""What models that reason refuse, and the value of each that asks for nothing."""


@minds("reasoning_items", always=True, where=tuple(_OPENAI_IDS))
def reasoning_items(body: Body, fitting: Fitting) -> Body:
    """Conversations move between vendors, and each takes back only what it wrote itself.

    Our own tokens around another vendor's (`opaque`) never leave. OpenAI answers 400 to encrypted
    content it did not write, 404 to reasoning by its id alone that it does not keep, and 400 to ids
    of another form.
    """
    own = with_items(body, lambda item, path: _own_item(item, body, fitting))
    return _without_orphans(own) if fitting.quirk.reasoning_items == "openai" else own


def _without_orphans(body: Body) -> Body:
    """«Item 'rs_…' of type 'reasoning' was provided without its required following item.», as a
    turn leaves it that was stopped (continuedev/continue#8933, #9628, 2026-11-30).
    """
    items = body.get("input")
    if not isinstance(items, list):
        return body
    orphans: set[int] = set()
    follows = False
    for at in range(len(items) - 1, -1, -1):
        if not isinstance(items[at], dict) or items[at].get("type") != "reasoning":
            follows = _is_of_the_model(items[at])
        elif not follows:
            orphans.add(at)
    if not orphans:
        return body
    return {**body, "input": [item for at, item in enumerate(items) if at not in orphans]}


def _is_of_the_model(item: Json) -> bool:
    """Whether a model wrote the item, as far as its kind tells."""
    if not isinstance(item, dict):
        return True
    kind = item.get("type", "message")
    if kind == "message":
        return item.get("role") == "assistant"
    return not (isinstance(kind, str) and kind.endswith("_output"))


def _own_item(item: Item, body: Body, fitting: Fitting) -> Item | None:
    if item.get("type") == "reasoning" and not _is_readable(item, body, fitting):
        fitting.lose(REASONING_LOSS)
        return None
    if item.get("type") == "reasoning" and item.get("summary") is None:
        # «missing required field `summary`» (newo-ether/Agora#141, 2026-11-30)
        item = {**item, "summary": []}
    prefix = _OPENAI_IDS.get(str(item.get("type")))
    if fitting.quirk.reasoning_items != "openai" or prefix is None:
        return item
    item_id = item.get("id")
    if item_id is None or (isinstance(item_id, str) and item_id.startswith(prefix)):
        return item
    return {name: value for name, value in item.items() if name != "id"}


def _is_readable(item: Item, body: Body, fitting: Fitting) -> bool:
    """Whether this upstream wrote the reasoning, as far as can be told by its form."""
    encrypted, taken = item.get("encrypted_content"), fitting.quirk.reasoning_items
    if is_packed(encrypted):
        return False
    if not isinstance(encrypted, str):
        return taken != "openai" or not _is_forgotten(item, body)
    is_openai = encrypted.startswith(_OPENAI_CONTENT)
    return taken == "any" or is_openai == (taken == "openai")


def _is_forgotten(item: Item, body: Body) -> bool:
    """Reasoning named by its id alone: nothing was stored, or the id is one that we made up."""
    return body.get("store") is False or str(item.get("id") or "").startswith(OUR_ITEMS)


@minds("efforts", "reasoning_request", where=("reasoning",))
def efforts(body: Body, fitting: Fitting) -> Body:
    """The nearest effort of the model's own, or none where it has no such dial."""
    reasoning = body.get("reasoning")
    if not isinstance(reasoning, dict):
        return body
    effort = reasoning.get("effort")
    if fitting.quirk.reasoning_request == "none":
        if effort != "none":
            fitting.lose("reasoning")
        return {name: body[name] for name in body if name != "reasoning"}
    if not isinstance(effort, str) or not fitting.quirk.efforts:
        return body
    nearest = nearest_effort(effort, fitting.quirk.efforts)
    return body if nearest == effort else {**body, "reasoning": {**reasoning, "effort": nearest}}


@minds("reasoning_summary", where=("reasoning",))
def summaries(body: Body, fitting: Fitting) -> Body:
    """Where a summary is no parameter: the reasoning is shown, or not, as the vendor likes."""
    reasoning = body.get("reasoning")
    if not isinstance(reasoning, dict) or "summary" not in reasoning:
        return body
    rest = {name: value for name, value in reasoning.items() if name != "summary"}
    without = {name: body[name] for name in body if name != "reasoning"}
    return {**without, "reasoning": rest} if rest else without


@minds("encrypted_reasoning")
def encrypted_reasoning(body: Body, fitting: Fitting) -> Body:
    """Asked for where it is kept for a client that cannot, never where it is refused."""
    said = body.get("include")
    include: list[Json] = said if isinstance(said, list) else []
    if not fitting.quirk.encrypted_reasoning:
        return _with_include(body, [word for word in include if word != ENCRYPTED_INCLUDE])
    if fitting.beside.keeps_reasoning and ENCRYPTED_INCLUDE not in include:
        return {**body, "include": [*include, ENCRYPTED_INCLUDE]}
    return body


@minds("sampling_while_reasoning", "reasons_by_default")
def sampling(body: Body, fitting: Fitting) -> Body:
    """What a model refuses while it reasons: «Unsupported parameter: 'temperature' is not supported
    with this model.» Log probabilities are asked for by `include`.
    """
    reasoning = body.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else None
    if fitting.quirk.sampling_while_reasoning or not is_reasoning(effort, fitting.quirk):
        return body
    refused = {name: nothing for name, nothing in _SAYS_NOTHING if name in body}
    for name, nothing in refused.items():
        if body[name] not in (None, nothing):
            fitting.lose(name)
    kept = {name: body[name] for name in body if name not in refused} if refused else body
    include = body.get("include")
    if not isinstance(include, list) or LOGPROBS_INCLUDE not in include:
        return kept
    fitting.lose("logprobs")
    return _with_include(kept, [word for word in include if word != LOGPROBS_INCLUDE])


def _with_include(body: Body, include: list[Json]) -> Body:
    """`body` asking for `include`, the very object when it does already; an empty list is none."""
    if body.get("include") == include or not isinstance(body.get("include"), list):
        return body
    without = {name: body[name] for name in body if name != "include"}
    return {**without, "include": include} if include else without
