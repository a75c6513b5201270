"""A canonical request becomes a Messages body that the API takes, whatever dialect it came from."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic.types.beta.message_create_params import MessageCreateParamsBase
from anthropic_road import fitted
from pydantic import TypeAdapter

from uniapi.canonical import (
    CacheHint,
    Citation,
    HostedTool,
    Media,
    Message,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    Refusal,
    Request,
    Role,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Unknown,
)
from uniapi.dialects import EncodedRequest, Quirk
from uniapi.dialects.anthropic import UPSTREAM

PARAMS: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsBase)


def turn(role: Role, *parts: Part | str) -> Message:
    return Message(
        role=role, parts=tuple(Text(text=part) if isinstance(part, str) else part for part in parts)
    )


def encode(*messages: Message, quirk: Quirk | None = None, **members: Any) -> EncodedRequest:
    """What leaves: encoded, then fitted."""
    encoded = fitted(Request(model="claude-x", messages=messages, **members), quirk or Quirk())
    PARAMS.validate_python(encoded.body)
    return encoded


def messages(*given: Message, quirk: Quirk | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = encode(*given, quirk=quirk).body["messages"]
    return found


def test_the_least_request_is_plain() -> None:
    """A string for a single text, the default limit, nothing the client did not say."""
    encoded = encode(turn("system", "be kind"), turn("user", "hi"))
    assert encoded.body == {
        "model": "claude-x",
        "max_tokens": 8192,
        "system": "be kind",
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert (encoded.losses, encoded.headers) == ((), {})


def test_instructions_keep_their_place() -> None:
    """The first ones are the system text, later ones turns: moved, they would say something else
    and break the cached prefix.
    """
    body = encode(
        turn("system", "a"),
        turn("developer", "b"),
        turn("user", "hi"),
        turn("developer", "c"),
    ).body
    assert body["system"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert body["messages"] == [
        {"role": "user", "content": "hi"},
        {"role": "system", "content": "c"},
    ]


def test_instructions_do_not_part_a_call_from_its_result() -> None:
    """They wait until every result is there, or will not come."""
    found = messages(
        turn("user", "go"),
        turn("assistant", call("a"), call("b")),
        turn("user", result("a")),
        turn("system", "be quick"),
        turn("user", result("b")),
        turn("assistant", call("c")),
        turn("system", "and kind"),
        turn("assistant", "so"),
    )
    assert [m["role"] for m in found] == [
        "user",
        "assistant",
        "user",
        "system",
        "assistant",
        "user",
        "system",
        "assistant",
    ]
    assert [block["tool_use_id"] for block in found[2]["content"]] == ["a", "b"]


def test_instructions_alone_become_the_users_words() -> None:
    """The API refuses a request without a user turn."""
    body = encode(turn("system", "Translate: chat")).body
    assert body["messages"] == [{"role": "user", "content": "Translate: chat"}]
    assert "system" not in body


def test_neighbours_are_merged_and_empty_turns_left_out() -> None:
    """Roles alternate, blank text is no block."""
    found = messages(
        turn("user", "a"),
        turn("assistant", " "),
        turn("user", "b", ""),
        turn("assistant", "c"),
        turn("user", "d"),
    )
    assert found == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
    ]


def test_an_assistant_who_begins_is_given_a_user_turn() -> None:
    """The conversation itself is unchanged."""
    assert [m["role"] for m in messages(turn("assistant", "hello"), turn("user", "hi"))] == [
        "user",
        "assistant",
        "user",
    ]


def test_a_prefill_ends_without_white_space() -> None:
    """The API refuses trailing white space in a last assistant turn."""
    assert messages(turn("user", "go"), turn("assistant", "Once upon \n"))[-1] == {
        "role": "assistant",
        "content": "Once upon",
    }


def test_where_no_prefill_is_taken_the_user_asks_to_go_on() -> None:
    """Claude 4.6 and later refuse a last assistant turn."""
    encoded = encode(
        turn("user", "go"), turn("assistant", "Once upon "), quirk=Quirk(anthropic_prefill=False)
    )
    assert encoded.body["messages"][-1] == {"role": "user", "content": "Continue."}
    assert encoded.losses == ("messages[-1].prefill",)


def call(call_id: str, name: str = "f", arguments: str = "{}") -> ToolCall:
    return ToolCall(call_id=call_id, name=name, arguments=arguments)


def result(call_id: str, text: str = "ok", **members: Any) -> ToolResult:
    return ToolResult(call_id=call_id, content=(Text(text=text),), **members)


def test_results_stand_first_and_in_the_order_of_the_calls() -> None:
    """Chat clients send them one message each, in any order, with words between."""
    found = messages(
        turn("user", "go"),
        turn("assistant", call("a"), call("b")),
        turn("user", result("b", "2")),
        turn("user", "and?"),
        turn("user", result("a", "1", is_error=True)),
    )
    assert found[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a", "content": "1", "is_error": True},
        {"type": "tool_result", "tool_use_id": "b", "content": "2"},
        {"type": "text", "text": "and?"},
    ]


def test_a_missing_result_is_written_as_missing() -> None:
    """In the middle and at the end: the API refuses an unanswered call."""
    found = messages(
        turn("user", "go"),
        turn("assistant", call("a")),
        turn("user", "never mind"),
        turn("assistant", call("b")),
    )
    missing = {
        "type": "tool_result",
        "content": "No result was returned for this tool call.",
        "is_error": True,
    }
    assert [{**missing, "tool_use_id": "a"}, {"type": "text", "text": "never mind"}] == found[2][
        "content"
    ]
    assert [{**missing, "tool_use_id": "b"}] == found[4]["content"]


def test_a_result_without_its_call_becomes_text_that_names_it() -> None:
    """Trimmed histories keep what the tool said."""
    found = messages(turn("user", result("gone", "42", name="f"), "so?"))
    assert [block["text"] for block in found[0]["content"]] == [
        "[Result of tool call f (gone)]",
        "42",
        "so?",
    ]


def test_call_ids_are_cleaned_and_kept_apart() -> None:
    """Call and result change alike; an id used twice in a conversation is told apart."""
    found = messages(
        turn("user", "go"),
        turn("assistant", call("call:1")),
        turn("user", result("call:1", "x")),
        turn("assistant", call("call:1"), call("")),
        turn("user", result("call:1", "y"), result("", "z")),
    )
    assert [block["id"] for m in (found[1], found[3]) for block in m["content"]] == [
        "call_1",
        "call_1_2",
        "call",
    ]
    assert [(block["tool_use_id"], block["content"]) for block in found[4]["content"]] == [
        ("call_1_2", "y"),
        ("call", "z"),
    ]


@pytest.mark.parametrize(
    "tool_call, expected",
    [
        (call("a", arguments='{"x": 1}'), {"x": 1}),
        (call("a", arguments=""), {}),
        (call("a", arguments='{"x": '), {"_raw": '{"x": '}),
        (call("a", arguments="[1]"), {"_raw": [1]}),
        (
            ToolCall(call_id="a", name="exec", arguments="print(1)", kind="custom"),
            {"input": "print(1)"},
        ),
    ],
)
def test_arguments_become_an_object_whatever_they_are(
    tool_call: ToolCall, expected: dict[str, Any]
) -> None:
    """Text that is no JSON object is carried whole."""
    assert (
        expected
        == messages(turn("user", "go"), turn("assistant", tool_call))[1]["content"][0]["input"]
    )


def test_a_failed_result_holds_text_only_and_its_image_follows() -> None:
    """The API refuses other content in a result marked as an error; a label says whose it is."""
    image = Media(kind="image", url="https://x/y.png")
    failed = ToolResult(call_id="a", content=(Text(text="no"), image), is_error=True)
    found = messages(turn("user", "go"), turn("assistant", call("a")), turn("user", failed))
    assert found[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a", "content": "no", "is_error": True},
        {"type": "text", "text": "[Error of tool call a]"},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
    ]


PNG = "iVBORw0KGgoAAAA="


@pytest.mark.parametrize(
    "media, block",
    [
        (
            Media(kind="image", mime="image/jpeg", data=PNG),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (
            Media(kind="image", url=f"data:image/png;base64,{PNG}"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (
            Media(kind="image", mime="image/jpg", data="AA\nAA"),
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"},
            },
        ),
        (
            Media(kind="file", mime="application/pdf", data="JVBERi0=", filename="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                "title": "a.pdf",
            },
        ),
        (
            Media(kind="file", mime="text/csv", data="YSxi"),
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "a,b"},
            },
        ),
        (
            Media(kind="file", mime="image/png", data=PNG),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (
            Media(kind="audio", mime="audio/wav", data="AA==", text="spoken"),
            {"type": "text", "text": "spoken"},
        ),
    ],
)
def test_media_are_spelled_by_what_their_bytes_are(media: Media, block: dict[str, Any]) -> None:
    """The API refuses a media type that is not that of the bytes."""
    assert block == messages(turn("user", media, "?"))[0]["content"][0]


@pytest.mark.parametrize(
    "media, loss",
    [
        (Media(kind="image", mime="image/bmp", data="AAAA"), "image"),
        (Media(kind="audio", mime="audio/wav", data="AA=="), "audio"),
        (Media(kind="video", url="https://x/y.mp4"), "video"),
        (Media(kind="file", mime="application/zip", data="UEsD"), "file"),
        (Media(kind="file", file_id="file-openai"), "file"),
        (Media(kind="image", url="gs://bucket/y.png"), "image"),
    ],
)
def test_media_without_a_form_are_losses(media: Media, loss: str) -> None:
    """Named by the message they stood in."""
    assert (f"messages[0].{loss}",) == encode(turn("user", media, "?")).losses


def test_a_model_without_images_or_tools_is_sent_neither() -> None:
    """`image: false` and `tools: false` of a provider."""
    encoded = encode(
        turn("user", Media(kind="image", url="https://x/y.png"), "?"),
        turn("assistant", "hm", call("a")),
        turn("user", result("a"), "so"),
        quirk=Quirk(has_images=False, has_tools=False),
        tools=(Tool(name="f"),),
        tool_choice=ToolChoice(mode="required"),
    )
    contents = [m["content"] for m in encoded.body["messages"]]
    assert [content[0]["text"] for content in contents] == ["?", "hm", "so"]
    assert {"tools", "tool_choice"}.isdisjoint(encoded.body)
    assert {"messages.image", "tools"} == set(encoded.losses)


def test_needs_inline_is_what_the_api_does_not_fetch() -> None:
    """Only `https:` images and PDFs are read by address."""
    wanted = [
        (Media(kind="image", url="https://x/a.png"), False),
        (Media(kind="image", url="http://x/a.png"), True),
        (Media(kind="file", url="https://x/a.pdf"), False),
        (Media(kind="file", mime="text/csv", url="https://x/a.csv"), True),
        (Media(kind="image", data=PNG), False),
        (Media(kind="audio", url="https://x/a.mp3"), False),
    ]
    assert [inline for _, inline in wanted] == [
        UPSTREAM.needs_inline(media, Quirk()) for media, _ in wanted
    ]
    assert UPSTREAM.needs_inline(wanted[0][0], Quirk(image_urls=False))


def test_reasoning_goes_back_only_with_this_familys_signature() -> None:
    """Foreign and unsigned reasoning is left out; a turn does not end in thinking."""
    signed = Reasoning(text="a", opaque=Opaque(family="anthropic", value="s"))
    foreign = Reasoning(text="b", opaque=Opaque(family="gemini", value="s"))
    found = messages(
        turn("user", "go"),
        turn("assistant", signed, foreign, Reasoning(text="c"), "so", signed),
        turn("user", "and"),
    )
    assert found[1]["content"] == [
        {"type": "thinking", "thinking": "a", "signature": "s"},
        {"type": "text", "text": "so"},
    ]
    request = Request(
        model="m",
        messages=(
            turn("user", "go"),
            turn("assistant", signed, foreign, Reasoning(text="c"), "so"),
            turn("user", "and"),
        ),
    )
    assert fitted(request).losses == ("messages.reasoning",)


def test_only_the_vendors_own_citations_go_back() -> None:
    """Those made for a foreign answer would be refused, and a user's text takes none."""
    own = {
        "type": "web_search_result_location",
        "url": "https://x",
        "title": "T",
        "cited_text": "c",
        "encrypted_index": "e",
    }
    made = {**own, "encrypted_index": ""}
    titled = {"type": "search_result_location", "source": "T", "search_result_index": -1}
    cited = Text(
        text="x",
        citations=tuple(Citation(dialect="anthropic", raw=raw) for raw in (own, made, titled)),
    )
    found = messages(turn("user", cited), turn("assistant", cited), turn("user", "?"))
    assert found[0]["content"] == "x"
    assert [own] == found[1]["content"][0]["citations"]


def test_refusals_are_text_and_foreign_items_losses() -> None:
    """An assistant's own words stay, another vendor's items cannot."""
    encoded = encode(
        turn("user", "go"),
        turn(
            "assistant",
            Refusal(text="no"),
            Unknown(dialect="openai_responses", name="web_search_call", raw={}),
        ),
    )
    assert encoded.body["messages"][1]["content"] == "no"
    assert encoded.losses == ("messages[1].web_search_call",)


def test_more_than_four_breakpoints_lose_the_earliest() -> None:
    """The last ones cover the longest prefix."""
    marked = [Text(text=str(number), cache=CacheHint()) for number in range(4)]
    encoded = encode(
        turn("system", marked[0]), turn("user", *marked), tools=(Tool(name="f", cache=CacheHint()),)
    )
    assert "cache_control" not in encoded.body["tools"][0]
    assert encoded.body["system"][0]["text"] == "0"
    assert "cache_control" not in encoded.body["system"][0]
    assert ["cache_control" in block for block in encoded.body["messages"][0]["content"]] == [
        True
    ] * 4
    assert encoded.losses == ("cache_control",)


def test_sampling_and_settings_have_their_words() -> None:
    """Blank stop sequences are refused upstream, temperature ends at 1."""
    encoded = encode(
        turn("user", "hi"),
        sampling=Sampling(
            temperature=1.7,
            top_k=4,
            stop=("END", "\n"),
            max_output_tokens=7,
            seed=1,
            choices=2,
            logit_bias={"5": 1},
        ),
        user="u",
        service_tier="flex",
        stream=True,
        prompt_cache_key="k",
        extensions={"openai_chat": {"prediction": {}}},
    )
    expected = {
        "temperature": 1.0,
        "top_k": 4,
        "stop_sequences": ["END"],
        "max_tokens": 7,
        "metadata": {"user_id": "u"},
        "stream": True,
    }
    assert expected == {
        name: value for name, value in encoded.body.items() if name not in ("model", "messages")
    }
    assert {
        "temperature",
        "stop",
        "seed",
        "n",
        "logit_bias",
        "service_tier",
        "prompt_cache_key",
        "prediction",
    } == set(encoded.losses)


@pytest.mark.parametrize(
    "quirk, sent, lost",
    [
        (Quirk(anthropic_sampling=False), {}, {"temperature", "top_p"}),
        (Quirk(anthropic_sampling_pair=False), {"temperature": 0.3}, {"top_p"}),
        (Quirk(dropped_members=frozenset({"top_p"})), {"temperature": 0.3}, {"top_p"}),
    ],
)
def test_models_that_refuse_sampling_members_are_not_sent_them(
    quirk: Quirk, sent: dict[str, float], lost: set[str]
) -> None:
    """Each is a fact about the model."""
    encoded = encode(turn("user", "hi"), sampling=Sampling(temperature=0.3, top_p=0.5), quirk=quirk)
    assert sent == {
        name: encoded.body[name] for name in ("temperature", "top_p") if name in encoded.body
    }
    assert lost == set(encoded.losses)


SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1}},
    "required": ["n"],
}


def test_structured_output_is_adapted_to_the_subset() -> None:
    """Objects are closed, constraints that are not understood are named; the client's schema is not
    touched.
    """
    encoded = encode(
        turn("user", "hi"), output_format=OutputFormat(kind="json_schema", schema=SCHEMA)
    )
    assert encoded.body["output_config"] == {
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "required": ["n"],
                "additionalProperties": False,
            },
        }
    }
    assert encoded.losses == ("response_format.schema.minimum",)
    assert SCHEMA["properties"]["n"]["minimum"] == 1  # type: ignore[index]


@pytest.mark.parametrize(
    "tools, choice, expected",
    [
        ((), None, {"type": "tool", "name": "json_response"}),
        ((Tool(name="f"),), None, {"type": "any"}),
        ((Tool(name="f"),), ToolChoice(mode="none"), {"type": "tool", "name": "json_response"}),
        ((Tool(name="f"),), ToolChoice(mode="tool", name="f"), {"type": "tool", "name": "f"}),
    ],
)
def test_a_forced_tool_stands_in_where_there_is_no_structured_output(
    tools: tuple[Tool, ...], choice: ToolChoice | None, expected: dict[str, str]
) -> None:
    """The client's own tools stay callable."""
    body = encode(
        turn("user", "hi"),
        tools=tools,
        tool_choice=choice,
        output_format=OutputFormat(kind="json_schema", schema=SCHEMA),
        quirk=Quirk(anthropic_structured=False),
    ).body
    assert (body["tools"][-1]["name"], body["tools"][-1]["input_schema"]) == (
        "json_response",
        SCHEMA,
    )
    assert expected == body["tool_choice"]
    assert "output_config" not in body


def test_the_stand_in_has_its_name_to_itself() -> None:
    """Two tools of one name are refused upstream; the client's is the one that goes."""
    encoded = encode(
        turn("user", "hi"),
        tools=(Tool(name="json_response"),),
        output_format=OutputFormat(kind="json_schema", schema={"type": "array"}),
        quirk=Quirk(anthropic_structured=False),
    )
    assert [t["input_schema"] for t in encoded.body["tools"]] == [
        {"type": "object", "properties": {"value": {"type": "array"}}, "required": ["value"]}
    ]
    assert encoded.losses == ("tools.json_response",)


def test_json_mode_is_an_instruction() -> None:
    """There is no such mode on this wire."""
    body = encode(
        turn("system", "s"), turn("user", "hi"), output_format=OutputFormat(kind="json")
    ).body
    assert [body["system"][0]["text"], "JSON object" in body["system"][1]["text"]] == ["s", True]


@pytest.mark.parametrize(
    "member, beta",
    [
        (
            {
                "extensions": {
                    "anthropic": {"mcp_servers": [{"name": "m", "type": "url", "url": "https://m"}]}
                }
            },
            "mcp-client-2025-04-04",
        ),
        (
            {
                "extensions": {
                    "anthropic": {"context_management": {"edits": [{"type": "compact_20260112"}]}}
                }
            },
            "compact-2026-01-12",
        ),
        ({"extensions": {"anthropic": {"container": {"skills": []}}}}, None),
        (
            {
                "tools": (
                    HostedTool(
                        kind="computer_20251124",
                        dialect="anthropic",
                        raw={
                            "type": "computer_20251124",
                            "name": "computer",
                            "display_width_px": 1,
                            "display_height_px": 1,
                        },
                    ),
                )
            },
            "computer-use-2025-11-24",
        ),
    ],
)
def test_betas_are_asked_for_when_the_body_needs_them(
    member: dict[str, Any], beta: str | None
) -> None:
    """And only then."""
    headers = encode(turn("user", "hi"), **member).headers
    assert beta is None or beta in headers["anthropic-beta"].split(",")
    assert (beta is None) == (not headers)


def test_a_file_of_this_family_asks_for_the_files_beta() -> None:
    """Ids of other vendors never get here."""
    media = Media(kind="image", file_id="file_1", opaque=Opaque(family="anthropic", value="file_1"))
    encoded = encode(turn("user", media))
    assert encoded.headers == {"anthropic-beta": "files-api-2025-04-14"}
    assert encoded.body["messages"][0]["content"][0]["source"] == {
        "type": "file",
        "file_id": "file_1",
    }
