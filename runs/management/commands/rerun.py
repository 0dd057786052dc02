"""`manage.py rerun`: does a run again, all of it or from a step on, as a child of the first; shows first what that means."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from runs import selectors, services
from runs.again import Wanted
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.following import Follower, tell_end
from runs.management.inputs import json_object, milliseconds
from runs.management.telling_proof import tell_rerun
from runs.requests import RerunBody, checked_run_id
from skills.refusal import Refusal
from skills.requests import parse_body


class Command(RuntimeCommand):
    help = "Does a run again with the same goal, plan and inputs, or from a step on; the first stays as it is."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--from-step", metavar="STEP", help="Keep the results of what was done before this step.")
        parser.add_argument("--versions", choices=("current", "pinned"), default="current", help="Skills as they are now, or as they were.")
        parser.add_argument("--params", metavar="FILE", help="Whole new parameters by step, as JSON; - reads standard input.")
        parser.add_argument("--repeat-effects", action="store_true", help="Agree to calls again whose effect happened already.")
        parser.add_argument("--dry-run", action="store_true", help="Say what it would mean, and start nothing.")
        parser.add_argument("--yes", action="store_true", help="Do not ask, where it would be asked on a terminal.")
        parser.add_argument("--follow", action="store_true", help="Tell what happens as it happens.")
        parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="How long to follow.")

    def respond(self, options: dict[str, Any]) -> int:
        patience = milliseconds(options["timeout"], option="--timeout") / 1_000
        run_id, wanted = checked_run_id(options["run"]), self._wanted(options)
        if options["dry_run"] or not wanted.is_as_it_was:
            preview = services.preview_rerun(principal=self.principal, run_id=run_id, wanted=wanted)
            if options["dry_run"] and options["json"]:
                self.print_json(preview)
            else:
                tell_rerun(preview, self.paper if options["dry_run"] else self.notes)
            if options["dry_run"]:
                return exits.OK
            if preview["effects_again"] and wanted.repeat_effects and not options["yes"] and not self._agreed():
                raise Refusal("INVALID_INPUT", "nothing was started")
        run, _ = services.rerun_run(principal=self.principal, run_id=run_id, wanted=wanted)
        if not options["follow"]:
            return self._leave(selectors.run_json(run), options)
        try:
            ended = Follower(self.tenant, run.public_id, self.notes).follow(patience)
        except KeyboardInterrupt:
            self.notes.line(f"stopped watching; the run goes on. Stop it: manage.py cancel {run.public_id}")
            return exits.INTERRUPTED
        if options["json"]:
            self.print_json(ended)
        else:
            tell_end(ended, self.paper)
        return exits.exit_of_run(ended)

    def _wanted(self, options: dict[str, Any]) -> Wanted:
        given: dict[str, Any] = {"versions": options["versions"], "repeat_effects": options["repeat_effects"]}
        if options["from_step"] is not None:
            given["from_step"] = options["from_step"]
        if options["params"] is not None:
            given["params"] = json_object(options["params"])
        body = parse_body(RerunBody, given)
        return Wanted(from_step=body.from_step, versions=body.versions, params=body.params, repeat_effects=body.repeat_effects)

    def _agreed(self) -> bool:
        """Ask on a terminal; where nobody can be asked, who repeats effects by a flag has agreed."""
        if not sys.stdin.isatty():
            return True
        self.notes.line("These effects would be done once more. Go on? [y/N] ", "amber")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def _leave(self, run: dict[str, Any], options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(run)
        else:
            self.paper.line(run["run_id"])
        return exits.OK
