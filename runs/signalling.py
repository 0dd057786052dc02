"""How a wish of somebody outside reaches a run: the run is locked, the wish put into its inbox, and the bell rung."""

from __future__ import annotations

from django.db import transaction

from agents import audit
from agents.access.operating import refuse_stranger
from agents.tenancy import Principal
from runs import selectors
from runs.engine.events import Fact
from runs.models import Run
from runs.shell.bell import ring
from runs.shell.codec import kind_of, plain
from runs.shell.crash_points import crash_point
from runs.shell.inbox import put_signal
from skills.refusal import Refusal


def locked(principal: Principal, run_id: str) -> Run:
    """Return the run with its row locked. Raises Refusal for one that is over: what ended never changes."""
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id, lock=True)
    refuse_if_over(run)
    return run


def refuse_if_over(run: Run) -> None:
    if run.is_terminal:
        raise Refusal("INVALID_INPUT", f"the run is {run.status}; a run that has ended never changes", status=409, run_id=run.public_id)


def put(principal: Principal, run: Run, fact: Fact) -> None:
    """Put a wish into the inbox of a locked run, in the caller's transaction."""
    put_signal(run.pk, fact, principal.name)
    told = {name: value for name, value in plain(fact).items() if name in _TOLD}
    audit.record(run.tenant, f"run.{kind_of(fact)}", run.public_id, by=principal.name, after=told, reason=getattr(fact, "reason", ""))


# What was answered may be payload; what was decided about is not.
_TOLD = ("step", "approved", "action_hash", "edited_hash", "verdict", "amount_micro_usd", "limit_micro_usd")


def rung() -> None:
    """Tell the workers, once the wish is committed."""
    crash_point("signal.committed")
    ring()


def send(principal: Principal, run_id: str, fact: Fact) -> Run:
    """Bring the wish of who operates a run to it, while it is not over."""
    with transaction.atomic():
        run = locked(principal, run_id)
        refuse_stranger(principal, run.agent)
        put(principal, run, fact)
    rung()
    return run
