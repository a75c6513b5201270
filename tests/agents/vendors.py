"""The vendors as they are played: where the gateway finds each, how it answers, what it refuses."""

from dataclasses import dataclass, field

import chat_rules as chat
import rules

MINIMAX = "invalid params, chat content has invalid message role: system (2013)"
QWEN = "System message must be at the beginning."
DEEPSEEK = "The `reasoning_content` in the thinking mode must be passed back to the API."
KIMI = "thinking is enabled but reasoning_content is missing in assistant tool call message"


GROQ = chat.only_members(
    request=(
        *("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "stream"),
        *("stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop"),
        *("seed", "n", "user", "response_format", "reasoning_effort", "reasoning_format"),
        *("include_reasoning", "service_tier", "frequency_penalty", "presence_penalty"),
        *("metadata", "store", "documents"),
    ),
    by_role={
        "system": ("role", "content", "name"),
        "user": ("role", "content", "name"),
        "assistant": ("role", "content", "name", "reasoning", "tool_calls", "function_call"),
        "tool": ("role", "content", "tool_call_id"),
    },
    call=("id", "type", "function"),
)


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """`refuses`: dialect → rules; `reasoning`: the member that its answers think in."""

    name: str
    base_url: str
    host: str
    model: str
    refuses: dict = field(default_factory=dict)
    reasoning: str = "reasoning_content"
    signs: bool = False
    seal: str = ""
    """How its signatures begin."""

    def row(self):
        """Its provider in api.yaml."""
        return {
            "provider": self.name,
            "base_url": self.base_url,
            "api": f"sk-{self.name}-key-0123456789",
        }


def _chat(name, base_url, model, *own_rules, **more):
    host = base_url.split("/")[2]
    common = (chat.paired_calls, chat.object_arguments)
    refuses = {"chat": (*common, *own_rules)}
    return Vendor(name=name, base_url=base_url, host=host, model=model, refuses=refuses, **more)


_ALL = (
    Vendor(
        name="openai",
        base_url="https://api.openai.com/v1",
        host="api.openai.com",
        model="gpt-6.1-sol",
        refuses={
            "responses": (
                rules.responses_members,
                rules.responses_items,
                rules.always_reasons,
                rules.own_reasoning_back,
            ),
            "chat": (chat.openai_members, chat.no_tools_while_reasoning),
        },
        signs=True,
        seal="gAAAAAB",
    ),
    _chat(
        "minimax",
        "https://api.minimax.io/v1",
        "MiniMax-M3",
        chat.one_system_first(MINIMAX),
        chat.think_tags_back,
        chat.roles("system", "user", "assistant", "tool"),
        reasoning="<think>",
    ),
    _chat(
        "groq",
        "https://api.groq.com/openai/v1",
        "openai/gpt-oss-120b",
        GROQ,
        chat.efforts("low", "medium", "high"),
        reasoning="reasoning",
    ),
    _chat(
        "kimi",
        "https://api.moonshot.ai/v1",
        "kimi-k2.6",
        chat.fixed_sampling,
        chat.said_something,
        chat.no_forced_tool,
        chat.reasoning_back(KIMI, only_calls=True),
    ),
    _chat(
        "deepseek",
        "https://api.deepseek.com",
        "deepseek-v4-pro",
        chat.roles("system", "user", "assistant", "tool"),
        chat.text_only,
        chat.function_tools,
        chat.no_forced_tool,
        chat.efforts("low", "high", "max"),
        chat.reasoning_back(DEEPSEEK, only_calls=False),
    ),
    _chat(
        "zhipu",
        "https://open.bigmodel.cn/api/paas/v4",
        "glm-5.3",
        chat.roles("system", "user", "assistant", "tool"),
        chat.auto_choice_only,
        chat.efforts("max", "low", "high"),
    ),
    # Other than the models' own template, Alibaba's API takes several system messages
    # (github.com/QwenLM/Qwen3.8/issues/144).
    _chat(
        "qwen",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "qwen3.8-max",
        chat.roles("system", "user", "assistant", "tool"),
        chat.no_forced_tool_in_qwen,
    ),
    _chat(
        "openrouter",
        "https://openrouter.ai/api/v1",
        "google/gemini-3.1-pro-preview",
        chat.own_details,
        reasoning="reasoning_details",
        signs=True,
        seal="CiQB",
    ),
    _chat(
        "vllm",
        "http://gpu.lan:8000/v1",
        "Qwen/Qwen3.6-35B-A3B",
        chat.one_system_first(QWEN),
        chat.roles("system", "user", "assistant", "tool"),
        reasoning="reasoning",
    ),
    Vendor(
        name="anthropic",
        base_url="https://api.anthropic.com/v1",
        host="api.anthropic.com",
        model="claude-opus-5",
        refuses={
            "anthropic": (rules.messages_members, rules.messages_turns, rules.own_reasoning_back)
        },
        signs=True,
        seal="EqQB",
    ),
    Vendor(
        name="google",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        host="generativelanguage.googleapis.com",
        model="gemini-3.1-pro-preview",
        refuses={
            "gemini": (
                rules.gemini_members,
                rules.gemini_turns,
                rules.gemini_signatures,
                rules.gemini_own_reasoning,
            )
        },
        signs=True,
        seal="CiQB",
    ),
)
VENDORS = {vendor.name: vendor for vendor in _ALL}
