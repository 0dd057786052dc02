"""Keys of programs, and the record of who did what."""

from __future__ import annotations

from collections.abc import Sequence

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, change, create, get, post
from aos_sdk.types import AccountView, AuditView, Chain, KeyView, NewKeyView


class ApiKeys(Group[M]):
    """Keys of programs."""

    @paged("api_keys_list")
    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[KeyView]]:
        """Return the tenant's keys, without their secrets."""
        return paging(KeyView, "api-keys", query={"limit": limit, "cursor": cursor})

    @operation("api_keys_create")
    def create(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        expires_at: str | None = None,
        service_account_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[NewKeyView]:
        """Make a key, of a service account where one is named. Its `key` is told this once."""
        body = {"name": name, "scopes": [*scopes], "expires_at": expires_at, "service_account_id": service_account_id}
        return create(NewKeyView, "api-keys", body=body, key=idempotency_key)

    @operation("api_keys_get")
    def get(self, key_id: str) -> Request[KeyView]:
        """Return what is known of a key."""
        return get(KeyView, "api-keys", key_id)

    @operation("api_keys_revoke")
    def revoke(self, key_id: str) -> Request[KeyView]:
        """End a key; it is refused from then on."""
        return post(KeyView, "api-keys", key_id, "revoke")


class ServiceAccounts(Group[M]):
    """Programs that act in their own name."""

    @paged("service_accounts_list")
    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[AccountView]]:
        """Return the tenant's service accounts."""
        return paging(AccountView, "service-accounts", query={"limit": limit, "cursor": cursor})

    @operation("service_accounts_create")
    def create(self, name: str, role: str, *, description: str | None = None, idempotency_key: str | None = None) -> Request[AccountView]:
        """Make a service account with a role."""
        body = {"name": name, "role": role, "description": description}
        return create(AccountView, "service-accounts", body=body, key=idempotency_key)

    @operation("service_accounts_get")
    def get(self, account_id: str) -> Request[AccountView]:
        """Return a service account."""
        return get(AccountView, "service-accounts", account_id)

    @operation("service_accounts_update")
    def update(
        self, account_id: str, *, role: str | None = None, description: str | None = None, is_active: bool | None = None
    ) -> Request[AccountView]:
        """Change what is given; one that is not active is refused with every key it has."""
        body = {"role": role, "description": description, "is_active": is_active}
        return change("PATCH", AccountView, "service-accounts", account_id, body=body)


class Audit(Group[M]):
    """Who did what."""

    @paged("audit_list")
    def list(
        self,
        *,
        action: str | None = None,
        actor: str | None = None,
        target: str | None = None,
        before: int | None = None,
        limit: int | None = None,
    ) -> Request[Page[AuditView]]:
        """Return what people and programs did, newest first."""
        query = {"action": action, "actor": actor, "target": target, "before": before, "limit": limit}
        return paging(AuditView, "audit", query=query, cursor="next_before")

    @operation("audit_verify")
    def verify(self) -> Request[Chain]:
        """Check that no entry was changed or taken out."""
        return get(Chain, "audit", "verify")
