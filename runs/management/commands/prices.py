"""`manage.py prices`: lists what models and calls cost from which day on, adds prices, withdraws those whose day has not come."""

from __future__ import annotations

import re
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from runs.management import exits
from runs.management.base import RuntimeCommand, operator_name
from runs.management.printing import Paper
from skills.adapters.price_table import BUCKETS
from skills.selectors import list_prices, price_json
from skills.services import PRICED_BY, add_price, withdraw_price
from skills.wording import look_of, money

STATES = ("in_force", "coming", "past", "withdrawn", "all")
_NUMBER = re.compile(r"-?[0-9]{1,20}")
TIER_FORM = "ABOVE:INPUT:OUTPUT[:CACHE_READ:CACHE_WRITE]"


def in_words(price: dict[str, Any]) -> str:
    """Return a price in one line."""
    if price["per_call_micro_usd"] is not None:
        return f"{money(price['per_call_micro_usd'])} a call"
    return "; ".join(_tier_in_words(tier) for tier in price["tiers"])


def _tier_in_words(tier: dict[str, int]) -> str:
    above = f"above {tier['above_input_tokens']:,}: " if tier["above_input_tokens"] else ""
    return f"{above}in {money(tier['input'])} out {money(tier['output'])}"


def tell_all(prices: list[dict[str, Any]], paper: Paper) -> None:
    """Print a table of prices: of models by the million tokens, of skills by the call."""
    if not prices:
        paper.line("there is no such price; add one: manage.py prices set PROVIDER MODEL --input N --output N")
        return
    rows = [
        [each["provider"], each["model"], each["valid_from"] or "the start", look_of(each["state"]).word, each["origin"], in_words(each)]
        for each in prices
    ]
    paper.table(("provider", "model", "from", "state", "by", "price"), rows)


def tier_of(text: str) -> dict[str, Any]:
    """Return a tier as the service takes it. What is no number is left as it is written, for the service to point at."""
    parts = [number(part) for part in text.split(":")]
    names = ("above_input_tokens", "input", "output", "cache_read", "cache_write")
    return {**dict(zip(names, parts, strict=False)), **({"more": parts[len(names) :]} if len(parts) > len(names) else {})}


def match_of(text: str) -> dict[str, str]:
    """Return a way to name models as the service takes it: `starts_with:gpt-9`, or a name alone."""
    how, colon, rest = text.partition(":")
    return {"how": how, "text": rest} if colon and how in ("contains", "starts_with", "equals") else {"how": "equals", "text": text}


class Command(RuntimeCommand):
    help = "Lists, adds and withdraws prices. What was charged is never touched: a price begins today or later."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|set|withdraw")
        listing = actions.add_parser("list", help="List prices, those in force unless told otherwise.")
        listing.add_argument("model", nargs="?", help="Only what this name of a model, or this skill, leads to.")
        listing.add_argument("--provider", choices=PRICED_BY, help="Only of this provider, or of skills.")
        listing.add_argument("--state", choices=STATES, default="in_force", help="Only prices in this state.")
        adding = actions.add_parser("set", help="Add a price from today on, or from a later day.")
        adding.add_argument("provider", choices=PRICED_BY, help="Who bills; “skill” for calls of a skill.")
        adding.add_argument("model", help="Name of the model, or of the skill.")
        for bucket in BUCKETS:
            adding.add_argument(f"--{bucket.replace('_', '-')}", metavar="N", help="Micro-USD per million tokens: 3000000 is $3.")
        adding.add_argument("--tier", action="append", default=[], metavar=TIER_FORM, help="Prices of calls with more input tokens.")
        adding.add_argument("--per-call", metavar="N", help="Micro-USD for each call of the skill: 1000 is $0.001.")
        adding.add_argument("--match", action="append", metavar="[HOW:]NAME", help="How the model is called; starts_with:, contains:.")
        adding.add_argument("--from", dest="valid_from", metavar="YYYY-MM-DD", help="The day it begins, in UTC; today if left out.")
        adding.add_argument("--note", default="", help="Why, for those who read it later.")
        withdrawing = actions.add_parser("withdraw", help="Withdraw a price whose day has not come.")
        withdrawing.add_argument("price", metavar="PRICE", help="Its id, prc_…, or the version charges name it by.")
        for action in (listing, adding, withdrawing):
            # Beside the action too, where people look for it; what stands before it is kept.
            action.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def respond(self, options: dict[str, Any]) -> int:
        return {"list": self._list, "set": self._set, "withdraw": self._withdraw}[options["action"]](options)

    def _list(self, options: dict[str, Any]) -> int:
        state = None if options["state"] == "all" else options["state"]
        prices = list_prices(provider=options["provider"], model=options["model"], state=state)
        if options["json"]:
            self.print_json({"data": prices})
        else:
            tell_all(prices, self.paper)
        return exits.OK

    def _set(self, options: dict[str, Any]) -> int:
        return self._told(options, price_json(add_price(by=operator_name(), **asked(options))))

    def _withdraw(self, options: dict[str, Any]) -> int:
        return self._told(options, price_json(withdraw_price(price_id=options["price"], by=operator_name())))

    def _told(self, options: dict[str, Any], price: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(price)
        else:
            since = f"from {price['valid_from']} on"
            self.paper.line(f"{look_of(price['state']).word}: {price['model']}, {in_words(price)}, {since} ({price['price_id']})")
        return exits.OK


def asked(options: dict[str, Any]) -> dict[str, Any]:
    """Return what the arguments say as the service takes it."""
    first = {bucket: number(options[bucket]) for bucket in BUCKETS if options[bucket] is not None}
    tiers = [*([first] if first else []), *map(tier_of, options["tier"])]
    told = {"valid_from": options["valid_from"], "per_call_micro_usd": number(options["per_call"])}
    if options["match"]:
        told["match"] = [match_of(text) for text in options["match"]]
    return {"provider": options["provider"], "model": options["model"], "tiers": tiers, "note": options["note"], **told}


def number(text: str | None) -> Any:
    """Return a whole number; anything else as it is written, for the service to point at."""
    return int(text) if text is not None and _NUMBER.fullmatch(text) else text
