"""How the members of a tenant look on the console, and who may do what, read from the tables that decide it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.http import HttpRequest

from agents import roles
from agents.access.operating import OWN_AGENT_ROLES
from agents.console.access_page import CHANGE_ROLES
from agents.console.access_view import words_of
from agents.models import Membership
from agents.roles import PLATFORM, ROLES, scopes_of
from agents.tenancy import SCOPES

Json = dict[str, Any]
Navigation = Callable[[HttpRequest], list[dict[str, Any]]]
NAMES = {"person": "Person", "role": "Role"}
COLUMNS = (*ROLES, PLATFORM)
# What pages show or offer beyond being there, by the sets of roles they ask.
_WHAT: tuple[tuple[str, roles.Roles], ...] = (
    ("read goals, inputs, outputs and messages", roles.PAYLOAD_ROLES),
    ("see inputs and outputs of steps masked: names, kinds, sizes", roles.PAYLOAD_ROLES | roles.MASK_ROLES),
    ("read the causes of failures", roles.CAUSE_ROLES),
    ("see what one run or call costs", roles.COST_ROLES),
    ("see sums of costs, and budgets", roles.SUM_ROLES),
    ("rerun, replay live and cancel runs of agents they own", roles.OPERATING_ROLES | OWN_AGENT_ROLES),
    ("rerun, replay live and cancel all runs, freeze, change the failure catalog", roles.OPERATING_ROLES),
    ("see workers, queue and what is broken", roles.HEALTH_ROLES),
    ("answer questions of runs", roles.ANSWERING_ROLES),
    ("approve and reject calls that wait", frozenset(role for role in ROLES if "approvals:write" in scopes_of(role))),
    ("decide calls in doubt and suggested recoveries", roles.DECIDING_ROLES),
    ("make and change agents, run plans", roles.OWNING_ROLES),
    ("set budgets, keep webhooks", roles.BUDGET_ROLES),
    ("read keys, members and the audit log", roles.OVERSIGHT_ROLES),
    ("change keys and service accounts, say whose an agent is", CHANGE_ROLES),
    ("change members, who runs the installation not for themselves", CHANGE_ROLES | {PLATFORM}),
    ("change tenants, people, prices, and what all tenants share", frozenset({PLATFORM})),
    ("break the glass: see what is in a tenant's runs for a time, with a reason", frozenset({PLATFORM})),
)


def sentence(members: int, admins: int, *, is_issued: bool) -> str:
    """Return in one sentence who belongs to a tenant."""
    if not members:
        return "Nobody belongs to this tenant."
    people = f"{members} {'person belongs' if members == 1 else 'people belong'} to it"
    who = f"{admins} of them may change who does" if admins else "none of them may change who does"
    return f"{people}; {who}." + (" Roles come from the identity provider." if is_issued else "")


def member_lines(rows: Collection[Membership], own_pk: int | None) -> list[Json]:
    """Return members as the list shows them."""
    by_issuer = set(SocialAccount.objects.filter(user__in=[row.user_id for row in rows]).values_list("user_id", flat=True))
    return [
        {
            "id": row.pk,
            "name": row.user.get_username(),
            "full_name": row.user.get_full_name(),
            "email": row.user.email,
            "role": row.role,
            "role_words": words_of(row.role),
            "since": time_of(row.created_at),
            "last": time_of(row.user.last_login) if row.user.last_login else "never",
            "is_off": not row.user.is_active,
            "is_self": row.user_id == own_pk,
            "by_issuer": row.user_id in by_issuer,
        }
        for row in rows
    ]


def time_of(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


# Who may do what


def columns() -> list[str]:
    """Return the roles as people say them, the one that may least first."""
    return [words_of(role) for role in COLUMNS]


def who_may(navigation: Navigation) -> list[Json]:
    """Return the tables of who may do what: the pages as the sidebar offers them, what they let one do, and the scopes of the API."""
    scopes = {role: scopes_of(role) for role in ROLES}
    return [
        {"title": "Pages of the console", "rows": _pages(navigation)},
        {"title": "What one may do on them", "rows": [_row(words, allowed) for words, allowed in _WHAT]},
        {"title": "Scopes of the API", "rows": [_row(scope, [role for role in ROLES if scope in scopes[role]]) for scope in SCOPES]},
    ]


def _row(name: str, allowed: Collection[str]) -> Json:
    return {"name": name, "cells": [(words_of(role), role in allowed) for role in COLUMNS]}


def _pages(navigation: Navigation) -> list[Json]:
    """Ask the sidebar what it would offer each role: it is asked the same way when somebody looks at it."""
    offered = {role: [title for group in navigation(_as_if(role)) for title in _titles(group)] for role in COLUMNS}
    return [_row(title, [role for role in COLUMNS if title in offered[role]]) for title in _together(list(offered.values()))]


def _together(lists: list[list[str]]) -> list[str]:
    """Return what stands in any of the lists, each where the longest has it, and what that lacks behind it."""
    found = max(lists, key=len)
    return [*found, *dict.fromkeys(title for each in lists for title in each if title not in found)]


def _titles(group: Json) -> list[str]:
    return [item["title"] for item in group["items"]]


def _as_if(role: str) -> HttpRequest:
    """Return a request of nobody in particular who has this role in some tenant."""
    request = HttpRequest()
    request.user = User(is_active=True, is_staff=True, is_superuser=role == PLATFORM)
    request.aos_roles = {} if role == PLATFORM else {0: frozenset({role})}  # type: ignore[attr-defined]
    return request
