"""Signs API requests in by a token of the issuer: verified by its keys, for this audience, with the scopes of the role it gives.

Imported with the first such token, not with the site: whoever comes with an API key needs none of this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.conf import settings

from agents.actors import is_closed
from agents.models import Tenant
from agents.roles import scopes_of
from agents.sign_in.claims import actor_of, roles_in, subject_of
from agents.sign_in.issuer import LEEWAY_SECONDS, Unverified, the_issuer

LONGEST_TOKEN = 16_384


class Bearer(NamedTuple):
    """Who a token lets in, where, to do what, and until when (Unix seconds). A program's token has no `role`: its scopes decide.

    `reads_as` is the role those are from, of a person and of a program.
    """

    tenant: Tenant
    actor: str
    scopes: frozenset[str]
    ends_at: float
    role: str = ""
    reads_as: str = ""


def bearer_of(token: str, tenant_slug: str | None = None) -> Bearer:
    """Return whom a token lets in. `tenant_slug` chooses between several tenants. Raises Unverified for everybody else."""
    if not settings.AUTH_SERVICE_URL or not settings.JWT_AUDIENCE or len(token) > LONGEST_TOKEN:
        raise Unverified("not taken here")
    claims = the_issuer().claims_of(token, settings.JWT_AUDIENCE)
    subject = subject_of(claims)
    if subject is None:
        raise Unverified("about nobody")
    tenant, role = _place_of(claims, tenant_slug)
    actor = actor_of(claims, subject)
    if is_closed(actor):
        raise Unverified("closed here")
    ends_at = float(claims["exp"]) + LEEWAY_SECONDS
    return Bearer(tenant, actor, scopes_of(role), ends_at, role if actor.startswith("person:") else "", role)


def _place_of(claims: dict[str, Any], tenant_slug: str | None) -> tuple[Tenant, str]:
    """Return the one tenant a token is for, and its role there."""
    roles = roles_in(claims, settings.OIDC_MAPPED)
    if tenant_slug is not None:
        roles = {slug: role for slug, role in roles.items() if slug == tenant_slug}
    tenants = Tenant.objects.filter(slug__in=roles, is_active=True)[:2]
    if len(tenants) != 1:
        # None, or more than one: nobody guesses in whose name something is done.
        raise Unverified("in no one tenant")
    return tenants[0], roles[tenants[0].slug]
