"""Rows of skills: which versions this installation has seen, and what models and calls cost from which day on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from skills.adapters.price_table import PER_CALL
from skills.ids import new_id


class SkillVersion(models.Model):
    """A skill version with its metadata as published when it was first registered."""

    name = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    metadata = models.JSONField()
    first_seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "-first_seen_at")
        constraints = [models.UniqueConstraint(fields=("name", "version", "digest"), name="one_row_per_skill_digest")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def new_price_id() -> str:
    return new_id("prc")


class PriceOrigin(models.TextChoices):
    """Who says so: the release of AOS, or who runs this installation."""

    SHIPPED = "shipped"
    OPERATOR = "operator"


class PriceRow(models.Model):
    """What a model, or a call of a skill, costs from a day on. Never changed or deleted (the database refuses it), so that
    what was charged can be explained for good; a row whose day has not come may be withdrawn.

    `valid_from` null: ever since, as only AOS's first rows say. `version` is what charges name the row by.
    """

    public_id = models.CharField(max_length=36, unique=True, default=new_price_id, editable=False)
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=128)
    match = models.JSONField()
    valid_from = models.DateField(null=True)
    tiers = models.JSONField(default=list)
    per_call_micro_usd = models.BigIntegerField(null=True)
    version = models.CharField(max_length=160, unique=True)
    origin = models.CharField(max_length=8, choices=PriceOrigin.choices)
    note = models.CharField(max_length=500, blank=True, default="")
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_by = models.CharField(max_length=200, blank=True, default="")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(provider=PER_CALL, per_call_micro_usd__gte=0) | ~Q(provider=PER_CALL) & Q(per_call_micro_usd=None),
                name="price_by_call_or_token",
            ),
            models.CheckConstraint(condition=Q(origin=PriceOrigin.SHIPPED) | Q(valid_from__isnull=False), name="price_has_its_day"),
        ]

    def __str__(self) -> str:
        return f"{self.model} from {self.valid_from or 'the start'}"
