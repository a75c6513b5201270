"""The rule for hosts that refuse members they do not know: what is not on their list is left out,
so that the next new member of another vendor breaks nothing.

A member of the request that is left out is a loss; one of an earlier message (another vendor's
reasoning, a signature) is nothing that its client would miss.
"""

from __future__ import annotations

from collections.abc import Collection

from uniapi.canonical import Json
from uniapi.dialects.fitting import ODD_TURN, Body, Fitting, minds
from uniapi.dialects.quirk import Quirk

from .fit_members import without, without_refused
from .fit_messages import Turn, with_calls, with_messages


def _taken_of_requests(quirk: Quirk) -> frozenset[str] | None:
    return None if quirk.taken_members is None else quirk.taken_members.request


# Of a turn that is no odd one, role and content are all, which every role takes.
@minds("taken_members", where=(ODD_TURN, "tools"), knows=_taken_of_requests)
def only_taken_members(body: Body, fitting: Fitting) -> Body:
    taken = fitting.quirk.taken_members
    if taken is None or "prompt" in body:
        return body
    by_role = {
        "system": taken.system,
        "developer": taken.system,
        "user": taken.user,
        "assistant": taken.assistant,
        "tool": taken.tool,
    }

    def mend(message: Turn, path: str) -> Turn:
        names = by_role.get(str(message.get("role")))
        bare = message if names is None else _only(message, names)
        return with_calls(bare, lambda call: _only(call, taken.call))

    changed = with_messages(body, mend)
    tools = changed.get("tools")
    if isinstance(tools, list) and any(_only(tool, taken.offered) is not tool for tool in tools):
        changed = {**changed, "tools": [_only(tool, taken.offered) for tool in tools]}
    return without_refused(changed, changed.keys() - taken.request, fitting)


def _only(holder: Json, names: Collection[str]) -> Json:
    if not isinstance(holder, dict) or holder.keys() <= set(names):
        return holder
    return without(holder, *(holder.keys() - set(names)))
