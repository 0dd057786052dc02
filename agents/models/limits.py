"""Rows of what holds agents back: freezes, and the calls that were let through lately."""

from __future__ import annotations

from functools import partial

from django.db import models
from django.db.models.functions import Coalesce

from agents.models.tenants import Tenant
from skills.ids import new_id


class FreezeKind(models.TextChoices):
    """What can be frozen, the widest first."""

    TENANT = "tenant"
    AGENT = "agent"
    SKILL = "skill"


class Freeze(models.Model):
    """The kill switch, pulled: since then nothing of this tenant, agent or skill begins. Rows stay, lifted ones too: they tell
    who stopped what, when and why, and who let it go on.

    `key` is the public id of the tenant or the agent, the name of the skill. Without a tenant a skill is frozen for all.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "frz"))
    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=FreezeKind.choices)
    key = models.CharField(max_length=64)
    reason = models.CharField(max_length=500)
    frozen_by = models.CharField(max_length=200)
    frozen_at = models.DateTimeField(auto_now_add=True)
    lifted_because = models.CharField(max_length=500, blank=True)
    lifted_by = models.CharField(max_length=200, blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-frozen_at",)
        constraints = [
            # As an expression, because to a plain one no two rows without a tenant are the same. Every question for what
            # is frozen now goes by its index, which holds no lifted row.
            models.UniqueConstraint(
                Coalesce("tenant", models.Value(0)), "kind", "key", condition=models.Q(lifted_at=None), name="one_live_freeze"
            ),
            models.CheckConstraint(condition=models.Q(kind=FreezeKind.SKILL) | models.Q(tenant__isnull=False), name="freeze_of_somebody"),
            models.CheckConstraint(
                condition=models.Q(lifted_at=None, lifted_by="") | (models.Q(lifted_at__isnull=False) & ~models.Q(lifted_by="")),
                name="freeze_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


class RateWindow(models.Model):
    """What was let through of one limit during the last minute; written in place, by `agents.rates` alone."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=400)
    calls = models.TextField(default="[]")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("tenant", "scope"), name="one_window_per_scope")]

    def __str__(self) -> str:
        return self.scope
