"""A request for which the memory is not enough is refused for now, in one line of the log; a
mistake of ours keeps its traceback. Both lanes say the same.
"""

import json

import pytest
from lanes import Wire, ask, corpus, turn

CALL = next(data for data in corpus() if data.startswith(b"POST /v1/chat/completions"))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (MemoryError(), 503, "out_of_memory"),
        (RuntimeError("can't start new thread"), 503, "out_of_memory"),
        (KeyError("ours"), 500, "internal_error"),
    ],
)
async def test_what_fails_inside_is_told_apart(lanes, monkeypatch, caplog, error, status, code):
    async def fail(self, call, key, reply):
        raise error

    monkeypatch.setattr("lanes.EchoDesk.run", fail)
    for lane in (lanes.edge, lanes.aiohttp):
        caplog.clear()
        statuses, (answer,), is_open = await ask(lane, [CALL])
        assert (statuses, is_open) == ([status], True)
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == code
        assert (b"retry-after: 5" in answer) == (status == 503)
        failed = [line for line in caplog.records if "failed inside" in line.message]
        assert [line.exc_info is not None for line in failed] == [status == 500]


async def test_a_read_for_which_there_is_no_memory_ends_its_connection_alone(lanes, monkeypatch):
    """It is the loop's own call: what it raises would be a traceback of asyncio's."""

    def feed(self, data):
        raise MemoryError

    one, other = Wire(lanes.edge.connection()), Wire(lanes.edge.connection())
    head, body = CALL.split(b"\r\n\r\n")
    one.feed(head + b"\r\n\r\n" + body[:5])
    await turn()
    monkeypatch.setattr("uniapi.server.edge_body.EdgeBody.feed", feed)
    one.feed(body[5:])
    await turn()
    monkeypatch.undo()
    assert one.is_cut_off
    other.feed(CALL)
    await turn()
    assert other.written.startswith(b"HTTP/1.1 200 ")
