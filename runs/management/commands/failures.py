"""`manage.py failures`: what failed in a time, how much of it was known, what helped; by code, skill, agent or as groups."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from catalog.analytics.numbers import Failures, analytics
from catalog.groups.reading import list_groups
from catalog.groups.states import STATES
from catalog.groups.windows import GroupQuery, failures_of
from runs.console.failures import failures_view as view
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from skills.requests import parse_query
from skills.wording import duration, money

Json = dict[str, Any]
_ASKED = ("since", "agent", "skill", "code", "host", "state", "sort", "limit")
_TABLES = {"code": "by_code", "mode": "by_mode", "agent": "by_agent", "skill": "by_skill_version"}
_NUMBERS = ("failures", "known", "tried", "worked", "success", "spent in vain")


class Command(RuntimeCommand):
    help = "Says what failed, how much of it the catalog knew, what was tried and what worked. Injected failures are left out."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--by", choices=[*_TABLES, "signature"], default="code", help="What to group by; signature: groups like issues."
        )
        parser.add_argument("--since", metavar="TIME", help="How far back: 90m, 24h, 7d (the default), at most 90d.")
        for name in ("agent", "skill", "code", "host"):
            parser.add_argument(f"--{name}", help=f"Of this {name} only.")
        parser.add_argument("--state", choices=STATES, help="With --by signature: groups that stand so.")
        parser.add_argument(
            "--sort", choices=("failures", "wasted", "last_seen", "first_seen"), help="With --by signature: which groups first."
        )
        parser.add_argument("--limit", help="With --by signature: groups at most; 50 without it.")

    def respond(self, options: dict[str, Any]) -> int:
        query, now = parse_query(GroupQuery, {name: options[name] for name in _ASKED if options[name] is not None}), timezone.now()
        wanted = failures_of(self.tenant, query, now)
        if options["by"] == "signature":
            found = list_groups(wanted, limit=query.limit, sort=query.sort, state=query.state, now=now)
            self._tell(found, options, lambda: tell_groups(found, self.paper))
        else:
            self._numbers(wanted, query.since, options)
        return exits.OK

    def _numbers(self, wanted: Failures, since: str, options: dict[str, Any]) -> None:
        answer = analytics(wanted)
        self._tell(answer, options, lambda: tell_numbers(answer, since, options["by"], self.paper))

    def _tell(self, answer: Json, options: dict[str, Any], tell: Any) -> None:
        if options["json"]:
            self.print_json(answer)
        else:
            tell()


def tell_numbers(answer: Json, since: str, by: str, paper: Paper) -> None:
    """Print the whole in a sentence, then its parts as a table."""
    totals = answer["totals"]
    paper.line(view.sentence(totals, since, shows_costs=True), "bold")
    if totals["injected"]:
        paper.line(f"{view.counted(totals['injected'], 'failure')} injected on purpose not counted", "grey")
    if totals["time_to_recovery"]["n"]:
        times = totals["time_to_recovery"]
        paper.line(f"recovery took {duration(times['p50_ms'])} for half of them, {duration(times['p95_ms'])} for 19 of 20", "grey")
    rows = [[_name(row, by), *_row(row)] for row in answer[_TABLES[by]]]
    if rows:
        paper.table((by, *_NUMBERS), rows)


def _name(row: Json, by: str) -> str:
    if by == "skill":
        return f"{row['skill']} {row['skill_version'] or ''}".rstrip()
    return str(row[by] or {"mode": "nothing", "agent": "gone"}.get(by, ""))


def _row(row: Json) -> list[str]:
    wasted = money(row["wasted_micro_usd"]) if row["wasted_micro_usd"] else ""
    counts = (f"{row['tried']:,}", f"{row['worked']:,}")
    return [f"{row['failures']:,}", view.percent(row["match_rate"]), *counts, view.percent(row["success_rate"]), wasted]


def tell_groups(found: Json, paper: Paper) -> None:
    """Print groups as a table, those with most failures first."""
    if not found["data"]:
        paper.line("no group of failures in this time")
        return
    rows = [
        [
            view.LOOKS[row["state"]].word,
            f"{row['failures']:,}",
            view.growth(row["trend"]),
            f"{row['worked']:,}/{row['tried']:,}",
            view.moment(row["last_seen_at"]),
            row["signature"][:16],
            f"{view.title_of(row)} {row['host'] or ''}".rstrip(),
            row["cause"] or "",
        ]
        for row in found["data"]
    ]
    paper.table(("state", "failures", "trend", "worked", "last (UTC)", "signature", "what", "cause"), rows)
    if found["more"]:
        paper.line("there are more; --limit shows up to 200", "grey")
