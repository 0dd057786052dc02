"""Rows of telling others: where to, what is to be delivered there, and how that went. Written by `runs/webhooks/` alone."""

from __future__ import annotations

from functools import partial

from django.db import models

from agents.models import Tenant
from skills.ids import new_id


class WebhookEndpoint(models.Model):
    """An address that hears of a tenant's events, or of the events of one run alone (`run`: a completion callback).

    `secrets` are encrypted (agents/sealed.py), the one that signs first; the others sign as well until `rotated_until`.
    """

    # By a constraint and not unique=True, to which Django adds a second index on PostgreSQL, for LIKE.
    public_id = models.CharField(max_length=40, editable=False, default=partial(new_id, "whk"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.OneToOneField("runs.Run", on_delete=models.CASCADE, null=True, related_name="callback")
    url = models.CharField(max_length=2_000)
    description = models.CharField(max_length=500, blank=True)
    event_types = models.JSONField(default=list)
    secrets = models.JSONField(default=list)
    rotated_until = models.DateTimeField(null=True)
    may_answer = models.BooleanField(default=False, help_text="Whether what it signs may approve a call or answer a question.")
    is_enabled = models.BooleanField(default=True)
    disabled_because = models.CharField(max_length=300, blank=True)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("public_id",), name="one_endpoint_per_public_id")]
        indexes = [models.Index(fields=("tenant", "-created_at"), condition=models.Q(run__isnull=True), name="endpoint_by_tenant")]

    def __str__(self) -> str:
        return f"{self.public_id} → {self.url}"


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed", "given up"


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint; `public_id` is the `webhook-id` of all its attempts."""

    public_id = models.CharField(max_length=40, editable=False, default=partial(new_id, "msg"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event_type = models.CharField(max_length=64)
    body = models.TextField(help_text="What is sent and signed, byte for byte the same at every attempt.")
    state = models.CharField(max_length=9, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    due_at = models.DateTimeField(help_text="When the next attempt is due; while one is under way, when it is taken to be lost.")
    # The last attempts, oldest first: {"at", "status", "error", "took_ms"}.
    attempts = models.JSONField(default=list)
    attempts_total = models.PositiveIntegerField(default=0)
    round_attempts = models.PositiveIntegerField(default=0, help_text="Attempts since it was created or asked for again.")
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=("public_id",), name="one_delivery_per_public_id")]
        indexes = [
            models.Index(fields=("due_at",), condition=models.Q(state="pending"), name="delivery_due"),
            models.Index(fields=("endpoint", "-created_at"), name="delivery_by_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.public_id}"


class HeardAnswer(models.Model):
    """A signed message that answered something, by its `webhook-id`: the same one is not heard twice."""

    # The constraint's index begins with the endpoint.
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.CharField(max_length=255)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("endpoint", "message_id"), name="heard_once")]

    def __str__(self) -> str:
        return self.message_id


class DeliverySum(models.Model):
    """How many attempts to deliver ended in one way since the beginning; deliveries themselves go after a while."""

    result = models.CharField(max_length=16)
    attempts = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("result",), name="one_delivery_sum_per_result")]

    def __str__(self) -> str:
        return f"{self.attempts} {self.result}"
