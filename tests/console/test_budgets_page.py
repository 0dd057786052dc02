"""The budgets page: read by who may see costs, changed by tenant admins, of their own tenant and by POST alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from agents import ledger
from agents.models import Agent, Budget, LedgerEntry
from runs.console.money.burn_down import burn_down, lasts_at
from runs.models import Run
from tests.console.conftest import CANARY, Cast, SignIn

COSTS = ("developer", "operator", "tenant_admin", "auditor")


def page(role: str) -> Any:
    return SignIn(role).get(reverse("console-budgets"))


def posted(role: str, cast: Cast, action: str, **form: str) -> Any:
    whole = {"tenant": cast.acme.slug, "kind": "tenant", "key": "", "period": "day", "action": action, **form}
    return SignIn(role).post(reverse("console-budgets"), whole)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def own(cast: Cast) -> Any:
    return Budget.objects.filter(tenant=cast.acme).exclude(kind="model")


@pytest.mark.parametrize(
    ("role", "status"), [*((role, 200) for role in (*COSTS, "root")), ("viewer", 403), ("approver", 403), ("stranger", 403)]
)
def test_it_is_for_who_may_see_costs(role: str, status: int, cast: Cast) -> None:
    assert page(role).status_code == status
    assert (reverse("console-budgets") in SignIn(role).get(reverse("admin:index")).content.decode()) == (status == 200)


@pytest.mark.parametrize("role", COSTS)
def test_it_shows_nothing_of_another_tenant(role: str, cast: Cast) -> None:
    shown = page(role).content.decode()
    assert "Model of-acme" in shown
    assert CANARY not in shown
    assert cast.run_of(cast.rival).public_id not in shown


def test_it_shows_the_platforms_operator_every_tenant(cast: Cast) -> None:
    shown = page("root").content.decode()
    assert "Budgets of of-acme" in shown
    assert f"Budgets of {CANARY}" in shown


def test_it_draws_what_is_spent_and_held_of_a_limit(cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    ledger.set_budget(tenant=cast.acme, kind="agent", key=agent.name, period="total", limit_micro_usd=1_000)
    purse = ledger.RunPurse(cast.acme.pk, agent.pk, "run_x", None)
    purse.draw(ledger.Amounts(845), "a")
    purse.give_back(ledger.Amounts(845))
    purse.draw(ledger.Amounts(50), "b")
    Run.objects.create(tenant=cast.acme, agent=agent, status="waiting", waiting_for="budget", blocked_by=f"agent:{agent.public_id}")
    (line,) = (each for each in page("auditor").context["aos_tenants"][0]["budgets"] if each["kind"] == "agent")
    # Five of what is held are the cast's own.
    assert (line["spent_width"], line["held_width"], line["percent"], line["colour"]) == ("84.50%", "5.50%", "84 %", "amber")
    assert line["runs_waiting"] == 1


@pytest.mark.parametrize(
    ("limit", "spent", "held", "widths"),
    [
        (0, 0, 0, ("", "")),
        (100, 250, 0, ("100.00%", "")),
        (100, 90, 50, ("90.00%", "10.00%")),
        (None, 90, 50, ("", "")),
    ],
    ids=["of nothing", "more than the limit", "held beyond it", "unlimited"],
)
def test_a_bar_never_passes_its_end(limit: int | None, spent: int, held: int, widths: tuple[str, str], cast: Cast) -> None:
    from runs.console.money.budgets_page import _line  # noqa: PLC0415

    numbers = {"total_micro_usd": limit, "spent_micro_usd": spent, "reserved_micro_usd": held, "remaining_micro_usd": None}
    line = _line({"kind": "tenant", "period": "day", "key": "", "agent": None, "limit_micro_usd": limit, **numbers})
    assert (line["spent_width"], line["held_width"]) == widths


def test_a_budget_in_all_burns_down_and_says_how_long_it_lasts(cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    ledger.set_budget(tenant=cast.acme, kind="agent", key=agent.name, period="total", limit_micro_usd=100_000_000)
    purse = ledger.RunPurse(cast.acme.pk, agent.pk, "run_x", None)
    purse.draw(ledger.Amounts(7_000_000), "a")
    purse.give_back(ledger.Amounts(7_000_000))
    page_ = page("auditor")
    (line,) = (each for each in page_.context["aos_tenants"][0]["budgets"] if each["kind"] == "agent")
    assert line["burn"].rows[0][1:] == ("$7.00", "$93.00")
    assert line["lasts"] == "used up in 93 d at the pace of the last 7 days"
    assert "Burn-down as a table" in page_.content.decode()


def test_a_burn_down_is_drawn_from_what_was_left_to_where_it_ends() -> None:
    today = date(2026, 3, 14)
    assert burn_down(100, 60, {}, today) is None, "nothing was spent of it lately"
    assert burn_down(None, 60, {today: 1}, today) is None, "it has no limit"
    drawn = burn_down(100, 60, {today - timedelta(days=1): 15, today: 20}, today)
    assert drawn is not None
    assert [point.split(",")[1] for point in drawn.line.split()] == ["10.00"] * 13 + ["16.00", "24.00"]
    assert drawn.ahead == "50.00,24.00 78.57,40.00", "40 at 5 a day are gone in eight days"
    assert drawn.rows[0] == ("2026-03-14", "<$0.0001", "<$0.0001")
    assert lasts_at(0, 5.0) == "used up"


# Changes


@pytest.mark.parametrize("role", [*COSTS, "root"])
def test_it_offers_changes_to_tenant_admins(role: str, cast: Cast) -> None:
    assert ('name="action"' in page(role).content.decode()) == (role == "tenant_admin")


def test_a_tenant_admin_sets_tops_up_and_removes(cast: Cast) -> None:
    answer = posted("tenant_admin", cast, "set", amount="2.50")
    assert (answer.status_code, answer["Location"]) == (302, reverse("console-budgets"))
    assert said(answer) == "Tenant may spend $2.50 each day."
    assert own(cast).get().limit_micro_usd == 2_500_000
    for _ in range(2):  # as by a second click
        answer = posted("tenant_admin", cast, "top-up", amount="1", once="form-1")
    assert said(answer) == "Tenant may today spend $3.50."
    assert LedgerEntry.objects.get(kind="top_up").amount_micro_usd == 1_000_000
    assert said(posted("tenant_admin", cast, "set", amount="", unlimited="1")) == "Tenant may spend unlimited each day."
    assert own(cast).get().limit_micro_usd is None
    assert "is removed" in said(posted("tenant_admin", cast, "remove"))
    assert not own(cast).exists()


def test_it_takes_agents_by_name(cast: Cast) -> None:
    answer = posted("tenant_admin", cast, "set", kind="agent", key=" agent-of-acme ", amount="1")
    assert said(answer) == "Agent agent-of-acme may spend $1.00 each day."
    assert own(cast).get().key == Agent.objects.get(tenant=cast.acme).public_id


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"amount": "-1"}, "not below zero"),
        ({"amount": "1,50"}, "without commas"),
        ({"amount": "much"}, "no amount"),
        ({"amount": "99999999999"}, "more than can be said"),
        ({"amount": "1", "kind": "agent"}, "which agent?"),
        ({"amount": "1", "kind": "agent", "key": "agent-canary-of-the-rival"}, "no such agent"),
        ({"amount": "1", "kind": "planet"}, "tenant"),
        ({"amount": "1", "period": "week"}, "total"),
        ({"amount": "1", "key": "somebody"}, "leave the key out"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_it_says_why_it_refuses(form: dict[str, str], why: str, cast: Cast) -> None:
    answer = posted("tenant_admin", cast, "set", **form)
    assert answer.status_code == 302
    assert why in said(answer)
    assert not own(cast).exists()


@pytest.mark.parametrize(
    ("role", "status"), [("developer", 403), ("operator", 403), ("auditor", 403), ("viewer", 403), ("approver", 403), ("stranger", 403)]
)
@pytest.mark.parametrize("action", ["set", "top-up", "remove"])
def test_it_takes_no_change_from_other_roles(role: str, status: int, action: str, cast: Cast) -> None:
    assert posted(role, cast, action, amount="1").status_code == status
    assert not own(cast).exists()


def test_it_takes_no_change_for_another_tenant(cast: Cast) -> None:
    answer = posted("tenant_admin", cast, "set", tenant=cast.rival.slug, amount="1")
    assert answer.status_code == 404
    assert not Budget.objects.filter(tenant=cast.rival).exclude(kind="model").exists()


def test_it_knows_no_other_action(cast: Cast) -> None:
    assert posted("tenant_admin", cast, "explode").status_code == 404
    assert posted("tenant_admin", cast, "set", tenant="\0").status_code == 404


def test_it_asks_for_the_forms_own_token(cast: Cast) -> None:
    browser: Any = SignIn("tenant_admin")
    browser.handler.enforce_csrf_checks = True
    form = {"tenant": cast.acme.slug, "kind": "tenant", "period": "day", "action": "set", "amount": "1"}
    assert browser.post(reverse("console-budgets"), form).status_code == 403
    assert not own(cast).exists()


def test_it_changes_nothing_by_a_get(cast: Cast) -> None:
    SignIn("tenant_admin").get(reverse("console-budgets") + "?action=set&kind=tenant&period=day&amount=1&tenant=" + cast.acme.slug)
    assert not own(cast).exists()
