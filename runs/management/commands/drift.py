"""`manage.py drift`: what goes another way than it used to, and what is compared with what; `--look` looks now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from catalog.drift_alerts import Departure, alert_json, list_alerts
from runs.housekeeping import drift
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from skills.wording import duration, money

SHOWN = 200
_COLUMNS = ("subject", "measure", "before", "n", "now", "n", "score")


class Command(RuntimeCommand):
    help = "Lists alerts of drift that nobody resolved yet: failure rate, cost and time of skill versions and agents."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--look", action="store_true", help="Look now, as is done every hour, before listing.")
        parser.add_argument("--check", action="store_true", help="Only show every comparison there is enough for; no alert is opened.")
        parser.add_argument("--all", action="store_true", help="Resolved ones too.")

    def respond(self, options: dict[str, Any]) -> int:
        now = timezone.now()
        if options["check"]:
            return self._check(drift.compared(self.tenant, now), options)
        if options["look"]:
            opened = drift.tell(self.tenant, drift.departures(self.tenant, now), now)
            self.notes.line(f"{opened} opened", "grey")
        found = [alert_json(row) for row in list_alerts(tenant=self.tenant, live=None if options["all"] else True)[:SHOWN]]
        if options["json"]:
            self.print_json({"data": found, "next_cursor": None})
        else:
            tell_alerts(found, self.paper)
        return exits.OK

    def _check(self, compared: list[tuple[Departure, bool]], options: dict[str, Any]) -> int:
        rows = [comparison_json(departure, alarms=alarms) for departure, alarms in compared]
        if options["json"]:
            self.print_json({"data": rows})
        elif rows:
            self.paper.table((*_COLUMNS, "departs"), [[*numbers(row), "yes" if row["departs"] else ""] for row in rows])
        else:
            self.paper.line("there is too little to compare: it takes some 30 calls in a day or a week, and 100 in the weeks before")
        return exits.OK


def comparison_json(departure: Departure, *, alarms: bool) -> dict[str, Any]:
    """Return a comparison as a document, whether it alarms or not."""
    found = departure.finding
    told = {"subject_kind": departure.subject_kind, "subject": departure.subject, "measure": found.measure}
    return {
        **told,
        "baseline": found.baseline,
        "recent": found.recent,
        "score": found.score,
        "threshold": found.threshold,
        "departs": alarms,
    }


def tell_alerts(found: list[dict[str, Any]], paper: Paper) -> None:
    if not found:
        paper.line("nothing departs from its baseline; --check shows what was compared")
        return
    rows = [[*numbers(row), row["state"], row["last_seen_at"][:16].replace("T", " "), row["drift_id"]] for row in found]
    paper.table((*_COLUMNS, "state", "last seen (UTC)", "id"), rows)


def numbers(row: dict[str, Any]) -> list[str]:
    """Return what two sides of a comparison say, in words."""
    before, now = row["baseline"], row["recent"]
    said = [said_value(row["measure"], side["value"]) for side in (before, now)]
    return [row["subject"], row["measure"], said[0], f"{before['n']:,}", said[1], f"{now['n']:,}", f"{row['score']:+.1f}"]


def said_value(measure: str, value: float) -> str:
    if measure == "failure_rate":
        return f"{100 * value:.1f} %"
    return money(round(value)) if measure == "cost" else duration(round(value))
