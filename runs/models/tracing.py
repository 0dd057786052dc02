"""Rows of sending traces: how far the collector has them, and which of the last ones it has. Read and written by `runs/tracing/` alone."""

from __future__ import annotations

from django.db import models


class TraceMark(models.Model):
    """How far ended runs were sent, in the order in which they ended, whose turn it is, and when to try again. One row."""

    since = models.DateTimeField(help_text="A little before sending began: what ended earlier is not sent.")
    finished_at = models.DateTimeField(help_text="Up to which end everything is sent, but for stragglers.")
    turn = models.BigIntegerField(default=0, help_text="Counts who took over the sending; only the last one goes on.")
    busy_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="How often in a row the collector could not be reached.")
    next_try_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"up to {self.finished_at}"


class SentTrace(models.Model):
    """A run whose trace the collector has, or `refused` for good. Kept a while, so that stragglers are found beside it."""

    run_id = models.BigIntegerField(primary_key=True)
    finished_at = models.DateTimeField(db_index=True)
    refused = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"run {self.run_id}"
