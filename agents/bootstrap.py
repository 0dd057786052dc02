"""Makes a first tenant usable: an agent, a person for the console, a key for programs. Doing it again makes nothing."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from agents.access.memberships import add_member, change_member, list_members
from agents.models import Agent, ApiKey, Role, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES, create_key
from skills.refusal import Refusal

KEY_NAME = "bootstrap"
AGENT_NAME = "default"


@dataclass
class Bootstrapped:
    """What is there now, what of it is new, and the two secrets that can be told only once."""

    tenant: str
    agent: str
    admin: str
    created: list[str] = field(default_factory=list)
    admin_password: str | None = None
    api_key: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def is_empty() -> bool:
    """Tell whether there is no tenant yet."""
    return not Tenant.objects.exists()


@transaction.atomic
def bootstrap(*, slug: str, admin: str, password: str = "", allow_faults: bool = False) -> Bootstrapped:
    """Make what is missing of tenant, agent, console person, tenant admin and key. Raises Refusal for a name or password that will not do.

    Without a password one is made up; it stands in the answer only when the person is new. With `allow_faults` the tenant,
    new or not, may have faults injected into its runs from now on.
    """
    made = Bootstrapped(tenant=slug, agent=AGENT_NAME, admin=admin)
    tenant = _tenant(slug, made)
    if allow_faults and not tenant.allow_faults:
        tenant.allow_faults = True
        tenant.save(update_fields=["allow_faults"])
        made.created.append("allow_faults")
    _agent(tenant, made)
    _membership(tenant, _admin(admin, password, made), made)
    _key(tenant, made)
    return made


def _tenant(slug: str, made: Bootstrapped) -> Tenant:
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        tenant = Tenant(slug=slug, name=slug.replace("-", " ").capitalize())
        _refuse_invalid(tenant.full_clean, "/tenant")
        tenant.save()
        made.created.append("tenant")
    return tenant


def _agent(tenant: Tenant, made: Bootstrapped) -> None:
    if not Agent.objects.filter(tenant=tenant, name=AGENT_NAME).exists():
        create_agent(tenant=tenant, name=AGENT_NAME, description="What acts where no agent is named.")
        made.created.append("agent")


def _admin(name: str, password: str, made: Bootstrapped) -> User:
    known = User.objects.filter(username=name).first()
    if known is not None:
        if not known.is_superuser:
            raise _unfit("/admin", f"there is a person '{name}' already who is no administrator")
        return known
    person = User(username=name, is_staff=True, is_superuser=True)
    if password:
        _refuse_invalid(lambda: validate_password(password, person), "/password")
    else:
        made.admin_password = secrets.token_urlsafe(15)
    person.set_password(password or made.admin_password)
    _refuse_invalid(person.full_clean, "/admin")
    _refuse_invalid(person.save, "/admin")
    made.created.append("admin")
    return person


def _membership(tenant: Tenant, person: User, made: Bootstrapped) -> None:
    """Have somebody administer the tenant: a superuser runs the installation, and may do nothing within a tenant by that."""
    members = list_members(tenant=tenant)
    if members.filter(role=Role.TENANT_ADMIN, user__is_active=True).exists():
        return
    own = members.filter(user=person).first()
    if own is None:
        add_member(tenant=tenant, ref=person.get_username(), role=Role.TENANT_ADMIN)
    else:
        change_member(tenant=tenant, member_id=own.pk, role=Role.TENANT_ADMIN)
    made.created.append("membership")


def _key(tenant: Tenant, made: Bootstrapped) -> None:
    if not ApiKey.objects.filter(tenant=tenant, name=KEY_NAME).exists():
        _, made.api_key = create_key(tenant, KEY_NAME, SCOPES)
        made.created.append("api_key")


def _refuse_invalid(check: Any, pointer: str) -> None:
    try:
        check()
    except ValidationError as error:
        raise _unfit(pointer, " ".join(error.messages)) from None


def _unfit(pointer: str, detail: str) -> Refusal:
    return Refusal("INVALID_INPUT", detail, errors=[{"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}])
