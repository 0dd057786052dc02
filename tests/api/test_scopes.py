"""What a key may do: each method of each route names one scope, and a known key without it gets 403."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver
from rest_framework.views import APIView

from agents.models import Agent, Tenant
from agents.tenancy import ANY_SCOPE, BY_SIGNATURE, SCOPES, HasScope, create_key, operator_principal
from aos_site.checks import api_views, scope_faults
from skills.refusal import Refusal
from tests.api.cast import ROUTES, Caller, make_caller

pytestmark = pytest.mark.django_db

WHOAMI = ("GET", "/api/v1/whoami")
SCOPED = [route for route in ROUTES if route != WHOAMI]


@pytest.fixture
def nobody_special(acme: Tenant) -> Caller:
    return make_caller(acme, "nobody", ())


@pytest.mark.parametrize(("method", "path"), SCOPED, ids=" ".join)
def test_it_refuses_a_key_without_the_scope_on_every_route(nobody_special: Caller, assert_problem: Any, method: str, path: str) -> None:
    assert_problem(nobody_special.send(method, path), 403, "PERMISSION_DENIED")


def test_it_lets_a_reader_read_and_not_write(bob: Caller, agent: Agent, assert_problem: Any) -> None:
    assert bob.get(f"/api/v1/agents/{agent.public_id}").status_code == 200
    assert bob.send("HEAD", "/api/v1/agents").status_code == 200
    problem = assert_problem(bob.send("DELETE", f"/api/v1/agents/{agent.public_id}"), 403, "PERMISSION_DENIED")
    assert "agents:write" in problem["detail"]
    assert Agent.objects.count() == 1


def test_it_lets_admin_do_everything(acme: Tenant) -> None:
    assert make_caller(acme, "root", ("admin",)).post("/api/v1/agents", {"name": "a"}).status_code == 201


def test_it_makes_no_key_with_a_scope_that_does_not_exist(acme: Tenant) -> None:
    with pytest.raises(Refusal, match="runs:all"):
        create_key(acme, "typo", ["runs:all"])


def test_it_finds_a_declared_and_existing_scope_on_every_view() -> None:
    views = [view for view in api_views(get_resolver()) if not view.__module__.startswith("drf_spectacular")]
    assert len(views) > 20
    for view in views:
        assert set(view.required_scopes.values()) <= {*SCOPES, ANY_SCOPE, BY_SIGNATURE}
        assert list(scope_faults(view)) == []


def test_it_closes_a_method_whose_scope_was_forgotten(alice: Caller) -> None:
    class Forgetful(APIView):
        required_scopes = {"GET": "runs:read"}

        def get(self, request: Any) -> None: ...
        def post(self, request: Any) -> None: ...

    assert [fault.id for fault in scope_faults(Forgetful)] == ["aos.E006"]
    request: Any = type("Asked", (), {"user": principal_of(alice), "method": "POST"})
    assert not HasScope().has_permission(request, Forgetful())


def principal_of(caller: Caller) -> Any:
    return operator_principal(caller.tenant, "alice")
