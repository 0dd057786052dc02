"""Rows of the audit log: what people, programs and commands did, chained per tenant, never changed."""

from __future__ import annotations

from django.db import models

PLATFORM = "platform"
"""The chain of what concerns no tenant alone: prices, entries of the shipped catalog."""


class AuditChain(models.Model):
    """Where a tenant's chain has come to. Its row is locked by whoever adds an entry, so that no two follow the same one."""

    key = models.CharField(max_length=64, unique=True, help_text="The tenant's row id, or the platform.")
    last_seq = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.key} at {self.last_seq}"


class AuditEntry(models.Model):
    """One thing somebody did: who, what, to what, what was before and after. Its hash is over all of it and the entry before it."""

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="entries", db_index=False)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    via = models.CharField(max_length=16, help_text="api, console, command or worker.")
    key_id = models.CharField(max_length=40, blank=True)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=300, blank=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    reason = models.CharField(max_length=500, blank=True)
    trace_id = models.CharField(max_length=32, blank=True)
    prev = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("-seq",)
        verbose_name_plural = "audit entries"
        constraints = [models.UniqueConstraint(fields=("chain", "seq"), name="one_audit_entry_per_seq")]
        indexes = [models.Index(fields=("chain", "action", "-seq"), name="audit_by_action")]

    def __str__(self) -> str:
        return f"{self.action} {self.target} by {self.actor}"
