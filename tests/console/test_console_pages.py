"""What pages of the console show, and whose actions ask first. Who sees which page, and whose rows: tests/console/test_every_page.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from unfold.admin import ModelAdmin

from agents.models import Agent, Membership, Role
from catalog.models import FailureMatch
from runs.models import Run
from tests.console.conftest import Cast, SignIn

PAGES = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates/console"
COSTS = frozenset({"developer", "operator", "tenant_admin", "auditor"})


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


def test_every_id_in_a_template_is_set_as_one_so_that_it_copies() -> None:
    told = re.compile(r"<(?P<tag>\w+)(?P<given>[^>]*)>\{\{ [\w.]*(?:(?<!step)_id|public_id|signature|action_hash) \}\}</(?P=tag)")
    found = [(path.name, each) for path in TEMPLATES.glob("*.html") for each in told.finditer(path.read_text(encoding="utf-8"))]
    assert len(found) > 30
    assert [name for name, each in found if "aos-id" not in each["given"]] == []


def test_the_way_to_a_page_begins_with_its_list(cast: Cast) -> None:
    for address, way in (
        (list_url(Run), ["Runs"]),
        (row_url(cast.acme), ["Tenants", str(cast.acme)]),
        (reverse("console-skills"), ["Skills"]),
    ):
        shown = SignIn("root").get(address).content.decode().partition('aria-label="Breadcrumb"')[2].partition("</nav>")[0]
        assert [text for part in re.findall(r">([^<>]+)<", shown) if (text := part.strip(" \n›"))] == way


@pytest.mark.parametrize(("model", "page"), PAGES, ids=label_of)
def test_it_never_counts_a_whole_table(model: Any, page: Any) -> None:
    if model._meta.app_label != "auth":
        assert page.show_full_result_count is False
        assert page.paginator.__name__ == "InfinitePaginator"
        assert all(field[0] in "=^" for field in page.search_fields)


def test_it_registers_none_of_the_queues_own_tables() -> None:
    assert not [model for model in apps.get_app_config("django_q").get_models() if admin.site.is_registered(model)]


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


def test_it_offers_pages_of_a_list_where_there_are_any(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def offered(asked: str = "") -> list[str]:
        shown = SignIn("root").get(list_url(Run) + asked).content.decode()
        return re.findall(r">(\w+)</a>", shown.partition('aria-label="Pages of the list"')[2].partition("</nav>")[0])

    assert offered() == []
    monkeypatch.setattr(admin.site._registry[Run], "list_per_page", 1)
    assert offered() == ["Next"]
    assert offered("?p=2")[0] == "Previous"


def test_what_no_database_can_look_for_is_refused_in_every_list(cast: Cast) -> None:
    Membership.objects.create(user=User.objects.get(username="root"), tenant=cast.acme, role=Role.TENANT_ADMIN)
    browser = SignIn("root")
    for model, _ in PAGES:
        kinds = {field.get_internal_type(): field.name for field in model._meta.fields}
        when = kinds.get("DateTimeField")
        asked = {f"{when}__gte": "9999-12-31T23:59:59-12:00", f"{when}__year": "0"} if when else {}
        for name, value in (asked | {f"{model._meta.pk.name}__in": "9" * 30}).items():
            answer = browser.get(list_url(model), {name: value})
            # PostgreSQL can look for some, and finds nothing.
            assert answer.status_code in (200, 302), (model, name, value)
            assert answer.status_code == 200 or answer["Location"] == f"{list_url(model)}?e=1", (model, name, value)
    assert browser.get(list_url(User), {"username__iregex": "["}).status_code == 400
    refused = browser.post(reverse("admin:auth_group_add"), {"name": "all", "permissions": "9" * 30})
    assert list(refused.context["adminform"].form.errors) == ["permissions"]


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
    assert reverse("console-members") not in page
    assert reverse("console-access") not in page
    assert list_url(User) not in page
    assert reverse("console-runtime") not in page


@pytest.mark.parametrize("role", ["viewer", "root"])
def test_it_loads_nothing_from_outside_and_runs_no_inline_script(role: str, cast: Cast) -> None:
    browser = SignIn(role)
    for url in (reverse("admin:index"), list_url(Run), reverse("console-skills"), reverse("console-skill", args=["http_call"])):
        page = browser.get(url).content.decode()
        assert "<script>" not in page
        assert 'src="http' not in page
        assert 'href="http' not in page
