"""`manage.py replay`: replays a run, or all of them, from their journals and says whether they behave as recorded."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from runs import services
from runs.contracts import BulkReplay
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.commands.list_failed import span
from runs.management.telling import tell_bulk_replay, tell_replay
from runs.models import TERMINAL_STATUSES
from runs.proof.bulk import replay_all
from runs.requests import checked_run_id
from skills.refusal import Refusal

OFFLINE = ("verify", "tape")
SECONDS_BETWEEN_NEWS = 0.5


class Command(RuntimeCommand):
    help = "Replays a run, or with --all every run that is over. Exit: 0 as recorded, 1 not so."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", nargs="?", help="Id of the run.")
        parser.add_argument(
            "--mode", choices=OFFLINE, default="verify", help="verify folds the journal; tape runs the plan on its outcomes."
        )
        many = parser.add_argument_group("many runs")
        many.add_argument("--all", action="store_true", help="Every run of the tenant that is over, newest first.")
        many.add_argument("--since", type=span, metavar="TIME", help="Only what ended since then: 90m, 24h, 7d.")
        many.add_argument("--status", choices=sorted(TERMINAL_STATUSES), help="Only runs that ended so.")
        many.add_argument("--agent", help="Only runs of this agent, by name or id.")
        many.add_argument("--limit", type=int, metavar="N", help="At most so many, the newest.")

    def respond(self, options: dict[str, Any]) -> int:
        if bool(options["run"]) == options["all"]:
            raise Refusal("INVALID_INPUT", "name one run, or take --all", suggestions=["manage.py replay run_…", "manage.py replay --all"])
        return self._many(options) if options["all"] else self._one(options)

    def _one(self, options: dict[str, Any]) -> int:
        report = services.replay_run(principal=self.principal, run_id=checked_run_id(options["run"]), mode=options["mode"])
        if options["json"]:
            self.print_json(report)
        else:
            tell_replay(report, self.paper)
        return exits.OK if report["matched"] else exits.RUN_FAILED

    def _many(self, options: dict[str, Any]) -> int:
        if options["limit"] is not None and options["limit"] < 1:
            raise Refusal("INVALID_INPUT", f"--limit takes a number from 1, not {options['limit']}")
        report = replay_all(
            tenant=self.tenant,
            mode=options["mode"],
            since=None if options["since"] is None else timezone.now() - options["since"],
            status=options["status"],
            agent=options["agent"],
            limit=options["limit"],
            told=self._progress(),
        )
        return self._told(report, options)

    def _told(self, report: BulkReplay, options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(report.model_dump(mode="json"))
        else:
            tell_bulk_replay(report, self.paper)
        return exits.RUN_FAILED if report.diverged else exits.OK

    def _progress(self) -> Any:
        """Return what says on stderr how far it has come, now and then."""
        begun = said_at = time.monotonic()

        def told(done: int, of: int) -> None:
            nonlocal said_at
            now = time.monotonic()
            if now - said_at >= SECONDS_BETWEEN_NEWS:
                said_at = now
                self.notes.line(f"{done:,} of {of:,} runs replayed, {done / (now - begun):,.0f} a second", "grey")

        return told
