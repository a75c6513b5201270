"""An answer that ended because something failed: never a clean end, whoever asked and however it
came. Before the commit it is a failed attempt, after it an error in the client's dialect.
"""

from __future__ import annotations

from uniapi.canonical import Failure, FailureKind, Finish


def failed_finish(finish: Finish) -> Failure:
    """The failure that a finish of the reason `error` is, in the upstream's words: the model's own
    fault, so that another try may succeed.
    """
    word = finish.native or finish.reason
    said = f": {finish.message}" if finish.message else ""
    return Failure(
        kind=FailureKind.MODEL_FAULT,
        message=f"the answer ended in failure ({word}{said})",
        code=word,
    )
