"""Signed reasoning is kept for the client key and family that it belongs to, and put back only
where it was lost.
"""

import json
from dataclasses import replace

from uniapi.canonical import (
    Choice,
    Finish,
    Message,
    Opaque,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    Request,
    Response,
    Text,
    ToolCall,
    ToolResult,
    unfold,
)
from uniapi.gateway.expiring_map import LASTS_S
from uniapi.gateway.reasoning_cache import ReasoningCache
from uniapi.pipes.turn_reader import TurnReader

SIGNATURE = Opaque(family="anthropic", value="c2ln")
THOUGHT = Reasoning(text="think", opaque=SIGNATURE)
CALL = ToolCall(call_id="t1", name="look", arguments='{"q": 1}')
USER = Message(role="user", parts=(Text(text="hi"),))
RESULT = Message(role="user", parts=(ToolResult(call_id="t1", content=(Text(text="r"),)),))


def turn_of(*parts, keeps_unsigned=False):
    reader = TurnReader(keeps_unsigned)
    for event in unfold(Response(choices=(Choice(parts=parts, finish=Finish(reason="stop")),))):
        reader.note(event)
    return reader.turn()


def cache_with(*parts, owner="k", now=0.0):
    cache = ReasoningCache()
    cache.remember(owner, turn_of(*parts), now)
    return cache


def request(*parts):
    return Request(model="m", messages=(USER, Message(role="assistant", parts=parts), RESULT))


def restored(cache, before, owner="k", family="anthropic", now=1.0):
    return cache.restore(owner, family, before, now)


def test_streamed_pieces_are_joined_and_only_the_first_choice_counts():
    """Text and signature come in deltas, parts may be interleaved, text parts are passed over."""
    reader = TurnReader()
    for event in (
        PartStart(index=0, part=Reasoning()),
        PartDelta(index=0, text="th"),
        PartStart(index=1, part=Text(text="")),
        PartDelta(index=1, text="no", opaque=Opaque(family="anthropic", value="text")),
        PartDelta(index=0, text="ink", opaque=SIGNATURE),
        PartStart(index=2, part=ToolCall(call_id="t1", name="look")),
        PartDelta(index=2, text='{"q": 1}'),
        PartEnd(index=0),
        PartEnd(index=2),
        PartStart(
            index=3, part=Reasoning(opaque=Opaque(family="anthropic", value="other")), choice=1
        ),
        PartEnd(index=3),
        PartEnd(index=1),
    ):
        reader.note(event)
    turn = reader.turn()
    assert (turn.reasoning, turn.calls) == ((THOUGHT,), (CALL,))


def test_an_answer_without_signatures_is_not_kept():
    """Plain reasoning and plain calls need no memory."""
    assert turn_of(Reasoning(text="think"), CALL) is None


def test_plain_reasoning_is_kept_where_its_vendor_wants_it_back():
    """DeepSeek and Kimi sign nothing: the text comes back before its call, and a turn without calls
    or without reasoning needs no memory.
    """
    plain = Reasoning(text="think")
    turn = turn_of(plain, CALL, keeps_unsigned=True)
    assert (turn.family, turn.reasoning, turn.calls) == ("unsigned", (plain,), (CALL,))
    assert turn_of(plain, Text(text="so"), keeps_unsigned=True) is None
    assert turn_of(CALL, keeps_unsigned=True) is None
    cache = ReasoningCache()
    cache.remember("k", turn, 0.0)
    after = restored(cache, request(CALL), family="unsigned")
    assert after.messages[1].parts == (plain, CALL)
    foreign = replace(CALL, arguments='{"q": 2}')
    assert restored(cache, request(foreign), family="unsigned").messages[1].parts == (foreign,)


def test_reasoning_comes_back_before_its_call():
    """In place of the client's unsigned copy, before everything else in the turn."""
    cache = cache_with(THOUGHT, CALL)
    after = restored(cache, request(Reasoning(text="think"), Text(text="so"), CALL))
    assert after.messages[1].parts == (THOUGHT, Text(text="so"), CALL)
    assert (after.messages[0], after.messages[2]) == (USER, RESULT)


def test_a_copy_that_carries_no_more_than_its_id_is_a_copy():
    """Codex brings plain reasoning back under the id of its item: it is not said twice."""
    plain = Reasoning(text="think")
    named = replace(plain, opaque=Opaque(family="openai_responses", value={"id": "rs_1"}))
    cache = ReasoningCache()
    cache.remember("k", turn_of(plain, CALL, keeps_unsigned=True), 0.0)
    after = restored(cache, request(named, CALL), family="unsigned")
    assert after.messages[1].parts == (plain, CALL)
    other = replace(named, text="something else")
    after = restored(cache, request(other, CALL), family="unsigned")
    assert after.messages[1].parts == (plain, other, CALL)


def test_a_call_gets_its_own_signature_back():
    """Gemini signs the call itself; the second of two parallel ones has none and keeps none."""
    signed = replace(CALL, opaque=Opaque(family="gemini", value="g"))
    second = ToolCall(call_id="t2", name="look", arguments="{}")
    cache = cache_with(signed, second)
    after = restored(cache, request(CALL, second), family="gemini")
    assert after.messages[1].parts == (signed, second)


def test_reasoning_text_alone_is_recognised():
    """A turn without calls: the same text gets its signature, another text does not."""
    cache = cache_with(THOUGHT, Text(text="answer"))
    assert (
        restored(cache, request(Reasoning(text="think"), Text(text="answer"))).messages[1].parts[0]
        == THOUGHT
    )
    other = request(Reasoning(text="thought"), Text(text="answer"))
    assert restored(cache, other) is other


def test_what_the_client_carried_is_left_alone():
    """Its own signatures, in whichever message of the turn they stand."""
    cache = cache_with(THOUGHT, CALL)
    own = Reasoning(text="mine", opaque=Opaque(family="anthropic", value="own"))
    carried = request(own, CALL)
    assert restored(cache, carried) is carried
    split = Request(
        model="m",
        messages=(
            USER,
            Message(role="assistant", parts=(own,)),
            Message(role="assistant", parts=(CALL,)),
            RESULT,
        ),
    )
    assert restored(cache, split) is split


def test_never_for_another_family_or_client_key_or_after_its_time():
    """The three borders."""
    cache = cache_with(THOUGHT, CALL)
    before = request(CALL)
    assert restored(cache, before, family="gemini") is before
    assert restored(cache, before, owner="other") is before
    assert restored(cache, before, now=LASTS_S + 1) is before
    assert len(cache) > 0


def test_an_id_met_again_in_another_call_is_not_mistaken():
    """Some models number their calls anew in each conversation: name and arguments must agree,
    however the arguments are spelt.
    """
    cache = cache_with(THOUGHT, CALL)
    for other in (
        replace(CALL, name="else"),
        replace(CALL, arguments='{"q": 2}'),
        replace(CALL, arguments="{broken"),
    ):
        before = request(other)
        assert restored(cache, before) is before
    assert (
        restored(cache, request(replace(CALL, arguments='{"q":1}'))).messages[1].parts[0] == THOUGHT
    )


def test_the_least_recently_used_goes_first():
    """Bounded by size; what was asked for lately stays."""
    bare = [
        replace(CALL, call_id=f"t{number}", arguments=json.dumps("x" * 1000)) for number in range(4)
    ]
    signed = [replace(call, opaque=SIGNATURE) for call in bare]
    cache = ReasoningCache(max_bytes=(turn_of(signed[0]).size + 400) * 3)
    for call in signed[:3]:
        cache.remember("k", turn_of(call), 0.0)
    assert restored(cache, request(bare[0])).messages[1].parts == (signed[0],)
    cache.remember("k", turn_of(signed[3]), 0.0)
    assert [restored(cache, request(call)).messages[1].parts[0].opaque for call in bare] == [
        SIGNATURE,
        None,
        SIGNATURE,
        SIGNATURE,
    ]
