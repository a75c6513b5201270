"""Model lists on disk: what a provider said of its models is there after a restart."""

import json

from uniapi.engines import ListedModel
from uniapi.gateway import ModelLists


class Clock:
    def monotonic_s(self):
        return 0.0


MODELS = (
    ListedModel(model="plain"),
    ListedModel(
        model="known",
        display_name="Known",
        context_length=1000,
        max_output_tokens=100,
        input_modalities=("text",),
        output_modalities=("text",),
    ),
)


def lists(stored):
    made = ModelLists(Clock())
    made.load(json.loads(json.dumps(stored)))
    return made


def test_a_list_is_kept_with_what_was_said_of_each_model():
    """A name alone where nothing was, as older versions wrote all of them."""
    older = {"a": {"source": "s", "models": ["plain"]}}
    assert lists(older).listed("a") == MODELS[:1]
    known = {
        "model": "known",
        "display_name": "Known",
        "context_length": 1000,
        "max_output_tokens": 100,
    }
    stored = {
        "a": {
            "source": "s",
            "models": [
                "plain",
                {**known, "input_modalities": ["text"], "output_modalities": ["text"]},
            ],
        }
    }
    assert lists(stored).listed("a") == MODELS
    assert json.loads(json.dumps(lists(stored).dump())) == stored


def test_what_makes_no_sense_is_passed_over():
    """The file may have been edited, or be another version's."""
    stored = {
        "a": {
            "source": "s",
            "models": [
                3,
                None,
                {"name": "x"},
                {"model": "m", "context_length": "9", "input_modalities": 1},
            ],
        },
        "b": 3,
        "c": {},
    }
    made = lists(stored)
    assert (made.listed("a"), made.listed("b"), made.listed("c")) == (
        (ListedModel(model="m"),),
        (),
        (),
    )
