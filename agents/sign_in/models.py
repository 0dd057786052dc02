"""Rows of the login throttle."""

from __future__ import annotations

from django.db import models


class AttemptWindow(models.Model):
    """The failed logins of one user name or one address within the last minutes; written by `agents.sign_in.throttle` alone.

    `key` is a keyed hash: people type passwords where their name belongs.
    """

    key = models.CharField(max_length=64, unique=True)
    instants_ms = models.JSONField(default=list)
    over_at_ms = models.BigIntegerField(default=0, db_index=True)

    def __str__(self) -> str:
        return self.key
