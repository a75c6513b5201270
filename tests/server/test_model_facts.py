"""What the model lists say of a model: the configuration first, then the provider's own list, and
of several channels what all of them keep.
"""

from uniapi.config import ModelInfo, Provider
from uniapi.engines import ListedModel
from uniapi.routing import Channel
from uniapi.server import model_facts


def channel(provider, upstream, alias="m"):
    return Channel(
        provider=Provider(provider_id=provider, name=provider, credentials=()),
        upstream_model=upstream,
        alias=alias,
    )


def facts(channels, infos=None, listed=()):
    by_channel = {(provider, model.model): model for provider, model in listed}
    return model_facts(["m"], lambda alias: channels, infos or {}, by_channel)["m"]


def test_what_nobody_knows_is_not_said():
    """No figure, no sense."""
    assert facts([channel("a", "up")]) == ModelInfo()
    assert (
        facts(
            [channel("a", "up")],
            {"other": ModelInfo(context_length=5)},
            [("a", ListedModel(model="else", context_length=7))],
        )
        == ModelInfo()
    )


def test_the_configuration_counts_before_the_list_member_by_member():
    """Under the alias, under the upstream name, then the provider's figures."""
    listed = [
        (
            "a",
            ListedModel(
                model="up",
                context_length=1000,
                max_output_tokens=100,
                input_modalities=("text", "image"),
            ),
        )
    ]
    assert facts([channel("a", "up")], listed=listed) == ModelInfo(
        context_length=1000, max_output_tokens=100, input_modalities=("text", "image")
    )
    infos = {
        "m": ModelInfo(context_length=500),
        "up": ModelInfo(context_length=700, max_output_tokens=70),
    }
    assert facts([channel("a", "up")], infos, listed) == ModelInfo(
        context_length=500, max_output_tokens=70, input_modalities=("text", "image")
    )


def test_several_channels_promise_what_each_of_them_keeps():
    """The least length, the shared senses; a channel that says nothing takes nothing away."""
    listed = [
        (
            "a",
            ListedModel(
                model="up", context_length=1000, input_modalities=("text", "image", "audio")
            ),
        ),
        (
            "b",
            ListedModel(
                model="up",
                context_length=800,
                max_output_tokens=50,
                input_modalities=("audio", "text"),
                output_modalities=("text",),
            ),
        ),
    ]
    channels = [channel("a", "up"), channel("b", "up"), channel("c", "up")]
    expected = ModelInfo(
        context_length=800,
        max_output_tokens=50,
        input_modalities=("text", "audio"),
        output_modalities=("text",),
    )
    assert facts(channels, listed=listed) == expected
