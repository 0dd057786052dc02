"""`bootstrap`: the first tenant with all one needs to begin, made once."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from agents.models import Agent, ApiKey, Membership, Tenant
from agents.tenancy import find_key


def bootstrapped(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("bootstrap", "--json", *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def refused(*arguments: str) -> tuple[int, str]:
    errors = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("bootstrap", *arguments, stderr=errors)
    return int(str(stopped.value.code)), errors.getvalue()


def test_it_makes_a_tenant_one_can_work_with(db: None) -> None:
    made = bootstrapped()
    assert made["created"] == ["tenant", "agent", "admin", "membership", "api_key"]
    assert Membership.objects.get(user__username="admin").role == "tenant_admin"
    key = find_key(made["api_key"])
    assert key is not None and key.tenant.slug == "demo"
    assert User.objects.get(username="admin").check_password(made["admin_password"])
    assert Agent.objects.get().name == "default"


def test_it_makes_nothing_the_second_time_and_tells_no_secret(db: None) -> None:
    bootstrapped()
    again = bootstrapped()
    assert again["created"] == []
    assert (again["api_key"], again["admin_password"]) == (None, None)
    assert (Tenant.objects.count(), Agent.objects.count(), ApiKey.objects.count(), User.objects.count()) == (1, 1, 1, 1)


def test_it_makes_what_is_missing(db: None) -> None:
    bootstrapped()
    Agent.objects.all().delete()
    assert bootstrapped()["created"] == ["agent"]


def test_it_takes_the_password_it_is_given_and_does_not_show_it(db: None, settings: Any) -> None:
    settings.ADMIN_PASSWORD = "a long and quiet pass phrase"
    assert bootstrapped("--admin", "ann")["admin_password"] is None
    assert User.objects.get(username="ann").check_password(settings.ADMIN_PASSWORD)


def test_it_shows_people_the_secrets_once(db: None) -> None:
    first, second = io.StringIO(), io.StringIO()
    call_command("bootstrap", stdout=first)
    call_command("bootstrap", stdout=second)
    assert first.getvalue().count("(shown once)") == 2
    assert second.getvalue() == "nothing to make: tenant demo is complete\n"


def test_it_refuses_a_weak_password_and_makes_nothing(db: None, settings: Any) -> None:
    settings.ADMIN_PASSWORD = "admin"
    code, said = refused()
    assert code == 2
    assert "too short" in said
    assert not Tenant.objects.exists()


def test_it_refuses_a_name_that_is_no_slug(db: None) -> None:
    code, said = refused("--tenant", "No Slug")
    assert code == 2
    assert "/tenant" in said


def test_it_makes_nobody_an_administrator(db: None) -> None:
    User.objects.create_user("admin")
    code, said = refused()
    assert code == 2
    assert "no administrator" in said
    assert not User.objects.get().is_superuser
