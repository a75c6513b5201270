"""What is remembered of translated answers, and given back to a client that names it by an id
alone.
"""

import json

from uniapi.canonical import Call, Operation, Principal
from uniapi.gateway.expiring_map import LASTS_S
from uniapi.gateway.issued_items import IssuedItems

SAID = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Hm."}],
}
CALLED = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"}


def reference(item_id):
    return {"type": "item_reference", "id": item_id}


def call(items, key_id="k", dialect="openai_responses"):
    body = {"model": "m", "input": items, "unknown": [1.50]}
    return Call(
        request_id="r",
        dialect=dialect,
        operation=Operation.GENERATE,
        principal=Principal(key_id=key_id, label="k"),
        requested_model="m",
        stream=False,
        body=json.dumps(body).encode(),
        json=body,
        path="/v1/responses",
    )


def test_what_is_named_is_written_out_in_its_place():
    """Around it nothing changes, and body and object agree."""
    items = IssuedItems()
    items.remember("k", [SAID, CALLED], 0.0)
    asked = [
        {"role": "user", "content": "?"},
        reference("msg_1"),
        reference("fc_1"),
        {"type": "function_call_output", "call_id": "c", "output": "1"},
    ]
    resolved = items.resolve(call(asked), 1.0)
    assert [asked[0], SAID, CALLED, asked[3]] == resolved.json["input"]
    assert resolved.json == json.loads(resolved.body)
    assert resolved.json["unknown"] == [1.5]


def test_a_reference_without_its_type_is_one():
    items = IssuedItems()
    items.remember("k", [SAID], 0.0)
    assert items.resolve(call([{"id": "msg_1"}]), 1.0).json["input"] == [SAID]
    asked = call([{"id": "msg_1", "role": "user", "content": "x"}])
    assert items.resolve(asked, 1.0) is asked


def test_what_is_not_known_stays_as_it_is():
    """Another client key's item, one that is an hour old, one never met, and what is no list of
    items.
    """
    items = IssuedItems()
    items.remember("k", [SAID], 0.0)
    for asked in (
        call([reference("msg_1")], key_id="other"),
        call([reference("msg_2"), reference(3), "x", None]),
        call("item_reference"),
        call([reference("msg_1")], dialect="openai_chat"),
    ):
        assert items.resolve(asked, 1.0) is asked
    late = call([reference("msg_1")])
    assert items.resolve(late, LASTS_S) is late


def test_it_is_bounded_and_the_least_used_goes_first():
    """One large item does not drive out the rest."""
    items = IssuedItems(max_bytes=1700)
    items.remember("k", [{**SAID, "id": f"msg_{number}"} for number in range(4)], 0.0)
    items.resolve(call([reference("msg_0")]), 1.0)
    items.remember(
        "k",
        [
            {**SAID, "id": "msg_9"},
            {**SAID, "id": "msg_large", "content": "x" * 5000},
            {**SAID, "id": None},
            {"type": "message"},
        ],
        2.0,
    )
    found = [
        number
        for number in (0, 1, 2, 3, 9)
        if items.resolve(call([reference(f"msg_{number}")]), 3.0).json["input"]
        == [{**SAID, "id": f"msg_{number}"}]
    ]
    assert found == [0, 2, 3, 9]
    assert items.resolve(call([reference("msg_large")]), 3.0).json["input"] == [
        reference("msg_large")
    ]
