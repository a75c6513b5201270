"""Claude as its documentation bills caches (platform.claude.com/docs/en/build-with-claude/
prompt-caching, 2026-11-30): a prefix is kept at each mark from the model's minimum on, for five
minutes from its last use; a request reads the longest prefix that was kept at one of its marks or
at one of the 20 blocks before one; four marks at most.
"""

import json

LIFETIME_S = 300
LOOKED_BACK = 20
MOST_MARKS = 4


class Claude:
    """One account. `usage` is what a request is billed."""

    def __init__(self, least=512):
        self._least = least
        self._kept = {}
        """Prefix → when it ends."""

    def usage(self, body, now_s=0.0):
        blocks = list(_blocks(body))
        marks = [index for index, (_, is_marked) in enumerate(blocks) if is_marked]
        assert len(marks) <= MOST_MARKS, "A maximum of 4 blocks with cache_control may be provided."
        ends, prefixes, so_far = [], [], ""
        for text, _ in blocks:
            so_far += text
            prefixes.append(hash(so_far))
            ends.append(len(so_far) // 4)
        total = ends[-1]
        read = max((ends[at] for at in self._found(marks, prefixes, now_s)), default=0)
        written = 0
        for mark in marks:
            if ends[mark] >= self._least:
                self._kept[prefixes[mark]] = now_s + LIFETIME_S
                written = max(written, ends[mark])
        written = max(0, written - read)
        return {
            "input_tokens": total - read - written,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "output_tokens": 50,
        }

    def _found(self, marks, prefixes, now_s):
        for mark in marks:
            for at in range(mark, max(-1, mark - LOOKED_BACK), -1):
                if self._kept.get(prefixes[at], 0) > now_s:
                    self._kept[prefixes[at]] = now_s + LIFETIME_S
                    yield at
                    break


def _blocks(body):
    """(text, whether it is marked) of every block in the order of the prompt."""
    for tool in body.get("tools") or ():
        yield _told(tool)
    system = body.get("system") or ()
    for block in [{"type": "text", "text": system}] if isinstance(system, str) else system:
        yield _told(block)
    for message in body["messages"]:
        content = message["content"]
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        for block in content:
            text, is_marked = _told(block)
            yield message["role"] + text, is_marked


def _told(block):
    bare = {name: value for name, value in block.items() if name != "cache_control"}
    return json.dumps(bare, sort_keys=True), "cache_control" in block
