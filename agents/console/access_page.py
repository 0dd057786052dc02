"""The keys and the service accounts of a tenant on one console page: made, ended and changed by tenant admins, read by auditors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.access import accounts
from agents.access.rights import is_platform, may, tenants_for
from agents.actors import gone
from agents.api.access import AccountBody, AccountChanges, KeyBody
from agents.console.access_view import NAMES, account_line, empty_draft, key_line, key_sentence, role_choices, scope_choices, words_of
from agents.console.forms import claim, faults_of, page_number, shown_once, typed
from agents.models import ApiKey, Role, ServiceAccount, Tenant
from agents.roles import OVERSIGHT_ROLES, Roles
from agents.selectors import get_key, key_json, list_keys
from agents.tenancy import Principal, operator_principal
from skills.ids import is_id
from skills.refusal import Refusal
from skills.requests import parse_body

Json = dict[str, Any]
VIEW_ROLES: Roles = OVERSIGHT_ROLES
CHANGE_ROLES: Roles = frozenset({Role.TENANT_ADMIN})
A_PAGE = 25
MOST_ACCOUNTS = 200
ENDS_SOON = timedelta(days=14)
_SHOWS = {"live": "Live", "ended": "Ended", "all": "All"}
# What was typed into these is shown again beside what is wrong with it; the others have nothing to type.
_TYPED = frozenset({"make-key", "make-account"})


def access_page(request: HttpRequest) -> HttpResponse:
    """Show the keys and service accounts of one tenant; on POST change one, by the same services as the API."""
    if not may(request, VIEW_ROLES):
        raise PermissionDenied
    tenants = list(tenants_for(request, VIEW_ROLES).order_by("slug"))
    if request.method == "POST":
        return _change(request, tenants)
    tenant = next((each for each in tenants if each.slug == request.GET.get("tenant")), tenants[0] if tenants else None)
    return _page(request, tenants, tenant)


def _page(
    request: HttpRequest, tenants: list[Tenant], tenant: Tenant | None, drafts: Json | None = None, status: int = 200
) -> HttpResponse:
    context: Json = {"title": "API keys and service accounts", "aos_tenants": tenants, "aos_tenant": tenant}
    context["aos_names_tenants"] = is_platform(request) or len(tenants) > 1
    if tenant is not None:
        context |= _keys(request, tenant) | _accounts(tenant)
        context["aos_may_change"] = may(request, CHANGE_ROLES, tenant.pk)
        context["aos_key"], context["aos_new_account"] = _drafts(drafts or {})
        context["aos_scopes"] = scope_choices(context["aos_key"]["scopes"])
    return TemplateResponse(request, "console/access.html", {**admin.site.each_context(request), **context}, status=status)


def _drafts(refused: Json) -> tuple[Json, Json]:
    return refused.get("make-key") or empty_draft(), refused.get("make-account") or {"role": "viewer"}


def _keys(request: HttpRequest, tenant: Tenant) -> Json:
    """Return the keys that are asked for, and how many there are that still open something."""
    now, all_keys = timezone.now(), list_keys(tenant=tenant)
    live = all_keys.filter(_live(now))
    show = request.GET.get("show") if request.GET.get("show") in _SHOWS else "live"
    asked = typed(request.GET, "q")
    number = page_number(request.GET)
    rows = _found(all_keys, asked) if asked else {"live": live, "ended": all_keys.exclude(_live(now)), "all": all_keys}[show or "live"]
    shown = list(rows.order_by("-created_at", "-pk")[(number - 1) * A_PAGE : number * A_PAGE + 1])
    link = {"tenant": tenant.slug, "show": show} | ({"q": asked} if asked else {})
    left = gone(tenant, [key.owner for key in shown])
    return {
        "aos_sentence": key_sentence(live.count(), live.filter(expires_at__lte=now + ENDS_SOON).count()),
        "aos_keys": [key_line(key, now, ends_soon=ENDS_SOON, gone=left) for key in shown[:A_PAGE]],
        "aos_shows": [
            {"title": title, "link": _link(tenant, show=name), "is_chosen": name == show and not asked} for name, title in _SHOWS.items()
        ],
        "aos_show": show,
        "aos_q": asked,
        "aos_newer": f"?{urlencode({**link, 'page': number - 1})}" if number > 1 else "",
        "aos_older": f"?{urlencode({**link, 'page': number + 1})}" if len(shown) > A_PAGE else "",
    }


def _live(now: Any, at: str = "") -> Q:
    return Q(**{f"{at}revoked_at": None}) & (Q(**{f"{at}expires_at": None}) | Q(**{f"{at}expires_at__gt": now}))


def _found(keys: QuerySet[ApiKey], asked: str) -> QuerySet[ApiKey]:
    """Return the key of this id or this prefix, or nothing."""
    return keys.filter(public_id=asked) if is_id("key", asked) else keys.filter(prefix=asked.removesuffix("…")[:32])


def _link(tenant: Tenant, **more: str) -> str:
    return f"{reverse('console-access')}?{urlencode({'tenant': tenant.slug, **more})}"


def _accounts(tenant: Tenant) -> Json:
    counted = Count("api_keys", filter=_live(timezone.now(), "api_keys__"))
    rows = list(accounts.list_accounts(tenant=tenant).annotate(live_keys=counted).order_by("name")[: MOST_ACCOUNTS + 1])
    return {
        "aos_accounts": [account_line(row, row.live_keys) for row in rows[:MOST_ACCOUNTS]],
        "aos_more_accounts": MOST_ACCOUNTS if len(rows) > MOST_ACCOUNTS else 0,
        "aos_roles": role_choices(),
    }


# Changes


def _change(request: HttpRequest, tenants: list[Tenant]) -> HttpResponse:
    name = request.POST.get("action", "")
    tenant = next((each for each in tenants if each.slug == request.POST.get("tenant")), None)
    if tenant is None or name not in _ACTIONS:
        raise Http404("there is no such tenant, or nothing of the kind to do")
    if not may(request, CHANGE_ROLES, tenant.pk):
        raise PermissionDenied
    audit.act_as(request.user.get_username(), via="console")
    try:
        return _ACTIONS[name](request, operator_principal(tenant, request.user.get_username()))
    except Refusal as refusal:
        return _refused(request, tenants, tenant, name, refusal)


def _refused(request: HttpRequest, tenants: list[Tenant], tenant: Tenant, name: str, refusal: Refusal) -> HttpResponse:
    faults = faults_of(refusal, NAMES)
    if name not in _TYPED:
        messages.error(request, "; ".join(faults))
        return redirect(_link(tenant))
    draft: Json = {field: typed(request.POST, field) for field in ("name", "until", "account", "role", "description")}
    draft |= {"scopes": request.POST.getlist("scopes"), "once": empty_draft()["once"], "faults": faults}
    return _page(request, tenants, tenant, {name: draft}, refusal.status)


def _done(request: HttpRequest, principal: Principal, told: str) -> HttpResponseRedirect:
    messages.success(request, told)
    return redirect(_link(principal.tenant))


def _make_key(request: HttpRequest, principal: Principal) -> HttpResponse:
    form, until = request.POST, typed(request.POST, "until")
    body = parse_body(
        KeyBody,
        {
            "name": typed(form, "name"),
            "scopes": form.getlist("scopes"),
            "expires_at": f"{until}T23:59:59Z" if until else None,
            "service_account_id": typed(form, "account") or None,
        },
    )
    asked = body.model_dump(exclude={"service_account_id"})
    with transaction.atomic():
        claim(principal.tenant, typed(form, "once"))
        key, plaintext = accounts.make_key(principal=principal, account_id=body.service_account_id, **asked)
    return _key_shown(request, key, plaintext)


def _key_shown(request: HttpRequest, key: ApiKey, plaintext: str) -> HttpResponse:
    told = key_line(key, timezone.now(), ends_soon=ENDS_SOON)
    facts = [
        ("Sent as", "Authorization: Bearer <the key>, or in the variable AOS_API_KEY of the aos command and the SDKs"),
        ("May", ", ".join(key.scopes)),
        ("Owner", key.owner),
        ("Account", "none" if key.service_account is None else key.service_account.name),
        ("Good until", told["ends"]),
    ]
    context = {
        "title": "A new API key",
        "aos_done": "made",
        "aos_sentence": f"The key {key.name} works from now on.",
        "aos_what": "The key",
    }
    return shown_once(request, {**context, "aos_secret": plaintext, "aos_facts": facts, "aos_back": _link(key.tenant)})


def _revoke(request: HttpRequest, principal: Principal) -> HttpResponse:
    key = get_key(tenant=principal.tenant, key_id=typed(request.POST, "key"))
    if key_json(key)["state"] == "revoked":
        raise Refusal("INVALID_INPUT", f"{key.name} is revoked already", status=409)
    accounts.end_key(tenant=principal.tenant, key_id=key.public_id)
    return _done(request, principal, f"{key.name} is revoked: who still uses it is answered 401.")


def _make_account(request: HttpRequest, principal: Principal) -> HttpResponse:
    body = parse_body(AccountBody, {name: typed(request.POST, name) for name in ("name", "role", "description")})
    account = accounts.make_account(tenant=principal.tenant, **body.model_dump())
    return _done(
        request, principal, f"The account {account.name} is there, with the role {words_of(account.role)}. Now make its first key."
    )


def _give_role(request: HttpRequest, principal: Principal) -> HttpResponse:
    role = parse_body(AccountChanges, {"role": typed(request.POST, "role")}).role
    account = _change_account(request, principal, "role", role)
    return _done(
        request, principal, f"{account.name} has the role {words_of(account.role)} now, and its keys can do no more than that gives."
    )


def _switch_off(request: HttpRequest, principal: Principal) -> HttpResponse:
    account = _change_account(request, principal, "is_active", False)
    return _done(request, principal, f"{account.name} is off: its keys open nothing until it is switched on again.")


def _switch_on(request: HttpRequest, principal: Principal) -> HttpResponse:
    account = _change_account(request, principal, "is_active", True)
    return _done(request, principal, f"{account.name} is on again, and its live keys work as before.")


def _change_account(request: HttpRequest, principal: Principal, field: str, value: Any) -> ServiceAccount:
    """Change one field. Raises Refusal (409) where it is so already: somebody else was faster, and nothing is to be written down twice."""
    account = accounts.get_account(tenant=principal.tenant, account_id=typed(request.POST, "account"))
    if getattr(account, field) == value:
        raise Refusal("INVALID_INPUT", f"{account.name} is that already; nothing was changed", status=409)
    return accounts.change_account(tenant=principal.tenant, account_id=account.public_id, changes={field: value})


_ACTIONS: dict[str, Callable[[HttpRequest, Principal], HttpResponse]] = {
    "make-key": _make_key,
    "revoke": _revoke,
    "make-account": _make_account,
    "role": _give_role,
    "off": _switch_off,
    "on": _switch_on,
}
