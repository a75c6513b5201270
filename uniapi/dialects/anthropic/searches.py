"""Searches of the web that another vendor did, in the blocks that Claude's own searches have:
clients count them and collect links from them.
https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool (2026-11-30)

What Claude's API finds comes with `encrypted_content`, which no one else can write: blocks of ours
must not go to it. Their ids tell them.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Search
from uniapi.dialects.fitting import Body, Fitting, minds

from .fit_messages import without_blocks

_OUR_IDS = "srvtoolu_uniapi"


def search_blocks(search: Search, id_seed: str, position: int) -> list[dict[str, Json]]:
    """The call and its result; `position` is the index of the first among the answer's blocks."""
    search_id = f"{_OUR_IDS}{id_seed}{position:02d}"
    found = [
        {
            "type": "web_search_result",
            "url": source.url,
            "title": source.title or source.url,
            "encrypted_content": "",
            "page_age": None,
        }
        for source in search.sources
        if source.url
    ]
    return [
        {
            "type": "server_tool_use",
            "id": search_id,
            "name": "web_search",
            "input": {"query": ", ".join(search.queries)},
        },
        {"type": "web_search_tool_result", "tool_use_id": search_id, "content": found},
    ]


def is_our_search(block: Mapping[str, Json]) -> bool:
    """Whether a block is one that `search_blocks` wrote."""
    name = {"server_tool_use": "id", "web_search_tool_result": "tool_use_id"}.get(
        str(block.get("type"))
    )
    said = block.get(name) if name is not None else None
    return isinstance(said, str) and said.startswith(_OUR_IDS)


@minds(always=True, where=("server_tool_use", "web_search_tool_result", "tool_result"))
def leave_out_our_searches(body: Body, fitting: Fitting) -> Body:
    """Turns that were nothing else go with them."""
    return without_blocks(body, lambda block: isinstance(block, dict) and is_our_search(block))
