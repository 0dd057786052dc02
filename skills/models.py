"""Rows of which skill versions this installation has seen, so that a pinned version can be named later."""

from __future__ import annotations

from django.db import models


class SkillVersion(models.Model):
    """A skill version with its metadata as published when it was first registered."""

    name = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    metadata = models.JSONField()
    first_seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "-first_seen_at")
        constraints = [models.UniqueConstraint(fields=("name", "version", "digest"), name="one_row_per_skill_digest")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
