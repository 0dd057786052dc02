"""How the scopes of a run stand now: what each may spend, has spent and holds, whether or not anything was drawn yet."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from agents.ledger.amounts import Standing, model_key
from agents.ledger.books import Name, budgets_of, owner_of, rows_of, scopes_of
from agents.models import LedgerLot, ScopeKind


def scopes_of_run(
    *,
    tenant_id: int,
    agent_id: int,
    run_id: str = "",
    ancestors: Sequence[str] = (),
    models: Iterable[str] = (),
    limit_micro_usd: int | None = None,
    at_ms: int | None = None,
) -> list[Standing]:
    """Return every scope a run draws on, in the order they are locked in: those of the models it has drawn on, and of `models`, too.

    A run that is only thought of has no id and no scope of its own; `limit_micro_usd` is the limit of one that has drawn nothing yet.
    """
    owner = owner_of(tenant_id, agent_id)
    today = [owner.today(time.time_ns() // 1_000_000 if at_ms is None else at_ms)]
    drawn = LedgerLot.objects.filter(scope__tenant_id=tenant_id, scope__kind=ScopeKind.RUN, scope__key=run_id).exclude(model="")
    named = sorted({*map(model_key, models), *drawn.values_list("model", flat=True)} - {""})
    runs = [Name(ScopeKind.RUN, run) for run in (*ancestors, run_id) if run]
    names = [*scopes_of(owner, "", today, ()), *(name for model in named for name in scopes_of(owner, model, today, ())), *runs]
    rows = {Name(row.kind, row.key, row.day): row for row in rows_of(owner, names)}
    limits = {Name(ScopeKind.RUN, run_id): limit_micro_usd, **budgets_of(owner, set(names) - rows.keys())}
    return [
        _standing(name, row.limit_micro_usd, row.reserved_micro_usd, row.spent_micro_usd)
        if (row := rows.get(name))
        else _standing(name, limits.get(name))
        for name in names
    ]


def _standing(name: Name, limit: int | None, reserved: int = 0, spent: int = 0) -> Standing:
    return Standing(name.label, name.kind, name.key, name.day.isoformat() if name.day else None, limit, reserved, spent)
