"""`manage.py resource_contract`: what a run may use, and what of it is left."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import runtime
from runs.management.base import RuntimeCommand
from runs.requests import checked_run_id
from skills.wording import UNKNOWN, duration, limit_of, money

Contract = dict[str, Any]


class Command(RuntimeCommand):
    help = "Prints the resource contract of a run: money in every scope, rates, time, attempts, skills, hosts, and who will be asked."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of a run.")

    def respond(self, options: dict[str, Any]) -> int:
        contract = runtime.get_resource_contract(tenant=self.tenant, run_id=checked_run_id(options["run"]))
        if options["json"]:
            self.print_json(contract)
            return 0
        self.paper.pairs([*_money(contract["budget"]), *_means(contract)])
        self._print_shortage(contract)
        for notice in contract["approvals"]:
            asked = " or ".join(notice["asks"]["roles"]).replace("_", " ")
            self.paper.line(f"asks {asked} before {notice['step_id']}: {notice['reason']}")
        self.paper.heading("Money it draws on")
        self.paper.table(("scope", "limit", "spent", "reserved", "remaining"), [_scope(scope) for scope in contract["scopes"]])
        if contract["rate_limits"]:
            self.paper.heading("Calls a minute")
            self.paper.table(("scope", "limit", "remaining", "whole again"), [_rate(rate) for rate in contract["rate_limits"]])
        return 0

    def _print_shortage(self, contract: Contract) -> None:
        shortage = contract["budget"]["shortage"]
        if shortage is None:
            if contract["blocked_by"]:
                self.paper.line(f"waits for {contract['blocked_by']}", "amber")
            return
        may = " or ".join(shortage["may_top_up"]["roles"]).replace("_", " ")
        self.paper.line(f"waits for {money(shortage['missing_micro_usd'])} more in {shortage['scope']}; {may} may give it", "amber")
        if shortage["retry_at"]:
            self.paper.line(f"there is room again by itself at {shortage['retry_at']}", indent=1)


def _money(budget: Contract) -> list[tuple[str, str]]:
    called = budget["subtree_spent_micro_usd"] - budget["spent_micro_usd"]
    return [
        ("budget", limit_of(budget["total_micro_usd"])),
        ("spent", money(budget["spent_micro_usd"]) + (f", and {money(called)} by runs it called" if called else "")),
        ("reserved", money(budget["reserved_micro_usd"])),
        ("to finish", f"{money(budget['worst_case_to_finish_micro_usd'])} at worst"),
        ("used up, it", {"pause": "waits for a top-up", "fail": "fails", "finish_cheap": "finishes cheaply"}[budget["on_exhausted"]]),
    ]


def _means(contract: Contract) -> list[tuple[str, str]]:
    time, at_once, attempts, hosts = contract["time"], contract["concurrency"], contract["attempts"], contract["allowed_hosts"]
    return [
        ("time left", f"{duration(time['remaining_ms'])} of {duration(time['max_run_duration_ms'])}"),
        ("at once", f"{at_once['running']} of {at_once['max_parallel_steps']} steps"),
        ("beside it", f"{_runs(at_once['agent_runs'])} of its agent, {_runs(at_once['tenant_runs'])} of its tenant"),
        ("calls", f"{attempts['used']}" + ("" if attempts["left"] is None else f", {attempts['left']} left")),
        ("skills", ", ".join(contract["allowed_skills"]) or "none"),
        ("hosts", "every public one" if hosts is None else ", ".join(hosts) or "none"),
    ]


def _runs(runs: Contract) -> str:
    return f"{runs['running']} runs" + ("" if runs["limit"] is None else f" of {runs['limit']}")


def _scope(scope: Contract) -> list[str]:
    numbers = [money(scope[name]) for name in ("spent_micro_usd", "reserved_micro_usd")]
    remaining = scope["remaining_micro_usd"]
    return [scope["scope"], limit_of(scope["total_micro_usd"]), *numbers, UNKNOWN if remaining is None else money(remaining)]


def _rate(rate: Contract) -> list[str]:
    return [rate["scope"], str(rate["limit"]), str(rate["remaining"]), rate["resets_at"] or "now"]
