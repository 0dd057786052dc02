"""How the scopes of a run stand now: what each may spend, has spent and holds, whether or not anything was drawn yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from agents.days import now_ms
from agents.ledger import statements
from agents.ledger.amounts import Standing, model_key
from agents.ledger.books import budgets_of, owner_of, scopes_of
from agents.ledger.statements import Name, Row
from agents.models import LedgerLot, LedgerScope, ScopeKind


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
    today = [owner.today(now_ms() if at_ms is None else at_ms)]
    lots = statements.read_lots_of_run(tenant_id, run_id)
    named = sorted({*map(model_key, models), *(lot.model for lot in lots)} - {""})
    runs = [Name(ScopeKind.RUN, run) for run in (*ancestors, run_id) if run]
    names = [*scopes_of(owner, "", today, ()), *(name for model in named for name in scopes_of(owner, model, today, ())), *runs]
    rows = {row.name: row for row in statements.read_scopes(tenant_id, names, lock=False)}
    limits = {Name(ScopeKind.RUN, run_id): limit_micro_usd, **budgets_of(tenant_id, set(names) - rows.keys())}
    return [_standing(name, rows.get(name), limits.get(name)) for name in names]


def room_of(tenant_id: int, label: str, *, at_ms: int | None = None) -> int | None:
    """Return what may still be drawn on a scope, None where that is unlimited. A day that is over stands in nobody's way."""
    owner, name = owner_of(tenant_id), name_of(label)
    if name.day is not None and name.day < owner.today(now_ms() if at_ms is None else at_ms):
        return None
    row = next(iter(statements.read_scopes(tenant_id, [name], lock=False)), None)
    return _standing(name, row, budgets_of(tenant_id, [name]).get(name)).remaining_micro_usd


def count_holding(tenant_ids: Iterable[int], run_ids: Iterable[str]) -> int:
    """Return how many of these runs hold money of their own."""
    own = {"scope__tenant_id__in": list(tenant_ids), "scope__kind": ScopeKind.RUN, "scope__key__in": list(run_ids)}
    return LedgerLot.objects.filter(open_micro_usd__gt=0, model="", **own).values("scope").distinct().count()


def spent_by_day(tenant_id: int, since: date, until: date) -> dict[tuple[str, str], dict[date, int]]:
    """Return what a tenant, its agents and models spent on each of these days, in micro-USD, by kind and key of the scope."""
    kinds = (ScopeKind.TENANT, ScopeKind.AGENT, ScopeKind.MODEL)
    scopes = LedgerScope.objects.filter(tenant_id=tenant_id, kind__in=kinds, day__gte=since, day__lte=until)
    spent: dict[tuple[str, str], dict[date, int]] = {}
    for kind, key, day, amount in scopes.values_list("kind", "key", "day", "spent_micro_usd"):
        if day is not None:
            spent.setdefault((kind, key), {})[day] = amount
    return spent


def name_of(label: str) -> Name:
    """Return the scope a label names. Names of models may hold any sign, `@` too."""
    kind, _, key = label.partition(":")
    undated, at, day = key.rpartition("@")
    try:
        dated = Name(kind, undated, date.fromisoformat(day))
    except ValueError:
        return Name(kind, key)
    # Python reads `20261128` as a day too, and models are called so.
    return dated if at and dated.label == label else Name(kind, key)


def _standing(name: Name, row: Row | None, limit: int | None) -> Standing:
    day = name.day.isoformat() if name.day else None
    if row is None:
        return Standing(name.label, name.kind, name.key, day, limit)
    return Standing(name.label, name.kind, name.key, day, row.limit, row.reserved, row.spent)
