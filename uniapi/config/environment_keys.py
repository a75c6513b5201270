"""Provider keys that lie in the environment under the names that vendors give them, and what an
`api.yaml` would say of each. The key itself is never read into the text: `${NAME}` stands there.

Names of variables: each vendor's own documentation or SDK, looked up on 2026-11-30.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from uniapi.values import dataclass


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A vendor: its provider's name, the variables in the order in which they count, the address,
    and models that it has, for an example.
    """

    provider: str
    variables: tuple[str, ...]
    base_url: str
    models: tuple[str, ...] = ()


KNOWN_KEYS = (
    KnownKey(
        "openai", ("OPENAI_API_KEY",), "https://api.openai.com/v1", ("gpt-6.1-sol", "gpt-6-luna")
    ),
    KnownKey(
        "anthropic",
        ("ANTHROPIC_API_KEY",),
        "https://api.anthropic.com",
        ("claude-opus-5-5", "claude-sonnet-5-5"),
    ),
    KnownKey(
        "gemini",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "https://generativelanguage.googleapis.com/v1beta",
        ("gemini-3.8-flash",),
    ),
    KnownKey("openrouter", ("OPENROUTER_API_KEY",), "https://openrouter.ai/api/v1"),
    KnownKey("deepseek", ("DEEPSEEK_API_KEY",), "https://api.deepseek.com"),
    KnownKey(
        "dashscope", ("DASHSCOPE_API_KEY",), "https://dashscope.aliyuncs.com/compatible-mode/v1"
    ),
    KnownKey("moonshot", ("MOONSHOT_API_KEY",), "https://api.moonshot.cn/v1"),
    KnownKey("zhipu", ("ZHIPUAI_API_KEY",), "https://open.bigmodel.cn/api/paas/v4"),
    KnownKey("zai", ("ZAI_API_KEY",), "https://api.z.ai/api/paas/v4"),
    KnownKey("siliconflow", ("SILICONFLOW_API_KEY",), "https://api.siliconflow.cn/v1"),
    KnownKey("volcengine", ("ARK_API_KEY",), "https://ark.cn-beijing.volces.com/api/v3"),
    KnownKey("minimax", ("MINIMAX_API_KEY",), "https://api.minimax.io/v1"),
    KnownKey("groq", ("GROQ_API_KEY",), "https://api.groq.com/openai/v1"),
    KnownKey("mistral", ("MISTRAL_API_KEY",), "https://api.mistral.ai/v1"),
    KnownKey("xai", ("XAI_API_KEY",), "https://api.x.ai/v1"),
    KnownKey("cerebras", ("CEREBRAS_API_KEY",), "https://api.cerebras.ai/v1"),
    KnownKey("together", ("TOGETHER_API_KEY",), "https://api.together.xyz/v1"),
    KnownKey("fireworks", ("FIREWORKS_API_KEY",), "https://api.fireworks.ai/inference/v1"),
    KnownKey("perplexity", ("PERPLEXITY_API_KEY",), "https://api.perplexity.ai"),
    KnownKey("cohere", ("COHERE_API_KEY", "CO_API_KEY"), "https://api.cohere.com"),
    KnownKey("huggingface", ("HF_TOKEN",), "https://router.huggingface.co/v1"),
    KnownKey("nvidia", ("NVIDIA_API_KEY",), "https://integrate.api.nvidia.com/v1"),
)


@dataclass(frozen=True, slots=True)
class FoundProvider:
    """Something that was found: a key in a variable, or a server on this machine (no variable)."""

    provider: str
    base_url: str
    variable: str | None = None
    models: tuple[str, ...] = ()

    def entry(self) -> str:
        """Its lines under `providers:`."""
        lines = [f"  - provider: {self.provider}", f"    base_url: {self.base_url}"]
        if self.variable is not None:
            lines.append(f"    api: ${{{self.variable}}}")
        if self.models:
            example = ", ".join(self.models)
            lines.append(f"    # model: [{example}]   # without it: everything the provider lists")
        return "\n".join(lines) + "\n"


def found_keys(environment: Mapping[str, str]) -> tuple[FoundProvider, ...]:
    """The vendors whose key is set, in the order of the table."""
    found = []
    for known in KNOWN_KEYS:
        variable = next((one for one in known.variables if environment.get(one, "").strip()), None)
        if variable is not None:
            found.append(FoundProvider(known.provider, known.base_url, variable, known.models))
    return tuple(found)


def environment_config(found: Sequence[FoundProvider], client_key: str) -> str:
    """The `api.yaml` that stands for the environment."""
    entries = "".join(one.entry() for one in found)
    return f"providers:\n{entries}api_keys:\n  - api: {client_key}\n"
