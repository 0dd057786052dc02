"""`manage.py failure_catalog`: what is known about failures and what is done about each; its history, export and import."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from typing import TYPE_CHECKING, Any

from catalog import entries, selectors
from runs import runtime
from runs.management import exits
from runs.management.base import RuntimeCommand, operator_name
from runs.management.inputs import json_object
from runs.requests import FailureQuery
from skills.requests import RequestModel, parse_body

if TYPE_CHECKING:
    from agents.models import Tenant


class Export(RequestModel):
    """What a file holds that `export` wrote."""

    entries: list[Any]


class Command(RuntimeCommand):
    help = "Lists the failure catalog, or what it says about one code or one skill; shows history; exports and imports."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--code", help="Only this code, such as TIMEOUT.")
        parser.add_argument("--skill", help="Only entries of this skill.")
        actions = parser.add_subparsers(dest="action", metavar="history|export|import")
        history = actions.add_parser("history", help="Show every version of an entry, and what each changed.")
        history.add_argument("entry", help="Its id, as --json lists it.")
        history.add_argument("--against", type=int, metavar="VERSION", help="Compare with this version, not with the one before.")
        exporting = actions.add_parser("export", help="Print the tenant's own entries as JSON.")
        importing = actions.add_parser("import", help="Add or replace entries from a JSON file, all or none.")
        importing.add_argument("file", help="What export printed; - reads it from standard input.")
        importing.add_argument("--reason", required=True, help="Why, for those who read the history.")
        importing.add_argument("--dry-run", action="store_true", help="Say what would change, and change nothing.")
        for action in (exporting, importing):
            action.add_argument("--shared", action="store_true", help="The entries all tenants share, instead of the tenant's own.")
        for action in (history, exporting, importing):
            # Beside the action too, where people look for them; what stands before it is kept.
            action.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)
            action.add_argument("--tenant", default=SUPPRESS, help=SUPPRESS)

    def respond(self, options: dict[str, Any]) -> int:
        doing = {"history": self._history, "export": self._export, "import": self._import}.get(options["action"], self._list)
        return doing(options)

    def _list(self, options: dict[str, Any]) -> int:
        asked = parse_body(FailureQuery, {"code": options["code"], "skill": options["skill"]})
        found = runtime.failure_catalog(tenant=self.tenant, code=asked.code, skill=asked.skill)
        if options["json"]:
            self.print_json(found)
            return exits.OK
        rows = [
            [e["code"], e["skill"] or "every skill", e["category"], e["mode"].replace("_", " ").lower(), in_words(e)] for e in found["data"]
        ]
        self.paper.table(("code", "skill", "category", "what is done", "confidence"), rows)
        if len(found["data"]) == 1:
            for suggestion in found["data"][0]["suggestions"]:
                self.paper.line(f"- {suggestion}")
        return exits.OK

    def _history(self, options: dict[str, Any]) -> int:
        row = selectors.get_entry(tenant=self.tenant, entry_id=options["entry"])
        told = selectors.versions_json(row, against=options["against"], names_operator=True)
        if options["json"]:
            self.print_json(told)
            return exits.OK
        for version in told["data"]:
            self.paper.line(f"version {version['version']}: {version['action']} by {version['by']}, {version['at']}: {version['reason']}")
            self._tell(version["changes"])
        return exits.OK

    def _export(self, options: dict[str, Any]) -> int:
        self.print_json(selectors.export_json(tenant=self._whose(options)))
        return exits.OK

    def _import(self, options: dict[str, Any]) -> int:
        whose, dry_run = self._whose(options), options["dry_run"]
        given = parse_body(Export, json_object(options["file"])).entries
        changes = entries.import_entries(whose, given, by=operator_name(), reason=options["reason"], dry_run=dry_run, at="/entries")
        told = selectors.changes_json(changes, dry_run=dry_run)
        if options["json"]:
            self.print_json(told)
            return exits.OK
        for change in (each for each in told["data"] if each["action"] != entries.UNCHANGED):
            self.paper.line(f"{change['action']}: {change['code']} of {change['skill'] or 'every skill'}")
            self._tell(change["changes"])
        self.paper.line(f"{told['changed']} of {len(told['data'])} entries {'would change' if dry_run else 'changed'}")
        return exits.OK

    def _whose(self, options: dict[str, Any]) -> Tenant | None:
        return None if options["shared"] else self.tenant

    def _tell(self, changes: list[dict[str, Any]]) -> None:
        for change in changes:
            before = "" if change["before"] is None else f"{change['before']} → "
            self.paper.line(f"{change['pointer']}: {before}{'nothing' if change['after'] is None else change['after']}", indent=1)


def in_words(entry: dict[str, Any]) -> str:
    """Return how far an entry is to be trusted: what was measured, else what was assumed."""
    if entry["confidence_label"] == "prior":
        return f"{entry['confidence']:.2f} assumed"
    return f"{entry['confidence']:.2f} measured, {entry['succeeded']} of {entry['applied']} worked"
