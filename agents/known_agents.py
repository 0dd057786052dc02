"""The agents this process has read, kept with their parsed profiles. What is decided by one must be written under `UNCHANGED`.

A process does not hear that another one froze or edited an agent. So nothing here is believed: the statement that
writes by it proves in the database that the agent still is as it was read, and a refusal by it is decided again by a
fresh reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.contracts import AgentProfile
from agents.models import Agent, AgentStatus, Tenant
from agents.selectors import get_agent
from skills.refusal import Refusal

UNCHANGED = "a.public_id = %s AND a.version = %s AND a.name = %s AND a.status = 'active'"
"""Holds in SQL, with `proof` as its parameters, of a row `a` of agents while the agent is as it was read, and active."""

MOST_KEPT = 1_000

_known: dict[tuple[int, str], KnownAgent] = {}


@dataclass(frozen=True)
class KnownAgent:
    """An active agent as it was read. Its row is shared and must not be changed."""

    row: Agent
    profile: AgentProfile

    @property
    def proof(self) -> tuple[str, int, str]:
        # The public id, because a row's number may be given again where the row is gone.
        return self.row.public_id, self.row.version, self.row.name


def remembered(tenant: Tenant, ref: str) -> KnownAgent | None:
    """Return the agent of this name or id as this process last read it, None where it did not."""
    return _known.get((tenant.pk, ref))


def read_agent(tenant: Tenant, ref: str) -> KnownAgent:
    """Read the agent of this name or id. Raises Refusal: NOT_FOUND, or FROZEN for one that is not active."""
    row = get_agent(tenant=tenant, ref=ref)
    if row.status != AgentStatus.ACTIVE:
        raise Refusal("FROZEN", f"the agent is {row.status}, which admits nothing", suggestions=["Set its status to active first."])
    known = KnownAgent(row, AgentProfile.model_validate(row.profile))
    if len(_known) >= MOST_KEPT:
        _known.clear()
    _known[tenant.pk, ref] = known
    return known
