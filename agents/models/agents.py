"""Rows of who acts: agents, and each version of their profiles."""

from __future__ import annotations

from functools import partial

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, NullIf

from agents.models.tenants import Tenant
from skills.ids import new_id


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
