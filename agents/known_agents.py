"""The agents this process has read, kept with their parsed profiles. What is decided by one must be written under `UNCHANGED`.

A process does not hear that another one edited an agent, or froze it, its tenant or a skill. So nothing here is believed:
the statement that writes by it proves in the database that all still is as it was read, and a refusal by it is decided again
by a fresh reading.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agents.contracts import AgentProfile
from agents.freezes import Freezes, Frozen
from agents.models import Agent, AgentStatus, Tenant
from agents.selectors import get_agent
from skills.refusal import Refusal

UNCHANGED = """a.public_id = %s AND a.version = %s AND a.name = %s AND a.status = 'active' AND NOT EXISTS (
    SELECT 1 FROM agents_freeze f WHERE f.lifted_at IS NULL AND COALESCE(f.tenant_id, 0) IN (a.tenant_id, 0) AND (
        f.kind = 'tenant' OR f.kind = 'agent' AND f.key = a.public_id
        OR f.kind = 'skill' AND REPLACE(%s, ',' || f.key || ',', '') <> %s))"""
"""Holds in SQL, with `proof_for` as its parameters, of a row `a` of agents while the agent is as it was read, active, and
neither it nor its tenant nor one of the skills in question is frozen."""

MOST_KEPT = 1_000

_known: dict[tuple[int, str], KnownAgent] = {}


@dataclass(frozen=True)
class KnownAgent:
    """An active agent as it was read. Its row is shared and must not be changed."""

    row: Agent
    profile: AgentProfile
    freezes: Freezes

    def proof_for(self, skills: Iterable[str]) -> tuple[str, int, str, str, str]:
        """Return the parameters of `UNCHANGED` for what will call these skills."""
        listed = f",{','.join(skills)},"
        # The public id, because a row's number may be given again where the row is gone.
        return self.row.public_id, self.row.version, self.row.name, listed, listed

    def refuse_frozen(self, skills: Iterable[str]) -> None:
        """Raise Refusal FROZEN where one of these skills was frozen when the agent was read."""
        for skill in skills:
            _refuse(self.freezes.holds(self.row.tenant_id, self.row.public_id, skill))


def remembered(tenant: Tenant, ref: str) -> KnownAgent | None:
    """Return the agent of this name or id as this process last read it, None where it did not."""
    return _known.get((tenant.pk, ref))


def read_agent(tenant: Tenant, ref: str) -> KnownAgent:
    """Read the agent of this name or id. Raises Refusal: NOT_FOUND, or FROZEN for one that is not active or is frozen, or its tenant."""
    row = get_agent(tenant=tenant, ref=ref)
    if row.status != AgentStatus.ACTIVE:
        raise Refusal("FROZEN", f"the agent is {row.status}, which admits nothing", suggestions=["Set its status to active first."])
    freezes = Freezes.load([tenant.pk])
    _refuse(freezes.holds(tenant.pk, row.public_id))
    known = KnownAgent(row, AgentProfile.model_validate(row.profile), freezes)
    if len(_known) >= MOST_KEPT:
        _known.clear()
    _known[tenant.pk, ref] = known
    return known


def _refuse(frozen: Frozen | None) -> None:
    if frozen is not None:
        raise frozen.refusal()
