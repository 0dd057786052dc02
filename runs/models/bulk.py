"""Rows of work over many runs at once: what is done to which runs, how far it is, and what went wrong."""

from __future__ import annotations

from functools import partial

from django.db import models

from agents.models import Tenant
from skills.ids import new_id


class BulkState(models.TextChoices):
    RUNNING = "running"
    FINISHED = "finished"
    ABORTED = "aborted"


class BulkOperation(models.Model):
    """One action over the runs a filter found when somebody asked for it. The runs are fixed then: later ones are not touched."""

    public_id = models.CharField(max_length=40, editable=False, default=partial(new_id, "blk"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    action = models.CharField(max_length=16)
    filter = models.JSONField(help_text="What was asked for, as the list of runs had it.")
    options = models.JSONField(default=dict)
    run_ids = models.JSONField(help_text="Primary keys, in the order they are taken.")
    total = models.PositiveIntegerField()
    position = models.PositiveIntegerField(default=0, help_text="How many of the runs were taken.")
    succeeded = models.PositiveIntegerField(default=0)
    # The first faults: {"run_id", "code", "detail"}.
    faults = models.JSONField(default=list)
    refused = models.PositiveIntegerField(default=0)
    refused_by_code = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=BulkState.choices, default=BulkState.RUNNING)
    abort_asked_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=2_000, blank=True)
    created_by = models.CharField(max_length=200)
    begun_with = models.JSONField(
        default=dict, help_text="What gave who began it the right to: it is asked for again while it is worked off."
    )
    remark = models.CharField(max_length=300, blank=True, help_text="Why it stands still, or ended before its time.")
    created_at = models.DateTimeField(auto_now_add=True)
    taken_until = models.DateTimeField(null=True, help_text="Until when a worker is known to be at it; after that another takes over.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("public_id",), name="one_bulk_operation_per_public_id")]
        indexes = [
            models.Index(fields=("tenant", "-created_at"), name="bulk_by_tenant"),
            models.Index(fields=("created_at",), condition=models.Q(state="running"), name="bulk_running"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.public_id}"
