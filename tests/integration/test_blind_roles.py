"""A role that sees no tenant is told so by commands and server, instead of finding everything empty and in order."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from agents.second_wall import walls
from runs.management.commands import serve
from tests.integration.strangers import ROLE, a_role

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="row-level security is PostgreSQL's"),
]


@pytest.fixture
def as_role(db: None) -> Iterator[str]:
    """Have the test's connection act as a role that owns no table."""
    with a_role() as role:
        call_command("row_security", "--grant", role, stdout=StringIO())
        tell(f"SET ROLE {role}")
        yield role
        tell("RESET ROLE")


def tell(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("words", [("check_invariants",), ("bootstrap",), ("work",), ("retention",), ("api_keys", "list")])
def test_a_command_refuses_to_see_nothing(words: tuple[str, ...], as_role: str) -> None:
    errors = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command(*words, stderr=errors)
    assert left.value.code == 4
    assert f"shows its role {ROLE} no tenant" in errors.getvalue()
    assert "try: Take the role of the workers, for which aos.tenants = '*' is set" in errors.getvalue()


def test_what_is_for_the_web_alone_is_named(as_role: str, settings: Any) -> None:
    settings.ROW_SECURITY = True
    errors = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_invariants", stderr=errors)
    assert "try: AOS_ROW_SECURITY is for the web process alone" in errors.getvalue()


def test_a_role_that_is_told_of_all_tenants_is_not_blind(as_role: str) -> None:
    tell(f"SET LOCAL {walls.SETTING} = '{walls.EVERYTHING}'")
    assert walls.blind_role() is None
    call_command("check_invariants", stdout=StringIO())


def test_a_role_that_is_not_there_is_told_as_such(db: None) -> None:
    errors = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("row_security", "--grant", "nobody_of_this_name", stderr=errors)
    assert left.value.code == 3
    assert "there is no role nobody_of_this_name" in errors.getvalue()


def test_the_owner_is_never_blind(db: None) -> None:
    assert walls.blind_role() is None


def test_the_web_is_not_served_to_nobody(as_role: str, settings: Any) -> None:
    settings.IS_PRODUCTION = True
    wanted = {"host": "127.0.0.1", "port": 8000, "processes": 1}
    assert [fault for fault in serve.faults_of(wanted) if ROLE in fault]
    settings.ROW_SECURITY = True
    assert not [fault for fault in serve.faults_of(wanted) if ROLE in fault]
