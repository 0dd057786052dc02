"""`python -m bench.console [--runs N] [--limit MS]`: how long the console's pages take where there are N runs (a million), in a
database of its own. It asks the real views through all middleware, by Django's test client in this process."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

import django

from bench.environment import ENVIRONMENT

if TYPE_CHECKING:
    from agents.models import Tenant
    from bench.console_pages import Answers
    from runs.models import Run

HEAD = ("page", "as", "queries", "p50 ms", "p95 ms", "best ms", "own ms", "slowest query ms", "kB")
"""`own`: what this process worked at best; the rest of `best` is the database, and whatever else the machine does."""
LONGEST_STATEMENT = 400


def main(asked: Namespace) -> int:
    """Seed, ask, print the table; return 1 where a page takes longer at best than it may."""
    from django.conf import settings  # noqa: PLC0415 - settings come first
    from django.db import connection  # noqa: PLC0415

    from bench.installation import own_database  # noqa: PLC0415
    from runs.shell.memory import settle  # noqa: PLC0415

    if connection.vendor != "postgresql":
        raise SystemExit("python -m tests.databases postgresql -- python -m bench.console …")
    settings.VAR_DIR.mkdir(exist_ok=True)
    with own_database():
        began = time.perf_counter()
        tenant, shown = seed(asked.runs)
        stored = time.perf_counter() - began
        # What PostgreSQL does by itself some time after must not happen while something is measured.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        sys.stdout.write(f"{asked.runs:,} runs and what belongs to them, stored in {stored:.0f} s\n")
        sys.stdout.flush()
        # As the web process does before it answers anybody.
        settle()
        answers = ask_all(tenant, shown, asked.rounds, asked.only)
    sys.stdout.write(f"{table(answers)}\n")
    slow = [each for each in answers if asked.limit and min(each.ms) > asked.limit]
    for each in slow:
        sys.stdout.write(f"{each.page}: {min(each.ms):.0f} ms at best, {asked.limit} allowed; {each.slowest[:LONGEST_STATEMENT]}\n")
    return 1 if slow else 0


def ask_all(tenant: Tenant, shown: dict[str, Run], rounds: int, only: str = "") -> list[Answers]:
    """Ask for every page whose name holds a word, as somebody of the tenant and as the platform's own; lists of the API with a key."""
    from bench.console_pages import a_live_worker, measure, pages, sign_in, who_asks  # noqa: PLC0415

    browsers = sign_in(tenant)
    with a_live_worker():
        return [
            measure(browsers[person], f"{page} | {person}", address, rounds)
            for page, address in pages(tenant, shown).items()
            if only in page
            for person in who_asks(address)
        ]


def seed(runs: int) -> tuple[Tenant, dict[str, Run]]:
    """Store so many runs; return the tenant who has the most, and those of its runs whose pages are asked for."""
    from bench.console_parked import park_runs, store_long_runs  # noqa: PLC0415
    from bench.console_rows import seed_rows  # noqa: PLC0415

    tenants = seed_rows(runs)
    shown = park_runs(tenants, runs) | store_long_runs(tenants[0])
    return tenants[0], shown


def table(answers: Sequence[Answers]) -> str:
    """Return the answers as aligned text, one a line."""
    rows = [HEAD, *(_cells(each) for each in answers)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join("  ".join(_justified(*cell) for cell in zip(range(len(HEAD)), row, widths, strict=True)) for row in rows)


def _justified(place: int, cell: str, width: int) -> str:
    return cell.ljust(width) if HEAD[place] in ("page", "as") else cell.rjust(width)


def _cells(each: Answers) -> tuple[str, ...]:
    page, _, person = each.page.rpartition(" | ")
    times = (each.p50, each.p95, min(each.ms), min(each.own_ms))
    return (page, person, str(each.queries), *(f"{ms:.0f}" for ms in times), f"{each.slowest_ms:.1f}", f"{each.bytes / 1_000:,.0f}")


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m bench.console", description="How long the console's pages take in a full database.")
    parser.add_argument("--runs", type=int, default=1_000_000, help="How many runs there are.")
    parser.add_argument("--rounds", type=int, default=9, help="How often each page is asked for.")
    parser.add_argument("--only", default="", help="Ask only for the pages whose names hold this.")
    parser.add_argument("--limit", type=float, default=0.0, help="Fail where the quickest answer of a page takes more milliseconds.")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT, DJANGO_SETTINGS_MODULE="aos_site.settings")
    django.setup()
    sys.exit(main(_arguments()))
