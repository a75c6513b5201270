"""What the tests of this dialect share: the openai SDK's models as the judge of what we write."""

from __future__ import annotations

import json
import typing
from collections.abc import Callable
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

Events = list[dict[str, Any]]


def _event_models() -> dict[str, type[BaseModel]]:
    """Event type → the SDK's model."""
    union = typing.get_args(ResponseStreamEvent)[0]
    return {
        typing.get_args(model.model_fields["type"].annotation)[0]: model
        for model in typing.get_args(union)
    }


def _unknown_members(model: Any) -> list[str]:
    """Members, at any depth, that the SDK's models do not know."""
    if isinstance(model, BaseModel):
        own = list(model.model_extra or {})
        return own + [
            name
            for field in type(model).model_fields
            for name in _unknown_members(getattr(model, field, None))
        ]
    if isinstance(model, list):
        return [name for entry in model for name in _unknown_members(entry)]
    return []


MODELS = _event_models()
WHOLE: TypeAdapter[Response] = TypeAdapter(Response)
ON_THE_WIRE = {"store", "status"}
"""Members that the API sends although the SDK's models lack them (`status` of a freeform call)."""


def check_response(body: Any) -> None:
    """The object validates strictly and has no member that the SDK does not know."""
    assert [
        name for name in _unknown_members(WHOLE.validate_python(body)) if name not in ON_THE_WIRE
    ] == []


@pytest.fixture
def valid_response() -> Callable[[Any], Any]:
    """Gives a whole Response back once the SDK's model accepts it."""

    def check(body: Any) -> Any:
        check_response(body)
        return body

    return check


@pytest.fixture
def read_events() -> Callable[[list[bytes]], Events]:
    """Frames → events, each accepted by the SDK's model, named alike in both places, numbered from
    0 without gaps.
    """

    def read(frames: list[bytes]) -> Events:
        events: Events = []
        for frame in frames:
            name, data, *rest = frame.decode().split("\n")
            assert rest == ["", ""]
            event = json.loads(data.removeprefix("data: "))
            assert f"event: {event['type']}" == name
            unknown = _unknown_members(MODELS[event["type"]].model_validate(event))
            assert [member for member in unknown if member not in ON_THE_WIRE] == []
            events.append(event)
        assert list(range(len(events))) == [event["sequence_number"] for event in events]
        return events

    return read
