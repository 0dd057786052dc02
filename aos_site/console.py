"""The console's frame: environment label, navigation by permission, and the numbers of the overview."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

from agents.access.members import APPROVING_ROLES
from agents.access.rights import may
from agents.roles import DECIDING_ROLES, EVERY_ROLE, HEALTH_ROLES, OVERSIGHT_ROLES, PLATFORM, ROLES, SUM_ROLES
from runs.console.operation.runtime_page import READING_ROLES
from runs.console.overview.overview_page import overview
from runs.console.overview.waiting_counts import waiting_counts
from runs.console.people.grants_page import VIEW_ROLES as GRANT_ROLES
from runs.console.people.questions_page import SEEING_ROLES
from runs.console.runs.bulk_page import VIEW_ROLES as BULK_ROLES
from runs.console.webhooks.webhooks_page import VIEW_ROLES as WEBHOOK_ROLES

# Section, then (title, icon, model as app.name). Each shows only to who may see the page behind it.
_SECTIONS = (
    ("Runs", (("Runs", "play_circle", "runs.run"), ("Failures", "error", "catalog.failurematch"), ("Outbox", "outbox", "runs.outbox"))),
    (
        "Agents",
        (
            ("Freezes", "ac_unit", "agents.freeze"),
            ("Audit log", "history_edu", "agents.auditentry"),
            ("Circuits", "electrical_services", "catalog.circuit"),
        ),
    ),
    ("Knowledge", (("Failure catalog", "menu_book", "catalog.catalogentry"),)),
    (
        "Money",
        (
            ("Charges", "receipt", "runs.charge"),
            ("Scopes", "account_tree", "agents.ledgerscope"),
            ("Ledger", "receipt_long", "agents.ledgerentry"),
            ("Prices", "sell", "skills.pricerow"),
        ),
    ),
    (
        "Platform",
        (
            ("Tenants", "domain", "agents.tenant"),
            ("Users", "person", "auth.user"),
            ("Groups", "groups", "auth.group"),
        ),
    ),
)


# The pages of a section that are no list of rows: (title, icon, address, roles), before its lists.
_PAGES = {
    "Runs": (
        ("Dead letters", "skull", "console-dead-letters", EVERY_ROLE),
        ("Bulk operations", "checklist", "console-bulk", BULK_ROLES),
        ("Workers & queue", "memory", "console-workers", HEALTH_ROLES),
    ),
    "Agents": (("Agents", "smart_toy", "console-agents", EVERY_ROLE), ("Skills", "extension", "console-skills", EVERY_ROLE)),
    "Knowledge": (
        ("Failure analytics", "monitoring", "console-failures", EVERY_ROLE),
        ("Recovery review", "healing", "console-recovery", EVERY_ROLE),
        ("Drift", "trending_up", "console-drift", EVERY_ROLE),
    ),
    "Money": (("Cost", "payments", "console-cost", SUM_ROLES), ("Budgets", "account_balance_wallet", "console-budgets", SUM_ROLES)),
    "Platform": (
        ("Webhooks", "webhook", "console-webhooks", WEBHOOK_ROLES),
        ("Standing grants", "verified_user", "console-grants", GRANT_ROLES),
        ("Break-glass", "lock_open", "console-break-glass", OVERSIGHT_ROLES),
        ("Members", "group", "console-members", OVERSIGHT_ROLES),
        ("API keys", "key", "console-access", OVERSIGHT_ROLES),
    ),
}


# What waits for a person, with what a run waits for: it says how many do.
_WAITING = (
    ("Approvals", "approval", "console-approvals", APPROVING_ROLES, "approval"),
    ("Questions", "contact_support", "console-questions", SEEING_ROLES, "input"),
    ("In doubt", "help", "console-in-doubt", DECIDING_ROLES, "in_doubt"),
)


def stylesheet(request: HttpRequest) -> str:
    return static("aos/console.css")


def favicon(request: HttpRequest) -> str:
    return static("aos/icon.svg")


def live_script(request: HttpRequest) -> str:
    return static("aos/live.js")


def keys_script(request: HttpRequest) -> str:
    return static("aos/keys.js")


def copy_script(request: HttpRequest) -> str:
    return static("aos/copy.js")


def palette_script(request: HttpRequest) -> str:
    return static("aos/palette.js")


def tables_script(request: HttpRequest) -> str:
    return static("aos/tables.js")


def environment_label(request: HttpRequest) -> list[str]:
    """Return the label beside the person's name, and its colour."""
    return [settings.ENVIRONMENT, "danger" if settings.IS_PRODUCTION else "info"]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar: the overview, the pages that show no rows, and every section with a page this person may see."""
    first = [_item("Overview", "dashboard", reverse_lazy("admin:index"))]
    if may(request, READING_ROLES):
        first.append(_item("Plan simulator", "science", reverse_lazy("console-simulator")))
        first.append(_item("Runtime", "terminal", reverse_lazy("console-runtime")))
    if may(request, HEALTH_ROLES):
        first.append(_item("Invariants", "verified", reverse_lazy("console-invariants")))
    shown = _viewable_models(request)
    groups = [_group("", first), *_waiting(request)]
    for title, lists in _SECTIONS:
        items = [_item(name, icon, reverse(page)) for name, icon, page, roles in _PAGES.get(title, ()) if may(request, roles)]
        items += [_item(name, icon, _list_of(model)) for name, icon, model in lists if model in shown]
        groups += [_group(title, items)] if items else []
    return groups


def who_may(view_name: str) -> list[str]:
    """Return the roles that open a page, in words; none where its page knows no roles (it is the platform's)."""
    named = [(page, roles) for pages in _PAGES.values() for _, _, page, roles in pages]
    named += [(page, roles) for _, _, page, roles, _ in _WAITING]
    named += [("console-simulator", READING_ROLES), ("console-runtime", READING_ROLES), ("console-invariants", HEALTH_ROLES)]
    for model, page in admin.site._registry.items():
        named.append((f"admin:{model._meta.app_label}_{model._meta.model_name}_", getattr(page, "view_roles", frozenset())))
    # A page about one thing is named like the list of them, or begins as it does.
    found = [roles for name, roles in named if view_name.startswith((name, f"{name.removesuffix('s')}-")) or view_name + "s" == name]
    return [role.replace("_", " ") for role in (*ROLES, PLATFORM) if found and role in found[0]]


def _waiting(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what waits for this person, with how many runs do; nothing for who decides nothing and is asked nothing."""
    held = [each for each in _WAITING if may(request, each[3])]
    if not held:
        return []
    counts = waiting_counts(request)
    badges = {"badge_variant": "warning"}
    items = [
        _item(title, icon, reverse(page)) | ({"badge": counts[what], **badges} if counts[what] else {})
        for title, icon, page, _, what in held
    ]
    return [_group("Waiting for you", items)]


def _viewable_models(request: HttpRequest) -> set[str]:
    return {model._meta.label_lower for model, page in admin.site._registry.items() if page.has_view_permission(request)}


def _list_of(model: str) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_changelist")


def _group(title: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "separator": bool(title), "items": items}


def _item(title: str, icon: str, link: Any) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link}


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the overview's numbers to the first page."""
    return {**context, "title": "Overview", **overview(request)}
