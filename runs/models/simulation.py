"""Rows of what is known before a run: simulations that can be admitted, and how skills went so far."""

from __future__ import annotations

from django.db import models

from agents.models import Agent, Tenant


class StoredSimulation(models.Model):
    """What was simulated and what the answer rests on, so that a run can be held to it. The same question and answer are one row."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    simulation_id = models.CharField(max_length=40)
    question = models.TextField(help_text="Plan, inputs, budget and deadline as JSON.")
    answer = models.TextField(help_text="The worst costs, and the versions they rest on, as JSON.")
    simulated_at = models.DateTimeField(help_text="When it was answered last.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("tenant", "simulation_id"), name="one_row_per_simulation")]
        # retention: the oldest first
        indexes = [models.Index(fields=("simulated_at",), name="simulation_by_age")]

    def __str__(self) -> str:
        return self.simulation_id


class SkillHistory(models.Model):
    """How the steps of one skill version went for one tenant: sketches of times and costs, failures, and how well that told
    what came after (runs/history/). A few hundred bytes, however many steps stand behind them."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    skill = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    known = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        ordering = ("skill", "version")
        verbose_name_plural = "skill histories"
        constraints = [models.UniqueConstraint(fields=("tenant", "skill", "version"), name="one_history_per_version")]

    def __str__(self) -> str:
        return f"{self.skill} {self.version}"


class LearningMark(models.Model):
    """How far the histories have come: the one row says which run was looked at last, in the order in which runs end."""

    finished_at = models.DateTimeField(null=True)
    run_id = models.BigIntegerField(default=0)
    looked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"up to {self.finished_at}"
