"""Rows of what calls cost: one by one, added up by day, and the alerts about it."""

from __future__ import annotations

from django.db import models

from agents.models import Tenant


class PricingStatus(models.TextChoices):
    """Where the cost of a call comes from. Whose price nobody knows, and what was lost, counts with its worst case."""

    PRICED = "priced"
    UNPRICED = "unpriced"
    ESTIMATED = "estimated"


class Waste(models.TextChoices):
    """What a call's money bought nothing by: it failed, or it gave what the run had already."""

    NONE = "", "none"
    RETRY = "retry"
    LOOP = "loop"


class Charge(models.Model):
    """A call that cost money or used tokens; written with the event that tells of it, never changed, kept for ever.

    It names its run and agent by their ids alone, since both may be gone one day. `day` is the date where the tenant was.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    agent_public_id = models.CharField(max_length=40)
    run_public_id = models.CharField(max_length=40)
    seq = models.IntegerField()
    step = models.CharField(max_length=80, blank=True)
    attempt = models.IntegerField(default=0)
    skill = models.CharField(max_length=80, blank=True)
    skill_version = models.CharField(max_length=32, blank=True)
    provider = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=160, blank=True)
    day = models.DateField()
    at_ms = models.BigIntegerField()
    cost_micro_usd = models.BigIntegerField()
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cache_read_tokens = models.BigIntegerField(default=0)
    cache_write_tokens = models.BigIntegerField(default=0)
    pricing_version = models.CharField(max_length=160, blank=True)
    pricing_status = models.CharField(max_length=9, choices=PricingStatus.choices, default=PricingStatus.PRICED)
    waste = models.CharField(max_length=5, choices=Waste.choices, blank=True, default=Waste.NONE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("run_public_id", "seq", "step"), name="one_charge_per_call")]
        indexes = [
            # usage of a time, of all agents or of one
            models.Index(fields=("tenant", "day"), name="charge_by_day"),
            models.Index(fields=("tenant", "agent_public_id", "day"), name="charge_by_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.cost_micro_usd} µ$ for {self.step} of {self.run_public_id}"


class ChargeSum(models.Model):
    """What charges of one kind add up to in a day, up to the mark of the tally (runs/shell/tally.py): nobody adds up millions."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    agent_public_id = models.CharField(max_length=40)
    skill = models.CharField(max_length=80)
    model = models.CharField(max_length=160)
    pricing_status = models.CharField(max_length=9)
    waste = models.CharField(max_length=5)
    calls = models.BigIntegerField()
    cost_micro_usd = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cache_read_tokens = models.BigIntegerField()
    cache_write_tokens = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "day", "agent_public_id", "skill", "model", "pricing_status", "waste"), name="one_sum_per_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls of {self.skill} on {self.day}"


class BudgetAlert(models.Model):
    """A scope had spent most of its limit; told once for a limit, beside the message of the outbox. Kept for ever."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    run_public_id = models.CharField(max_length=40, help_text="The run whose spending did it.")
    scope_kind = models.CharField(max_length=8)
    scope = models.CharField(max_length=200)
    spent_micro_usd = models.BigIntegerField()
    limit_micro_usd = models.BigIntegerField()
    at_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=("tenant", "-id"), name="alert_by_tenant")]

    def __str__(self) -> str:
        return f"{self.scope}: {self.spent_micro_usd} of {self.limit_micro_usd} µ$"


class AlertSum(models.Model):
    """How many alerts of a kind of scope there are up to the mark of the tally."""

    scope_kind = models.CharField(max_length=8)
    alerts = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("scope_kind",), name="one_alert_sum_per_kind")]

    def __str__(self) -> str:
        return f"{self.alerts} of {self.scope_kind}"


class TallyMark(models.Model):
    """How far sums go: rows up to `up_to` are in them. `noted` is the last row there was a while ago, where the mark moves next."""

    name = models.CharField(max_length=16)
    up_to = models.BigIntegerField(default=0)
    noted = models.BigIntegerField(default=0)
    noted_at_ms = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("name",), name="one_mark_per_tally")]

    def __str__(self) -> str:
        return f"{self.name} up to {self.up_to}"
