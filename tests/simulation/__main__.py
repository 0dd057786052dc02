"""Plays seeds: `python -m tests.simulation --seeds 2000 --processes 2`; one again, told event by event: `--first 17 --seeds 1 --trace`."""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import time
from collections import Counter

import django

from runs.shell.crash_points import CRASH_POINTS

FEWEST_EVENTS = 200
SEEDS_THAT_PASS_EVERYWHERE = 100


def main() -> int:
    given = _arguments()
    return _in_processes(given.first, given.seeds, given.processes) if given.processes > 1 else _play(given)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="from which on")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="tell every event")
    return parser.parse_args()


def _in_processes(first: int, seeds: int, processes: int) -> int:
    share = -(-seeds // processes)
    parts = [(begin, min(share, first + seeds - begin)) for begin in range(first, first + seeds, share)]
    command = [sys.executable, "-m", "tests.simulation"]
    started = [subprocess.Popen([*command, "--first", str(begin), "--seeds", str(count)]) for begin, count in parts]
    return max([process.wait() for process in started], default=0)


def _play(given: argparse.Namespace) -> int:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "aos_site.settings", "DATABASE_URL": "sqlite:///:memory:"}
    django.setup()
    logging.disable(logging.CRITICAL)
    from tests.simulation.store import opened_store, own_database  # noqa: PLC0415 - needs the apps to be loaded
    from tests.simulation.world import play  # noqa: PLC0415 - as above

    begun, failed, events, virtual, counts = time.monotonic(), 0, 0, 0.0, Counter[str]()
    with own_database(), opened_store() as store:
        for seed in range(given.first, given.first + given.seeds):
            outcome = play(seed, store, tell=given.trace)
            events, virtual, counts = events + outcome.events, virtual + outcome.virtual_seconds, counts + outcome.counts
            few = [f"only {outcome.events} events"] if outcome.events < FEWEST_EVENTS else []
            if given.trace:
                _say(*(outcome.told or []), f"{outcome.events} events, digest {outcome.digest}")
            if faults := [*outcome.faults, *few]:
                failed += 1
                _say(f"seed {seed}:", *(f"    {fault}" for fault in faults))
                _say(f"    again: python -m tests.simulation --first {seed} --seeds 1 --trace")
            if seed % 100 == 99:
                _say(f"… {seed + 1 - given.first} of {given.seeds} seeds, {failed} failed, {time.monotonic() - begun:.0f} s")
    _say(*(f"{count:8} {name}" for name, count in sorted(counts.items())))
    if given.seeds >= SEEDS_THAT_PASS_EVERYWHERE and (missed := [point for point in CRASH_POINTS if not counts[point]]):
        failed += 1
        _say(f"nobody passes {', '.join(missed)}")
    _say(f"{given.seeds} seeds, {events} events, {virtual / 3_600:.1f} virtual hours, {failed} failed, {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
