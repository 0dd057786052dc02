"""`manage.py budgets`: lists, sets, tops up and removes what a tenant, its agents and models may spend."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from runs.api.budgets import BudgetBody
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from runs.money import budgets
from runs.requests import TopUpBody
from skills.requests import parse_body
from skills.wording import UNKNOWN, limit_of, money

Budget = dict[str, Any]


def tell_all(found: list[Budget], paper: Paper) -> None:
    """Print a table of budgets with their numbers now."""
    if not found:
        paper.line("there is no budget: everything is unlimited; set one: manage.py budgets set tenant --period day --cents 500")
        return
    rows = [
        [
            f"{each['kind']} {each['agent'] or each['key']}" if each["kind"] != "tenant" else "tenant",
            "each day" if each["period"] == "day" else "in all",
            limit_of(each["total_micro_usd"]),
            money(each["spent_micro_usd"]),
            money(each["reserved_micro_usd"]),
            UNKNOWN if each["remaining_micro_usd"] is None else money(each["remaining_micro_usd"]),
            each["runs_waiting"] or "",
        ]
        for each in found
    ]
    paper.table(("whose", "period", "limit", "spent", "reserved", "remaining", "runs waiting"), rows)


class Command(RuntimeCommand):
    help = "Lists, sets, tops up and removes budgets. What is set is in force at once, for runs that are under way too."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|set|top-up|remove")
        listing = actions.add_parser("list", help="List the budgets with what is spent and reserved now.")
        setting = actions.add_parser("set", help="Set a limit, or take it away and go on counting.")
        topping = actions.add_parser("top-up", help="Raise a limit, of a day's budget today's alone.")
        removing = actions.add_parser("remove", help="Take a budget away: what it was about is unlimited.")
        for action in (setting, topping, removing):
            action.add_argument("kind", choices=("tenant", "agent", "model"))
            action.add_argument("key", nargs="?", help="Name or id of the agent, name of the model; the tenant needs none.")
            action.add_argument("--period", choices=("total", "day"), default="total", help="For good, or for each day.")
        limits = setting.add_mutually_exclusive_group(required=True)
        limits.add_argument("--cents", help="The limit in US cents.")
        limits.add_argument("--unlimited", action="store_true", help="No limit.")
        topping.add_argument("--cents", required=True, help="By how much, in US cents.")
        topping.add_argument("--key", dest="once", metavar="WORD", help="A word of your own, so that it is never made twice.")
        for action in (listing, setting, topping, removing):
            action.add_argument("--tenant", default=SUPPRESS, help=SUPPRESS)
            action.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def respond(self, options: dict[str, Any]) -> int:
        actions = {"list": self._list, "set": self._set, "top-up": self._top_up, "remove": self._remove}
        return actions[options["action"]](options)

    def _list(self, options: dict[str, Any]) -> int:
        found = budgets.list_budgets(tenant=self.tenant)
        if options["json"]:
            self.print_json({"data": found})
        else:
            tell_all(found, self.paper)
        return exits.OK

    def _set(self, options: dict[str, Any]) -> int:
        limit = {"limit_micro_usd": None} if options["unlimited"] else {"limit_cents": options["cents"]}
        body = parse_body(BudgetBody, {**_target(options), **limit})
        done = budgets.set_budget(principal=self.principal, **_target(options), limit_micro_usd=body.limit())
        return self._tell(done, f"{_whose(done)} may spend {_limit(done)}", options)

    def _top_up(self, options: dict[str, Any]) -> int:
        amount = parse_body(TopUpBody, {"amount_cents": options["cents"]}).amount()
        done = budgets.top_up_budget(principal=self.principal, **_target(options), amount_micro_usd=amount, idempotency_key=options["once"])
        today = " today" if done["period"] == "day" else ""
        return self._tell(done, f"{_whose(done)} may{today} spend {limit_of(done['total_micro_usd'])}", options)

    def _remove(self, options: dict[str, Any]) -> int:
        done = budgets.remove_budget(principal=self.principal, **_target(options))
        return self._tell(done, f"{done['scope']} has no limit any more", options)

    def _tell(self, done: Budget, said: str, options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(done)
        else:
            self.paper.line(said)
        return exits.OK


def _target(options: dict[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in ("kind", "key", "period")}


def _whose(done: Budget) -> str:
    return "the tenant" if done["kind"] == "tenant" else f"{done['kind']} {done['agent'] or done['key']}"


def _limit(done: Budget) -> str:
    if done["limit_micro_usd"] is None:
        return "without limit"
    return money(done["limit_micro_usd"]) + (" a day" if done["period"] == "day" else "")
