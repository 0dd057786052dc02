"""`manage.py evidence`: takes out all that is known of a run as one file, and checks such a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import clean
from runs.proof.evidence import evidence_of, verify_evidence
from runs.requests import checked_run_id
from skills.refusal import Refusal


class Command(RuntimeCommand):
    help = "RUN: writes its evidence as a zip. --verify FILE: checks one. Exit: 0 written, or unchanged; 1 something was changed."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", nargs="?", help="Id of the run.")
        parser.add_argument("-o", "--output", metavar="FILE", help="Where to; evidence-RUN.zip by default.")
        parser.add_argument("--without-payloads", action="store_true", help="Leave out what people and skills wrote.")
        parser.add_argument("--sign", action="store_true", help="Sign it with the first of AOS_SIGNING_KEYS.")
        parser.add_argument("--verify", metavar="FILE", help="Check this bundle instead.")
        parser.add_argument("--head", metavar="SHA256", help="With --verify: the journal's head as it was noted elsewhere.")

    def respond(self, options: dict[str, Any]) -> int:
        if (options["run"] is None) == (options["verify"] is None):
            raise Refusal("INVALID_INPUT", "name a run, or a bundle to check with --verify")
        if options["head"] is not None and options["verify"] is None:
            raise Refusal("INVALID_INPUT", "--head goes with --verify")
        return self._export(options) if options["verify"] is None else self._verify(options)

    def _export(self, options: dict[str, Any]) -> int:
        run_id = checked_run_id(options["run"])
        content = evidence_of(principal=self.principal, run_id=run_id, without_payloads=options["without_payloads"], signed=options["sign"])
        path = Path(options["output"] or f"evidence-{run_id}.zip")
        try:
            with path.open("xb") as file:
                file.write(content)
        except OSError as error:
            raise Refusal("INVALID_INPUT", f"{path} cannot be written: {error.strerror or error}", status=422) from None
        if options["json"]:
            self.print_json({"run_id": run_id, "file": str(path), "bytes": len(content)})
        else:
            self.paper.line(str(path))
            self.notes.line(f"{len(content):,} bytes; check it: manage.py evidence --verify {path}", "grey")
        return exits.OK

    def _verify(self, options: dict[str, Any]) -> int:
        found = verify_evidence(Path(options["verify"]), options["head"])
        if options["json"]:
            self.print_json(found)
            return exits.OK if found["unchanged"] else exits.RUN_FAILED
        for problem in found["problems"]:
            self.paper.line(clean(f"✕ {problem}"), "red")
        if found["unchanged"]:
            part = "" if found["complete"] else " so far; the run goes on"
            signed = {True: "signed by a known key", False: "not signed", None: "signed; there is no key here to check that with"}
            replayed = "replayed, and it comes out as told" if found["replayed"] else "its payloads are not there to be replayed"
            self.paper.line(
                f"✓ unchanged: {found['events']} events of {found['run_id']}{part}; {replayed}; {signed[found['signed']]}", "green"
            )
        return exits.OK if found["unchanged"] else exits.RUN_FAILED
