"""The page of workers and the queue: who works is the platform's to know, what waits each tenant's, and what is wrong is said in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, Tenant
from runs.housekeeping.schedules import keep_schedules
from runs.models import LostHold, Outbox, Run, Session, WebhookDelivery, WebhookEndpoint
from runs.shell.clock import now_ms
from tests.console.conftest import CANARY, Cast, SignIn

HOUR_MS = 3_600_000


def page(role: str) -> Any:
    return SignIn(role).get(reverse("console-workers"))


def text(role: str) -> str:
    return page(role).content.decode()


def a_session(state: str = "live", *, left_ms: int = 20_000, host: str = "host-of-the-platform", in_flight: int = 0) -> Session:
    return Session.objects.create(
        host=host, pid=4711, state=state, started_at_ms=now_ms() - 40_000, lease_until_ms=now_ms() + left_ms, in_flight=in_flight
    )


def a_run(tenant: Tenant, status: str, *, old: timedelta = timedelta(), **fields: Any) -> Run:
    run = Run.objects.create(tenant=tenant, agent=Agent.objects.get(tenant=tenant), goal=CANARY, status=status, **fields)
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - old)
    return run


@pytest.fixture(autouse=True)
def nothing_to_tell(cast: Cast) -> None:
    Session.objects.all().delete()
    Outbox.objects.all().delete()


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
def test_it_is_for_who_operates(role: str, status: int) -> None:
    assert page(role).status_code == status
    assert (reverse("console-workers") in SignIn(role).get(reverse("admin:index")).content.decode()) == (status == 200)


def test_it_is_for_nobody_who_is_not_signed_in_and_only_read(client: Any) -> None:
    assert client.get(reverse("console-workers")).status_code == 302
    assert SignIn("root").post(reverse("console-workers")).status_code == 405


def test_an_installation_at_rest_says_what_would_stand_there() -> None:
    shown = text("root")
    assert "No worker is alive; 0 queued; 0 running; 0 waiting" in shown
    assert "python manage.py work" in shown
    assert "Not scheduled: aos: circuits" in shown


def test_only_the_platform_knows_hosts_and_what_a_worker_holds_in_all(cast: Cast) -> None:
    session = a_session(in_flight=31)
    a_run(cast.acme, "running", session_id=session.pk)
    a_run(cast.rival, "running", session_id=session.pk)
    root, operator = page("root"), page("operator")
    assert [row["held"] for row in root.context["aos_workers"]["live"]] == [31]
    assert [row["held"] for row in operator.context["aos_workers"]["live"]] == [1]
    assert "4711" in root.content.decode()
    for canary in ("host-of-the-platform", "4711", CANARY):
        assert canary not in operator.content.decode()
    assert "1 worker is alive" in operator.content.decode()
    assert " left</td>" in operator.content.decode()


def test_it_shows_who_died_in_the_last_day_and_what_they_held(cast: Cast) -> None:
    recent = a_session("dead", left_ms=-HOUR_MS)
    a_session("dead", left_ms=-25 * HOUR_MS)
    for tenant in (cast.acme, cast.rival):
        LostHold.objects.create(session_id=recent.pk, run_id=cast.run_of(tenant).pk, last_seq=1)
    lines = {role: page(role).context["aos_workers"] for role in ("root", "operator")}
    assert [(row["number"], row["held"]) for row in lines["root"]["dead"]] == [(recent.pk, 2)]
    assert [(row["number"], row["held"]) for row in lines["operator"]["dead"]] == [(recent.pk, 1)]
    assert "1 worker died in the last 24 hours" in text("operator")
    assert "host-of-the-platform" not in text("operator")


def test_the_queue_stands_by_tenant_with_links_to_its_lists(cast: Cast) -> None:
    a_session()
    a_run(cast.acme, "queued", old=timedelta(minutes=7))
    a_run(cast.acme, "queued")
    a_run(cast.acme, "waiting", waiting_for="in_doubt")
    a_run(cast.acme, "waiting", waiting_for="approval")
    a_run(cast.rival, "queued")
    (line,) = page("operator").context["aos_queue"]["lines"]
    assert (line["tenant"], line["queued"], line["running"]) == (cast.acme, 2, 0)
    assert line["oldest"].startswith("7 m")
    assert [(each["reason"], each["number"]) for each in line["waiting"]] == [("an approval", 1), ("a verdict", 1)]
    assert len(page("root").context["aos_queue"]["lines"]) == 2
    for link, number in ((line["queued_link"], 2), (line["waiting"][1]["link"], 1), (line["running_link"], 0)):
        listed = SignIn("root").get(link)
        assert (listed.status_code, len(listed.context["cl"].result_list)) == (200, number), link
    assert "The oldest queued run of of-acme waits for more than 5 minutes although a worker is alive" in text("operator")


def test_what_is_broken_is_said_and_to_whom_it_matters(cast: Cast) -> None:
    lost = a_session(left_ms=-60_000)
    a_run(cast.rival, "running", session_id=lost.pk)
    row = Outbox.objects.create(tenant=cast.rival, topic="run.failed", data=CANARY)
    Outbox.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(minutes=6))
    off = WebhookEndpoint.objects.create(
        tenant=cast.rival, url="https://a.example/", is_enabled=False, disabled_because="it answered 410 Gone"
    )
    WebhookEndpoint.objects.create(tenant=cast.rival, url="https://b.example/", is_enabled=False)
    told = [found.words for found in page("root").context["aos_broken"]]
    assert told[0].startswith("Worker host-of-the-platform:4711")
    assert told[0].endswith("nobody has put back the 1 run it held.")
    assert told[1].startswith("Events wait to be told to others, the first for 6 m")
    assert told[2:] == [f"Webhook {off.public_id} was switched off: it answered 410 Gone."]
    assert page("operator").context["aos_broken"] == []
    a_run(cast.acme, "running", session_id=lost.pk)
    assert [found.words[:26] for found in page("operator").context["aos_broken"]] == ["A worker lost its lease 1 "]


def test_deliveries_are_ones_own_and_an_overdue_one_is_said(cast: Cast) -> None:
    for tenant in (cast.acme, cast.rival):
        endpoint = WebhookEndpoint.objects.create(tenant=tenant, url="https://a.example/")
        WebhookDelivery.objects.create(
            tenant=tenant, endpoint=endpoint, event_type="run.failed", body=CANARY, due_at=timezone.now() - timedelta(minutes=9)
        )
    assert page("operator").context["aos_queue"]["deliveries"] == 1
    assert page("root").context["aos_queue"]["deliveries"] == 2
    assert "A delivery has been due for 9 m" in text("operator")


def test_jobs_of_the_clock_say_when_and_how_they_went() -> None:
    keep_schedules()
    schedules, tasks = apps.get_model("django_q", "Schedule").objects, apps.get_model("django_q", "Task").objects
    now = timezone.now()
    schedules.update(next_run=now + timedelta(minutes=30), task="a" * 32)
    schedules.filter(name="aos: tally").update(next_run=now - timedelta(hours=2))
    schedules.filter(name="aos: drift").update(task=None)
    when = {"started": now, "stopped": now, "success": False}
    tasks.create(id="b" * 32, name="t", func="runs.housekeeping.schedules.remove_what_is_due", **when)
    tasks.create(id="c" * 32, name="t", func="runs.housekeeping.schedules.forget_circuits", **when | {"stopped": now - timedelta(days=2)})
    schedules.create(name="<b>mine</b>", func="somebody.else", schedule_type="D", next_run=now + timedelta(hours=1))
    words = {line["name"]: line["look"].word for line in page("operator").context["aos_clock"]["lines"]}
    assert words["aos: retention"] == "failed"
    assert words["aos: tally"] == "late"
    assert words["aos: drift"] == "not yet"
    assert words["aos: circuits"] == "no failure", "that was two days ago"
    assert "<b>mine</b>" not in words, "what else is scheduled is the platform's"
    shown = text("root")
    assert "aos: retention failed at" in shown
    assert "aos: tally should have begun 2 h 0 m ago" in shown
    assert "&lt;b&gt;mine&lt;/b&gt;" in shown
    assert "Not scheduled" not in shown


def test_a_hostile_name_is_text(cast: Cast) -> None:
    Tenant.objects.filter(pk=cast.acme.pk).update(name="<script>alert(1)</script>")
    a_session(host="<img src=x>")
    shown = text("root")
    assert "&lt;script&gt;alert(1)" in shown
    assert "<img src=x" not in shown


def test_it_writes_nothing_and_asks_as_much_for_many_as_for_few(cast: Cast) -> None:
    a_session()
    a_session("dead", left_ms=-1_000)
    keep_schedules()
    browser = SignIn("root")
    browser.get(reverse("console-workers"))  # what a process asks once in a while, the banner's question, is asked
    with CaptureQueriesContext(connection) as few:
        browser.get(reverse("console-workers"))
    for number in range(30):
        tenant = Tenant.objects.create(slug=f"tenant-{number}", name=f"tenant {number}")
        agent = Agent.objects.create(tenant=tenant, name="agent")
        Run.objects.create(tenant=tenant, agent=agent, status="queued")
        a_session("dead", left_ms=-1_000)
    with CaptureQueriesContext(connection) as many:
        assert len(browser.get(reverse("console-workers")).context["aos_queue"]["lines"]) == 32
    asked = [query["sql"] for query in many]
    assert len(many) <= len(few) + 1, "of twenty the dead are counted"
    assert len(many) <= 24, "\n".join(asked)
    assert not [sql for sql in asked if not sql.startswith("SELECT")]
