"""Rows of the sessions that drive runs, and of whose turn it is."""

from __future__ import annotations

from django.db import models

from agents.models import Tenant


class TenantQueue(models.Model):
    """How far a tenant has come in the round of all that have queued runs; claims take from who is furthest behind.

    `stride_pass` grows with each run claimed, the slower the greater the tenant's weight. It counts only while there is
    somebody to be fair to, or a limit to keep: then it also tells whether another claim came in between.
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="+")
    stride_pass = models.BigIntegerField(default=0)
    after_agent_id = models.BigIntegerField(default=0, help_text="Where the next look at the tenant's agents begins, if they are many.")

    class Meta:
        indexes = [models.Index(fields=("-stride_pass",), name="tenant_queue_furthest")]

    def __str__(self) -> str:
        return f"tenant {self.tenant_id} at {self.stride_pass}"


class SessionState(models.TextChoices):
    LIVE = "live"
    ENDED = "ended"
    DEAD = "dead"


class Session(models.Model):
    """The lease of one drain over all the runs it holds; its id is the fencing token."""

    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    process = models.CharField(max_length=80, blank=True, db_default="", help_text="Tells it from a later process of the same number.")
    state = models.CharField(max_length=5, choices=SessionState.choices, default=SessionState.LIVE)
    started_at_ms = models.BigIntegerField()
    lease_until_ms = models.BigIntegerField()
    in_flight = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=("lease_until_ms",), condition=models.Q(state="live"), name="session_live")]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid} #{self.pk}"


class LostHold(models.Model):
    """A run a session still held when it was declared dead, and the last event of its journal then: it may write no later one."""

    pk = models.CompositePrimaryKey("session_id", "run_id")
    session_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    last_seq = models.IntegerField()

    def __str__(self) -> str:
        return f"run {self.run_id} of session {self.session_id} at {self.last_seq}"
