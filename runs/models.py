"""Rows of what happens: runs, their journals, the sessions that drive them, their inbox and outbox.

Columns the shell reads and writes in raw SQL hold integer milliseconds (`_ms`); columns people read hold
instants (`_at`). The journal is the truth; what a Run row carries is what lists and filters need.
"""

from __future__ import annotations

from functools import partial

from django.db import models

from agents.models import Agent, Tenant
from skills.ids import new_id


class RunStatus(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD_LETTERED = "dead_lettered"


TERMINAL_STATUSES = frozenset({RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.DEAD_LETTERED})


class Run(models.Model):
    """One run of a goal or plan. Status moves only in the journal writer's transactions."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "run"))
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="runs")
    goal = models.TextField(blank=True)
    status = models.CharField(max_length=13, choices=RunStatus.choices, default=RunStatus.QUEUED)
    waiting_for = models.CharField(max_length=10, blank=True)
    summary = models.CharField(max_length=500, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    planner = models.CharField(max_length=64, blank=True)
    plan_hash = models.CharField(max_length=64, blank=True)
    priority = models.SmallIntegerField(default=0)
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    relation = models.CharField(max_length=16, blank=True)
    trace_id = models.CharField(max_length=32, blank=True)
    created_by = models.CharField(max_length=200, blank=True)

    steps_total = models.PositiveIntegerField(default=0)
    steps_done = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0)
    spent_micro_usd = models.BigIntegerField(default=0)
    reserved_micro_usd = models.BigIntegerField(default=0)
    limit_micro_usd = models.BigIntegerField(null=True, blank=True)
    worst_to_finish_micro_usd = models.BigIntegerField(null=True, blank=True)
    behaviour_hash = models.CharField(max_length=64, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)

    last_seq = models.IntegerField(default=0)
    session_id = models.BigIntegerField(null=True, blank=True)
    wake_at_ms = models.BigIntegerField(null=True, blank=True)
    deadline_at_ms = models.BigIntegerField(null=True, blank=True)
    crash_count = models.PositiveSmallIntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(fields=("tenant", "idempotency_key"), name="one_run_per_idempotency_key"),
        ]
        indexes = [
            models.Index(fields=("-priority", "id"), condition=models.Q(status="queued"), name="run_queued"),
            models.Index(fields=("wake_at_ms",), condition=models.Q(status="waiting", wake_at_ms__isnull=False), name="run_wake"),
            models.Index(fields=("session_id",), condition=models.Q(status="running"), name="run_by_session"),
            models.Index(fields=("tenant", "-created_at"), name="run_by_tenant"),
            models.Index(fields=("tenant", "status", "-created_at"), name="run_by_status"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL_STATUSES


class RunEvent(models.Model):
    """One fact of a run and the decisions it led to: the journal, append-only, gap-free from seq 1."""

    pk = models.CompositePrimaryKey("run_id", "seq")
    run_id = models.BigIntegerField()
    seq = models.IntegerField()
    kind = models.CharField(max_length=32)
    step = models.CharField(max_length=80, blank=True)
    attempt = models.SmallIntegerField(default=0)
    session_id = models.BigIntegerField(null=True)
    at_ms = models.BigIntegerField()
    data = models.TextField()

    def __str__(self) -> str:
        return f"{self.run_id}/{self.seq} {self.kind}"


class SessionState(models.TextChoices):
    LIVE = "live"
    ENDED = "ended"
    DEAD = "dead"


class Session(models.Model):
    """The lease of one drain over all the runs it holds; its id is the fencing token."""

    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    state = models.CharField(max_length=5, choices=SessionState.choices, default=SessionState.LIVE)
    started_at_ms = models.BigIntegerField()
    lease_until_ms = models.BigIntegerField()
    in_flight = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=("lease_until_ms",), condition=models.Q(state="live"), name="session_live")]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid} #{self.pk}"


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
    """Something others must be told, written in the transaction of what happened and delivered afterwards."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="+")
    topic = models.CharField(max_length=64)
    data = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=("id",), condition=models.Q(delivered_at__isnull=True), name="outbox_pending")]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"


class StepSummary(models.Model):
    """A step as lists show it; written when the run parks or ends, never in between."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=80, help_text="The step id, with #n for an item of for_each.")
    position = models.PositiveIntegerField()
    skill = models.CharField(max_length=64)
    skill_version = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=10)
    attempts = models.PositiveIntegerField(default=0)
    failure_code = models.CharField(max_length=64, blank=True)
    cost_micro_usd = models.BigIntegerField(default=0)
    started_at_ms = models.BigIntegerField(null=True, blank=True)
    finished_at_ms = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("position", "key")
        verbose_name_plural = "step summaries"
        constraints = [models.UniqueConstraint(fields=("run", "key"), name="one_summary_per_step")]

    def __str__(self) -> str:
        return f"{self.key} of run {self.run_id}"
