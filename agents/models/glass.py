"""The row of a broken glass: a superuser sees the contents of a tenant for a time, and says why."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from agents.reasons import LONGEST_REASON


class BreakGlass(models.Model):
    """One opening: it counts from `opened_at` until `expires_at`, or `closed_at` where it was ended before. Never changed otherwise.

    `pages` are the addresses that showed something by it alone, each with its entry in the audit log.
    """

    tenant = models.ForeignKey("agents.Tenant", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=LONGEST_REASON)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    pages = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"
