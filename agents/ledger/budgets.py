"""Budgets: what a tenant, an agent or a model may spend, for good or each day. Set, topped up, removed, and in force at once.

Money is an integer of micro-USD or, for unlimited, null; everything is answered in its JSON form, with the numbers of the
scope as they are now (of a day's budget: today's).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, Literal

from django.db import transaction
from pydantic import Field

from agents.contracts import Money
from agents.days import now_ms
from agents.ledger import statements
from agents.ledger.amounts import LARGEST, model_key
from agents.ledger.books import Books, opened, owner_of
from agents.ledger.statements import Name, Row
from agents.models import Budget, BudgetPeriod, EntryKind, LedgerEntry, LedgerScope, Tenant
from agents.selectors import get_agent
from skills.adapters.prices import one_name
from skills.canonical import digest
from skills.ids import new_id
from skills.refusal import Refusal
from skills.requests import RequestModel, parse_body

Exact = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
Positive = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]


class Target(RequestModel):
    """Whose budget. `key` is an agent by id or name, a model by name, and nothing for the tenant."""

    kind: Literal["tenant", "agent", "model"]
    key: Annotated[str, Field(strict=True, max_length=160)] | None = None
    period: Literal["total", "day"]


class SetBudget(Target):
    limit_micro_usd: Exact | None


class TopUpBudget(Target):
    amount_micro_usd: Positive


def set_budget(
    *, tenant: Tenant, kind: str, period: str, limit_micro_usd: Any, key: Any = None, by: str = "", at_ms: int | None = None
) -> dict[str, Any]:
    """Set a limit; null is unlimited. It may be below what is spent already: then nothing more is drawn. Raises Refusal."""
    asked = parse_body(SetBudget, {"kind": kind, "key": key, "period": period, "limit_micro_usd": limit_micro_usd})
    with _opened(tenant, asked, at_ms) as (books, name):
        budget, _ = Budget.objects.update_or_create(
            tenant=tenant, kind=name.kind, key=name.key, period=asked.period, defaults={"limit_micro_usd": asked.limit_micro_usd}
        )
        _set_limits(books, name, asked.limit_micro_usd, by)
        return _shown(budget, name, books.rows[name])


def top_up_budget(
    *,
    tenant: Tenant,
    kind: str,
    period: str,
    amount_micro_usd: Any,
    key: Any = None,
    idempotency_key: str | None = None,
    by: str = "",
    at_ms: int | None = None,
) -> dict[str, Any]:
    """Raise a limit: of a day's budget today's alone. The same key again changes nothing. Raises Refusal."""
    asked = parse_body(TopUpBudget, {"kind": kind, "key": key, "period": period, "amount_micro_usd": amount_micro_usd})
    reference = f"topup:{digest([by, idempotency_key])[:32] if idempotency_key else new_id('top')}"
    with _opened(tenant, asked, at_ms) as (books, name):
        before = _topped_up(tenant, name, reference)
        if before not in (None, asked.amount_micro_usd):
            raise _key_reused()
        budget = _found(tenant, name, asked.period)
        if before is None:
            _raise_limit(books, name, budget, asked.amount_micro_usd, reference)
        return {**_shown(budget, name, books.rows[name]), "amount_micro_usd": asked.amount_micro_usd, "repeated": before is not None}


def remove_budget(*, tenant: Tenant, kind: str, period: str, key: Any = None, by: str = "", at_ms: int | None = None) -> dict[str, Any]:
    """Take a limit away: what it was about is unlimited from now on. Raises Refusal."""
    asked = parse_body(Target, {"kind": kind, "key": key, "period": period})
    with _opened(tenant, asked, at_ms) as (books, name):
        budget = _found(tenant, name, asked.period)
        budget.delete()
        _set_limits(books, name, None, by)
        return {"removed": str(budget), "scope": name.label}


def list_budgets(*, tenant: Tenant, at_ms: int | None = None) -> list[dict[str, Any]]:
    """Return a tenant's budgets with what is spent and reserved now."""
    owner = owner_of(tenant.pk)
    today = owner.today(now_ms() if at_ms is None else at_ms)
    budgets = {_name(budget, today): budget for budget in Budget.objects.filter(tenant=tenant)}
    rows = {row.name: row for row in statements.read_scopes(tenant.pk, budgets, lock=False)}
    return [_shown(budget, name, rows.get(name)) for name, budget in budgets.items()]


@contextmanager
def _opened(tenant: Tenant, asked: Target, at_ms: int | None) -> Iterator[tuple[Books, Name]]:
    """Lock the tenant's books with the scope that is asked for, so that nobody draws by another limit meanwhile."""
    key = _key_of(tenant, asked)
    with transaction.atomic(), opened(tenant.pk) as books:
        today = books.owner.today(now_ms() if at_ms is None else at_ms)
        name = Name(asked.kind, key, today if asked.period == "day" else None)
        books.lock([name])
        yield books, name


def _key_of(tenant: Tenant, asked: Target) -> str:
    if asked.kind == "tenant":
        if asked.key not in (None, "", tenant.public_id):
            raise _bad_key("a tenant's budget is its own: leave the key out")
        return tenant.public_id
    if not asked.key:
        raise _bad_key(f"which {asked.kind}?", "MISSING_REQUIRED_FIELD")
    # A budget that is set goes by its own key, also when its agent is gone. PostgreSQL is not even asked about NUL.
    if asked.key.isprintable() and Budget.objects.filter(tenant=tenant, kind=asked.kind, key=asked.key).exists():
        return asked.key
    if asked.kind == "agent":
        return get_agent(tenant=tenant, ref=asked.key).public_id
    if model_key(asked.key) != asked.key:
        raise _bad_key("the name of a model has no control characters")
    # Money is counted under the one name of a model: a budget under another would hold nothing.
    return one_name(asked.key)


def _set_limits(books: Books, name: Name, limit: int | None, by: str) -> None:
    """Set the limit of the open row, and of those of later days, which begin earlier elsewhere."""
    names = {name}
    if name.day is not None:
        later = LedgerScope.objects.filter(tenant_id=books.owner.tenant_id, kind=name.kind, key=name.key, day__gt=name.day)
        names |= {Name(name.kind, name.key, day) for day in later.values_list("day", flat=True)}
    books.lock(names)
    for each in sorted(names):
        books.adjust(each, limit, f"budget {by}".strip()[:160])


def _raise_limit(books: Books, name: Name, budget: Budget, amount: int, reference: str) -> None:
    limit = books.rows[name].limit
    if budget.limit_micro_usd is None or limit is None:
        raise Refusal("INVALID_INPUT", "the budget has no limit to raise", status=409)
    if max(limit, budget.limit_micro_usd) + amount > LARGEST:
        fault = {"pointer": "/amount_micro_usd", "code": "less_than_equal", "detail": f"the limit would pass {LARGEST}"}
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the limit would be larger than JSON can say exactly", errors=[fault])
    if name.day is None:
        budget.limit_micro_usd += amount
        budget.save(update_fields=["limit_micro_usd", "updated_at"])
    books.top_up(name, amount, reference)


def _topped_up(tenant: Tenant, name: Name, reference: str) -> int | None:
    """Return the amount of an earlier top-up by this reference, on whatever day it was."""
    entries = LedgerEntry.objects.filter(kind=EntryKind.TOP_UP, reference=reference, scope__tenant=tenant)
    same = entries.filter(scope__kind=name.kind, scope__key=name.key, scope__day__isnull=name.day is None)
    return same.values_list("amount_micro_usd", flat=True).first()


def _found(tenant: Tenant, name: Name, period: str) -> Budget:
    budget = Budget.objects.filter(tenant=tenant, kind=name.kind, key=name.key, period=period).first()
    if budget is None:
        raise Refusal("NOT_FOUND", "there is no such budget", suggestions=["Set it first."])
    return budget


def _name(budget: Budget, today: date) -> Name:
    return Name(budget.kind, budget.key, today if budget.period == BudgetPeriod.DAY else None)


def _shown(budget: Budget, name: Name, row: Row | None) -> dict[str, Any]:
    """Return a budget with the numbers of its scope; one nothing was drawn on yet has none."""
    money = Money(
        total_micro_usd=row.limit if row else budget.limit_micro_usd,
        spent_micro_usd=row.spent if row else 0,
        reserved_micro_usd=row.reserved if row else 0,
    )
    return {
        "scope": name.label,
        "kind": budget.kind,
        "key": budget.key,
        "period": budget.period,
        "limit_micro_usd": budget.limit_micro_usd,
        **money.model_dump(mode="json"),
    }


def _bad_key(detail: str, code: str = "SCHEMA_VALIDATION_FAILED") -> Refusal:
    return Refusal(code, "the budget names nobody", errors=[{"pointer": "/key", "code": code, "detail": detail}])


def _key_reused() -> Refusal:
    fault = {"pointer": "/Idempotency-Key", "code": "idempotency_mismatch", "detail": "the key was used for another request"}
    return Refusal("INVALID_INPUT", "this Idempotency-Key was used for another request", status=422, errors=[fault])
