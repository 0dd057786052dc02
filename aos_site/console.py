"""The console's frame: environment label, navigation by permission, and the numbers of the overview."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

from agents.console_base import COST_ROLES, DECIDING_ROLES, EVERY_ROLE, OPERATING_ROLES, OVERSIGHT_ROLES, may
from runs.console.approvals_page import APPROVING_ROLES
from runs.console.overview import overview
from runs.console.runtime_page import READING_ROLES

# Section, then (title, icon, model as app.name). Each shows only to who may see the page behind it.
_SECTIONS = (
    ("Runs", (("Runs", "play_circle", "runs.run"), ("Failures", "error", "catalog.failurematch"), ("Outbox", "outbox", "runs.outbox"))),
    (
        "Agents",
        (
            ("Agents", "smart_toy", "agents.agent"),
            ("Skills", "extension", "skills.skillversion"),
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
            ("Memberships", "group", "agents.membership"),
            ("Users", "person", "auth.user"),
            ("Groups", "groups", "auth.group"),
        ),
    ),
)


# The pages of a section that are no list of rows: (title, icon, address, roles), before its lists.
_PAGES = {
    "Runs": (
        ("Approvals", "approval", "console-approvals", APPROVING_ROLES),
        ("In doubt", "help", "console-in-doubt", DECIDING_ROLES),
        ("Dead letters", "skull", "console-dead-letters", EVERY_ROLE),
        ("Workers & queue", "memory", "console-workers", OPERATING_ROLES),
    ),
    "Knowledge": (
        ("Failure analytics", "monitoring", "console-failures", EVERY_ROLE),
        ("Recovery review", "healing", "console-recovery", EVERY_ROLE),
        ("Drift", "trending_up", "console-drift", EVERY_ROLE),
    ),
    "Money": (("Cost", "payments", "console-cost", COST_ROLES), ("Budgets", "account_balance_wallet", "console-budgets", COST_ROLES)),
    "Platform": (("Webhooks", "webhook", "console-webhooks", COST_ROLES), ("API keys", "key", "console-access", OVERSIGHT_ROLES)),
}


def stylesheet(request: HttpRequest) -> str:
    return static("aos/console.css")


def keys_script(request: HttpRequest) -> str:
    return static("aos/keys.js")


def copy_script(request: HttpRequest) -> str:
    return static("aos/copy.js")


def environment_label(request: HttpRequest) -> list[str]:
    """Return the label beside the person's name, and its colour."""
    return [settings.ENVIRONMENT, "danger" if settings.IS_PRODUCTION else "info"]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar: the overview, the pages that show no rows, and every section with a page this person may see."""
    first = [_item("Overview", "dashboard", reverse_lazy("admin:index"))]
    if may(request, READING_ROLES):
        first.append(_item("Plan simulator", "science", reverse_lazy("console-simulator")))
        first.append(_item("Runtime", "terminal", reverse_lazy("console-runtime")))
    if may(request, OPERATING_ROLES):
        first.append(_item("Invariants", "verified", reverse_lazy("console-invariants")))
    shown = _viewable_models(request)
    groups = [_group("", first)]
    for title, lists in _SECTIONS:
        items = [_item(name, icon, reverse(page)) for name, icon, page, roles in _PAGES.get(title, ()) if may(request, roles)]
        items += [_item(name, icon, _list_of(model)) for name, icon, model in lists if model in shown]
        groups += [_group(title, items)] if items else []
    return groups


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
