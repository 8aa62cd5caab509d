"""Play the engine's property suite for a long time: random graphs, items, sizes, schedules, ends and failures.

    python tests/long_game.py            # an hour
    python tests/long_game.py 10         # ten minutes
    python tests/long_game.py 10 --seed 7

Each round plays every property of `FILES` with a seed of its own (3,000 examples each with
``HYPOTHESIS_PROFILE=thorough``, 300 else). The first that fails is shrunk and shown with the seed of its round, and
ends the play with status 1.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parent
FILES = ("test_any_game.py", "test_scheduler.py", "test_joins.py", "test_any_graph.py")


def main() -> int:
    parser = argparse.ArgumentParser(description="Play the engine's property suite for a long time.")
    parser.add_argument("minutes", type=float, nargs="?", default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31), help="of the first round")
    options = parser.parse_args()
    until_s = time.monotonic() + 60 * options.minutes
    seed = options.seed
    while time.monotonic() < until_s:
        if (status := play(seed, until_s - time.monotonic())) != 0:
            print(f"round {seed} failed: python {Path(__file__).name} 1 --seed {seed}", flush=True)
            return status
        seed += 1
    print(f"nothing found in {options.minutes:g} minutes, rounds {options.seed} to {seed - 1}")
    return 0


def play(seed: int, left_s: float) -> int:
    """One round; what is not over in time counts as nothing found."""
    files = [str(TESTS / "engine" / name) for name in FILES]
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--hypothesis-seed={seed}", *files]
    env = {"HYPOTHESIS_PROFILE": "long", **os.environ}
    started = time.monotonic()
    try:
        done = subprocess.run(command, env=env, cwd=TESTS.parent, timeout=left_s, check=False)
    except subprocess.TimeoutExpired:
        print(f"round {seed}: the time is over")
        return 0
    print(f"round {seed}: {time.monotonic() - started:.0f} s", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
