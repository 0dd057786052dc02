"""Who operates an agent's runs: cancels, pauses and resumes them, does them again, repeats them live, takes their effects back."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from agents.access.rights import may
from agents.actors import owns
from agents.models import Agent, Role
from agents.roles import ANSWERING_ROLES, OPERATING_ROLES, Roles
from agents.tenancy import Principal
from skills.refusal import Refusal

OWN_AGENT_ROLES: Roles = frozenset({Role.DEVELOPER})
"""Who operates the runs of agents they own, and no others."""


def _operates(has_one_of: Callable[[Roles], bool], name: str, agent: Agent) -> bool:
    return has_one_of(OPERATING_ROLES) or (has_one_of(OWN_AGENT_ROLES) and owns(agent, name))


def may_operate(request: HttpRequest, agent: Agent) -> bool:
    """Tell whether the person at the console operates the runs of this agent."""
    return _operates(lambda roles: may(request, roles, agent.tenant_id), request.user.get_username(), agent)


def refuse_stranger(principal: Principal, agent: Agent) -> None:
    """Raise Refusal where a person of the issuer, by their role, does not operate the runs of this agent.

    Programs go by the scopes of their key, and the console has asked already: neither comes with a role.
    """
    if principal.role and not _operates(lambda roles: principal.role in roles, principal.name, agent):
        detail = f"with the role {principal.role.replace('_', ' ')} this takes an agent of one's own, and {agent.name} is not yours"
        raise Refusal("PERMISSION_DENIED", detail, suggestions=["Ask an operator, or have a tenant admin make you its owner."])


def refuse_non_answerer(principal: Principal) -> None:
    """Raise Refusal where a person of the issuer has a role that answers nothing: the console takes no word of theirs either."""
    if principal.role and principal.role not in ANSWERING_ROLES:
        raise Refusal("PERMISSION_DENIED", "to answer for a run takes an operator, an approver or a tenant admin")


def refuse_non_operator(principal: Principal, what: str) -> None:
    """Raise Refusal where a person of the issuer operates at most their own agents' runs: to give them money, or do much at once."""
    if principal.role and principal.role not in OPERATING_ROLES:
        raise Refusal("PERMISSION_DENIED", f"{what} takes an operator or a tenant admin")
