"""A strict reader of Prometheus' text format 0.0.4
(https://prometheus.io/docs/instrumenting/exposition_formats/): what it takes, every Prometheus
takes.
"""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_HELP = re.compile(rf"# HELP ({NAME}) (?:[^\\\n]|\\\\|\\n)+")
_TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram|summary|untyped)")
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
_SAMPLE = re.compile(rf"({NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf)|NaN")
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


def families(text):
    """Name → (type, {(sample name, labels) → value}); an AssertionError where the format, or what
    it promises, is broken.
    """
    assert text.endswith("\n"), "the last line has no end"
    found, help_for, current = {}, None, None
    for line in text[:-1].split("\n"):
        if line.startswith("#"):
            described = _HELP.fullmatch(line)
            if described is not None:
                help_for = described[1]
                assert help_for not in found, f"{help_for} is described twice"
                continue
            typed = _TYPE.fullmatch(line)
            assert typed is not None, f"no comment of the format: {line!r}"
            assert typed[1] == help_for, f"{typed[1]} has a type and no help before it"
            current = typed[1]
            found[current] = (typed[2], {})
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample is not None, f"no sample: {line!r}"
        assert current is not None, f"a sample before any type: {line!r}"
        kind, samples = found[current]
        assert sample[1] in [current + suffix for suffix in _SUFFIXES.get(kind, ("",))], (
            f"{sample[1]} stands in the family {current}"
        )
        pairs = re.findall(_LABEL, sample[2] or "")
        assert len(dict(pairs)) == len(pairs), f"a label twice: {line!r}"
        series = (sample[1], frozenset(pairs))
        assert series not in samples, f"the same series twice: {line!r}"
        assert _NUMBER.fullmatch(sample[len(sample.groups())]), f"no number: {line!r}"
        samples[series] = float(sample[len(sample.groups())])
    for name, (kind, samples) in found.items():
        assert samples, f"{name} has no samples"
        if kind == "counter":
            assert name.endswith("_total"), name
            assert all(value >= 0 and math.isfinite(value) for value in samples.values()), name
        if kind == "histogram":
            _check_histogram(name, samples)
    return found


def _check_histogram(name, samples):
    """For each set of labels: buckets that grow with their bound, the last one infinite and equal
    to the count, and a sum.
    """
    buckets = {}
    for (sample, labels), value in samples.items():
        if sample == f"{name}_bucket":
            bound = dict(labels)["le"]
            buckets.setdefault(frozenset(pair for pair in labels if pair[0] != "le"), []).append(
                (float(bound), value)
            )
    assert buckets, f"{name} has no buckets"
    for labels, rows in buckets.items():
        assert rows == sorted(rows), f"{name}: buckets out of order"
        assert [count for _, count in rows] == sorted(count for _, count in rows), (
            f"{name}: buckets that shrink"
        )
        assert rows[-1] == (math.inf, samples[(f"{name}_count", labels)]), (
            f"{name}: the last bucket is not the count"
        )
        assert samples[(f"{name}_sum", labels)] >= 0
    counts = [labels for sample, labels in samples if sample == f"{name}_count"]
    assert sorted(map(sorted, counts)) == sorted(map(sorted, buckets)), (
        f"{name}: a count without buckets"
    )
