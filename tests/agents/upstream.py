"""All vendors of a session behind one listener: each request is judged by the vendor whose host it
names, refused in that vendor's shape when it breaks a rule, and answered by the script else.
"""

import replies
from fakes import FakeUpstream
from wording import in_own_words

_DIALECTS = {
    "/chat/completions": "chat",
    "/responses": "responses",
    "/messages": "anthropic",
    ":generateContent": "gemini",
    ":streamGenerateContent": "gemini",
}


class Upstream(FakeUpstream):
    """`asked`: (vendor, path, body) of every request in order; `refused`: (vendor, words);
    `answered`: the names of vendors; `issued`: by vendor, what each gave out and wants back.
    """

    def begin(self, script):
        """A new session; what others were given is forgotten."""
        self.script = script
        self.asked, self.refused, self.answered, self.issued = [], [], set(), {}

    def answer_to(self, seen):
        both = (self.script.vendor, self.script.origin)
        vendor = next((one for one in both if one and one.host == seen.headers.get("host")), None)
        path = seen.path.partition("?")[0]
        ending = next((ending for ending in _DIALECTS if path.endswith(ending)), None)
        dialect = _DIALECTS.get(ending, "chat")
        if vendor is None or dialect not in vendor.refuses:
            return replies.error(dialect, 404)
        self.asked.append((vendor.name, seen.path, seen.json))
        if not self.script.is_served_by(vendor, seen.json):
            return replies.error(dialect, 500)
        return self._judged(vendor, dialect, seen)

    def _judged(self, vendor, dialect, seen):
        body, issued = seen.json, self.issued.setdefault(vendor.name, {})
        offences = [words for rule in vendor.refuses[dialect] for words in rule(body, issued)]
        if offences:
            self.refused += [(vendor.name, words) for words in offences]
            return replies.error(dialect, 400, offences[0])
        self.answered.add(vendor.name)
        number = len(self.asked)
        reply = self.script.reply(vendor, body, issued, number)
        is_streamed = body.get("stream") is True or "streamGenerateContent" in seen.path
        answer = replies.RENDERERS[dialect](reply, is_streamed)
        answer.pieces = in_own_words(answer.pieces, vendor, dialect, reply, body, number)
        return answer
