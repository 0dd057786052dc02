"""Rows of people deciding: standing grants and their uses, hosts an agent was let to, notes on what waits, links that decide once."""

from __future__ import annotations

from functools import partial

from django.db import models

from agents.models import Agent, Tenant
from skills.ids import new_id


class Grant(models.Model):
    """A yes given in advance: calls of one skill that stay within it are not asked about one by one.

    Every limit that is set holds; `agent` null is every agent of the tenant, `host` empty is every target. What ends it first ends it.
    """

    public_id = models.CharField(max_length=40, editable=False, default=partial(new_id, "grt"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    skill = models.CharField(max_length=64)
    host = models.CharField(max_length=260, blank=True)
    max_uses = models.PositiveIntegerField(null=True)
    max_call_micro_usd = models.BigIntegerField(null=True, help_text="What one call may cost at most.")
    max_total_micro_usd = models.BigIntegerField(null=True, help_text="What all calls together may cost at most, each at its worst case.")
    expires_at = models.DateTimeField(null=True)
    uses = models.PositiveIntegerField(default=0)
    used_micro_usd = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=2_000)
    granted_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("public_id",), name="one_grant_per_public_id"),
            models.CheckConstraint(
                condition=models.Q(max_uses__isnull=True) | models.Q(uses__lte=models.F("max_uses")), name="grant_uses_within_limit"
            ),
            models.CheckConstraint(
                condition=models.Q(max_total_micro_usd__isnull=True) | models.Q(used_micro_usd__lte=models.F("max_total_micro_usd")),
                name="grant_money_within_limit",
            ),
        ]
        indexes = [models.Index(fields=("tenant", "skill"), condition=models.Q(revoked_at__isnull=True), name="grant_in_force")]

    def __str__(self) -> str:
        return f"{self.public_id} for {self.skill}"


class GrantUse(models.Model):
    """One call a grant let through: the same action is let through once, however often its worker is lost."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="used_by", db_index=False)
    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=200)
    action_hash = models.CharField(max_length=64)
    worst_micro_usd = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("grant", "run", "step", "action_hash"), name="grant_used_once_per_action")]
        indexes = [models.Index(fields=("grant", "-at"), name="grant_uses_by_time")]

    def __str__(self) -> str:
        return f"{self.step} of {self.run_id}"


class KnownHost(models.Model):
    """A host that a person let an agent call once: from then on it is no first use any more."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+", db_index=False)
    host = models.CharField(max_length=260)
    approved_by = models.CharField(max_length=200)
    run_public_id = models.CharField(max_length=40, help_text="The run it was let through in.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("agent", "host"), name="one_known_host_per_agent")]
        indexes = [models.Index(fields=("tenant", "-at"), name="known_host_by_tenant")]

    def __str__(self) -> str:
        return self.host


class NoteKind(models.TextChoices):
    ASSIGN = "assign", "handed to"
    ASK = "ask", "asked"
    REPLY = "reply", "replied"


class ApprovalNote(models.Model):
    """What people say to each other about a call that waits: who shall decide it, what the decider wants to know, the reply."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="+", db_index=False)
    step = models.CharField(max_length=200)
    kind = models.CharField(max_length=6, choices=NoteKind.choices)
    # In SQL "to" is a word of the language.
    to = models.CharField(max_length=200, blank=True, db_column="recipient")
    text = models.CharField(max_length=2_000)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=("run", "step", "at"), name="approval_note_by_step")]

    def __str__(self) -> str:
        return f"{self.by} {self.kind}: {self.text[:60]}"


class DecisionLink(models.Model):
    """A link, sent by mail or chat, with which one person decides one action once. Only a hash of its secret is kept."""

    public_id = models.CharField(max_length=40, editable=False, default=partial(new_id, "lnk"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=200)
    action_hash = models.CharField(max_length=64)
    secret_hash = models.CharField(max_length=64)
    made_for = models.CharField(max_length=200)
    made_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("public_id",), name="one_link_per_public_id")]
        indexes = [models.Index(fields=("tenant", "-created_at"), name="decision_link_by_tenant")]

    def __str__(self) -> str:
        return f"{self.public_id} for {self.made_for}"
