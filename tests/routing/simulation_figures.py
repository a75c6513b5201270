"""The figures of the simulated hour, seed by seed, beside the plain baseline: `python
tests/routing/simulation_figures.py SEED…` (see test_simulation.py).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
from conftest import Player, read_config, written
from test_simulation import TROUBLED, run_baseline, run_gateway

ROW = "{:>7} {:>9} {:>8} {:>9} {:>8} {:>9} {:>8} {:>9} {:>9} {:>9} {:>7}"
HEAD = (
    "seed",
    "requests",
    "served",
    "(plain)",
    "attempts",
    "(plain)",
    "resting",
    "(plain)",
    "back in s",
    "affinity",
    "spread",
)


def main(seeds):
    """One line a seed: share served, attempts a request, calls to resting keys (the baseline's in
    brackets), seconds until the channel that was down serves again; then, for a healthy hour, the
    share of turns that reach their conversation's key, and the difference between the keys with
    most and fewest openings.
    """
    print(ROW.format(*HEAD))
    keys = [(name, key) for name, count in TROUBLED.items() for key in range(1, count + 1)]
    for seed in seeds:
        figures, world = run_gateway(
            Player(
                read_config(written(TROUBLED, SCHEDULING_ALGORITHM="round_robin", AUTO_RETRY=2)),
                now=0.0,
            ),
            seed,
        )
        plain, plain_world = run_baseline(seed, keys)
        sound, _ = run_gateway(
            Player(read_config(written({"sound": 7})), now=0.0), seed, conversations=400
        )
        opened = sound.opened.values()
        print(
            ROW.format(
                seed,
                figures.requests,
                f"{figures.share:.4f}",
                f"{plain.share:.4f}",
                f"{figures.attempts / figures.requests:.3f}",
                f"{plain.attempts / plain.requests:.3f}",
                world.hammered,
                plain_world.hammered,
                f"{figures.first_served_by_b_after or 0:.0f}",
                f"{sound.turns_at_home / sound.turns:.4f}",
                max(opened) - min(opened),
            )
        )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]])
