"""Rows of what is known about failures: the catalog's entries and one match per failure that happened."""

from __future__ import annotations

from functools import partial

from django.db import models

from agents.models import Agent, Tenant
from skills.ids import new_id
from skills.taxonomy import Category, RecoveryMode


class CatalogEntry(models.Model):
    """What to do about a code, or about a code of one skill. A tenant's own entry overrides the shared one."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    code = models.CharField(max_length=64)
    skill = models.CharField(max_length=64, blank=True, help_text="Empty: for every skill.")
    category = models.CharField(max_length=16, choices=[(c.value, c.value) for c in Category])
    retryable = models.BooleanField()
    mode = models.CharField(max_length=24, choices=[(m.value, m.value) for m in RecoveryMode])
    parameters = models.JSONField(default=dict, blank=True, help_text="max_attempts, first_ms, cap_ms, factor")
    suggestions = models.JSONField(default=list, blank=True)
    doc_url = models.CharField(max_length=200, blank=True)
    prior_confidence = models.FloatField(default=0.5)
    applied = models.PositiveIntegerField(default=0, help_text="Recoveries tried by this entry whose end is known.")
    succeeded = models.PositiveIntegerField(default=0)
    confidence = models.FloatField(null=True, blank=True, help_text="What is measured; empty before the first trial.")
    measured_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)
    removed_at = models.DateTimeField(null=True, blank=True, help_text="A removed entry advises nothing; failures still name it.")

    class Meta:
        ordering = ("code", "skill")
        verbose_name_plural = "catalog entries"
        constraints = [
            models.UniqueConstraint(fields=("tenant", "code", "skill"), name="one_entry_per_code_and_skill"),
            # SQLite knows no NULLS NOT DISTINCT, so the shared entries have a constraint of their own.
            models.UniqueConstraint(fields=("code", "skill"), condition=models.Q(tenant__isnull=True), name="one_shared_entry_per_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.skill}" if self.skill else self.code


_COUNTED = (
    *("injected", "code", "category", "mode", "agent", "skill", "skill_version", "match_type"),
    *("recovery_attempted", "recovery_succeeded", "recovered_by", "cost_micro_usd", "resolved_at"),
)


class FailureMatch(models.Model):
    """One failure, matched or missed: what it was, what the catalog said, what was decided. One row per failure."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "fmt"))
    # The index by time begins with the tenant.
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run_id = models.BigIntegerField(help_text="The run's row id; runs stand above this app.")
    run_public_id = models.CharField(max_length=40)
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    seq = models.IntegerField(help_text="The journal event that reports the failure.")
    step_id = models.CharField(max_length=80, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    skill = models.CharField(max_length=64, blank=True)
    skill_version = models.CharField(max_length=32, blank=True)
    code = models.CharField(max_length=64)
    category = models.CharField(max_length=16)
    message = models.CharField(max_length=500, blank=True)
    host = models.CharField(max_length=255, blank=True)
    cause = models.CharField(max_length=300, blank=True, help_text="The message without what varies: what it is grouped by.")
    effect = models.CharField(max_length=16, blank=True)
    phase = models.CharField(max_length=12, blank=True)
    cost_micro_usd = models.BigIntegerField(default=0)
    signature = models.CharField(max_length=64)
    match_type = models.CharField(max_length=12)
    entry = models.ForeignKey(CatalogEntry, on_delete=models.SET_NULL, null=True, blank=True, related_name="matches")
    confidence = models.FloatField(null=True, blank=True)
    decision = models.CharField(max_length=32, blank=True)
    mode = models.CharField(max_length=24, blank=True)
    candidate = models.ForeignKey(
        "RecoveryCandidate",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="matches",
        help_text="The policy that advised it.",
    )
    shadow_mode = models.CharField(max_length=24, blank=True, help_text="What a policy in shadow would have advised.")
    recovered_by = models.CharField(max_length=40, blank=True, help_text="The run that came through in place of this one.")
    injected = models.BooleanField(default=False, help_text="Of a run with faults injected on purpose: it counts nowhere.")
    recovery_attempted = models.BooleanField(default=False)
    recovery_succeeded = models.BooleanField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "failure matches"
        constraints = [models.UniqueConstraint(fields=("run_id", "seq", "step_id"), name="one_match_per_failure")]
        indexes = [
            # analytics: what is counted of a failure stands in the index, so that a month of them is added up without their rows
            models.Index(fields=("tenant", "-created_at"), include=_COUNTED, name="match_by_time"),
            # the list of the platform, over all tenants
            models.Index(fields=("-created_at",), name="match_of_all"),
            # groups: when a signature was first seen, its last failures, those since it was called fixed, and which have most of them
            models.Index(fields=("tenant", "signature", "created_at"), include=("injected", "cost_micro_usd"), name="match_by_signature"),
        ]

    def __str__(self) -> str:
        return f"{self.code} in {self.skill or 'the run'}"


class EntryVersion(models.Model):
    """An entry as it stood after one change: who made it, when and why. Never changed."""

    entry = models.ForeignKey(CatalogEntry, on_delete=models.CASCADE, related_name="versions", db_index=False)
    version = models.PositiveIntegerField()
    action = models.CharField(max_length=12, help_text="seeded, created, edited, imported, removed or restored")
    document = models.JSONField()
    by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("entry", "-version")
        constraints = [models.UniqueConstraint(fields=("entry", "version"), name="one_row_per_entry_version")]

    def __str__(self) -> str:
        return f"{self.entry} v{self.version}"
