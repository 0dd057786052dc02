"""Rows of what goes into runs and out of them: the inbox and the outbox."""

from __future__ import annotations

from django.db import models

from agents.models import Tenant
from runs.models.runs import Run


class Signal(models.Model):
    """A wish of somebody outside (cancel, pause, decide, top up) on its way into a journal."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="signals")
    kind = models.CharField(max_length=32)
    data = models.TextField()
    actor = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    consumed_seq = models.IntegerField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=("run", "id"), condition=models.Q(consumed_seq__isnull=True), name="signal_pending")]

    def __str__(self) -> str:
        return f"{self.kind} for run {self.run_id}"


class Outbox(models.Model):
    """Something others must be told, written in the transaction of what happened: the tenant's feed, and what webhooks deliver.

    `tx` is the transaction that wrote it, where several write at a time: a row becomes visible after ones with greater ids, and
    the feed must not pass it by (runs/events/feed.py).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="+")
    topic = models.CharField(max_length=64)
    data = models.TextField()
    tx = models.BigIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "outbox"
        indexes = [
            models.Index(fields=("id",), condition=models.Q(delivered_at__isnull=True), name="outbox_pending"),
            models.Index(fields=("tenant", "tx", "id"), name="outbox_feed"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"
