"""Rows of what happens: runs, their journals, and what lists show of their steps.

Columns the shell reads and writes in raw SQL hold integer milliseconds (`_ms`); columns people read hold
instants (`_at`). The journal is the truth; what a Run row carries is what lists and filters need.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import models
from django.db.models.sql.compiler import SQLCompiler

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


class Kept(models.TextChoices):
    """What is left of a run: retention takes it down from one to the next, and never back."""

    EVERYTHING = "everything"
    EVENTS = "events", "events without payload"
    PARTS = "parts", "parts of the journal, while it is being removed"
    EFFECTS = "effects", "side effects and failures"
    ROW = "row", "the row alone"


TERMINAL_STATUSES = frozenset({RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.DEAD_LETTERED})
IN_VAIN = TERMINAL_STATUSES - {RunStatus.SUCCEEDED}
"""How runs end that did not come to all they were made for."""
PRIORITY_POINT_MS = 60_000
"""What a point of priority is worth in waiting: an urgent run overtakes what is younger than that, and nothing for ever."""


class EpochMs(models.Func):
    """An instant as Unix milliseconds, computed by the database alone, as a generated column must be."""

    output_field = models.BigIntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        template = "(EXTRACT(EPOCH FROM %(expressions)s AT TIME ZONE 'UTC') * 1000)::bigint"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        template = "CAST(ROUND((julianday(%(expressions)s) - 2440587.5) * 86400000) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)


class Run(models.Model):
    """One run of a goal or plan. Status moves only in the journal writer's transactions."""

    public_id = models.CharField(max_length=40, editable=False, default=partial(new_id, "run"))
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="runs", db_index=False)
    goal = models.TextField(blank=True)
    status = models.CharField(max_length=13, choices=RunStatus.choices, default=RunStatus.QUEUED)
    waiting_for = models.CharField(max_length=10, blank=True)
    summary = models.CharField(max_length=500, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    planner = models.CharField(max_length=64, blank=True)
    plan_hash = models.CharField(max_length=64, blank=True)
    priority = models.SmallIntegerField(default=0)
    rank_ms = models.GeneratedField(
        expression=EpochMs(models.F("created_at")) - models.F("priority") * models.Value(PRIORITY_POINT_MS, models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="The order within a tenant's queue: when the run was accepted, a minute earlier for each point of priority.",
    )
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", db_index=False)
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
    blocked_by = models.CharField(
        max_length=200, blank=True, help_text="The scope that is short of money, or frozen, while the run waits for that."
    )
    needs_micro_usd = models.BigIntegerField(default=0, help_text="What it asks that scope for.")
    behaviour_hash = models.CharField(max_length=64, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    journal_head = models.CharField(max_length=64, blank=True, help_text="SHA-256 of its journal's last event, as far as the row goes.")

    last_seq = models.IntegerField(default=0)
    session_id = models.BigIntegerField(null=True, blank=True)
    wake_at_ms = models.BigIntegerField(null=True, blank=True)
    deadline_at_ms = models.BigIntegerField(null=True, blank=True)
    crash_count = models.PositiveSmallIntegerField(default=0)
    faults = models.PositiveSmallIntegerField(default=0, help_text="How many faults are injected into it on purpose.")

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    kept = models.CharField(max_length=10, choices=Kept.choices, default=Kept.EVERYTHING, db_default=Kept.EVERYTHING)
    removed_at = models.DateTimeField(null=True, blank=True, help_text="When retention last took something of the run.")

    class Meta:
        ordering = ("-created_at",)
        # A change of status writes a run into every index below whose condition it meets, so each must earn its place.
        constraints = [
            # Not unique=True, to which Django adds a second index on PostgreSQL, for LIKE.
            models.UniqueConstraint(fields=("public_id",), name="one_run_per_public_id"),
            models.UniqueConstraint(
                fields=("tenant", "idempotency_key"), condition=models.Q(idempotency_key__isnull=False), name="one_run_per_idempotency_key"
            ),
        ]
        indexes = [
            # claims: which tenants have queued runs, and each tenant's in order; submits: how many a tenant has queued
            models.Index(fields=("tenant", "rank_ms", "id"), condition=models.Q(status="queued"), name="run_queued"),
            # claims where agents have limits: the same for each agent
            models.Index(fields=("tenant", "agent", "rank_ms", "id"), condition=models.Q(status="queued"), name="run_queued_by_agent"),
            # claims where there are limits: how many are being worked on
            models.Index(fields=("tenant", "agent"), condition=models.Q(status="running"), name="run_running"),
            # the reaper, and the end of a session: what it holds
            models.Index(fields=("session_id",), condition=models.Q(status="running"), name="run_by_session"),
            # the clock: what is due
            models.Index(fields=("wake_at_ms",), condition=models.Q(status="waiting", wake_at_ms__isnull=False), name="run_wake"),
            # the look around: who waits for which scope to have room, or to be frozen no more
            models.Index(
                fields=("tenant", "blocked_by", "rank_ms"),
                condition=models.Q(status="waiting") & ~models.Q(blocked_by=""),
                name="run_blocked",
            ),
            # lists of API and console: all, by status, by agent (which is asked, too, before an agent is deleted)
            models.Index(fields=("tenant", "-created_at"), name="run_by_tenant"),
            models.Index(fields=("tenant", "status", "-created_at"), name="run_by_status"),
            models.Index(fields=("agent", "-created_at"), name="run_by_agent"),
            # retention: the runs that ended longest ago, of those from which there is as much left to take
            models.Index(fields=("kept", "finished_at"), condition=models.Q(finished_at__isnull=False), name="run_by_kept"),
            # lists over several tenants: all, and of the runs that did not simply go well those of a status
            models.Index(fields=("-created_at",), name="run_by_time"),
            models.Index(
                fields=("status", "-created_at"),
                condition=models.Q(status__in=("waiting", "failed", "partial", "cancelled", "dead_lettered")),
                name="run_by_outcome",
            ),
            # what runs wait for: how many for each, and which
            models.Index(fields=("tenant", "waiting_for", "-created_at"), condition=models.Q(status="waiting"), name="run_waiting"),
            # the search of the console: runs that failed by a code, and ended runs of a trace
            models.Index(fields=("tenant", "failure_code", "-created_at"), condition=~models.Q(failure_code=""), name="run_by_code"),
            models.Index(fields=("trace_id",), condition=models.Q(finished_at__isnull=False), name="run_by_trace"),
            # the children of a run
            models.Index(fields=("parent",), condition=models.Q(parent__isnull=False), name="run_by_parent"),
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


class StepSummary(models.Model):
    """A step as lists show it; written when the run parks or ends, never in between."""

    # The constraint's index begins with the run.
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
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
        # Lists of what waits for a person: few among millions.
        indexes = [models.Index(fields=("status", "run"), condition=models.Q(status__in=("in_doubt", "waiting")), name="step_open")]

    def __str__(self) -> str:
        return f"{self.key} of run {self.run_id}"
