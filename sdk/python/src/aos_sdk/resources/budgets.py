"""Money: limits, prices, and what was spent."""

from __future__ import annotations

from collections.abc import Sequence

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, change, create, delete, get
from aos_sdk.types import BudgetView, ForecastAnswer, PriceView, RemovedBudget, ToppedUpBudget, UsageAnswer


class Budgets(Group[M]):
    """Limits of money, in micro-dollars."""

    @paged("budgets_list")
    def list(self) -> Request[Page[BudgetView]]:
        """Return every budget with what is spent of it."""
        return paging(BudgetView, "budgets", query={})

    @operation("budgets_set")
    def set(
        self, kind: str, period: str, *, key: str | None = None, limit_micro_usd: int | None = None, limit_cents: str | None = None
    ) -> Request[BudgetView]:
        """Set a limit; without one there is none."""
        body = {"kind": kind, "period": period, "key": key, "limit_micro_usd": limit_micro_usd, "limit_cents": limit_cents}
        return change("PUT", BudgetView, "budgets", body=body)

    @operation("budgets_remove")
    def remove(self, kind: str, period: str, *, key: str | None = None) -> Request[RemovedBudget]:
        """Remove a limit."""
        return delete(RemovedBudget, "budgets", query={"kind": kind, "period": period, "key": key})

    @operation("budgets_get")
    def get(self, budget_id: str) -> Request[BudgetView]:
        """Return a budget."""
        return get(BudgetView, "budgets", budget_id)

    @operation("budgets_top_up")
    def top_up(
        self,
        budget_id: str,
        *,
        amount_micro_usd: int | None = None,
        amount_cents: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[ToppedUpBudget]:
        """Raise a limit; runs that wait for it go on."""
        body = {"amount_micro_usd": amount_micro_usd, "amount_cents": amount_cents}
        return create(ToppedUpBudget, "budgets", budget_id, "top-up", body=body, key=idempotency_key)


class Prices(Group[M]):
    """What calls cost, and since when."""

    @paged("prices_list")
    def list(
        self, *, model: str | None = None, on: str | None = None, provider: str | None = None, state: str | None = None
    ) -> Request[Page[PriceView]]:
        """Return prices, by model, day, provider and state."""
        return paging(PriceView, "prices", query={"model": model, "on": on, "provider": provider, "state": state})

    @operation("prices_get")
    def get(self, price_id: str) -> Request[PriceView]:
        """Return a price."""
        return get(PriceView, "prices", price_id)


class Usage(Group[M]):
    """What was spent, on what."""

    @operation("usage_get")
    def get(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        group_by: str | Sequence[str] | None = None,
        agent: str | None = None,
        run: str | None = None,
        skill: str | None = None,
        model: str | None = None,
        limit: int | None = None,
    ) -> Request[UsageAnswer]:
        """Return calls, tokens and money, grouped as asked."""
        query = {"from": from_, "to": to, "group_by": group_by, "agent": agent, "run": run, "skill": skill, "model": model, "limit": limit}
        return get(UsageAnswer, "usage", query=query)

    @operation("usage_forecast")
    def forecast(self) -> Request[ForecastAnswer]:
        """Return what the month will cost if it goes on as it does."""
        return get(ForecastAnswer, "usage", "forecast")
