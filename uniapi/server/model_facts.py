"""What is known of the models a client key can route, for the model lists: `model_info` of the
configuration, else what the providers' own lists say. Nothing is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from uniapi.config import ModelInfo
from uniapi.engines import ListedModel
from uniapi.routing import Channel
from uniapi.values import fields

Listed = Mapping[tuple[str, str], ListedModel]
"""(provider id, upstream model) → what the provider says of it."""


def model_facts(
    aliases: Iterable[str],
    channels_of: Callable[[str], Iterable[Channel]],
    infos: Mapping[str, ModelInfo],
    listed: Listed,
) -> dict[str, ModelInfo]:
    """What is known of each alias. `model_info` counts member by member, under the alias or the
    upstream name; what it leaves open the lists may say.

    An alias that several channels serve promises what each of those that say anything can keep: the
    least length, the senses they share.
    """
    return {
        alias: _filled(
            infos.get(alias, ModelInfo()),
            _promised(_of_channel(channel, infos, listed) for channel in channels_of(alias)),
        )
        for alias in aliases
    }


def _of_channel(channel: Channel, infos: Mapping[str, ModelInfo], listed: Listed) -> ModelInfo:
    said = listed.get(channel.channel_id)
    of_list = (
        ModelInfo()
        if said is None
        else ModelInfo(**{each.name: getattr(said, each.name) for each in fields(ModelInfo)})
    )
    return _filled(infos.get(channel.upstream_model, ModelInfo()), of_list)


def _filled(known: ModelInfo, more: ModelInfo) -> ModelInfo:
    return ModelInfo(
        **{
            each.name: getattr(known, each.name) or getattr(more, each.name)
            for each in fields(ModelInfo)
        }
    )


def _promised(infos: Iterable[ModelInfo]) -> ModelInfo:
    known = list(infos)
    return ModelInfo(
        context_length=min(
            (info.context_length for info in known if info.context_length), default=None
        ),
        max_output_tokens=min(
            (info.max_output_tokens for info in known if info.max_output_tokens), default=None
        ),
        input_modalities=_shared(
            [info.input_modalities for info in known if info.input_modalities]
        ),
        output_modalities=_shared(
            [info.output_modalities for info in known if info.output_modalities]
        ),
    )


def _shared(stated: list[tuple[str, ...]]) -> tuple[str, ...]:
    return (
        tuple(sense for sense in stated[0] if all(sense in each for each in stated))
        if stated
        else ()
    )
