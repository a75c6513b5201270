"""Agents that repeat by status alone are told of a final refusal by one at which they stop."""

import json
import re

import pytest

from uniapi.server.impatient import for_client

FINAL, PASSING = {"x-should-retry": "false"}, {"x-should-retry": "true"}
CODEX = {"originator": "codex_exec", "user-agent": "codex_exec/0.171.0 (Debian)"}
OLDER = {"user-agent": "codex_cli_rs/0.40.0"}
OTHERS = {"user-agent": "claude-cli/2.1.197"}


@pytest.mark.parametrize(
    "status, sent, asked, expected",
    [
        (401, FINAL, CODEX, 400),
        (502, FINAL, CODEX, 400),
        (429, FINAL, OLDER, 400),
        (503, PASSING, CODEX, 503),
        (200, {}, CODEX, 200),
        (401, FINAL, OTHERS, 401),
        (429, FINAL, {"user-agent": "opencode/1.18.33 ai-sdk/openai-compatible/2"}, 400),
        (401, FINAL, {"user-agent": "opencode/1.18.33 ai-sdk/openai-compatible/2"}, 401),
        (502, FINAL, {"user-agent": "GeminiCLI/0.61.0/m (linux; x64)"}, 400),
        (401, FINAL, {}, 401),
    ],
)
def test_only_final_refusals_to_such_agents_change(status, sent, asked, expected):
    """What can pass, and every other client, keeps its status."""
    body = b'{"error":{"message":"no","code":"x"}}'
    assert for_client(status, sent, body, asked) == (expected, sent, body)
    told = for_client(status, {**sent, "retry-after": "9"}, body, asked)[1]
    assert ("retry-after" in told) is (expected == status)


def test_googles_error_says_the_status_that_it_is_sent_with():
    """Gemini CLI reads it there."""
    error = {"code": 429, "message": "none left", "status": "RESOURCE_EXHAUSTED"}
    gemini = {"user-agent": "GeminiCLI/0.61.0/m (linux; x64)"}
    _, _, body = for_client(429, FINAL, json.dumps({"error": error}).encode(), gemini)
    assert json.loads(body) == {
        "error": {"code": 400, "message": "none left", "status": "INVALID_ARGUMENT"}
    }
    for odd in (b"", b"[]", b"{", b'{"error":1}'):
        assert for_client(429, FINAL, odd, gemini)[2] == odd


def test_a_code_that_sounds_like_a_passing_limit_is_another():
    """OpenCode waits for those, however final the answer is."""
    agent = {"user-agent": "opencode/1.18.33 ai-sdk/openai-compatible/2"}
    body = b'{"error":{"message":"none left","type":"t","code":"rate_limit_exceeded"}}'
    said = json.loads(for_client(429, FINAL, body, agent)[2])["error"]
    assert (said["message"], said["code"]) == ("none left", "insufficient_quota")
    assert for_client(429, FINAL, body, OTHERS)[2] == body


@pytest.mark.parametrize("status", [429, 404])
@pytest.mark.parametrize(
    "words",
    [
        "has no money left for our key (429): You exceeded your current quota.",
        "The model `qwen-500b` does not exist.",
        "refused our key (401): rate limit of zero; Service Unavailable",
        "its key was refused (Connection error, try again later), for 48 s yet",
    ],
)
def test_words_that_sound_like_a_passing_trouble_are_not_found_in_a_final_refusal(status, words):
    """OpenCode searches the whole answer for them; its user reads them as they were. Others get
    the very bytes.
    """
    agent = {"user-agent": "opencode/1.18.33 ai-sdk/openai-compatible/2"}
    body = json.dumps({"error": {"message": words, "code": "x"}}).encode()
    said = for_client(status, FINAL, body, agent)[2].decode()
    assert not re.search(
        r"429|50[0234]|rate limit|service unavailable|connection error|try again", said, re.I
    )
    assert json.loads(said)["error"]["message"].replace("\u2060", "") == words
    assert for_client(status, PASSING, body, agent)[2] == body
    assert for_client(status, FINAL, body, OTHERS)[2] == body
