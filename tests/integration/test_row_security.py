"""The second wall between tenants: what PostgreSQL shows a role that owns no table, table by table and through the API."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import httpx
import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import Error, connection, connections, models, transaction
from psycopg.errors import CheckViolation, InsufficientPrivilege, RaiseException
from psycopg.types.json import Jsonb

from agents import tenancy
from agents.models import Agent, ApiKey, Membership, ServiceAccount, Tenant
from agents.second_wall import row_grants, row_policies, walls
from agents.tenancy import SCOPES, create_key
from aos_site.http.serving import ThreadedHandler
from aos_site.urls import api_v1
from catalog.models import CatalogEntry
from runs.models import Run, RunEvent, Signal
from tests import emptying
from tests.integration.strangers import ROLE, a_role, connected_as, rows_of
from tests.integration.workshop import Workshop, driven, step
from tests.live_site import a_live_site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="row-level security is PostgreSQL's"),
]

AT_THE_DOOR = {Tenant, ApiKey, Membership, ServiceAccount}
Rows = dict[type[models.Model], models.Model]
Raw = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def role(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), a_role() as made:
        yield made


class Seen:
    """What a connection of the role sees of two tenants' rows of every table."""

    def __init__(self, raw: Raw, ours: Rows, theirs: Rows) -> None:
        self.raw, self.ours, self.theirs = raw, ours, theirs
        self.us, self.them = (str(rows[Tenant].pk) for rows in (ours, theirs))
        self.walled = [model for model in row_policies.models_of_ours() if row_policies.wall_of(model) is not None]

    def open_to(self, text: str) -> None:
        self.raw.execute("SELECT set_config(%s, %s, false)", (walls.SETTING, text))

    def counts(self, rows: Rows) -> dict[type[models.Model], int]:
        return {
            model: len(self.raw.execute(f"SELECT FROM {_table(model)} WHERE {_is(model)}", _key(rows[model])).fetchall())
            for model in self.walled
        }

    def tables(self, rows: Rows) -> set[type[models.Model]]:
        """Return the tables of which it sees the row."""
        return {model for model, count in self.counts(rows).items() if count}


def _table(model: type[models.Model]) -> str:
    return str(model._meta.db_table)


def _pk(model: type[models.Model]) -> list[str]:
    return [field.column for field in getattr(model._meta, "pk_fields", [model._meta.pk])]


def _is(model: type[models.Model]) -> str:
    return " AND ".join(f"{column} = %s" for column in _pk(model))


def _key(row: models.Model) -> tuple[Any, ...]:
    return row.pk if isinstance(row.pk, tuple) else (row.pk,)


@pytest.fixture(scope="module")
def two_tenants(role: str, django_db_blocker: Any) -> Iterator[tuple[Rows, Rows]]:
    """Return rows of every table, of two tenants, committed once for all tests that only look at them."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
        ours, theirs = (rows_of(Tenant.objects.create(slug=f"matrix-{name}", name=name)) for name in ("a", "b"))
        yield ours, theirs
        # What was made beside them too, as the names of people are.
        emptying.empty("default")


@pytest.fixture
def seen(two_tenants: tuple[Rows, Rows], role: str, db: None) -> Iterator[Seen]:
    ours, theirs = two_tenants
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, 'runs_runevent', 'DELETE')", (role,))
        assert cursor.fetchone()[0], "what is refused, the policies refuse"
    with connected_as(role) as raw:
        raw.execute("SELECT set_config('aos.tenants', NULL, false)")
        yield Seen(raw, ours, theirs)


# Table by table


def test_it_shows_a_tenant_its_own_rows_and_no_others(seen: Seen) -> None:
    assert len(seen.walled) > 30
    seen.open_to(seen.us)
    assert seen.tables(seen.ours) == set(seen.walled)
    assert seen.tables(seen.theirs) == set()
    seen.open_to(seen.them)
    assert (seen.tables(seen.ours), seen.tables(seen.theirs)) == (set(), set(seen.walled))


@pytest.mark.parametrize("told", ["", "0", "99999999"])
def test_it_shows_nobody_anything_but_who_may_be_asking(seen: Seen, told: str) -> None:
    seen.open_to(told)
    assert seen.tables(seen.ours) | seen.tables(seen.theirs) == (AT_THE_DOOR if told == "" else set())


def test_it_shows_nothing_where_nothing_was_ever_said(seen: Seen) -> None:
    assert seen.tables(seen.ours) == AT_THE_DOOR


def test_it_shows_several_tenants_to_who_belongs_to_them_and_everything_to_who_sees_all(seen: Seen) -> None:
    for told in (f"{seen.us},{seen.them}", walls.EVERYTHING):
        seen.open_to(told)
        assert (seen.tables(seen.ours), seen.tables(seen.theirs)) == (set(seen.walled), set(seen.walled))


def test_it_lets_nobody_write_anothers_row(seen: Seen) -> None:
    seen.open_to(seen.us)
    for model in seen.walled:
        fields = [field for field in model._meta.concrete_fields if not field.generated]
        columns, places = ", ".join(field.column for field in fields), ", ".join(["%s"] * len(fields))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {_table(model)} WHERE {_is(model)}", _key(seen.theirs[model]))  # noqa: S608 - names
            values = [Jsonb(value) if isinstance(value, dict | list) else value for value in cursor.fetchone()]
        with pytest.raises(InsufficientPrivilege, match="row-level security"):
            seen.raw.execute(f"INSERT INTO {_table(model)} ({columns}) VALUES ({places})", values)  # noqa: S608 - names


def test_it_lets_nobody_change_or_delete_anothers_row(seen: Seen) -> None:
    seen.open_to(seen.us)
    for model in seen.walled:
        table, key, column = _table(model), _key(seen.theirs[model]), _pk(model)[0]
        changed = seen.raw.execute(f"UPDATE {table} SET {column} = {column} WHERE {_is(model)}", key)  # noqa: S608 - names
        deleted = seen.raw.execute(f"DELETE FROM {table} WHERE {_is(model)}", key)  # noqa: S608 - names
        assert (changed.rowcount, deleted.rowcount) == (0, 0), table
    seen.open_to(seen.them)
    assert seen.tables(seen.theirs) == set(seen.walled)


def test_it_lets_nobody_give_a_row_away(seen: Seen) -> None:
    seen.open_to(seen.us)
    given = [model for model in seen.walled if any(field.name == "tenant" for field in model._meta.concrete_fields)]
    assert len(given) > 15
    for model in given:
        giving = f"UPDATE {_table(model)} SET tenant_id = %s WHERE {_is(model)}"  # noqa: S608 - names
        # Some rows are never changed at all.
        with pytest.raises((InsufficientPrivilege, CheckViolation, RaiseException)):
            seen.raw.execute(giving, (seen.them, *_key(seen.ours[model])))


def test_it_shows_what_is_nobodys_to_everybody_and_lets_none_change_it(seen: Seen) -> None:
    seen.open_to(seen.us)
    shared = CatalogEntry.objects.filter(tenant=None).first().pk
    assert seen.raw.execute("SELECT FROM catalog_catalogentry WHERE id = %s", (shared,)).rowcount == 1
    assert seen.raw.execute("SELECT FROM catalog_entryversion WHERE entry_id = %s", (shared,)).rowcount == 1
    assert seen.raw.execute("UPDATE catalog_catalogentry SET tenant_id = %s WHERE id = %s", (seen.us, shared)).rowcount == 0
    copied = (
        "INSERT INTO catalog_entryversion (entry_id, version, action, document, by, reason, at) VALUES (%s, 9, 'x', '{}', '', '', now())"
    )
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        seen.raw.execute(copied, (shared,))


# Nothing is forgotten

_REFERRING = """
    SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND NOT EXISTS (
        SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND c.relrowsecurity
    ) AND (
        EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('tenant_id', 'run_id') AND NOT a.attisdropped)
        OR EXISTS (
            SELECT FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid
            WHERE k.conrelid = c.oid AND k.contype = 'f' AND (t.relrowsecurity OR t.relname = 'agents_tenant')
        )
    ) ORDER BY 1
"""


def without_policy() -> list[str]:
    """Return the tables that name a tenant, a run, or anything behind the wall, and are not behind it: asked of the database alone."""
    known = {_table(model) for model in row_policies.models_of_ours() if model._meta.label in row_policies.OPEN}
    with connection.cursor() as cursor:
        cursor.execute(_REFERRING)
        return [table for (table,) in cursor.fetchall() if table not in known]


@pytest.mark.django_db
@pytest.mark.parametrize("refers", ["tenant_id bigint", "run_id bigint", "agent bigint REFERENCES agents_agent (id)"])
def test_it_finds_a_table_of_tenants_that_has_no_policy(refers: str) -> None:
    assert (without_policy(), row_policies.undecided(), row_policies.missing()) == ([], [], [])
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE runs_forgotten (id bigint PRIMARY KEY, {refers})")
    assert without_policy() == ["runs_forgotten"]


@pytest.mark.django_db
def test_it_says_which_model_nobody_has_decided_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(row_policies.OPEN, "runs.Session")
    assert row_policies.undecided() == ["runs.Session"]


@pytest.mark.django_db
@pytest.mark.parametrize("harm", ["DROP POLICY aos_wall ON runs_run", "ALTER TABLE runs_run DISABLE ROW LEVEL SECURITY"])
def test_it_notices_a_wall_that_was_taken_down_and_raises_it_again(harm: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(harm)
    assert [wall.table for wall in row_policies.missing()] == ["runs_run"]
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("row_security", "--check", stdout=out)
    assert "runs_run" in out.getvalue()
    row_policies.raise_walls(using="default")
    assert row_policies.missing() == []
    call_command("row_security", "--check", stdout=out)


def test_it_grants_a_role_what_the_web_needs_and_says_what_a_role_lacks(role: str, transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    assert [fault.split(":")[0].partition(" lacks")[0] for fault in row_grants.faults_of(role)] == [role]
    call_command("row_security", "--grant", role, stdout=StringIO())
    assert list(row_grants.faults_of(role)) == []
    with connected_as(role) as raw, pytest.raises(InsufficientPrivilege):
        raw.execute("DELETE FROM runs_runevent")
    owner = str(connection.settings_dict["USER"])
    assert any("no policy" in fault for fault in row_grants.faults_of(owner))
    assert list(row_grants.faults_of("nobody_of_this_name")) == ["there is no role nobody_of_this_name"]


# Through the API


@contextmanager
def served() -> Iterator[httpx.Client]:
    """Serve the site on threads that keep their connections, as the web process does; yield a client."""
    handler = ThreadedHandler()
    try:
        with a_live_site(handler) as client:
            yield client
    finally:
        handler.close()


@contextmanager
def behind_the_wall(role: str, settings: Any) -> Iterator[httpx.Client]:
    """Serve as a role that owns nothing and was granted what the command grants."""
    list(row_grants.grant_to(role))
    settings.ROW_SECURITY = True
    # New threads connect by this; ours is connected already, and stays the owner's.
    here = connections.settings["default"]
    before = {name: here[name] for name in ("USER", "CONN_MAX_AGE")}
    here |= {"USER": role, "CONN_MAX_AGE": 60}
    try:
        with served() as client:
            yield client
    finally:
        here |= before


@pytest.fixture
def as_tenant(role: str, workshop: Workshop, settings: Any) -> Iterator[Callable[[str], httpx.Client]]:
    """Return what gives a client with the key of a tenant, of a site behind the wall. `acme` has an agent and a run that ended."""
    driven(workshop, step("a", "say", said="ours alone"))
    keys = {"acme": workshop.tenant, "rival": Tenant.objects.create(slug="rival", name="Rival")}
    texts = {slug: create_key(tenant, slug, SCOPES)[1] for slug, tenant in keys.items()}
    Agent.objects.create(tenant=keys["rival"], name="worker")
    with behind_the_wall(role, settings) as client:

        def signed_in(slug: str) -> httpx.Client:
            client.headers["Authorization"] = f"Bearer {texts.get(slug, slug)}"
            return client

        yield signed_in


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def backends() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s", (ROLE,))
        return [pid for (pid,) in cursor.fetchall()]


PLAN = {"agent": "worker", "plan": {"steps": [step("a", "say", said="hello")]}}


def test_it_serves_a_tenant_as_if_there_were_no_wall(as_tenant: Callable[[str], httpx.Client]) -> None:
    site = as_tenant("acme")
    (ended,) = ok(site.get("/api/v1/runs"))["data"]
    assert ok(site.get(f"/api/v1/runs/{ended['run_id']}"))["status"] == "succeeded"
    assert len(ok(site.get(f"/api/v1/runs/{ended['run_id']}/events"))["data"]) > 1
    assert ok(site.get(f"/api/v1/runs/{ended['run_id']}/trace"))["steps"]
    made = ok(site.post("/api/v1/runs", json=PLAN, headers={"Idempotency-Key": "once"}))
    assert ok(site.post("/api/v1/runs", json=PLAN, headers={"Idempotency-Key": "once"}))["run_id"] == made["run_id"]
    assert RunEvent.objects.filter(run_id=Run.objects.get(public_id=made["run_id"]).pk).count() == 1
    ok(site.post(f"/api/v1/runs/{made['run_id']}/cancel", json={"reason": "enough"}))
    assert Signal.objects.get(run__public_id=made["run_id"]).kind == "cancel_requested"
    again = ok(site.post(f"/api/v1/runs/{ended['run_id']}/rerun", json={}))
    assert Run.objects.get(public_id=again["run_id"]).parent == Run.objects.get(public_id=ended["run_id"])
    hook = ok(site.post("/api/v1/webhooks", json={"url": "https://example.com/hook", "event_types": ["run.succeeded"]}))
    assert [each["webhook_id"] for each in ok(site.get("/api/v1/webhooks"))["data"]] == [hook["webhook_id"]]
    ok(site.delete(f"/api/v1/webhooks/{hook['webhook_id']}"))
    ok(site.post("/api/v1/agents", json={"name": "second"}))
    assert ok(site.post("/api/v1/freezes", json={"kind": "agent", "key": "second", "reason": "to try"}))
    assert len(ok(site.get("/api/v1/audit"))["data"]) >= 3


def test_it_forgets_on_a_connection_whose_rows_it_showed_last(as_tenant: Callable[[str], httpx.Client]) -> None:
    run_id = ok(as_tenant("acme").get("/api/v1/runs"))["data"][0]["run_id"]
    (kept,) = backends()
    assert ok(as_tenant("rival").get("/api/v1/runs"))["data"] == []
    assert as_tenant("rival").get(f"/api/v1/runs/{run_id}").status_code == 404
    assert as_tenant("nobody").get("/api/v1/runs").status_code == 401
    assert len(ok(as_tenant("acme").get("/api/v1/runs"))["data"]) == 1
    assert as_tenant("acme").post("/api/v1/runs", json={"agent": "none"}).status_code >= 400
    assert ok(as_tenant("rival").get("/api/v1/runs"))["data"] == []
    assert backends() == [kept]


def test_it_opens_to_no_key_whose_secret_is_wrong(as_tenant: Callable[[str], httpx.Client], monkeypatch: pytest.MonkeyPatch) -> None:
    """A prefix alone finds its row; what follows must not be what opens the wall."""
    _, other = create_key(Tenant.objects.get(slug="acme"), "other", SCOPES)
    key = ApiKey.objects.get(name="other")
    ApiKey.objects.filter(pk=key.pk).update(secret_hmac="0" * 64)
    shown: list[str] = []
    real = tenancy._by_prefix

    def looked_up(*args: Any) -> Any:
        found = real(*args)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('aos.tenants', true)")
            shown.append(cursor.fetchone()[0])
        return found

    monkeypatch.setattr(tenancy, "_by_prefix", looked_up)
    assert as_tenant(other).get("/api/v1/runs").status_code == 401
    ok(as_tenant("acme").get("/api/v1/runs"))
    assert shown == ["", str(key.tenant_id)]


def test_it_shows_the_console_what_a_persons_memberships_show(as_tenant: Callable[[str], httpx.Client], role: str) -> None:
    run_id = ok(as_tenant("acme").get("/api/v1/runs"))["data"][0]["run_id"]
    for slug, finds in (("acme", True), ("rival", False)):
        person = User.objects.create_user(f"of-{slug}", password="a-long-password-1", is_staff=True)
        Membership.objects.create(user=person, tenant=Tenant.objects.get(slug=slug), role="tenant_admin")
        site = as_tenant("acme")
        del site.headers["Authorization"]
        site.cookies.clear()
        page = site.get("/admin/login/")
        sent = {"username": person.username, "password": "a-long-password-1", "csrfmiddlewaretoken": site.cookies["csrftoken"]}
        assert page.status_code == 200
        assert site.post("/admin/login/", data=sent, headers={"Referer": str(site.base_url)}).status_code == 302
        listed = site.get("/admin/runs/run/")
        assert listed.status_code == 200
        assert (run_id in listed.text) is finds


def test_metrics_and_probes_answer_for_the_whole_installation(as_tenant: Callable[[str], httpx.Client]) -> None:
    site = as_tenant("acme")
    ok(site.post("/api/v1/runs", json=PLAN))
    assert site.get("/readyz").status_code == 200
    assert site.get("/healthz").status_code == 200
    told = site.get("/metrics", headers={"Authorization": ""})
    assert "nova_runs_queued 1.0" in told.text


def leaking(client: httpx.Client, theirs: str) -> set[str]:
    """Return the lists of the API in which something of another tenant stands."""
    paths = [str(entry.pattern) for entry in api_v1 if "GET" in entry.callback.cls.required_scopes and "<" not in str(entry.pattern)]
    return {path for path in paths if theirs in client.get(f"/api/v1/{path}").text}


def test_a_selector_that_forgets_the_tenant_leaks_nothing_through_the_wall(
    role: str, workshop: Workshop, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_of(Tenant.objects.create(slug="rival", name="Rival"))
    _, key = create_key(workshop.tenant, "acme", SCOPES)

    def unscoped(queryset: Any, tenant: Tenant) -> Any:
        return queryset

    for module in [found for found in list(sys.modules.values()) if getattr(found, "scoped", None) is tenancy.scoped]:
        monkeypatch.setattr(module, "scoped", unscoped)
    with served() as client:
        client.headers["Authorization"] = f"Bearer {key}"
        assert len(leaking(client, "rival-")) >= 4
    with behind_the_wall(role, settings) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        assert client.get("/api/v1/agents").status_code == 200
        assert leaking(client, "rival-") == set()


# The setting on a connection


def told_now() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('aos.tenants', true)")
        return cursor.fetchone()[0] or ""


def test_it_closes_at_each_beginning_and_opens_for_a_while(settings: Any, transactional_db: None) -> None:
    settings.ROW_SECURITY = True
    walls.open_to([7, 8])
    with walls.opened_to(walls.EVERYTHING):
        assert told_now() == "*"
    assert told_now() == "7,8"
    with pytest.raises(Error, match="nonsense"), transaction.atomic(), walls.opened_to([9]), connection.cursor() as cursor:
        cursor.execute("nonsense")
    assert told_now() == "7,8"
    walls.forget()
    assert told_now() == ""


def test_it_closes_what_a_pooler_hands_on_open(role: str, settings: Any, transactional_db: None) -> None:
    settings.ROW_SECURITY = True
    with connection.cursor() as cursor:
        # As it would be with a connection that has served somebody: set before we say a word.
        cursor.execute(f"ALTER ROLE {role} SET {walls.SETTING} = '7'")
    with connected_as(role) as raw:
        assert raw.execute("SELECT current_setting('aos.tenants')").fetchone() == ("7",)
    another = connections.create_connection("default")
    another.settings_dict = another.settings_dict | {"USER": role}
    with contextlib.closing(another), another.cursor() as cursor:
        cursor.execute("SELECT current_setting('aos.tenants')")
        assert cursor.fetchone() == ("",)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE {role} RESET {walls.SETTING}")


def test_it_does_nothing_where_the_wall_is_not_asked_for(settings: Any, db: None) -> None:
    settings.ROW_SECURITY = False
    walls.open_to([7])
    with walls.opened_to([8]):
        assert told_now() == ""


def test_it_leaves_no_connection_open_that_cannot_be_closed_to_the_last_tenant(settings: Any, transactional_db: None) -> None:
    settings.ROW_SECURITY = True
    walls.open_to([7])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (lost,) = cursor.fetchone()
    another = connections.create_connection("default")
    with contextlib.closing(another), another.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", (lost,))
    walls.forget()
    assert connection.connection is None
    assert told_now() == ""
