"""`manage.py retention`: removes what is no longer kept, or says what would go."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs.housekeeping import retention
from runs.housekeeping.retention import Removed
from runs.management.base import RuntimeCommand, refuse_blind
from runs.management.printing import Paper
from skills.instants import instant_or_none
from skills.wording import UNKNOWN

FOR_EVER = "for ever"


def removed_json(removed: Removed) -> dict[str, Any]:
    """Return what one class loses, or lost, as programs read it."""
    return {
        "class": removed.name,
        "what": removed.says,
        "keeps_days": removed.keeps_days,
        "runs": removed.runs,
        "rows": removed.rows,
        "oldest_kept": instant_or_none(removed.oldest_kept),
    }


def tell(found: list[Removed], paper: Paper, *, dry_run: bool) -> None:
    """Print what went, or would go, class by class."""
    columns = ("class", "kept", "runs", "rows", "oldest kept (UTC)", "what")
    paper.table(columns, [_row(removed) for removed in found])
    rows = sum(sum(removed.rows.values()) for removed in found)
    paper.line(f"{rows} rows would go; nothing was changed" if dry_run else f"{rows} rows went")


def _row(removed: Removed) -> list[Any]:
    keeps = FOR_EVER if removed.keeps_days is None else f"{removed.keeps_days} d"
    oldest = f"{removed.oldest_kept:%Y-%m-%d %H:%M}" if removed.oldest_kept else UNKNOWN
    return [removed.name, keeps, removed.runs, sum(removed.rows.values()), oldest, removed.says]


class Command(RuntimeCommand):
    help = "Removes what is no longer kept (AOS_RETENTION_…_DAYS), of every tenant. Workers do this every hour by themselves."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would go and change nothing.")

    def respond(self, options: dict[str, Any]) -> int:
        refuse_blind()
        dry_run = options["dry_run"]
        found = retention.what_is_due() if dry_run else retention.remove_due()
        if options["json"]:
            self.print_json({"dry_run": dry_run, "data": [removed_json(removed) for removed in found]})
        else:
            tell(found, self.paper, dry_run=dry_run)
        return 0
