"""Rows of who acts: tenants, people in them, their keys, their agents, and the ledger of their money."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, NullIf

from skills.ids import new_id

MAX_WEIGHT = 1_000


class Tenant(models.Model):
    """A customer or team; nothing crosses from one to another."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "ten"))
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    max_queued_runs = models.PositiveIntegerField(default=10_000, help_text="Submits beyond this many queued runs answer 429.")
    max_concurrent_runs = models.PositiveIntegerField(
        null=True, blank=True, help_text="Runs beyond this many stay queued while so many are being worked on; empty is unlimited."
    )
    weight = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_WEIGHT)],
        help_text="A tenant of weight 2 gets two turns for each of a tenant of weight 1 while both have queued runs.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)
        constraints = [models.CheckConstraint(condition=models.Q(weight__gte=1, weight__lte=MAX_WEIGHT), name="tenant_weight_in_range")]

    def __str__(self) -> str:
        return self.slug


class Role(models.TextChoices):
    VIEWER = "viewer"
    DEVELOPER = "developer"
    OPERATOR = "operator"
    APPROVER = "approver"
    TENANT_ADMIN = "tenant_admin"
    AUDITOR = "auditor"


class Membership(models.Model):
    """A person's role in a tenant."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("user", "tenant"), name="one_membership_per_tenant")]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} in {self.tenant}"


class ApiKey(models.Model):
    """A program's way in. Only an HMAC of the secret is kept; it is shown once, when it is made."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "key"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hmac = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AgentStatus(models.TextChoices):
    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class Agent(models.Model):
    """Who acts: a named profile of a tenant. `profile` is an `agents.contracts.AgentProfile` in its JSON form."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "agt"))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="agents")
    name = models.CharField(max_length=64, validators=[RegexValidator(r"^[a-z0-9_-]{1,64}$")])
    description = models.CharField(max_length=2_000, blank=True)
    status = models.CharField(max_length=8, choices=AgentStatus.choices, default=AgentStatus.ACTIVE)
    profile = models.JSONField(default=dict)
    # What claims ask for on their way: the database takes it out of the profile, so the two cannot differ.
    max_concurrent_runs = models.GeneratedField(
        # SQLite says "null" for JSON's null.
        expression=Cast(NullIf(KT("profile__max_concurrent_runs"), models.Value("null")), models.IntegerField()),
        output_field=models.IntegerField(null=True),
        db_persist=True,
    )
    version = models.PositiveIntegerField(default=1, help_text="Counts changes of the profile.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("tenant", "name"), name="one_agent_per_name")]
        # Claims ask which tenants have an agent with a limit; few do.
        indexes = [models.Index(fields=("tenant",), condition=models.Q(max_concurrent_runs__isnull=False), name="agent_limited")]

    def __str__(self) -> str:
        return self.name


class ScopeKind(models.TextChoices):
    """The scopes of money, in the one order their rows are locked in."""

    TENANT = "tenant"
    AGENT = "agent"
    RUN = "run"


class LedgerScope(models.Model):
    """The running sums of one scope; written by `agents.ledger` alone. `limit_micro_usd` null is unlimited."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=ScopeKind.choices)
    key = models.CharField(max_length=64)
    limit_micro_usd = models.BigIntegerField(null=True)
    reserved_micro_usd = models.BigIntegerField(default=0)
    spent_micro_usd = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("kind", "key"), name="one_scope_per_key"),
            models.CheckConstraint(condition=models.Q(reserved_micro_usd__gte=0, spent_micro_usd__gte=0), name="scope_sums_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


class EntryKind(models.TextChoices):
    RESERVE = "reserve"
    SETTLE = "settle"
    RELEASE = "release"
    TOP_UP = "top_up"


class LedgerEntry(models.Model):
    """One movement of money in one scope; append-only. The sums of a scope are the sums of its entries."""

    scope = models.ForeignKey(LedgerScope, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    amount_micro_usd = models.BigIntegerField()
    reference = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=("scope", "id"))]
        constraints = [models.UniqueConstraint(fields=("scope", "kind", "reference"), name="one_movement_per_reference")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_micro_usd} µ$"
