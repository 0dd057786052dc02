"""`manage.py recovery`: what is suggested against failures, and what is decided about it."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable
from typing import Any

from catalog.learning.documents import export_candidates, import_candidates
from catalog.learning.views import candidate_detail, candidate_json, list_candidates
from runs.api.recovery import SuggestBody, checked_candidate_id
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.inputs import json_object
from runs.management.printing import Paper
from runs.recovery import deciding, suggesting
from skills.requests import parse_body
from skills.wording import UNKNOWN

Json = dict[str, Any]
SHOWN = 200
STATES = ("open", "approved", "rejected", "withdrawn")


def percent(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:.0%}"


def standing(row: Json) -> str:
    """Return where a candidate stands, with what its policy does."""
    return f"{row['state']}, {row['policy']}" if row["policy"] != "none" else str(row["state"])


def tell_candidates(rows: list[Json], paper: Paper) -> None:
    if not rows:
        paper.line("no candidate: nothing fails that nothing helps against; suggest for a failure: manage.py recovery suggest fmt_…")
        return
    columns = ("candidate", "stands", "code", "skill", "failures", "would do", "cause")
    paper.table(columns, [[r["id"], standing(r), r["code"], r["skill"] or "", r["occurrences"] or 0, r["mode"], r["cause"]] for r in rows])


def tell_suggestion(told: Json, paper: Paper) -> None:
    """Print what is suggested, how sure that is, and what else there is."""
    parts = told["confidence_parts"]
    paper.line(f"{told['code']}{' in ' + told['skill'] if told['skill'] else ''}: {told['mode']}", "bold")
    paper.line(told["because"])
    seen = f"{parts['succeeded']} of {parts['applied']} trials worked" if parts["applied"] else "never tried here"
    paper.line(f"confidence {percent(told['confidence'])} ({told['confidence_label']}; {seen})")
    tell_modes(told["alternatives"], paper)
    if told["candidate"]:
        paper.line(f"kept as {told['candidate']['id']}; somebody else may approve it: manage.py recovery approve {told['candidate']['id']}")


def tell_modes(rows: list[Json], paper: Paper) -> None:
    if rows:
        paper.heading("Alternatives")
        told = [[r["mode"], f"{r['succeeded']} of {r['applied']}", r["source"], r.get("reason", "")] for r in rows]
        paper.table(("mode", "worked", "seen for", "why"), told)


def tell_candidate(told: Json, paper: Paper) -> None:
    """Print a candidate: what for, what it would do, how sure, what a replay said, what was decided."""
    parts, effect = told["confidence_parts"], told["measured_effect"]
    pairs = [
        ("candidate", told["id"]),
        ("stands", standing(told)),
        ("failures", f"{told['occurrences']} of {told['code']} in {told['skill'] or 'the run'}: {told['cause']}"),
        ("would do", f"{told['mode']} {told['parameters'] or ''}".strip()),
        ("now", told["advice_now"]["mode"]),
        ("because", told["because"] or UNKNOWN),
        (
            "confidence",
            f"{percent(told['confidence'])} ({told['confidence_label']}, {parts.get('succeeded', 0)} of {parts.get('applied', 0)})",
        ),
        ("before", percent((told["baseline"] or {}).get("rate"))),
        ("since", f"{effect['worked']} of {effect['applied']} came through" if effect else UNKNOWN),
        ("next", ", ".join(told["may"])),
    ]
    paper.pairs(pairs)
    tell_report(told["shadow_report"], paper)
    if told["decisions"]:
        paper.heading("Decisions")
        paper.table(
            ("when (UTC)", "what", "by", "why"), [[d["at"][:19], d["action"], d["by"], d["reason"] or ""] for d in told["decisions"]]
        )


def tell_report(report: Json | None, paper: Paper) -> None:
    if report is None:
        return
    paper.heading(f"In the last {report['failures']} failures: {report['changed']} decided otherwise, {report['unsafe']} unsafe")
    for case in report["cases"]:
        paper.line(f"{case['run_id']} {case['step_id'] or ''}: {case['words']}", "red" if case["unsafe"] else "", indent=1)


class Command(RuntimeCommand):
    help = "Lists recovery candidates, suggests what to do about a failure, and decides: approve, activate, reject, withdraw, reopen."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        names = "candidates|show|suggest|approve|activate|reject|withdraw|reopen|export|import"
        actions = parser.add_subparsers(dest="action", required=True, metavar=names)
        self._add_reading(actions)
        for name, says in _SAYS.items():
            action = actions.add_parser(name, help=says)
            action.add_argument("candidate", help="Id of the candidate (rec_…).")
            action.add_argument("--reason", default="", help="Why.")
        exporting = actions.add_parser("export", help="Print candidates as a document import takes.")
        exporting.add_argument("--state", choices=STATES)
        importing = actions.add_parser("import", help="Bring candidates in from a document, as open ones.")
        importing.add_argument("file", help="Path of the document, or - for standard input.")
        for action in actions.choices.values():
            action.add_argument("--tenant", default=SUPPRESS, help=SUPPRESS)
            action.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def _add_reading(self, actions: Any) -> None:
        listing = actions.add_parser("candidates", help="List the candidates, newest first.")
        listing.add_argument("--state", choices=STATES)
        listing.add_argument("--code", help="Only those for this code.")
        showing = actions.add_parser("show", help="Show a candidate with its evidence and report.")
        showing.add_argument("candidate", help="Id of the candidate (rec_…).")
        suggest = actions.add_parser("suggest", help="Say what to do about a failure (fmt_…), which is kept, or about a code.")
        suggest.add_argument("what", help="Id of a failure, or a code such as TIMEOUT.")
        suggest.add_argument("--skill", help="The code as this skill fails with it.")

    def respond(self, options: dict[str, Any]) -> int:
        own: dict[str, Callable[[dict[str, Any]], int]] = {
            "candidates": self._list,
            "show": self._show,
            "suggest": self._suggest,
            "export": self._export,
            "import": self._import,
        }
        return own.get(options["action"], self._decide)(options)

    def _list(self, options: dict[str, Any]) -> int:
        rows = list_candidates(tenant=self.tenant, state=options["state"], code=options["code"])
        found = [candidate_json(row) for row in rows.order_by("-created_at", "-pk")[:SHOWN]]
        return self._tell({"data": found, "next_cursor": None}, options, lambda told, paper: tell_candidates(told["data"], paper))

    def _show(self, options: dict[str, Any]) -> int:
        told = candidate_detail(tenant=self.tenant, candidate_id=checked_candidate_id(options["candidate"]))
        return self._tell(told, options, tell_candidate)

    def _suggest(self, options: dict[str, Any]) -> int:
        name = "match_id" if options["what"].startswith("fmt_") else "code"
        body = parse_body(SuggestBody, {name: options["what"], "context": {"skill": options["skill"]}})
        told = suggesting.suggest(principal=self.principal, code=body.code, match_id=body.match_id, skill=body.context.skill or "")
        return self._tell(told, options, tell_suggestion)

    def _decide(self, options: dict[str, Any]) -> int:
        decide = deciding.ACTIONS[options["action"]]
        told = decide(principal=self.principal, candidate_id=checked_candidate_id(options["candidate"]), reason=options["reason"])
        return self._tell(told, options, tell_candidate)

    def _export(self, options: dict[str, Any]) -> int:
        self.print_json({"data": export_candidates(principal=self.principal, state=options["state"])})
        return exits.OK

    def _import(self, options: dict[str, Any]) -> int:
        told = import_candidates(principal=self.principal, documents=json_object(options["file"]).get("data"), at="/data")
        return self._tell(told, options, lambda done, paper: paper.line(f"{done['made']} made, {done['changed']} changed"))

    def _tell(self, told: Json, options: dict[str, Any], tell: Callable[[Json, Paper], None]) -> int:
        if options["json"]:
            self.print_json(told)
        else:
            tell(told, self.paper)
        return exits.OK


_SAYS = {
    "approve": "Make it a policy in shadow, with a report of what it would have done; nobody may approve their own.",
    "activate": "Let the policy advise.",
    "reject": "Turn it down.",
    "withdraw": "Take the policy back.",
    "reopen": "Let it be decided again.",
}
