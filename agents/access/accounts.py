"""Service accounts and the keys of programs: made, listed, switched off. A key can never do more than who made it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents import audit
from agents.actors import called_now, owner_by
from agents.models import ApiKey, Membership, Role, ServiceAccount, Tenant
from agents.roles import scopes_of
from agents.selectors import get_key
from agents.tenancy import Principal, as_of_now, create_key, one_scoped, revoke_key, scoped
from skills.instants import instant
from skills.refusal import Refusal


def make_key(
    *, principal: Principal, name: str, scopes: Sequence[str], expires_at: datetime | None, account_id: str | None
) -> tuple[ApiKey, str]:
    """Make a key, of a service account or of none, that is in the hand of who asks; return it and, this once, its plaintext.

    Raises Refusal for scopes who asks does not hold, or the role of the account does not give, for an end that is past, and to who may
    make keys no more.
    """
    if expires_at is not None and expires_at <= timezone.now():
        fault = {"pointer": "/expires_at", "code": "INVALID_INPUT", "detail": "this is past"}
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the key would be over already", errors=[fault])
    account = None if account_id is None else get_account(tenant=principal.tenant, account_id=account_id)
    allowed = None if account is None else scopes_of(account.role)
    with transaction.atomic():
        maker, owner = _maker_of(principal)
        faults = [
            {"pointer": f"/scopes/{place}", "code": "PERMISSION_DENIED", "detail": why}
            for place, scope in enumerate(scopes)
            if (why := _why_not(maker, scope, allowed))
        ]
        if faults:
            raise Refusal("PERMISSION_DENIED", "a key can do no more than who makes it and the account it is of", errors=faults)
        return create_key(principal.tenant, name, scopes, expires_at=expires_at, account=account, owner=owner)


def _maker_of(principal: Principal) -> tuple[Principal, str]:
    """Return who makes a key with what they may now, and whose it will be. Raises Refusal where they may no more.

    Until the transaction ends their membership stays as it is: a role that is changed meanwhile waits, and then narrows this key too;
    one that was changed a moment ago is seen here. Both lock the membership first and keys after it.
    """
    tenant, owner = principal.tenant, owner_by(principal.tenant, principal.name)
    if ":" not in owner:
        member = _held_membership(tenant, owner)
        if member is None or (principal.key_id is None and member.role != Role.TENANT_ADMIN):
            raise Refusal("PERMISSION_DENIED", "who makes the key may make none any more: their role was taken or changed")
        owner = member.user.get_username()
    maker = as_of_now(principal)
    if maker is None:
        raise Refusal("PERMISSION_DENIED", "who makes the key may not come in any more: the key they ask by has ended")
    if not maker.may("admin"):
        raise Refusal("PERMISSION_DENIED", "who makes the key may make none any more: the key they ask by was narrowed")
    return maker, owner


def _held_membership(tenant: Tenant, name: str) -> Membership | None:
    """Return the membership of an active person, which nobody else changes before this transaction is over."""
    members = scoped(Membership.objects.order_by(), tenant)
    held = members.select_for_update(of=("self",)).filter(user__username=called_now(name)).first()
    # Read again: who held it until now may have given them another name.
    return None if held is None else members.select_related("user").filter(pk=held.pk, user__is_active=True).first()


def _why_not(principal: Principal, scope: str, allowed: frozenset[str] | None) -> str:
    if not principal.may(scope):
        return f"you do not hold {scope}"
    return f"the account's role does not give {scope}" if allowed is not None and scope not in allowed else ""


def end_key(*, tenant: Tenant, key_id: str) -> ApiKey:
    """Make a key useless from the next request on."""
    key = get_key(tenant=tenant, key_id=key_id)
    revoke_key(key)
    return key


def narrow_keys(instance: Membership, **told: Any) -> None:
    """Take from the keys in a person's hand what the role they have from now on does not give; one that is left with nothing ends.

    A tenant admin gives keys whatever scopes there are. Keys of accounts go by their account's role. Called as a membership is saved,
    by whatever way: by a page, by what claims say, by hand.
    """
    if instance.role != Role.TENANT_ADMIN:
        with transaction.atomic():
            _narrow(instance.tenant, instance.user.get_username(), instance.role)


def _narrow(tenant: Tenant, owner: str, role: str) -> None:
    given = scopes_of(role)
    for key in ApiKey.objects.select_for_update().filter(tenant=tenant, owner=owner, service_account=None, revoked_at=None).order_by("pk"):
        kept = [scope for scope in key.scopes if scope in given]
        if not kept:
            revoke_key(key)
        elif kept != key.scopes:
            audit.record(tenant, "api_key.narrow", key.prefix, before={"scopes": key.scopes}, after={"scopes": kept, "role": role})
            key.scopes = kept
            key.save(update_fields=["scopes"])


def list_accounts(*, tenant: Tenant) -> QuerySet[ServiceAccount]:
    """Return a tenant's service accounts."""
    return scoped(ServiceAccount.objects.all(), tenant)


def get_account(*, tenant: Tenant, account_id: str) -> ServiceAccount:
    """Return one. Raises Refusal NOT_FOUND."""
    return one_scoped(list_accounts(tenant=tenant), tenant, "service account", public_id=account_id)


def make_account(*, tenant: Tenant, name: str, role: str, description: str) -> ServiceAccount:
    """Make a service account. Raises Refusal for a name that is taken."""
    try:
        with transaction.atomic():
            account = ServiceAccount.objects.create(tenant=tenant, name=name, role=role, description=description)
            audit.record(tenant, "service_account.create", account.public_id, after={"name": name, "role": role})
            return account
    except IntegrityError:
        fault = {"pointer": "/name", "code": "INVALID_INPUT", "detail": "there is a service account of this name"}
        raise Refusal("INVALID_INPUT", "the name is taken", status=409, errors=[fault]) from None


def change_account(*, tenant: Tenant, account_id: str, changes: dict[str, Any]) -> ServiceAccount:
    """Change what is given. Keys whose scopes a new role does not give keep their rows and lose those scopes at once."""
    with transaction.atomic():
        rows = list_accounts(tenant=tenant).select_for_update()
        account = one_scoped(rows, tenant, "service account", public_id=account_id)
        was, now = audit.changed({name: getattr(account, name) for name in changes}, changes)
        for name, value in changes.items():
            setattr(account, name, value)
        account.save(update_fields=list(changes))
        audit.record(tenant, "service_account.update", account.public_id, before=was, after=now)
    return account


def account_json(account: ServiceAccount) -> dict[str, Any]:
    """Return a service account, with what its keys can do at most."""
    return {
        "service_account_id": account.public_id,
        "name": account.name,
        "description": account.description,
        "role": account.role,
        "scopes": sorted(scopes_of(account.role)),
        "is_active": account.is_active,
        "created_at": instant(account.created_at),
    }
