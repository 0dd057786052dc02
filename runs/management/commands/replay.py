"""`manage.py replay`: replays a run, or all of them, and says whether they behave as recorded."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from runs import services
from runs.contracts.simulation import BulkReplay
from runs.contracts.what_if import Changes
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.commands.list_failed import span
from runs.management.inputs import json_object, milliseconds
from runs.management.telling_proof import tell_bulk_replay, tell_replay
from runs.models import TERMINAL_STATUSES
from runs.proof.bulk import replay_all
from runs.proof.live import live_report
from runs.proof.what_if import what_if_run
from runs.requests import checked_run_id
from runs.waiting import wait_until
from skills.refusal import Refusal
from skills.requests import parse_body

MODES = ("verify", "tape", "live", "what-if")
OFFLINE = ("verify", "tape")
SECONDS_BETWEEN_NEWS = 0.5


class Command(RuntimeCommand):
    help = "Replays a run, or with --all every run that is over. Exit: 0 as recorded, 1 not so, 6 a live one waits for a person."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", nargs="?", help="Id of the run.")
        how = "verify folds the journal; tape runs the plan on its outcomes; live runs it for real; what-if plays it under --changes."
        parser.add_argument("--mode", choices=MODES, default="verify", help=how)
        live = parser.add_argument_group("live")
        live.add_argument("--allow-effects", action="store_true", help="Agree to calls that leave something behind.")
        live.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="How long to wait for its end.")
        changed = parser.add_argument_group("what-if")
        changed.add_argument("--changes", metavar="FILE", help="What is changed, as JSON; - reads standard input.")
        known = "What a call comes to that nobody made: nobody knows (stop), it goes well, it fails as before."
        changed.add_argument("--assume", choices=("stop", "success", "failure"), default="stop", help=known)
        many = parser.add_argument_group("many runs, by verify or tape")
        many.add_argument("--all", action="store_true", help="Every run of the tenant that is over, newest first.")
        many.add_argument("--since", type=span, metavar="TIME", help="Only what ended since then: 90m, 24h, 7d.")
        many.add_argument("--status", choices=sorted(TERMINAL_STATUSES), help="Only runs that ended so.")
        many.add_argument("--agent", help="Only runs of this agent, by name or id.")
        many.add_argument("--limit", type=int, metavar="N", help="At most so many, the newest.")

    def respond(self, options: dict[str, Any]) -> int:
        if bool(options["run"]) == options["all"]:
            raise Refusal("INVALID_INPUT", "name one run, or take --all", suggestions=["manage.py replay run_…", "manage.py replay --all"])
        if (options["changes"] is not None) != (options["mode"] == "what-if"):
            raise Refusal("INVALID_INPUT", "give --changes with --mode what-if, and with no other")
        return self._many(options) if options["all"] else self._one(options)

    def _one(self, options: dict[str, Any]) -> int:
        run_id, mode = checked_run_id(options["run"]), options["mode"]
        if mode == "live":
            return self._told(self._live(run_id, options), options)
        if mode == "what-if":
            changes = parse_body(Changes, json_object(options["changes"]), at="/changes")
            report = what_if_run(principal=self.principal, run_id=run_id, changes=changes, assume=options["assume"])
        else:
            report = services.replay_run(principal=self.principal, run_id=run_id, mode=mode)
        return self._told(report, options)

    def _live(self, run_id: str, options: dict[str, Any]) -> dict[str, Any]:
        patience = milliseconds(options["timeout"], option="--timeout") / 1_000
        child, _ = services.replay_live(principal=self.principal, run_id=run_id, allow_effects=options["allow_effects"])
        self.notes.line(f"it runs once more as {child.public_id}", "grey")

        def read() -> dict[str, Any]:
            return live_report(tenant=self.tenant, run_id=run_id, child_id=child.public_id)

        return wait_until(read, lambda found: found["status"] == "done" or found["waiting_for"] is not None, seconds=patience)

    def _told(self, report: dict[str, Any], options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(report)
        else:
            tell_replay(report, self.paper)
        if report["status"] == "running":
            return exits.WAITING if report["waiting_for"] else exits.TIMED_OUT
        # A what-if that comes out otherwise has done what it is for.
        return exits.OK if report["matched"] or report["mode"] == "what_if" else exits.RUN_FAILED

    def _many(self, options: dict[str, Any]) -> int:
        if options["mode"] not in OFFLINE:
            raise Refusal("INVALID_INPUT", f"--all replays by {' or '.join(OFFLINE)}, not by {options['mode']}")
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
        return self._told_of_many(report, options)

    def _told_of_many(self, report: BulkReplay, options: dict[str, Any]) -> int:
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
