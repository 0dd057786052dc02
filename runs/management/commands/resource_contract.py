"""`manage.py resource_contract`: what a run may use, and what of it is left."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import runtime
from runs.management.base import RuntimeCommand
from runs.requests import checked_run_id
from skills.wording import duration, money


class Command(RuntimeCommand):
    help = "Prints the resource contract of a run: money, time, attempts, skills, hosts, and who will be asked."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of a run.")

    def respond(self, options: dict[str, Any]) -> int:
        contract = runtime.get_resource_contract(tenant=self.tenant, run_id=checked_run_id(options["run"]))
        if options["json"]:
            self.print_json(contract)
            return 0
        budget, time = contract["budget"], contract["time"]
        hosts = contract["allowed_hosts"]
        self.paper.pairs(
            [
                ("budget", "unlimited" if budget["total_micro_usd"] is None else money(budget["total_micro_usd"])),
                ("spent", money(budget["spent_micro_usd"])),
                ("reserved", money(budget["reserved_micro_usd"])),
                ("time left", f"{duration(time['remaining_ms'])} of {duration(time['max_run_duration_ms'])}"),
                ("at once", f"{contract['concurrency']['running']} of {contract['concurrency']['max_parallel_steps']} steps"),
                ("attempts", str(contract["attempts"]["used"])),
                ("skills", ", ".join(contract["allowed_skills"]) or "none"),
                ("hosts", "every public one" if hosts is None else ", ".join(hosts) or "none"),
            ]
        )
        for notice in contract["approvals"]:
            self.paper.line(f"asks before {notice['step_id']}: {notice['reason']}")
        return 0
