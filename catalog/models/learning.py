"""Rows of what is learned from failures: candidates and what was decided about them, groups, circuits, drift."""

from __future__ import annotations

from functools import partial

from django.db import models

from agents.models import Tenant
from skills.ids import new_id
from skills.taxonomy import RecoveryMode


class CandidateState(models.TextChoices):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class PolicyState(models.TextChoices):
    """What an approved candidate does: nothing yet, say what it would have advised, or advise."""

    NONE = "none"
    SHADOW = "shadow"
    ACTIVE = "active"


class RecoveryCandidate(models.Model):
    """What might help against the failures of one signature, and how it went where it was applied. One row per signature."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "rec"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    signature = models.CharField(max_length=64)
    skill = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=64)
    host = models.CharField(max_length=255, blank=True)
    cause = models.CharField(max_length=300, blank=True)
    effect = models.CharField(max_length=16, blank=True, help_text="The gravest effect class its failures had.")
    entry = models.ForeignKey("CatalogEntry", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    mode = models.CharField(max_length=24, choices=[(m.value, m.value) for m in RecoveryMode])
    parameters = models.JSONField(default=dict, blank=True)
    origin = models.CharField(max_length=12, help_text="nightly, suggested or manual")
    evidence = models.JSONField(default=dict, blank=True, help_text="Examples and runs it rests on.")
    occurrences = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    prior_confidence = models.FloatField(default=0.5)
    applied = models.PositiveIntegerField(default=0, help_text="Failures it was applied to whose end is known.")
    succeeded = models.PositiveIntegerField(default=0)
    confidence = models.FloatField(null=True, blank=True, help_text="What is measured; empty before the first trial.")
    parts = models.JSONField(default=dict, blank=True, help_text="What the confidence is made of.")
    baseline = models.JSONField(default=dict, blank=True, help_text="How the signature went before the policy was active.")
    shadow_report = models.JSONField(null=True, blank=True, help_text="What it would have done about the last failures.")

    state = models.CharField(max_length=10, choices=CandidateState.choices, default=CandidateState.OPEN)
    policy = models.CharField(max_length=8, choices=PolicyState.choices, default=PolicyState.NONE)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-last_seen_at", "-id")
        constraints = [models.UniqueConstraint(fields=("tenant", "signature"), name="one_candidate_per_signature")]
        indexes = [models.Index(fields=("tenant", "state", "-last_seen_at"), name="candidate_by_state")]

    def __str__(self) -> str:
        return f"{self.mode} for {self.code} in {self.skill or 'the run'}"


class RecoveryDecision(models.Model):
    """What somebody, or a rule, decided about a candidate. Never changed."""

    candidate = models.ForeignKey(RecoveryCandidate, on_delete=models.CASCADE, related_name="decisions")
    action = models.CharField(max_length=12, help_text="suggest, approve, activate, reject, withdraw or reopen")
    by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    seen = models.JSONField(default=dict, blank=True, help_text="The numbers it was decided on.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("candidate", "id")

    def __str__(self) -> str:
        return f"{self.action} by {self.by}"


class FailureGroup(models.Model):
    """What is said about all failures of one signature: fixed in which version, muted until when."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    signature = models.CharField(max_length=64)
    fixed_in = models.CharField(max_length=32, blank=True, help_text="The skill version that no longer fails so.")
    fixed_at = models.DateTimeField(null=True, blank=True)
    muted_until = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("tenant", "signature"), name="one_group_per_signature")]

    def __str__(self) -> str:
        return self.signature[:16]


class FailureSum(models.Model):
    """How many failures of a kind retention has removed, of all tenants: counters go on from there."""

    skill = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=64)
    category = models.CharField(max_length=16)
    match_type = models.CharField(max_length=12)
    recovery = models.CharField(max_length=8, blank=True, help_text="worked, failed, or empty where nothing was tried")
    failures = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("code", "skill", "category", "match_type", "recovery"), name="one_sum_per_kind_of_failure")
        ]

    def __str__(self) -> str:
        return f"{self.failures} of {self.code} in {self.skill or 'the run'}"


class Circuit(models.Model):
    """How calls of one skill to one host go: closed, open until an instant, or half-open while one call tries."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    skill = models.CharField(max_length=64)
    host = models.CharField(max_length=255)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    openings = models.PositiveIntegerField(default=0, help_text="Ever.")
    open_until_ms = models.BigIntegerField(null=True, blank=True, help_text="Null: closed. Passed: the next call is the trial.")
    trial_until_ms = models.BigIntegerField(null=True, blank=True, help_text="Until then one call tries and the others wait.")
    last_code = models.CharField(max_length=64, blank=True)
    changed_at_ms = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("tenant", "skill", "host"), name="one_circuit_per_skill_and_host")]
        indexes = [models.Index(fields=("changed_at_ms",), name="circuit_by_change")]

    def __str__(self) -> str:
        return f"{self.skill} → {self.host}"


class DriftAlert(models.Model):
    """A skill version or an agent that goes another way than it used to; an item to review until somebody says what it was."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "drf"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    subject_kind = models.CharField(max_length=8, help_text="skill or agent")
    subject = models.CharField(max_length=200, help_text="name@version of a skill, id of an agent")
    measure = models.CharField(max_length=16, help_text="failure_rate, cost or latency")
    baseline = models.JSONField(help_text="n, value and spread before")
    recent = models.JSONField(help_text="n and value now")
    score = models.FloatField()
    threshold = models.FloatField()
    state = models.CharField(max_length=12, default="open", help_text="open, acknowledged or resolved")
    by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-last_seen_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=("tenant", "subject_kind", "subject", "measure"), condition=~models.Q(state="resolved"), name="one_open_drift"
            )
        ]
        indexes = [models.Index(fields=("tenant", "-last_seen_at"), name="drift_by_time")]

    def __str__(self) -> str:
        return f"{self.measure} of {self.subject}"
