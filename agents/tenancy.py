"""Who is calling and what belongs to them: API keys, scopes, and the one place that scopes rows by tenant."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField, Model, Q, QuerySet
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission

from agents import audit
from agents.actors import is_closed, is_here
from agents.models import ApiKey, Role, ServiceAccount, Tenant
from agents.roles import Roles, scopes_of
from agents.second_wall import walls
from skills.refusal import Refusal

M = TypeVar("M", bound=Model)

ANY_SCOPE = "any"
"""What a view requires that answers whoever is signed in, with whatever scopes."""
BY_SIGNATURE = "signature"
"""What a view requires that asks for no key: what it is sent is signed, and the signature says by whom."""

SCOPES = (
    "runs:read",
    "runs:write",
    "agents:read",
    "agents:write",
    "budgets:read",
    "budgets:write",
    "skills:read",
    "skills:execute",
    "catalog:read",
    "catalog:write",
    "audit:read",
    "approvals:read",
    "approvals:write",
    "webhooks:read",
    "webhooks:write",
    "admin",
)
LAST_USE_RESOLUTION = timedelta(minutes=1)
LONGEST_KEY_NAME = 100

_KEY = re.compile(r"aos_(?:live|test)_([a-z2-7]{12})_([0-9a-f]{48})([0-9a-f]{8})")
# Stands in for the prefix of what is no key, so that every bad key costs the same lookup and comparison.
_NO_PREFIX = "-"


@dataclass(frozen=True)
class Principal:
    """Who asks, for which tenant, with which scopes. `key_id` is None for a person at the console or a command.

    `ends_at` (Unix seconds) is when a token that says who it is ends; a key's end is in its row. `role` is that of a person the
    issuer named in a token; whoever else asks has none, and goes by scopes, or by what the console has asked before. `reads_as` is
    the role that gave the scopes, of a person, of a program of the issuer or of an account alike; a key of no account has none.
    """

    tenant: Tenant
    name: str
    scopes: frozenset[str]
    key_id: str | None = None
    ends_at: float | None = None
    role: str = ""
    reads_as: str = ""

    @property
    def is_authenticated(self) -> bool:
        return True

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def goes_by(self, roles: Roles) -> bool:
        """Tell whether what these roles are told is told to who asks: to whom no role gave their scopes, all they have the scope for."""
        return not self.reads_as or self.reads_as in roles


def operator_principal(tenant: Tenant, user_name: str) -> Principal:
    """Return the principal of a person whose rights were checked elsewhere (console role, shell access)."""
    return Principal(tenant=tenant, name=user_name, scopes=frozenset(SCOPES))


def principal_of(request: Any) -> Principal:
    """Return who asks. Raises NotAuthenticated where nobody signed in: no view forgets its authentication unnoticed."""
    if not isinstance(request.user, Principal):
        raise NotAuthenticated
    return request.user


def refuse_giving(principal: Principal) -> None:
    """Raise Refusal where somebody who is no tenant admin would give an agent away, or take one."""
    if principal.role != Role.TENANT_ADMIN and not principal.may("admin"):
        fault = {"pointer": "/owner", "code": "PERMISSION_DENIED", "detail": "a tenant admin says whose an agent is"}
        raise Refusal("PERMISSION_DENIED", "this takes a tenant admin, or the scope admin", errors=[fault])


def scoped(queryset: QuerySet[M], tenant: Tenant) -> QuerySet[M]:
    """Return the rows of a tenant: the one place that draws this line, used by every selector."""
    return queryset.filter(tenant=tenant)


def one_scoped(queryset: QuerySet[M], tenant: Tenant, what: str, **lookup: Any) -> M:
    """Return the tenant's one row. Raises Refusal NOT_FOUND alike for a missing row and another tenant's."""
    # PostgreSQL refuses to compare a text with NUL in it, which a path may hold as %00.
    askable = not any(isinstance(value, str) and "\x00" in value for value in lookup.values())
    # Unordered, for there is one at most: to write an order down takes a quarter of the time of reading a run.
    row = next(iter(scoped(queryset, tenant).filter(**lookup).order_by()[:1]), None) if askable else None
    if row is None:
        raise not_found(what)
    return row


def lock_tenant(tenant: Tenant) -> None:
    """Let nobody else do what counts a tenant's rows before this transaction is over. Rows of it can be added meanwhile."""
    Tenant.objects.select_for_update(no_key=True).filter(pk=tenant.pk).first()


def not_found(what: str) -> Refusal:
    return Refusal("NOT_FOUND", f"there is no such {what}")


def create_key(
    tenant: Tenant,
    name: str,
    scopes: Iterable[str],
    *,
    expires_at: datetime | None = None,
    account: ServiceAccount | None = None,
    owner: str = "",
) -> tuple[ApiKey, str]:
    """Make a key and return its row and, this once, its plaintext. Raises Refusal for a bad name or an unknown scope.

    `owner` is who gets to know it; without one it is nobody's.
    """
    if not 0 < len(name) <= LONGEST_KEY_NAME:
        fault = {"pointer": "/name", "code": "SCHEMA_VALIDATION_FAILED", "detail": f"1 to {LONGEST_KEY_NAME} characters"}
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the name of the key is too short or too long", errors=[fault])
    wanted = list(dict.fromkeys(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise Refusal("SCHEMA_VALIDATION_FAILED", f"no such scope: {', '.join(unknown)}", suggestions=[f"Scopes are {', '.join(SCOPES)}."])
    prefix, plaintext = _fresh_key()
    with transaction.atomic():
        row = ApiKey.objects.create(
            tenant=tenant,
            name=name,
            prefix=prefix,
            secret_hmac=_hmac_of(plaintext),
            scopes=wanted,
            owner=owner,
            expires_at=expires_at,
            service_account=account,
        )
        after = {"name": name, "scopes": wanted, "expires_at": expires_at, "account": account and account.name, "owner": owner}
        audit.record(tenant, "api_key.create", prefix, after=after)
    return row, plaintext


def revoke_key(key: ApiKey) -> None:
    """Make a key useless from the next request on; revoking twice keeps the first instant."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(key.tenant, "api_key.revoke", key.prefix, before={"name": key.name})
    key.refresh_from_db(fields=["revoked_at"])


def _fresh_key() -> tuple[str, str]:
    prefix = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(12))
    body = f"aos_{'live' if settings.IS_PRODUCTION else 'test'}_{prefix}_{secrets.token_hex(24)}"
    return prefix, body + _checksum(body)


def _checksum(body: str) -> str:
    """Return eight hex digits by which a scanner tells a real key from text that looks like one."""
    return f"{zlib.crc32(body.encode()):08x}"


def _hmac_of(plaintext: str) -> str:
    return hmac.new(settings.API_KEY_PEPPER.encode(), plaintext.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def prefix_of(plaintext: str) -> str | None:
    """Return the prefix of a well-formed key, None for anything else."""
    match = _KEY.fullmatch(plaintext)
    return match[1] if match and _checksum(plaintext[:-8]) == match[3] else None


class _Found(NamedTuple):
    """A key as its prefix leads to it, whether its tenant and its dates let it in, and whether its use is to be noted."""

    row: ApiKey
    account: tuple[str, str] | None
    is_live: bool
    use_is_due: bool

    def principal(self) -> Principal:
        """Return who asks with it. Keys of one account are one actor, and can do what its role gives and no more."""
        key = self.row
        if self.account is None:
            return Principal(tenant=key.tenant, name=f"key:{key.name}:{key.prefix}", scopes=frozenset(key.scopes), key_id=key.public_id)
        name, role = self.account
        scopes = frozenset(key.scopes) & scopes_of(role)
        return Principal(tenant=key.tenant, name=f"account:{name}", scopes=scopes, key_id=key.public_id, reads_as=role)


def find_key(plaintext: str) -> ApiKey | None:
    """Return the live key of this plaintext, its dates left out."""
    found = _found(plaintext, timezone.now())
    return None if found is None else found.row


def _found(plaintext: str, now: datetime) -> _Found | None:
    """Look a plaintext up. Every bad key takes the same way, so time tells nothing apart."""
    offered = _hmac_of(plaintext)
    found = _by_prefix(prefix_of(plaintext) or _NO_PREFIX, offered, now)
    stored = found.row.secret_hmac if found else "0" * 64
    matches = hmac.compare_digest(stored, offered)
    return found if found is not None and matches and found.is_live else None


def _by_prefix(prefix: str, offered: str, now: datetime) -> _Found | None:
    """Look a prefix up. Who offers the whole of a live key sees the rows of its tenant from then on."""
    at, due = (connection.ops.adapt_datetimefield_value(when) for when in (now, now - LAST_USE_RESOLUTION))
    with connection.cursor() as cursor:
        if walls.is_up():
            cursor.execute(_BY_PREFIX_THROUGH_WALL, (offered, at, at, due, prefix))
        else:
            cursor.execute(_BY_PREFIX, (at, due, prefix))
        values = cursor.fetchone()
    if values is None:
        return None
    width = len(_KEY_FIELDS)
    row = ApiKey.from_db(connection.alias, _KEY_FIELDS, values[:width])
    row.tenant = Tenant.from_db(connection.alias, _TENANT_FIELDS, values[width : width + len(_TENANT_FIELDS)])
    row.scopes = json.loads(row.scopes)
    account, role, *_, is_live, use_is_due = values[width + len(_TENANT_FIELDS) :]
    return _Found(row, None if account is None else (account, role), bool(is_live), bool(use_is_due))


def _without_dates(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if not isinstance(field, DateTimeField)]


# Every request begins with this question, and putting it together by the ORM took longer than the answer. Dates are
# compared where they lie, so that nothing needs converting.
_KEY_FIELDS, _TENANT_FIELDS = _without_dates(ApiKey), _without_dates(Tenant)
# A key of no account goes with the person who made it; what is no person has a colon in its name. Joined, it would take twice as
# long to plan.
_OWNER_IS_HERE = """(s.id IS NOT NULL OR k.owner = '' OR k.owner LIKE '%%:%%' OR EXISTS (SELECT 1 FROM auth_user u
    JOIN agents_membership m ON m.user_id = u.id WHERE u.username = k.owner AND u.is_active AND m.tenant_id = k.tenant_id))"""
_IS_LIVE = f"""k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %s) AND t.is_active AND COALESCE(s.is_active, TRUE)
    AND {_OWNER_IS_HERE}"""
_BY_PREFIX = f"""SELECT {", ".join(f"k.{name}" for name in _KEY_FIELDS)}, {", ".join(f"t.{name}" for name in _TENANT_FIELDS)},
    s.name, s.role, {_IS_LIVE}, k.last_used_at IS NULL OR k.last_used_at < %s
    FROM agents_apikey k JOIN agents_tenant t ON t.id = k.tenant_id LEFT JOIN agents_serviceaccount s ON s.id = k.service_account_id
    WHERE k.prefix = %s"""  # noqa: S608 - the models' own columns
_OPENED = f"set_config('{walls.SETTING}', CASE WHEN k.secret_hmac = %s AND {_IS_LIVE} THEN t.id::text ELSE '' END, false)"
_BY_PREFIX_THROUGH_WALL = _BY_PREFIX.replace("s.role, ", f"s.role, {_OPENED}, ", 1)


def is_still_valid(principal: Principal, scope: str) -> bool:
    """Tell whether who was let in a while ago still would be, with this scope: a stream goes on for long, and a key, a token or what
    an account's role gives ends within a second."""
    now = as_of_now(principal)
    return now is not None and now.may(scope)


def as_of_now(principal: Principal) -> Principal | None:
    """Return who was let in a while ago with the scopes they have now; None where they would be let in no more."""
    if principal.key_id is None:
        is_over = principal.ends_at is not None and principal.ends_at <= timezone.now().timestamp()
        is_out = is_over or is_closed(principal.name) or not Tenant.objects.filter(pk=principal.tenant.pk, is_active=True).exists()
        return None if is_out else principal
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    account = Q(service_account=None) | Q(service_account__is_active=True)
    keys = ApiKey.objects.filter(live, account, public_id=principal.key_id, revoked_at=None, tenant__is_active=True)
    found = keys.values_list("scopes", "service_account__role", "owner").first()
    if found is None:
        return None
    scopes, role, owner = found
    if role is None and not is_here(principal.tenant, owner):
        return None
    return replace(principal, scopes=frozenset(scopes) if role is None else frozenset(scopes) & scopes_of(role))


def _note_use(key: ApiKey, now: datetime) -> None:
    """Remember that a key was used, coarsely: a row write per request would cost more than the request."""
    ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USE_RESOLUTION), pk=key.pk).update(last_used_at=now)


def credential_in(headers: Any) -> str | None:
    """Return the one key a request offers, None where it offers none.

    Raises ValueError where it offers something else or two different keys: a proxy and an application that
    each look at another header must not disagree about who is calling.
    """
    bearer, own = headers.get("HTTP_AUTHORIZATION"), headers.get("HTTP_X_AOS_KEY")
    offered = {key for key in (_bearer_token(bearer), own) if key is not None}
    if len(offered) > 1:
        raise ValueError("two different keys")
    return offered.pop() if offered else None


def _bearer_token(header: str | None) -> str | None:
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise ValueError("not a bearer token")
    return token.strip()


def _signed_in_by_token(token: str, headers: Any) -> Principal:
    """Return whom a JSON Web Token lets in. Raises AuthenticationFailed."""
    # With the first of them: programs that come with a key are not to wait for what checks tokens to be imported.
    from agents.sign_in import issuer, jwt_bearers  # noqa: PLC0415

    if headers.get("HTTP_X_AOS_KEY") is not None:
        raise AuthenticationFailed
    try:
        bearer = jwt_bearers.bearer_of(token, headers.get("HTTP_X_AOS_TENANT"))
    except issuer.Unverified:
        raise AuthenticationFailed from None
    walls.open_to([bearer.tenant.pk])
    audit.act_as(bearer.actor, via="api")
    who = Principal(tenant=bearer.tenant, name=bearer.actor, scopes=bearer.scopes, ends_at=bearer.ends_at, role=bearer.role)
    return replace(who, reads_as=bearer.reads_as)


class ApiKeyAuthentication(BaseAuthentication):
    """Signs a request in by its API key, or by a token of the issuer; everything else gets the same 401."""

    def authenticate(self, request: Any) -> tuple[Principal, ApiKey | None] | None:
        try:
            plaintext = credential_in(request.META)
        except ValueError:
            raise AuthenticationFailed from None
        if plaintext is None:
            return None
        if plaintext.count(".") == 2:
            return _signed_in_by_token(plaintext, request.META), None
        now = timezone.now()
        found = _found(plaintext, now)
        if found is None:
            raise AuthenticationFailed
        key = found.row
        if found.use_is_due:
            _note_use(key, now)
        principal = found.principal()
        audit.act_as(principal.name, via="api", key_id=key.public_id)
        return principal, key

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """Lets a key in whose scopes cover what the view declares: `required_scopes = {"GET": "runs:read"}`.

    A method the view answers but names no scope for is closed.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        if not isinstance(request.user, Principal):
            return False
        method = "GET" if request.method == "HEAD" else request.method
        scope = getattr(view, "required_scopes", {}).get(method)
        if scope is None:
            # A method without a handler goes on to its 405.
            return getattr(view, method.lower(), None) is None or method == "OPTIONS"
        if scope != ANY_SCOPE and not request.user.may(scope):
            raise PermissionDenied(f"this key lacks the scope {scope}")
        return True
