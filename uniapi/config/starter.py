"""The `api.yaml` that `init` writes: short, commented, and valid as it stands."""

from __future__ import annotations

from collections.abc import Sequence

from .environment_keys import FoundProvider

SCHEMA_FILE = "api.schema.json"

_TEMPLATE = """\
# yaml-language-server: $schema=./{schema_file}
# (for completion in an editor, write that file once: `{command} schema > {schema_file}`)
#
# Check this file:        {command} check
# Try every key in it:    {command} check --live
# ${{NAME}} and ${{NAME:-default}} are replaced by environment variables.

providers:
{providers}
  # - provider: anthropic
  #   base_url: https://api.anthropic.com/v1/messages
  #   api:
  #     - sk-ant-first-key
  #     - sk-ant-second-key
  #   model:
  #     - claude-sonnet-5-5            # a model by its own name
  #     - claude-opus-5-5: opus        # upstream name: the name your clients use

  # - provider: gemini
  #   base_url: https://generativelanguage.googleapis.com/v1beta
  #   api: AIza-your-key
  #   preferences:
  #     api_key_rate_limit: 15/min,1500/day   # for each key and model
  #     proxy: socks5h://127.0.0.1:1080

  # - provider: local                  # Ollama, vLLM, LM Studio: no key needed
  #   base_url: http://127.0.0.1:11434/v1

api_keys:
  # What your clients send. A single key is also the administrator's (status page, statistics).
  - api: {client_key}
    # model:                           # what this key may use, in this order; without it: everything
    #   - openai/*                     # all models of one provider
    #   - anthropic/opus               # one model of one provider
    #   - gemini-3.8-flash             # one model, of every provider that has it
    # preferences:
    #   SCHEDULING_ALGORITHM: round_robin
    #   rate_limit: 60/min

preferences:
  model_timeout: 100                   # seconds to the first token, and between tokens
  # cooldown_period: 60                # seconds a failed channel rests; unwritten: 5 s, doubling
"""  # noqa: E501


_EXAMPLE = """\
  # Anything that speaks OpenAI's format. Without `model`, the provider is asked for its list.
  - provider: openai
    base_url: https://api.openai.com/v1
    api: sk-your-key-here              # several keys: a list, one per line with "- "
"""
_FOUND = """\
  # Found on this machine. The keys stay in the environment: `${NAME}` is where they are read.
"""


def starter_text(client_key: str, command: str, found: Sequence[FoundProvider] = ()) -> str:
    """The text of a first `api.yaml` with `client_key` (a fresh `sk-…`) as its one client key;
    `command` is how this program is run here, `found` what can serve at once.
    """
    entries = "".join(one.entry() for one in found)
    return _TEMPLATE.format(
        client_key=client_key,
        schema_file=SCHEMA_FILE,
        command=command,
        providers=_FOUND + entries if found else _EXAMPLE,
    )
