"""A configuration as the admin surface shows it: the file's structure, every secret masked."""

import json

from uniapi.config import shown_config

TEXT = """
providers:
  - provider: a
    base_url: https://user:hidden-password@host.example/v1?token=hidden-token
    api: [plain-hidden-key-0123456789, "${UP_KEY}", {key: sk-hidden-map-key-0123456789, weight: 3}]
    model: [gpt-5, {up: alias}]
    private_key: |
      -----BEGIN PRIVATE KEY-----
      hidden
    preferences:
      proxy: socks5://u:hidden-proxy@127.0.0.1:1080
      headers: {authorization: Bearer hidden-header}
      post_body_parameter_overrides: {tools: [{type: mcp, authorization: hidden-tool-token, server_password: hidden-tool-word}], max_tokens: 5, extra: "${X:-sk-hidden-default-0123456789}", number: 1.5, yes: true, nothing: null}
api_keys:
  - api: sk-hidden-client-0123456789
    model: [{sk-hidden-inner-0123456789/*: 2}, all]
"""  # noqa: E501
SECRETS = [
    "sk-hidden-client-0123456789",
    "sk-hidden-inner-0123456789",
    "sk-hidden-default-0123456789",
]


def test_secrets_are_masked_wherever_they_stand():
    """As values, as keys of a map, inside URLs, headers and defaults of variables."""
    text = json.dumps(shown_config(TEXT, SECRETS))
    for part in (
        "hidden-password",
        "hidden-token",
        "hidden-key",
        "hidden-map",
        "BEGIN",
        "hidden-proxy",
        "hidden-header",
        "hidden-default",
        "hidden-client",
        "hidden-tool",
        "hidden-inner",
    ):
        assert part not in text, part


def test_everything_else_is_as_written():
    """Names, numbers, variables, structure."""
    value = shown_config(TEXT, SECRETS)
    (provider,) = value["providers"]
    assert provider["base_url"] == "https://host.example/v1?…"
    assert provider["model"] == ["gpt-5", {"up": "alias"}]
    assert provider["api"][1] == "${UP_KEY}"
    assert provider["api"][2]["weight"] == 3
    overrides = provider["preferences"]["post_body_parameter_overrides"]
    assert (overrides["number"], overrides["yes"], overrides["nothing"]) == (1.5, True, None)
    assert (overrides["tools"][0]["type"], overrides["max_tokens"]) == ("mcp", 5)
    assert value["api_keys"][0]["model"][1:] == ["all"]


def test_no_yaml_is_nothing():
    """Text that cannot be read shows nothing."""
    assert shown_config("{", []) is None
    assert shown_config("", []) is None
