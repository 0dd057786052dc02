"""Rows of the ledger: what may be spent in each scope, each movement of it, what is held, and budgets."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models.functions import Coalesce

from agents.models.tenants import Tenant

LONGEST_SCOPE_KEY = 160


class ScopeKind(models.TextChoices):
    """The scopes of money, in the one order their rows are locked in."""

    TENANT = "tenant"
    AGENT = "agent"
    MODEL = "model"
    RUN = "run"


class LedgerScope(models.Model):
    """The running sums of one scope, for good or of one day (`day`, a date where the tenant is). `limit_micro_usd` null is unlimited.

    Rows are made by `agents.ledger` alone. Limit and sums follow the entries, by triggers in the database.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=ScopeKind.choices)
    key = models.CharField(max_length=LONGEST_SCOPE_KEY)
    day = models.DateField(null=True)
    # The run that called this run: its scope holds what it spends itself and what all below it do.
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    limit_micro_usd = models.BigIntegerField(null=True)
    reserved_micro_usd = models.BigIntegerField(default=0)
    spent_micro_usd = models.BigIntegerField(default=0)
    alerted_limit_micro_usd = models.BigIntegerField(null=True)
    is_closed = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # Few among those of runs.
            models.Index(fields=("parent",), condition=models.Q(parent__isnull=False), name="called_runs"),
            models.Index(
                fields=("tenant", "day"),
                condition=models.Q(kind__in=(ScopeKind.TENANT, ScopeKind.AGENT, ScopeKind.MODEL)),
                name="shared_scopes",
            ),
        ]
        constraints = [
            # As an expression, because to a plain one no two rows without a day are the same; scopes are looked up by it too.
            models.UniqueConstraint("tenant", "kind", "key", Coalesce("day", models.Value(date.min)), name="one_scope_per_key"),
            models.CheckConstraint(condition=models.Q(reserved_micro_usd__gte=0, spent_micro_usd__gte=0), name="scope_sums_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" + (f"@{self.day}" if self.day else "")


class EntryKind(models.TextChoices):
    RESERVE = "reserve"
    SETTLE = "settle"
    RELEASE = "release"
    ABSORB = "absorb"
    TOP_UP = "top_up"
    ADJUST = "adjust"


class LedgerEntry(models.Model):
    """One movement of money in one scope; append-only: the database refuses to change or delete one while its scope is there.

    `limit_micro_usd` is what an `adjust` sets (its amount is by how much that changes the limit) and what a `reserve` was
    held to; null is unlimited.
    """

    # A trigger deletes the entries of a scope that is gone.
    scope = models.ForeignKey(LedgerScope, on_delete=models.DO_NOTHING, related_name="entries")
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    amount_micro_usd = models.BigIntegerField()
    limit_micro_usd = models.BigIntegerField(null=True)
    reference = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=("scope", "id"))]
        constraints = [
            models.UniqueConstraint(
                fields=("scope", "reference"), condition=models.Q(kind=EntryKind.TOP_UP), name="one_top_up_per_reference"
            ),
            models.CheckConstraint(
                condition=models.Q(kind=EntryKind.ADJUST) | models.Q(amount_micro_usd__gt=0), name="entry_moves_something"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=(EntryKind.ADJUST, EntryKind.RESERVE)) | models.Q(limit_micro_usd__isnull=True),
                name="entry_says_its_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_micro_usd} µ$"


class LedgerLot(models.Model):
    """What a run drew by one reference, on one day: in all (`model` empty), or of that to be spent on one model.

    `amount` = `open` + `spent` + what was released. What a call cost beyond all that was drawn is a lot of its own.
    """

    scope = models.ForeignKey(LedgerScope, on_delete=models.CASCADE, related_name="lots")
    reference = models.CharField(max_length=100)
    model = models.CharField(max_length=LONGEST_SCOPE_KEY, blank=True, default="")
    day = models.DateField()
    amount_micro_usd = models.BigIntegerField()
    open_micro_usd = models.BigIntegerField()
    spent_micro_usd = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=("day",), name="lot_by_day")]
        constraints = [
            models.UniqueConstraint(fields=("scope", "reference", "model"), name="one_lot_per_draw"),
            models.CheckConstraint(
                condition=models.Q(open_micro_usd__gte=0, spent_micro_usd__gte=0)
                & models.Q(amount_micro_usd__gte=models.F("open_micro_usd") + models.F("spent_micro_usd")),
                name="lot_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}{' on ' + self.model if self.model else ''}: {self.open_micro_usd} of {self.amount_micro_usd} µ$ open"


class BudgetPeriod(models.TextChoices):
    TOTAL = "total"
    DAY = "day"


class Budget(models.Model):
    """The limit of a tenant, an agent or a model, for good or for each day; null is unlimited, as is where there is no row.

    `key` is that of the scope: the public id of the tenant or the agent, the name of the model.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=[choice for choice in ScopeKind.choices if choice[0] != ScopeKind.RUN])
    key = models.CharField(max_length=LONGEST_SCOPE_KEY)
    period = models.CharField(max_length=5, choices=BudgetPeriod.choices)
    limit_micro_usd = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("kind", "key", "period")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "kind", "key", "period"), name="one_budget_per_scope"),
            models.CheckConstraint(condition=models.Q(limit_micro_usd__gte=0), name="budget_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key} {self.period}"
