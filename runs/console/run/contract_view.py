"""What a run may use, as the page of its contract shows it: money, calls and time, what is allowed, whom it will ask. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runs.shell.reading.decided import RULES
from runs.shell.sentence import scope_in_words
from skills.wording import UNKNOWN, duration, limit_of, money

Json = Mapping[str, Any]
_EXHAUSTED = {
    "pause": "the run waits until somebody gives it more",
    "fail": "the run fails",
    "finish_cheap": "it goes on with what is cheap, and ends",
}


def contract_of(report: Json) -> dict[str, Any]:
    """Return a resource contract as facts, the scopes it draws on, and the steps that will ask somebody."""
    return {
        "facts": [
            ("Money", _money(report["budget"])),
            ("At most for one step", limit_of(report["budget"]["per_step_max_micro_usd"])),
            ("When it is used up", _EXHAUSTED[report["budget"]["on_exhausted"]]),
            ("Time", _time(report["time"])),
            ("Calls", _of(report["attempts"]["used"], report["attempts"]["left"])),
            ("Steps at once", f"{report['concurrency']['running']} of {report['concurrency']['max_parallel_steps']}"),
            ("Runs of its agent now", _at_most(report["concurrency"]["agent_runs"])),
            ("Runs of its tenant now", _at_most(report["concurrency"]["tenant_runs"])),
            ("Skills it may call", ", ".join(report["allowed_skills"]) or "none"),
            ("Hosts it may call", _hosts(report["allowed_hosts"])),
        ],
        "rates": [
            (each["scope"], f"{each['remaining']} of {each['limit']} a minute", (each["resets_at"] or "")[11:19] or UNKNOWN)
            for each in report["rate_limits"]
        ],
        "scopes": [
            (
                scope_in_words(each["scope"]).removeprefix("the ").capitalize(),
                limit_of(each["total_micro_usd"]),
                money(each["spent_micro_usd"]),
                money(each["reserved_micro_usd"]),
                money(each["remaining_micro_usd"]),
            )
            for each in report["scopes"]
        ],
        "approvals": [
            (each["step_id"], each["skill"], RULES.get(each["reason"], each["reason"]), _roles(each["asks"]["roles"]))
            for each in report["approvals"]
        ],
    }


def _money(budget: Json) -> str:
    spent, held = money(budget["spent_micro_usd"]), money(budget["reserved_micro_usd"])
    return f"{spent} spent and {held} held of {limit_of(budget['total_micro_usd'])}"


def _time(time: Json) -> str:
    due = f", until {time['deadline_at'][:19].replace('T', ' ')} UTC" if time["deadline_at"] else ""
    return f"{duration(time['elapsed_ms'])} of {duration(time['max_run_duration_ms'])}{due}"


def _of(used: int, left: int | None) -> str:
    return f"{used}, and any number more" if left is None else f"{used} of {used + left}"


def _at_most(runs: Json) -> str:
    return f"{runs['running']} of {'any number' if runs['limit'] is None else runs['limit']}"


def _hosts(allowed: Sequence[str] | None) -> str:
    return "every one outside local networks" if allowed is None else ", ".join(allowed) or "none"


def _roles(roles: Sequence[str]) -> str:
    return " or ".join(role.replace("_", " ") for role in roles)
