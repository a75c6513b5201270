"""The tables of docs/providers.md, made from the program's own rows. Run it to write them anew:

.venv/bin/python packaging/providers_page.py
"""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from generated_part import with_part, write_part  # noqa: E402  (the path comes first)

from uniapi.canonical import Operation  # noqa: E402
from uniapi.config.environment_keys import KNOWN_KEYS  # noqa: E402
from uniapi.engines.presets import CHECKED, PRESETS, Preset  # noqa: E402

BEGIN, END = "<!-- providers: written by packaging/providers_page.py -->", "<!-- /providers -->"
BESIDE = {
    Operation.EMBED: "embeddings",
    Operation.RERANK: "rerank",
    Operation.MODERATE: "moderations",
    Operation.IMAGE: "images",
    Operation.IMAGE_EDIT: "edits",
    Operation.SPEECH: "speech",
    Operation.TRANSCRIBE: "transcriptions",
}
"""Where a vendor's row names a path of its own, or says that it has none."""


def roots(preset: Preset) -> list[str]:
    """The addresses that are recognised, as they would be written."""
    hosts = preset.hosts or tuple(f"127.0.0.1:{port}" for port in preset.ports)
    scheme = "https" if preset.hosts else "http"
    paths = (preset.usual_path, *preset.other_paths)
    return [f"{scheme}://{host}{path}" for host in hosts for path in paths]


def operations(preset: Preset) -> str:
    """What the row says of operations beside chat."""
    known = {one: place for one, place in preset.operations.items() if one in BESIDE}
    own = [
        f"{BESIDE[one]} at `{place.path}`"
        + (f", {place.most_inputs} at a time" if place.most_inputs is not None else "")
        for one, place in known.items()
        if place is not None
    ]
    without = [BESIDE[one] for one, place in known.items() if place is None]
    said = own + ([f"no {', '.join(without)}"] if without else [])
    return "; ".join(said) or "OpenAI's paths"


def dialects(preset: Preset) -> str:
    names = ["Chat"]
    if preset.responses:
        names.append("Responses")
    if preset.messages_path is not None:
        names.append("Messages")
    return ", ".join(names)


def variable_of(vendor: str, root: str) -> str:
    """The variable in which a gateway without a file looks for the key of this address; else one
    made of the vendor's name.
    """
    for known in KNOWN_KEYS:
        if urlsplit(known.base_url).hostname == urlsplit(root).hostname:
            return known.variables[0]
    return re.sub(r"\W", "_", vendor).upper() + "_API_KEY"


def render() -> str:
    """The table, and for each vendor the lines to paste."""
    rows = ["| vendor | addresses | spoken | beside chat |", "|---|---|---|---|"]
    lines = []
    for preset in PRESETS:
        if not (preset.hosts or preset.ports):
            continue
        found = roots(preset)
        shown = "<br>".join(f"`{root}`" for root in found)
        cells = (preset.vendor, shown, dialects(preset), operations(preset))
        rows.append("| " + " | ".join(cells) + " |")
        address = preset.example or found[0]
        variable = variable_of(preset.vendor, address)
        key = f"api: ${{{variable}}}" if preset.hosts else "model: [NAME]"
        lines.append(f"  - {{provider: {preset.vendor}, base_url: {address}, {key}}}")
    paste = "\n".join(dict.fromkeys(lines))
    table = "\n".join(rows)
    return (
        f"Last held against the vendors' documents: {CHECKED}. A domain stands for every host below"
        f" it; words in capitals are your own.\n\n{table}\n\n```yaml\n{paste}\n```"
    )


def with_table(page: str) -> str:
    """The page's text with the table as it should be. Raises ValueError."""
    return with_part(page, BEGIN, END, render())


if __name__ == "__main__":
    write_part(ROOT / "docs" / "providers.md", BEGIN, END, render())
