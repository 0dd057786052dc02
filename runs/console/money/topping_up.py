"""What the run page says of a run that waits for money, and how it is topped up from there."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from agents.tenancy import Principal
from runs import services
from runs.console.amounts import micro_usd_of
from runs.models import Run
from runs.runtime import get_resource_contract
from runs.shell.sentence import scope_in_words
from skills.wording import money

Json = dict[str, Any]


def lack_of(run: Run) -> Json | None:
    """Return what a run lacks that waits for money, in words: how much, of which scope, and who may give it; None for all others."""
    if run.waiting_for != "budget":
        return None
    shortage = get_resource_contract(tenant=run.tenant, run_id=run.public_id)["budget"]["shortage"]
    if shortage is None:
        return None
    may = [*shortage["may_top_up"]["roles"], *(f"a key with {scope}" for scope in shortage["may_top_up"]["api_scopes"])]
    finish = shortage["cost_to_finish_micro_usd"]
    whose, link = _whose(run, shortage["scope"])
    return {
        "says": f"{money(shortage['missing_micro_usd'])} more is needed for its next step"
        + ("" if finish is None else f", and up to {money(finish)} to finish"),
        "whose": whose,
        "may": f"Who may give it: {', '.join(may).replace('_', ' ')}.",
        "retry_at": (shortage["retry_at"] or "")[:16].replace("T", " "),
        "link": link,
    }


def _whose(run: Run, scope: str) -> tuple[str, str]:
    """Return what a scope is called from this run's side, and where its limit is raised if that is another page."""
    kind, _, key = scope.partition(":")
    if kind != "run":
        return f"the budget of {scope_in_words(scope)}", reverse("console-budgets")
    if key == run.public_id:
        return "its own limit", ""
    return f"the limit of {key}, which called it", reverse("admin:runs_run_change", args=[key])


def top_up(*, principal: Principal, run_id: str, amount: str, once: str) -> None:
    """Raise the limit of a run by what somebody typed; the same form sent twice raises it once. Raises Refusal."""
    services.top_up_run(principal=principal, run_id=run_id, amount_micro_usd=micro_usd_of(amount, least=1), idempotency_key=once or None)
