"""The coding agents as their own documentation starts them without a terminal, and how a scripted
model makes each of them read a file.

Each agent has a home of its own; whatever it asks for beside the gateway goes to a proxy that
leads nowhere.
"""

import asyncio
import contextlib
import json
import os
import shlex
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where one run happens: the agent's home, the folder it works in, the gateway."""

    home: Path
    work: Path
    url: str
    key: str
    model: str

    def write(self, name, value):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))


NOWHERE = "http://127.0.0.1:9"


async def printed(binaries, words, place, environment, patience_s):
    """What an agent printed, None where it does not end in time; it and all its children end with
    it. Of this machine it knows no more than where programs are found.
    """
    name, *arguments = words
    of_its_own = {
        "PATH": os.environ["PATH"],
        "HOME": str(place.home),
        "TMPDIR": str(place.home),
        "TERM": "dumb",
        "HTTPS_PROXY": NOWHERE,
        "HTTP_PROXY": NOWHERE,
        "NO_PROXY": "127.0.0.1,localhost",
    }
    process = await asyncio.create_subprocess_exec(
        str(binaries / name),
        *arguments,
        cwd=place.work,
        env={**of_its_own, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), patience_s)
    except asyncio.TimeoutError:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return out.decode("utf-8", "replace")


def claude(place, prompt, again):
    """https://docs.claude.com/en/docs/claude-code/llm-gateway"""
    words = ["claude", "-p", prompt, "--model", place.model, "--allowedTools", "Bash,Read"]
    environment = {
        "ANTHROPIC_BASE_URL": place.url,
        "ANTHROPIC_AUTH_TOKEN": place.key,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": place.model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "1",
        "CLAUDE_CODE_ALWAYS_ENABLE_EFFORT": "1",
    }
    return [*words, *(["--continue"] if again else [])], environment


def codex(place, prompt, again):
    """https://developers.openai.com/codex/config: a provider of one's own speaks Responses."""
    place.write(
        ".codex/config.toml",
        f'''model = "{place.model}"
model_provider = "uniapi"
model_reasoning_effort = "high"
check_for_update_on_startup = false

[model_providers.uniapi]
name = "uni-api"
base_url = "{place.url}/v1"
env_key = "UNIAPI_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
''',
    )
    order = ["resume", "--last"] if again else []
    flags = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
    environment = {"UNIAPI_KEY": place.key, "CODEX_HOME": str(place.home / ".codex")}
    return ["codex", "exec", *order, *flags, prompt], environment


def gemini(place, prompt, again):
    """https://geminicli.com/docs/get-started/authentication"""
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
    place.write(".gemini/settings.json", {**settings, "privacy": {"usageStatisticsEnabled": False}})
    words = ["gemini", "-m", place.model, "-p", prompt, "--yolo", "--skip-trust"]
    environment = {
        "GOOGLE_GEMINI_BASE_URL": place.url,
        "GEMINI_API_KEY": place.key,
        "GEMINI_CLI_NO_RELAUNCH": "true",
    }
    return [*words, *(["--resume", "latest"] if again else [])], environment


def opencode(place, prompt, again):
    """https://opencode.ai/docs/providers: any address that speaks chat completions."""
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{place.url}/v1", "apiKey": place.key},
        "models": {place.model: {"reasoning": True, "tool_call": True}},
    }
    place.write(".config/opencode/opencode.json", {"provider": {"uni-api": provider}})
    words = ["opencode", "run", "-m", f"uni-api/{place.model}", "--auto"]
    environment = {
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    }
    return [*words, *(["--continue"] if again else []), prompt], environment


AGENTS = {"claude": claude, "codex": codex, "gemini": gemini, "opencode": opencode}


def _by_command(member):
    return lambda file: {member: f"cat {shlex.quote(file)}"}


def _by_described_command(file):
    return {"command": f"cat {shlex.quote(file)}", "description": "Show the file"}


def _by_code(file):
    """Codex's way with OpenAI's own models: a freeform tool that runs JavaScript."""
    command = json.dumps(f"cat {shlex.quote(file)}")
    code = f"const shown = await tools.exec_command({{cmd: {command}}});\ntext(shown.output);"
    return {"input": code}


READERS = {
    "Bash": _by_described_command,
    "exec_command": _by_command("cmd"),
    "shell_command": _by_command("command"),
    "shell": lambda file: {"command": ["cat", file]},
    "exec": _by_code,
    "run_shell_command": _by_command("command"),
    "bash": _by_described_command,
}
"""The tool of each agent that shows a file, and the arguments that make it do so; of a freeform
tool, its text.
"""
