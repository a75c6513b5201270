"""What happens in one session, whoever answers: a file that the conversation has not shown yet is
read by a call; when all files of the turn have been shown, what stands in them is said.
"""

import base64
import json
from dataclasses import dataclass

from agents import READERS
from replies import Reply

MOST_REQUESTS = 24
"""Of one session; an agent that goes in circles is told an end."""


@dataclass
class Script:
    """`turns` are lists of files, `words` what stands in each. With an origin, the vendor is out of
    service until the first file of the second turn has been shown, and the origin answers.
    """

    vendor: object
    origin: object
    turns: tuple
    words: dict
    turn: int = 0

    @property
    def files(self):
        """Of the present turn."""
        return self.turns[self.turn]

    def shown(self, body):
        """How many files of the present turn the conversation holds."""
        text = json.dumps(body)
        return sum(self.words[file] in text for file in self.files)

    def is_served_by(self, vendor, body):
        if self.origin is None:
            return True
        has_moved = (self.turn, self.shown(body)) >= (1, 1)
        return vendor is (self.vendor if has_moved else self.origin)

    def reply(self, vendor, body, issued, number):
        """The answer number `number`; what must come back of it is noted in `issued`."""
        tool = next((name for name in offered_names(body) if _bare(name) in READERS), None)
        if tool is None:
            return Reply(text="A title")
        shown = self.shown(body)
        signature = _sign(vendor, issued, number)
        if shown == len(self.files) or number > MOST_REQUESTS:
            # In capitals: what the command printed is not yet what the agent says.
            said = " ".join(self.words[file] for file in self.files[:shown]).upper()
            return Reply(text=said, reasoning="I have it.", signature=signature)
        file = self.files[shown]
        thought = f"I look into {file}, says {vendor.name}."
        call_id = f"call_{vendor.name}_{number}"
        issued[call_id] = signature if vendor.signs else thought
        call = (call_id, tool, READERS[_bare(tool)](file))
        return Reply(calls=(call,), reasoning=thought, signature=signature, finish="tool_calls")


def _sign(vendor, issued, number):
    sealed = base64.b64encode(f"{vendor.name} signed answer {number}".encode()).decode()
    signature = issued[f"signature {number}"] = vendor.seal + sealed
    return signature


def offered_tools(body):
    items = body.get("input") if isinstance(body.get("input"), list) else []
    offers = [body, *(item for item in items if item.get("type") == "additional_tools")]
    return [tool for offer in offers for tool in offer.get("tools") or ()]


def offered_names(body):
    """Names of the tools of a body, whatever its dialect."""
    for tool in offered_tools(body):
        inner = tool.get("functionDeclarations") or tool.get("tools")
        yield from (str(one.get("name")) for one in inner or (tool.get("function", tool),))


def _bare(name):
    """The name that the agent gave a tool, without the namespace that the gateway joined on."""
    return name.rpartition("__")[2]
