"""REST routes of access: who one is, the keys of a tenant, and its service accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.access import accounts
from agents.access.accounts import account_json
from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import PageQuery, page_json
from agents.selectors import get_key, key_json, list_keys
from agents.tenancy import ANY_SCOPE, LONGEST_KEY_NAME, principal_of
from agents.throttling import rate_of
from skills.contracts import Name
from skills.requests import Instant, RequestModel, parse_body, parse_query

RoleName = Literal["viewer", "auditor", "approver", "operator", "developer", "tenant_admin"]
AccountDescription = Annotated[str, Field(max_length=500)]


class WhoamiView(RequestModel):
    """Who asks. `limits` are what the tenant may have at once, and how often this key may ask; null is unlimited."""

    tenant: str
    tenant_name: str
    name: str
    kind: Literal["api_key", "service_account", "person"]
    key_id: str | None
    scopes: list[str]
    limits: dict[str, int | None]


class KeyBody(RequestModel):
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_KEY_NAME)]
    scopes: Annotated[list[Annotated[str, Field(max_length=32)]], Field(min_length=1, max_length=30)]
    expires_at: Instant | None = None
    service_account_id: Annotated[str, Field(max_length=64)] | None = None


class KeyView(RequestModel):
    """A key. `owner` is who made it, and was shown its secret: the two are one actor. Null where a command made it for nobody."""

    key_id: str
    name: str
    prefix: str
    scopes: list[str]
    owner: str | None
    state: Literal["live", "expired", "revoked"]
    service_account_id: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewKeyView(KeyView):
    """A key with its plaintext, which no other answer shows. Null where a repeated request is answered."""

    key: str | None


class KeyPage(RequestModel):
    data: list[KeyView]
    next_cursor: str | None


class AccountBody(RequestModel):
    name: Name
    role: RoleName
    description: AccountDescription = ""


class AccountChanges(RequestModel):
    role: RoleName | None = None
    description: AccountDescription | None = None
    is_active: bool | None = None


class AccountView(RequestModel):
    """A program as a member of the tenant; `scopes` is what its keys can do at most."""

    service_account_id: str
    name: str
    description: str
    role: RoleName
    scopes: list[str]
    is_active: bool
    created_at: datetime


class AccountPage(RequestModel):
    data: list[AccountView]
    next_cursor: str | None


class Whoami(APIView):
    required_scopes = {"GET": ANY_SCOPE}

    @extend_schema(operation_id="whoami", responses={200: WhoamiView})
    def get(self, request: Request) -> Response:
        principal = principal_of(request)
        kind = "service_account" if principal.name.startswith(("account:", "service:")) else "api_key" if principal.key_id else "person"
        limits: dict[str, Any] = {
            "max_queued_runs": principal.tenant.max_queued_runs,
            "max_concurrent_runs": principal.tenant.max_concurrent_runs,
            "requests_per_minute": rate_of(principal),
        }
        told = {"tenant": principal.tenant.slug, "tenant_name": principal.tenant.name, "name": principal.name, "kind": kind}
        return Response(told | {"key_id": principal.key_id, "scopes": sorted(principal.scopes), "limits": limits})


class ApiKeys(APIView):
    required_scopes = {"GET": "admin", "POST": "admin"}

    @extend_schema(operation_id="api_keys_list", parameters=[PageQuery], responses={200: KeyPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        return Response(page_json(list_keys(tenant=tenant), tenant=tenant, name="api-keys", query=query, to_json=key_json))

    @extend_schema(operation_id="api_keys_create", parameters=[IDEMPOTENCY_KEY], request=KeyBody, responses={201: NewKeyView})
    @answered_once("key")
    def post(self, request: Request) -> Response:
        body = parse_body(KeyBody, request.data)
        asked = body.model_dump(exclude={"service_account_id"})
        key, plaintext = accounts.make_key(principal=principal_of(request), account_id=body.service_account_id, **asked)
        headers = {"Location": f"/api/v1/api-keys/{key.public_id}"}
        return Response(key_json(key) | {"key": plaintext}, status=201, headers=headers)


class OneApiKey(APIView):
    required_scopes = {"GET": "admin"}

    @extend_schema(operation_id="api_keys_get", responses={200: KeyView})
    def get(self, request: Request, key_id: str) -> Response:
        return Response(key_json(get_key(tenant=principal_of(request).tenant, key_id=key_id)))


class RevokeApiKey(APIView):
    required_scopes = {"POST": "admin"}

    @extend_schema(operation_id="api_keys_revoke", request=None, responses={200: KeyView})
    def post(self, request: Request, key_id: str) -> Response:
        return Response(key_json(accounts.end_key(tenant=principal_of(request).tenant, key_id=key_id)))


class ServiceAccounts(APIView):
    required_scopes = {"GET": "admin", "POST": "admin"}

    @extend_schema(operation_id="service_accounts_list", parameters=[PageQuery], responses={200: AccountPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        rows = accounts.list_accounts(tenant=tenant)
        return Response(page_json(rows, tenant=tenant, name="service-accounts", query=query, to_json=account_json))

    @extend_schema(operation_id="service_accounts_create", parameters=[IDEMPOTENCY_KEY], request=AccountBody, responses={201: AccountView})
    @answered_once()
    def post(self, request: Request) -> Response:
        body = parse_body(AccountBody, request.data)
        account = accounts.make_account(tenant=principal_of(request).tenant, **body.model_dump())
        return Response(account_json(account), status=201, headers={"Location": f"/api/v1/service-accounts/{account.public_id}"})


class OneServiceAccount(APIView):
    required_scopes = {"GET": "admin", "PATCH": "admin"}

    @extend_schema(operation_id="service_accounts_get", responses={200: AccountView})
    def get(self, request: Request, account_id: str) -> Response:
        return Response(account_json(accounts.get_account(tenant=principal_of(request).tenant, account_id=account_id)))

    @extend_schema(operation_id="service_accounts_update", request=AccountChanges, responses={200: AccountView})
    def patch(self, request: Request, account_id: str) -> Response:
        changes = {name: value for name, value in parse_body(AccountChanges, request.data).model_dump().items() if value is not None}
        return Response(account_json(accounts.change_account(tenant=principal_of(request).tenant, account_id=account_id, changes=changes)))


urlpatterns = [
    path("whoami", Whoami.as_view(), name="whoami"),
    path("api-keys", ApiKeys.as_view(), name="api-keys"),
    path("api-keys/<str:key_id>", OneApiKey.as_view(), name="api-key"),
    path("api-keys/<str:key_id>/revoke", RevokeApiKey.as_view(), name="api-key-revoke"),
    path("service-accounts", ServiceAccounts.as_view(), name="service-accounts"),
    path("service-accounts/<str:account_id>", OneServiceAccount.as_view(), name="service-account"),
]
