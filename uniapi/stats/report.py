"""What the admin surface shows, from the recorder's hours. The shape of `/v1/stats` is the predecessor's (reference/predecessor.md §1.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .recorder import Recorder, Tally


def stats_report(recorder: Recorder, hours: int, now_s: float) -> dict[str, Any]:
    """The last `hours` hours: success rates of channels and providers, and counts of models, endpoints and client addresses, largest first."""
    tallies = recorder.tallies(hours, now_s)
    by_channel: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    by_provider: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for tally in tallies:
        for (provider, model), (successes, total) in tally.attempts.items():
            for counts in (by_channel[provider, model], by_provider[provider]):
                counts[0] += successes
                counts[1] += total
    channel_rows = [{"provider": provider, "model": model, **_rate(counts)} for (provider, model), counts in by_channel.items()]
    provider_rows = [{"provider": provider, **_rate(counts)} for provider, counts in by_provider.items()]
    return {
        "time_range": f"Last {hours} hours",
        "channel_model_success_rates": sorted(channel_rows, key=_by_rate),
        "channel_success_rates": sorted(provider_rows, key=_by_rate),
        "model_request_counts": _counted("model", (tally.models for tally in tallies)),
        "endpoint_request_counts": _counted("endpoint", (tally.endpoints for tally in tallies)),
        "ip_request_counts": _counted("ip", (tally.ips for tally in tallies)),
        "model_token_counts": _tokens(tallies),
    }


def _rate(counts: list[int]) -> dict[str, Any]:
    successes, total = counts
    return {"success_rate": successes / total if total else 0.0, "total_requests": total}


def _by_rate(row: dict[str, Any]) -> tuple[float, int, str]:
    return (-row["success_rate"], -row["total_requests"], row["provider"])


def _counted(name: str, parts: Iterable[dict[str, int]]) -> list[dict[str, Any]]:
    counts: dict[str, int] = defaultdict(int)
    for part in parts:
        for key, count in part.items():
            counts[key] += count
    return [{name: key, "count": count} for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _tokens(tallies: list[Tally]) -> list[dict[str, Any]]:
    by_model: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for tally in tallies:
        for (_, model), counts in tally.tokens.items():
            for place, count in enumerate(counts):
                by_model[model][place] += count
    rows = [
        {
            "model": model,
            "total_prompt_tokens": counts[0],
            "total_completion_tokens": counts[1],
            "total_tokens": counts[2],
            "request_count": counts[3],
        }
        for model, counts in by_model.items()
    ]
    return sorted(rows, key=lambda row: (-row["total_tokens"], row["model"]))
