"""Databricks serving endpoints (`azure-databricks`), by their OpenAI-compatible root
`/serving-endpoints` (docs.databricks.com/machine-learning/model-serving/score-foundation-models).
"""

from __future__ import annotations

import re

from uniapi.canonical import Json, Operation
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.openai_chat import UPSTREAM as OPENAI_CHAT
from uniapi.wire import HttpRequest

from .defaults import DefaultEngine, address_under
from .engine import Address, ModelPage, Place
from .model_lists import decode_databricks_models
from .urls import OPENAI_ENDINGS, Root, find_root, parse_url

_ROOT_PATH = "/serving-endpoints"
_INVOCATIONS = re.compile(r"/serving-endpoints/[^/]+/invocations/?\Z")
_PATHS = {
    Operation.GENERATE: "chat/completions",
    Operation.COMPLETE: "completions",
    Operation.EMBED: "embeddings",
}


class DatabricksEngine(DefaultEngine):
    name = "azure-databricks"
    vendor = "databricks"
    wire = OPENAI_CHAT

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        return address_under(_root(place), _PATHS, operation)

    def models_request(self, place: Place) -> HttpRequest | None:
        return HttpRequest(
            method="GET", url=f"{parse_url(_root(place).url).origin}/api/2.0/serving-endpoints"
        )

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        return decode_databricks_models(body)


def _root(place: Place) -> Root:
    """An endpoint's own `/serving-endpoints/NAME/invocations` is read as the root: the name is in
    the body.
    """
    base_url = place.provider.base_url or ""
    if _INVOCATIONS.search(parse_url(base_url).path):
        base_url = _INVOCATIONS.sub(
            _ROOT_PATH, parse_url(base_url).origin + parse_url(base_url).path
        )
    return find_root(base_url, OPENAI_ENDINGS, _ROOT_PATH, place.provider.engine is not None)
