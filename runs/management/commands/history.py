"""`manage.py history`: takes a run's journal along as a file, and checks such files: read, signed, replayed."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import clean
from runs.proof.histories import export_history, read_file, replay_history, text_of
from runs.requests import checked_run_id
from skills.refusal import Refusal


class Command(RuntimeCommand):
    help = "export RUN: its journal as a file. verify FILE…: read, check and replay such files; exit 1 where one is not as recorded."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        export = actions.add_parser("export", help="Write a run's history.")
        export.add_argument("run", help="Id of a run that is over.")
        export.add_argument("-o", "--output", metavar="FILE", help="Where to; standard output by default. Never over a file that is there.")
        export.add_argument("--kind", default="", help="What kind of run it is, in a word.")
        export.add_argument("--description", default="", help="What it shows, in a line.")
        export.add_argument("--sign", action="store_true", help="Sign it with the first of AOS_SIGNING_KEYS.")
        verify = actions.add_parser("verify", help="Check histories.")
        verify.add_argument("files", nargs="+", metavar="FILE", help="Files, or folders of *.json files.")
        verify.add_argument("--signed", action="store_true", help="Refuse what no key known here signed.")
        for each in (export, verify):
            each.add_argument("--tenant", default=None, help="Slug of the tenant; not needed where there is only one.")
            each.add_argument("--json", action="store_true", help="Print one JSON document.")

    def respond(self, options: dict[str, Any]) -> int:
        return self._export(options) if options["action"] == "export" else self._verify(options)

    def _export(self, options: dict[str, Any]) -> int:
        document = export_history(
            principal=self.principal,
            run_id=checked_run_id(options["run"]),
            kind=options["kind"],
            description=options["description"],
            signed=options["sign"],
        )
        if options["output"] is None:
            self.stdout.write(text_of(document), ending="")
            return exits.OK
        try:
            with Path(options["output"]).open("x", encoding="utf-8") as file:
                file.write(text_of(document))
        except OSError as error:
            raise Refusal("INVALID_INPUT", f"{options['output']} cannot be written: {error.strerror or error}", status=422) from None
        self.notes.line(f"{len(document['events'])} events of {document['run_id']} written to {options['output']}")
        return exits.OK

    def _verify(self, options: dict[str, Any]) -> int:
        found = [self._verified(path, must_be_signed=options["signed"]) for path in _files(options["files"])]
        if options["json"]:
            self.print_json({"histories": found, "matched": all(each["matched"] for each in found)})
        else:
            self.paper.table(("", "file", "kind", "events", "signed", "what differs"), [_row(each) for each in found])
            good = sum(each["matched"] for each in found)
            self.paper.line(f"{good} of {len(found)} histories behave as recorded", "green" if good == len(found) else "red")
        return exits.OK if all(each["matched"] for each in found) else exits.RUN_FAILED

    def _verified(self, path: Path, *, must_be_signed: bool) -> dict[str, Any]:
        """Return what came of a file; one that cannot be trusted is told beside the others."""
        told: dict[str, Any] = {"file": path.name, "kind": "", "events": 0, "signed": False, "matched": False, "seq": None, "detail": ""}
        try:
            read = read_file(path, must_be_signed=must_be_signed)
        except Refusal as refusal:
            return told | {"detail": clean(refusal.detail)}
        reports = [replay_history(read, "verify"), replay_history(read, "tape")]
        broken = next((report for report in reports if not report.matched), None)
        told |= {"kind": read.history.kind, "events": len(read.entries), "signed": read.is_signed, "matched": broken is None}
        if broken is None:
            return told
        parting = broken.divergence
        lost = "; ".join(f"{each.name}: {each.detail}" for each in broken.invariants if not each.held)
        return told | {"seq": parting.seq if parting else None, "detail": clean(parting.detail if parting else lost)}


_SIGNED = {True: "yes", False: "no", None: "not checked: no key"}


def _row(found: dict[str, Any]) -> tuple[Any, ...]:
    mark = "✓" if found["matched"] else "✕"
    return mark, found["file"], found["kind"], found["events"], _SIGNED[found["signed"]], found["detail"]


def _files(names: list[str]) -> list[Path]:
    """Return the files that are named, those of folders in order. Raises Refusal where there are none."""
    found = [file for name in names for file in (sorted(Path(name).glob("*.json")) if Path(name).is_dir() else [Path(name)])]
    if not found:
        raise Refusal("INVALID_INPUT", "there is no history there", suggestions=["manage.py history export run_… -o FILE.json"])
    return found
