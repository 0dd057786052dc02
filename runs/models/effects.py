"""Rows of what was done about effects after their run: which child run undid which."""

from __future__ import annotations

from django.db import models


class UndoneEffect(models.Model):
    """The effect of a step that a child run takes back, or took back. The parent's journal never changes."""

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="undone", db_index=False)
    step_key = models.CharField(max_length=80)
    child = models.OneToOneField("runs.Run", on_delete=models.CASCADE, related_name="undoes")
    by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("run", "id")
        indexes = [models.Index(fields=("run", "step_key"), name="undone_by_step")]

    def __str__(self) -> str:
        return f"{self.step_key} of run {self.run_id}"
