"""Rows of tenants and of the people in them."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from agents.days import is_time_zone
from skills.ids import new_id


def refuse_unknown_zone(name: str) -> None:
    if not is_time_zone(name):
        raise ValidationError(f"there is no time zone called {name}")


MAX_WEIGHT = 1_000


class Tenant(models.Model):
    """A customer or team; nothing crosses from one to another."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "ten"))
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    max_queued_runs = models.PositiveIntegerField(default=10_000, help_text="Submits beyond this many queued runs answer 429.")
    max_concurrent_runs = models.PositiveIntegerField(
        null=True, blank=True, help_text="Runs beyond this many stay queued while so many are being worked on; empty is unlimited."
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Requests to the API beyond this many a minute answer 429; empty is the default, 0 is unlimited."
    )
    weight = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_WEIGHT)],
        help_text="A tenant of weight 2 gets two turns for each of a tenant of weight 1 while both have queued runs.",
    )
    allow_faults = models.BooleanField(default=False, help_text="Whether runs of this tenant may have faults injected on purpose.")
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[refuse_unknown_zone], help_text="Where its days begin and end, as “Europe/Berlin”."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)
        constraints = [models.CheckConstraint(condition=models.Q(weight__gte=1, weight__lte=MAX_WEIGHT), name="tenant_weight_in_range")]

    def __str__(self) -> str:
        return self.slug


class Role(models.TextChoices):
    VIEWER = "viewer"
    DEVELOPER = "developer"
    OPERATOR = "operator"
    APPROVER = "approver"
    TENANT_ADMIN = "tenant_admin"
    AUDITOR = "auditor"


class Membership(models.Model):
    """A person's role in a tenant."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("user", "tenant"), name="one_membership_per_tenant")]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} in {self.tenant}"


class PersonName(models.Model):
    """A user name that is or was a person's; written by `agents.person_names` alone, and kept when the person is deleted."""

    name = models.CharField(max_length=150, unique=True)
    look = models.CharField(max_length=200, unique=True, help_text="What it has in common with names that look like it.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="names")
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
