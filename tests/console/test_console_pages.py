"""Every page of the console: seen only by who may, scoped by tenant, changed only where a page says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from unfold.admin import ModelAdmin

from agents import audit
from agents.models import Agent, Freeze, LedgerEntry, LedgerScope, Membership, Role, Tenant
from catalog.models import CatalogEntry, FailureMatch
from runs.models import Charge, Outbox, Run
from skills.models import SkillVersion
from tests.console.conftest import CANARY, Cast, SignIn

PAGES = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)
READ_ONLY = [Charge, LedgerScope, LedgerEntry, FailureMatch, Run, Outbox, SkillVersion]
EVERYBODY = frozenset(Role.values)
OVERSIGHT = frozenset({"tenant_admin", "auditor"})
COSTS = frozenset({"developer", "operator", "tenant_admin", "auditor"})
# A page that is missing here fails the build: somebody has to say who sees it.
SEEN_BY = {
    "agents.Agent": EVERYBODY,
    "agents.Freeze": EVERYBODY,
    "agents.AuditEntry": OVERSIGHT,
    "agents.LedgerEntry": COSTS,
    "agents.LedgerScope": COSTS,
    "agents.Membership": OVERSIGHT,
    "agents.Tenant": EVERYBODY,
    "auth.Group": frozenset(),
    "auth.User": frozenset(),
    "catalog.CatalogEntry": EVERYBODY,
    "catalog.Circuit": EVERYBODY,
    "catalog.FailureMatch": EVERYBODY,
    "runs.Charge": COSTS,
    "runs.Outbox": frozenset({"developer", "operator", "tenant_admin"}),
    "runs.Run": EVERYBODY,
    "skills.PriceRow": frozenset(),
    "skills.SkillVersion": EVERYBODY,
}


def label_of(value: Any) -> str:
    return value._meta.label if hasattr(value, "_meta") else ""


def list_url(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def row_url(row: Any, view: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{view}", args=[row.pk])


def actions_of(page: Any) -> Iterator[tuple[str, Any]]:
    """Yield every action a page declares, Django's and Unfold's."""
    declared = [*(page.actions or ()), *page.actions_list, *page.actions_row, *page.actions_detail, *page.actions_submit_line]
    for name in page._extract_action_names(declared):
        yield name, getattr(page, name) if isinstance(name, str) else name


@pytest.mark.parametrize(("model", "page"), PAGES, ids=label_of)
def test_it_is_an_unfold_page_whose_actions_ask_for_permission_and_a_click(model: Any, page: Any) -> None:
    assert isinstance(page, ModelAdmin)
    for name, action in actions_of(page):
        assert getattr(action, "allowed_permissions", None), f"{name} works for every viewer"
        assert getattr(action, "dialog", None), f"{name} would change state by GET"


@pytest.mark.parametrize(("model", "page"), PAGES, ids=label_of)
def test_it_never_counts_a_whole_table(model: Any, page: Any) -> None:
    if model._meta.app_label != "auth":
        assert page.show_full_result_count is False
        assert page.paginator.__name__ == "InfinitePaginator"
        assert all(field[0] in "=^" for field in page.search_fields)


def test_it_registers_none_of_the_queues_own_tables() -> None:
    assert not [model for model in apps.get_app_config("django_q").get_models() if admin.site.is_registered(model)]


@pytest.mark.parametrize(("model", "page"), PAGES, ids=label_of)
@pytest.mark.parametrize("role", [*Role.values, "stranger", "root"])
def test_it_shows_a_page_to_its_roles_only(role: str, model: Any, page: Any, cast: Cast) -> None:
    seen = role == "root" or role in SEEN_BY[model._meta.label] or (role == "stranger" and model is SkillVersion)
    assert SignIn(role).get(list_url(model)).status_code == (200 if seen else 403)


@pytest.mark.parametrize(("model", "page"), PAGES, ids=label_of)
def test_it_shows_no_page_to_who_is_not_signed_in(model: Any, page: Any, client: Any, db: None) -> None:
    assert client.get(list_url(model)).status_code == 302


@pytest.mark.parametrize("role", Role.values)
def test_it_shows_nothing_of_another_tenant(role: str, cast: Cast) -> None:
    browser = SignIn(role)
    audit.record(cast.rival, "agent.update", CANARY)
    for model, _ in PAGES:
        for query in ("", "?q=TIMEOUT", f"?q={cast.run_of(cast.rival).public_id}", "?o=1"):
            assert CANARY not in browser.get(list_url(model) + query).content.decode(), model
    assert CANARY not in browser.get(reverse("admin:index")).content.decode()
    assert CANARY not in browser.get(reverse("admin:search") + "?s=rival").content.decode()


@pytest.mark.parametrize("role", Role.values)
def test_it_answers_404_for_another_tenants_row_as_for_a_missing_one(role: str, cast: Cast) -> None:
    browser = SignIn(role)
    for row in rows_of(cast.rival):
        if role in SEEN_BY[row._meta.label]:
            assert browser.get(row_url(row)).status_code == 404
    missing = reverse("admin:runs_run_change", args=["run_" + "0" * 32])
    assert browser.get(missing).status_code == 404
    assert browser.get(reverse("admin:runs_run_change", args=[cast.run_of(cast.rival).public_id])).status_code == 404


def rows_of(tenant: Tenant) -> list[Any]:
    """Return one row of each kind that belongs to a tenant."""
    plain = [
        model.objects.filter(tenant=tenant).first()
        for model in (Agent, Charge, Freeze, LedgerScope, Membership, CatalogEntry, FailureMatch, Outbox, Run)
    ]
    done = audit.record(tenant, "agent.update", CANARY)
    return [*plain, LedgerEntry.objects.filter(scope__tenant=tenant).first(), done, tenant]


@pytest.mark.parametrize("model", READ_ONLY, ids=label_of)
def test_it_changes_nothing_where_it_only_shows(model: Any, cast: Cast) -> None:
    browser, row = SignIn("root"), model.objects.first()
    before = list(model.objects.values())
    if model is not Run:  # the run's page is folded from its journal, which this row has none of
        page = browser.get(row_url(row)).content.decode()
        assert 'name="_save"' not in page
        assert browser.post(row_url(row), {"_save": "1"}).status_code in (403, 405, 200)
    assert browser.post(row_url(row, "delete"), {"post": "yes"}).status_code == 403
    assert browser.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")).status_code == 403
    assert browser.post(list_url(model), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}).status_code in (
        200,
        302,
        403,
    )
    assert list(model.objects.values()) == before


def test_it_shows_goals_and_costs_by_role(cast: Cast) -> None:
    shown = {role: SignIn(role).get(list_url(Run)).content.decode() for role in Role.values}
    assert {role for role, page in shown.items() if "of-acme</span>" in page} == {"developer", "tenant_admin"}
    assert {role for role, page in shown.items() if "column-cost" in page} == COSTS


def test_it_shows_a_failures_message_by_role(cast: Cast) -> None:
    match = FailureMatch.objects.get(tenant=cast.acme)
    FailureMatch.objects.filter(pk=match.pk).update(message="the-secret-message")
    shown = {role for role in Role.values if "the-secret-message" in SignIn(role).get(row_url(match)).content.decode()}
    assert shown == {"developer", "tenant_admin"}


@pytest.mark.parametrize("stage", ["active", "waiting", "in_doubt", "failed", "dead_letter", "nonsense"])
def test_it_filters_runs_by_stage(stage: str, cast: Cast) -> None:
    page = SignIn("root").get(list_url(Run) + f"?stage={stage}").content.decode()
    assert (cast.run_of(cast.acme).public_id in page) == (stage in ("failed", "nonsense"))


def test_it_finds_a_run_by_its_exact_id_only(cast: Cast) -> None:
    run = cast.run_of(cast.acme)
    browser = SignIn("root")
    assert browser.get(list_url(Run) + f"?q={run.public_id}").content.decode().count(run.public_id) > 1
    assert f">{run.public_id}<" not in browser.get(list_url(Run) + f"?q={run.public_id[:-1]}").content.decode()


def test_it_asks_a_bounded_number_of_questions_for_a_list(cast: Cast, django_assert_max_num_queries: Any) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    Run.objects.bulk_create(Run(tenant=cast.acme, agent=agent, goal=str(n)) for n in range(40))
    browser = SignIn("operator")
    with django_assert_max_num_queries(12):
        browser.get(list_url(Run))


@pytest.mark.parametrize(("role", "tiles"), [("viewer", False), ("operator", True), ("root", True)])
def test_it_shows_the_overview_in_ones_own_numbers(role: str, tiles: bool, cast: Cast) -> None:
    page = SignIn(role).get(reverse("admin:index"))
    assert ("Spent in 24 h" in page.content.decode()) == tiles
    assert sum(row["number"] for row in page.context["aos_by_status"]) == (2 if role == "root" else 1)


def test_it_tells_a_stranger_nothing_on_the_overview(cast: Cast) -> None:
    page = SignIn("stranger").get(reverse("admin:index"))
    assert page.context["aos_by_status"] == []
    assert "No run yet" in page.content.decode()


def test_it_names_only_pages_one_may_see(cast: Cast) -> None:
    page = SignIn("viewer").get(reverse("admin:index")).content.decode()
    assert list_url(Run) in page
    assert list_url(Membership) not in page
    assert reverse("console-access") not in page
    assert list_url(User) not in page
    assert reverse("console-runtime") not in page


@pytest.mark.parametrize("role", ["viewer", "root"])
def test_it_loads_nothing_from_outside_and_runs_no_inline_script(role: str, cast: Cast) -> None:
    browser = SignIn(role)
    for url in (reverse("admin:index"), list_url(Run), list_url(SkillVersion), row_url(SkillVersion.objects.get())):
        page = browser.get(url).content.decode()
        assert "<script>" not in page
        assert 'src="http' not in page
        assert 'href="http' not in page
