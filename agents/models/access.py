"""Rows of programs and their requests: service accounts, keys, and answers that are given again."""

from __future__ import annotations

from functools import partial

from django.db import models

from skills.ids import new_id


class ServiceAccount(models.Model):
    """A program as a member of a tenant: its keys can do at most what its role allows, and all end with it.

    Keys of one account are one actor: what one of them asked for, another of them may not approve, nor may who made one of them.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "svc"))
    tenant = models.ForeignKey("agents.Tenant", on_delete=models.CASCADE, related_name="service_accounts", db_index=False)
    name = models.CharField(max_length=64)
    description = models.CharField(max_length=500, blank=True)
    role = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("tenant", "name"), name="one_service_account_per_name")]

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A program's way in. Only an HMAC of the secret is kept; it is shown once, when it is made."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "key"))
    tenant = models.ForeignKey("agents.Tenant", on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hmac = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    owner = models.CharField(max_length=200, blank=True, default="", help_text="Who made it, as the audit log names actors.")
    service_account = models.ForeignKey(ServiceAccount, on_delete=models.CASCADE, null=True, blank=True, related_name="api_keys")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class StoredAnswer(models.Model):
    """What was answered to a request with an Idempotency-Key, written in the transaction of what it made. Secrets are left out."""

    tenant = models.ForeignKey("agents.Tenant", on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=64, help_text="A hash of who asked, the method and the route, and the key.")
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    location = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("tenant", "key"), name="one_answer_per_idempotency_key")]

    def __str__(self) -> str:
        return f"{self.status} of {self.created_at}"
