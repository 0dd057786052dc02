"""The page of invariants checks on demand, for who operates something, and names only what is theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from runs.invariants import INVARIANTS
from tests.console.conftest import CANARY, Cast, SignIn


def page(role: str, query: str = "") -> Any:
    return SignIn(role).get(reverse("console-invariants") + query)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("viewer", 403),
        ("developer", 403),
        ("approver", 403),
        ("auditor", 403),
        ("stranger", 403),
        ("operator", 200),
        ("tenant_admin", 200),
        ("root", 200),
    ],
)
def test_it_is_for_who_operates(role: str, status: int, cast: Cast) -> None:
    assert page(role).status_code == status
    assert page(role, "?since=all").status_code == status
    assert (reverse("console-invariants") in SignIn(role).get(reverse("admin:index")).content.decode()) == (status == 200)


def test_it_is_for_nobody_who_is_not_signed_in(client: Any, db: None) -> None:
    assert client.get(reverse("console-invariants")).status_code == 302


@pytest.mark.parametrize("query", ["", "?since=", "?since=yesterday"])
def test_it_checks_nothing_before_it_is_asked(query: str, cast: Cast) -> None:
    shown = page("operator", query)
    assert shown.context["aos_checked"] == []
    assert all(f">{invariant.name}<" in shown.content.decode() for invariant in INVARIANTS)


@pytest.mark.parametrize("since", ["1h", "1d", "7d", "all"])
def test_it_shows_what_is_broken_of_ones_own_runs_and_of_no_others(since: str, cast: Cast) -> None:
    # The runs of the cast have ended by their rows and have no journals.
    own, others = cast.run_of(cast.acme).public_id, cast.run_of(cast.rival).public_id
    shown = page("operator", f"?since={since}").content.decode()
    assert own in shown
    assert others not in shown
    assert CANARY not in shown
    assert "worker-1" not in shown, "sessions belong to the platform"


def test_it_shows_the_platforms_operator_everything(cast: Cast) -> None:
    shown = page("root", "?since=all")
    assert all(cast.run_of(tenant).public_id in shown.content.decode() for tenant in (cast.acme, cast.rival))
    states = {checked.name: look.word for look, checked in shown.context["aos_checked"]}
    assert (states["ends_are_final"], states["leases_are_held"], states["keys_are_single"]) == ("broken", "broken", "holds")
