"""Rows of who acts: tenants, people in them, their keys, their agents, the ledger of their money, and what holds them back."""

from __future__ import annotations

from datetime import date
from functools import partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, NullIf

from agents.days import is_time_zone
from agents.models_access import ServiceAccount, StoredAnswer  # noqa: F401 - rows of this app, in a file of their own
from agents.models_audit import AuditChain, AuditEntry  # noqa: F401 - rows of this app, in a file of their own
from agents.models_glass import BreakGlass  # noqa: F401 - rows of this app, in a file of their own
from skills.ids import new_id

MAX_WEIGHT = 1_000
LONGEST_SCOPE_KEY = 160


def refuse_unknown_zone(name: str) -> None:
    if not is_time_zone(name):
        raise ValidationError(f"there is no time zone called {name}")


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
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Requests to the API beyond this many a minute answer 429; empty is the default, 0 is unlimited."
    )
    weight = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_WEIGHT)],
        help_text="A tenant of weight 2 gets two turns for each of a tenant of weight 1 while both have queued runs.",
    )
    allow_faults = models.BooleanField(default=False, help_text="Whether runs of this tenant may have faults injected on purpose.")
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[refuse_unknown_zone], help_text="Where its days begin and end, as “Europe/Berlin”."
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
    owner = models.CharField(max_length=200, blank=True, default="", help_text="Whose it is, as the audit log names actors.")
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


class AgentVersion(models.Model):
    """One version of an agent's profile, as it was saved: by whom, when and why. Nothing changes one."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions", db_index=False)
    version = models.PositiveIntegerField()
    profile = models.JSONField()
    saved_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=2_000, blank=True)
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("agent", "version"), name="one_row_per_agent_version")]

    def __str__(self) -> str:
        return f"{self.agent_id} v{self.version}"


class ScopeKind(models.TextChoices):
    """The scopes of money, in the one order their rows are locked in."""

    TENANT = "tenant"
    AGENT = "agent"
    MODEL = "model"
    RUN = "run"


class LedgerScope(models.Model):
    """The running sums of one scope, for good or of one day (`day`, a date where the tenant is). `limit_micro_usd` null is unlimited.

    Rows are made by `agents.ledger` alone. Limit and sums follow the entries, by triggers in the database.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=ScopeKind.choices)
    key = models.CharField(max_length=LONGEST_SCOPE_KEY)
    day = models.DateField(null=True)
    # The run that called this run: its scope holds what it spends itself and what all below it do.
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    limit_micro_usd = models.BigIntegerField(null=True)
    reserved_micro_usd = models.BigIntegerField(default=0)
    spent_micro_usd = models.BigIntegerField(default=0)
    alerted_limit_micro_usd = models.BigIntegerField(null=True)
    is_closed = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # Few among those of runs.
            models.Index(fields=("parent",), condition=models.Q(parent__isnull=False), name="called_runs"),
            models.Index(
                fields=("tenant", "day"),
                condition=models.Q(kind__in=(ScopeKind.TENANT, ScopeKind.AGENT, ScopeKind.MODEL)),
                name="shared_scopes",
            ),
        ]
        constraints = [
            # As an expression, because to a plain one no two rows without a day are the same; scopes are looked up by it too.
            models.UniqueConstraint("tenant", "kind", "key", Coalesce("day", models.Value(date.min)), name="one_scope_per_key"),
            models.CheckConstraint(condition=models.Q(reserved_micro_usd__gte=0, spent_micro_usd__gte=0), name="scope_sums_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" + (f"@{self.day}" if self.day else "")


class EntryKind(models.TextChoices):
    RESERVE = "reserve"
    SETTLE = "settle"
    RELEASE = "release"
    ABSORB = "absorb"
    TOP_UP = "top_up"
    ADJUST = "adjust"


class LedgerEntry(models.Model):
    """One movement of money in one scope; append-only: the database refuses to change or delete one while its scope is there.

    `limit_micro_usd` is what an `adjust` sets (its amount is by how much that changes the limit) and what a `reserve` was
    held to; null is unlimited.
    """

    # A trigger deletes the entries of a scope that is gone.
    scope = models.ForeignKey(LedgerScope, on_delete=models.DO_NOTHING, related_name="entries")
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    amount_micro_usd = models.BigIntegerField()
    limit_micro_usd = models.BigIntegerField(null=True)
    reference = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=("scope", "id"))]
        constraints = [
            models.UniqueConstraint(
                fields=("scope", "reference"), condition=models.Q(kind=EntryKind.TOP_UP), name="one_top_up_per_reference"
            ),
            models.CheckConstraint(
                condition=models.Q(kind=EntryKind.ADJUST) | models.Q(amount_micro_usd__gt=0), name="entry_moves_something"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=(EntryKind.ADJUST, EntryKind.RESERVE)) | models.Q(limit_micro_usd__isnull=True),
                name="entry_says_its_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_micro_usd} µ$"


class LedgerLot(models.Model):
    """What a run drew by one reference, on one day: in all (`model` empty), or of that to be spent on one model.

    `amount` = `open` + `spent` + what was released. What a call cost beyond all that was drawn is a lot of its own.
    """

    scope = models.ForeignKey(LedgerScope, on_delete=models.CASCADE, related_name="lots")
    reference = models.CharField(max_length=100)
    model = models.CharField(max_length=LONGEST_SCOPE_KEY, blank=True, default="")
    day = models.DateField()
    amount_micro_usd = models.BigIntegerField()
    open_micro_usd = models.BigIntegerField()
    spent_micro_usd = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=("day",), name="lot_by_day")]
        constraints = [
            models.UniqueConstraint(fields=("scope", "reference", "model"), name="one_lot_per_draw"),
            models.CheckConstraint(
                condition=models.Q(open_micro_usd__gte=0, spent_micro_usd__gte=0)
                & models.Q(amount_micro_usd__gte=models.F("open_micro_usd") + models.F("spent_micro_usd")),
                name="lot_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}{' on ' + self.model if self.model else ''}: {self.open_micro_usd} of {self.amount_micro_usd} µ$ open"


class BudgetPeriod(models.TextChoices):
    TOTAL = "total"
    DAY = "day"


class Budget(models.Model):
    """The limit of a tenant, an agent or a model, for good or for each day; null is unlimited, as is where there is no row.

    `key` is that of the scope: the public id of the tenant or the agent, the name of the model.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=[choice for choice in ScopeKind.choices if choice[0] != ScopeKind.RUN])
    key = models.CharField(max_length=LONGEST_SCOPE_KEY)
    period = models.CharField(max_length=5, choices=BudgetPeriod.choices)
    limit_micro_usd = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("kind", "key", "period")
        constraints = [
            models.UniqueConstraint(fields=("tenant", "kind", "key", "period"), name="one_budget_per_scope"),
            models.CheckConstraint(condition=models.Q(limit_micro_usd__gte=0), name="budget_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key} {self.period}"


class FreezeKind(models.TextChoices):
    """What can be frozen, the widest first."""

    TENANT = "tenant"
    AGENT = "agent"
    SKILL = "skill"


class Freeze(models.Model):
    """The kill switch, pulled: since then nothing of this tenant, agent or skill begins. Rows stay, lifted ones too: they tell
    who stopped what, when and why, and who let it go on.

    `key` is the public id of the tenant or the agent, the name of the skill. Without a tenant a skill is frozen for all.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "frz"))
    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=FreezeKind.choices)
    key = models.CharField(max_length=64)
    reason = models.CharField(max_length=500)
    frozen_by = models.CharField(max_length=200)
    frozen_at = models.DateTimeField(auto_now_add=True)
    lifted_because = models.CharField(max_length=500, blank=True)
    lifted_by = models.CharField(max_length=200, blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-frozen_at",)
        constraints = [
            # As an expression, because to a plain one no two rows without a tenant are the same. Every question for what
            # is frozen now goes by its index, which holds no lifted row.
            models.UniqueConstraint(
                Coalesce("tenant", models.Value(0)), "kind", "key", condition=models.Q(lifted_at=None), name="one_live_freeze"
            ),
            models.CheckConstraint(condition=models.Q(kind=FreezeKind.SKILL) | models.Q(tenant__isnull=False), name="freeze_of_somebody"),
            models.CheckConstraint(
                condition=models.Q(lifted_at=None, lifted_by="") | (models.Q(lifted_at__isnull=False) & ~models.Q(lifted_by="")),
                name="freeze_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


class RateWindow(models.Model):
    """What was let through of one limit during the last minute; written in place, by `agents.rates` alone."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=400)
    calls = models.TextField(default="[]")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("tenant", "scope"), name="one_window_per_scope")]

    def __str__(self) -> str:
        return self.scope
