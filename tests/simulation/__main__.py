"""Plays seeds: `python -m tests.simulation --seeds 2000`; one again and in full: `python -m tests.simulation --first 17 --seeds 1 --trace`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections import Counter

import django


def main() -> int:
    given = _arguments()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aos_site.settings")
    django.setup()
    logging.disable(logging.CRITICAL)
    from tests.simulation.store import opened_store, own_database  # noqa: PLC0415 - needs the apps to be loaded
    from tests.simulation.world import play  # noqa: PLC0415 - as above

    begun, failed, events, counts = time.monotonic(), 0, 0, Counter[str]()
    with own_database(), opened_store() as store:
        for seed in range(given.first, given.first + given.seeds):
            outcome = play(seed, store, tell=given.trace)
            events += outcome.events
            counts += outcome.counts
            if given.trace:
                print(*(outcome.told or []), sep="\n")
            if given.trace or given.verbose:
                print(outcome.seed, outcome.digest, outcome.events, f"{outcome.virtual_seconds:.1f}", dict(outcome.counts))
            if outcome.faults:
                failed += 1
                print(f"seed {seed}:", *outcome.faults, sep="\n    ")
    seconds = time.monotonic() - begun
    print(f"{given.seeds} seeds, {events} events, {failed} failed, {seconds:.1f} s")
    print(dict(sorted(counts.items())))
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
