"""`manage.py freeze` and `unfreeze`: the kill switch where no web server answers."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError

from agents.models import Freeze, Tenant
from agents.services import create_agent
from runs.management.base import operator_name
from tests.integration.test_commands_on_runs import told

WHY = ("--reason", "it misbehaves")


@pytest.fixture
def tenant(db: None) -> Tenant:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    create_agent(tenant=tenant, name="worker")
    return tenant


@pytest.mark.parametrize("target", [("tenant",), ("agent", "worker"), ("skill", "http_call")], ids=lambda target: target[0])
def test_it_freezes_and_lifts(tenant: Tenant, target: tuple[str, ...]) -> None:
    out, _ = told("freeze", *target, *WHY)
    found = Freeze.objects.get()
    assert (found.tenant, found.kind, found.reason, found.frozen_by) == (tenant, target[0], "it misbehaves", operator_name())
    assert f"froze {target[0]}:{found.key} of acme" in out
    assert f"manage.py unfreeze {' '.join(target)}" in out
    assert "frozen already" in told("freeze", *target, "--reason", "again")[0]
    assert "is frozen no more" in told("unfreeze", *target, "--reason", "mended")[0]
    found.refresh_from_db()
    assert (found.lifted_by, found.lifted_because) == (operator_name(), "mended")
    _, errors = told("unfreeze", *target, "--reason", "mended", expect=3)
    assert "is not frozen" in errors


def test_it_freezes_a_skill_for_everybody_without_asking_which_tenant(tenant: Tenant) -> None:
    Tenant.objects.create(slug="rival", name="Rival")
    answer = json.loads(told("freeze", "skill", "http_call", "--everywhere", *WHY, "--json")[0])
    assert (answer["everywhere"], answer["key"], answer["frozen_by"]) == (True, "http_call", operator_name())
    assert Freeze.objects.get().tenant is None
    _, errors = told("freeze", "agent", "worker", "--everywhere", *WHY, expect=2)
    assert "only a skill" in errors
    _, errors = told("freeze", "skill", "http_call", *WHY, expect=2)
    assert "several tenants" in errors
    assert "for everybody is frozen no more" in told("unfreeze", "skill", "http_call", "--everywhere", "--reason", "mended")[0]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("agent", "nobody", *WHY), 3, "there is no such agent"),
        (("agent", *WHY), 2, "say which agent"),
        (("skill", "nonsense", *WHY), 2, "no skill 'nonsense' is registered"),
        (("tenant", "--reason", "no"), 2, "say why"),
    ],
)
def test_it_says_what_it_cannot_freeze(tenant: Tenant, arguments: tuple[str, ...], code: int, says: str) -> None:
    _, errors = told("freeze", *arguments, expect=code)
    assert says in errors
    assert not Freeze.objects.exists()


def test_it_freezes_nothing_without_a_reason(tenant: Tenant) -> None:
    with pytest.raises(CommandError, match="--reason"):
        told("freeze", "tenant")
    assert not Freeze.objects.exists()
