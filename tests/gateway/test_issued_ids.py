"""Which ids bind a call, and to whom."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import Call, Operation, Principal, RequestRefused
from uniapi.gateway.issued_ids import PINS_LAST_S, IssuedIds, Reference, find_references, said_once
from uniapi.routing import Pin
from uniapi.storage import KeptMap, MemoryFolder
from uniapi.wire import holds_twins

ONE, TWO = Pin(provider_id="p", credential_id="c1"), Pin(provider_id="p", credential_id="c2")
RESPONSE = Reference("previous_response_id", "resp_1")


def call(dialect, body, **more):
    return Call(
        request_id="r",
        dialect=dialect,
        operation=Operation.GENERATE,
        principal=Principal(key_id="k", label="k"),
        requested_model="m",
        stream=False,
        body=json.dumps(body).encode(),
        json=body,
        path="/",
        **more,
    )


@pytest.fixture
def pins():
    return IssuedIds(KeptMap(MemoryFolder(), "pins", limit=10, lasts_s=PINS_LAST_S))


def test_a_known_id_binds_to_its_owner_for_its_client_key(pins):
    """Also beside unknown ones; thirty days; not after it was forgotten."""
    pins.issued("k", ["resp_1", "x" * 600], ONE, 0.0)
    assert pins.bind("k", [Reference("container", "cntr_9"), RESPONSE], [TWO, ONE], 1.0) == ONE
    assert pins.owner("other", "resp_1", 1.0) is None
    assert pins.owner("k", "x" * 600, 1.0) == ONE
    assert pins.owner("k", "x" * 601, 1.0) is None
    assert pins.owner("k", "resp_1", PINS_LAST_S + 1) is None
    pins.forget("k", "resp_1")
    assert pins.owner("k", "resp_1", 1.0) is None


@pytest.mark.parametrize(
    "possible, status",
    [([], 400), ([ONE, TWO], 404)],
)
def test_an_unknown_id_needs_exactly_one_possible_owner(pins, possible, status):
    """None: such state is not kept here at all. Several: nobody can say."""
    assert pins.bind("k", [RESPONSE], [ONE], 0.0) == ONE
    with pytest.raises(RequestRefused) as refused:
        pins.bind("k", [RESPONSE], possible, 0.0)
    assert (refused.value.error.status, refused.value.error.param) == (
        status,
        "previous_response_id",
    )


def test_an_owner_that_cannot_serve_is_a_404_and_two_owners_are_a_400(pins):
    """The provider was removed, or the model is not its; ids of two accounts cannot meet."""
    pins.issued("k", ["resp_1"], ONE, 0.0)
    pins.issued("k", ["cntr_1"], TWO, 0.0)
    with pytest.raises(RequestRefused) as refused:
        pins.bind("k", [RESPONSE], [TWO], 0.0)
    assert refused.value.error.status == 404
    with pytest.raises(RequestRefused) as refused:
        pins.bind("k", [RESPONSE, Reference("container", "cntr_1")], [ONE, TWO], 0.0)
    assert refused.value.error.status == 400


def test_a_damaged_entry_is_no_owner():
    """The file may have been written by somebody else."""
    kept = KeptMap(MemoryFolder(), "pins", limit=10, lasts_s=10.0)
    kept.put("k resp_1", ["p", 3], 0.0)
    assert IssuedIds(kept).owner("k", "resp_1", 0.0) is None


FOUND = [
    ("openai_responses", {"input": "x"}, []),
    (
        "openai_responses",
        {"previous_response_id": None, "conversation": None, "input": [{"type": "item_reference"}]},
        [],
    ),
    ("openai_responses", {"previous_response_id": "resp_1"}, [("previous_response_id", "resp_1")]),
    ("openai_responses", {"conversation": {"id": "conv_1"}}, [("conversation", "conv_1")]),
    ("openai_responses", {"input": [{"id": "msg_1"}]}, [("input[0].id", "msg_1")]),
    ("openai_responses", {"input": [{"type": None, "id": "msg_1"}]}, [("input[0].id", "msg_1")]),
    ("openai_responses", {"input": [{"role": "user", "id": "msg_1", "content": "x"}]}, []),
    (
        "openai_responses",
        {
            "tools": [
                {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-1"]}}
            ]
        },
        [("tools[0].container.file_ids", "file-1")],
    ),
    (
        "openai_responses",
        {
            "input": [
                {
                    "role": "assistant",
                    "content": [
                        {
                            "type": "output_text",
                            "annotations": [
                                {"type": "container_file_citation", "file_id": "cfile_1"}
                            ],
                        }
                    ],
                }
            ]
        },
        [],
    ),
    (
        "openai_chat",
        {
            "messages": [
                {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}
            ]
        },
        [("messages[0].content[0].file.file_id", "file-1")],
    ),
    (
        "anthropic",
        {"container": {"id": "container_1"}, "messages": []},
        [("container", "container_1")],
    ),
    (
        "anthropic",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "document", "source": {"type": "file", "file_id": "file_1"}}
                    ],
                }
            ]
        },
        [("messages[0].content[0].source.file_id", "file_1")],
    ),
    (
        "anthropic",
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "x_tool_result", "content": [{"file_id": "file_1"}]}],
                }
            ]
        },
        [],
    ),
    (
        "gemini",
        {"cached_content": "cachedContents/1", "contents": []},
        [("cached_content", "cachedContents/1")],
    ),
    (
        "gemini",
        {"cachedContent": "cachedContents/1", "cached_content": "cachedContents/2"},
        [("cachedContent", "cachedContents/1"), ("cached_content", "cachedContents/2")],
    ),
    (
        "gemini",
        {
            "contents": [
                {
                    "parts": [
                        {
                            "fileData": {
                                "fileUri": (
                                    "https://generativelanguage.googleapis.com/v1beta/files/abc"
                                )
                            }
                        },
                        {"fileData": {"fileUri": "https://youtu.be/files/x"}},
                    ]
                }
            ]
        },
        [("contents[0].parts[0].fileData.fileUri", "files/abc")],
    ),
]


@pytest.mark.parametrize("dialect, body, found", FOUND)
def test_references_are_found_where_each_dialect_keeps_them(dialect, body, found):
    """What only an assistant's turn mentions is history and binds nothing."""
    assert tuple(Reference(*one) for one in found) == find_references(call(dialect, body))


SNEAKY = [
    ({"previous_response_id": {"id": "resp_1"}}, "previous_response_id"),
    ({"previous_response_id": ["resp_1"]}, "previous_response_id"),
    ({"previous_response_id": 1}, "previous_response_id"),
    ({"previous_response_id": " resp_1"}, "previous_response_id"),
    ({"previous_response_id": "resp_1\n"}, "previous_response_id"),
    ({"previous_response_id": "resp_1\u200b"}, "previous_response_id"),
    ({"conversation": ["conv_1"]}, "conversation"),
    ({"conversation": {"id": {"id": "conv_1"}}}, "conversation"),
    ({"input": [{"type": "item_reference", "id": ["rs_1"]}]}, "input[0].id"),
    ({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}, "input[0].id"),
    ({"input": [{"type": "reasoning", "id": ["rs_1"], "summary": []}]}, "input[0].id"),
    ({"input": [{"type": "reasoning", "id": "rs_1 ", "encrypted_content": ""}]}, "input[0].id"),
    ({"input": [{"type": "image_generation_call", "id": "rs_1"}]}, "input[0].id"),
]


@pytest.mark.parametrize("body, member", SNEAKY)
def test_whatever_another_reader_may_take_for_anothers_id_does_not_exist(pins, body, member):
    """Also where one credential alone could own it."""
    pins.issued("k", ["resp_1", "conv_1", "rs_1"], ONE, 0.0)
    references = find_references(call("openai_responses", body))
    with pytest.raises(RequestRefused) as refused:
        pins.bind("other", references, [ONE], 1.0)
    assert (refused.value.error.status, refused.value.error.param) == (404, member)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA"},
        {"type": "image_generation_call", "id": "rs_1", "result": "aGk="},
        {"type": "message", "role": "assistant", "id": "rs_1", "content": []},
        {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "x"}]},
    ],
)
def test_history_that_brings_its_content_or_that_nobody_else_has_binds_nothing(pins, item):
    pins.issued("k", ["rs_1"], ONE, 0.0)
    references = find_references(call("openai_responses", {"input": [item]}))
    assert not references or pins.bind("other", references, [], 1.0) is None


def test_ones_own_reasoning_binds_nothing(pins):
    pins.issued("k", ["rs_1"], ONE, 0.0)
    item = {"type": "reasoning", "id": "rs_1", "summary": []}
    references = find_references(call("openai_responses", {"input": [item]}))
    assert pins.bind("k", references, [TWO], 1.0) is None


def test_a_stored_responses_path_is_a_reference():
    """The id in the path."""
    asked = Call(
        request_id="r",
        dialect="openai_responses",
        operation=Operation.STORED,
        principal=Principal(key_id="k", label="k"),
        requested_model="",
        stream=False,
        body=b"",
        json={},
        path="/v1/responses/*",
        resource="resp_1",
    )
    assert find_references(asked) == (Reference("response_id", "resp_1"),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["file_id", "id", "content", "container", "type", "parts", "fileData", "role"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    [
        "input",
        "messages",
        "contents",
        "tools",
        "container",
        "conversation",
        "previous_response_id",
        "cachedContent",
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["openai_responses", "openai_chat", "anthropic", "gemini"]),
    st.dictionaries(MEMBERS, JSON, max_size=4),
)
def test_hostile_bodies_give_references_of_text_only(dialect, body):
    """Whatever the types, nothing is raised and nothing but text is an id."""
    body = {**body, "x": {"file_id": 1, "fileUri": "/files/", "item_reference": 0}}
    assert all(
        isinstance(one.issued_id, str) and one.issued_id
        for one in find_references(call(dialect, body))
    )


def test_an_id_of_another_client_key_does_not_exist(pins):
    """Also where one credential alone could own it; its own client goes on using it."""
    pins.issued("k", ["resp_1"], ONE, 0.0)
    with pytest.raises(RequestRefused) as refused:
        pins.bind("other", [RESPONSE], [ONE], 1.0)
    assert refused.value.error.status == 404
    assert pins.bind("k", [RESPONSE], [ONE], 1.0) == ONE
    pins.issued("other", ["resp_1"], TWO, 2.0)
    assert pins.bind("k", [RESPONSE], [ONE], 3.0) == ONE
    assert pins.bind("other", [RESPONSE], [TWO], 3.0) == TWO


def test_a_member_is_found_however_its_name_is_escaped():
    body = {"input": "x", "previous_response_id": "resp_1"}
    escaped = json.dumps(body).replace("response_id", "\\u0072esponse_id")
    asked = replace(call("openai_responses", body), body=escaped.encode())
    assert find_references(asked) == (RESPONSE,)


def test_a_file_in_the_result_of_a_call_is_a_reference() -> None:
    result = {"type": "function_call_output", "call_id": "c"}
    result["output"] = [{"type": "input_file", "file_id": "file-1"}]
    found = find_references(call("openai_responses", {"input": [result]}))
    assert found == (Reference("input[0].output[0].file_id", "file-1"),)


@pytest.mark.parametrize(
    ("text", "is_written_anew"),
    [
        (b'{"input": [{"type": "item_reference", "id": "a", "id": "b"}]}', True),
        (b'{"conversation": {"id": "a", "\\u0069d": "b"}}', True),
        (b'{"input": [{"type": "item_reference", "id": "a"}, {"id": "b"}]}', False),
    ],
)
def test_a_body_that_names_ids_names_each_once(text, is_written_anew) -> None:
    """Another reader would believe the first, which nobody has judged."""
    named = replace(call("openai_responses", json.loads(text)), body=text)
    told = said_once(named)
    assert (told is not named) is is_written_anew
    assert (json.loads(told.body), holds_twins(told.body)) == (named.json, False)
