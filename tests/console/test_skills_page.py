"""Skills on the console: each as it describes itself, with what a tenant's runs have shown of it, and one step tried in simulation."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import Role
from runs.history.measured import History, Sample, Seen
from runs.models import Run, RunEvent, SkillHistory, StoredSimulation
from skills.models import SkillVersion
from skills.registry import registry
from skills.services import record_versions
from tests.console.conftest import CANARY, Cast, SignIn

EVERYBODY = (*Role.values, "root", "stranger")
TRYING = ("developer", "tenant_admin")
COSTS = ("developer", "operator", "tenant_admin", "auditor", "root")
NAUGHTY = "<script>alert('ключ')</script>{{ 7 }}"
LIST = reverse("console-skills")
PAGE = reverse("console-skill", args=["http_call"])


def attempt(browser: Client, cast: Cast, params: Any, **form: str) -> Any:
    text = params if isinstance(params, str) else json.dumps(params)
    return browser.post(PAGE, {"tenant": cast.acme.slug, "params": text, **form})


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("&#x27;", "'").replace("&quot;", '"')


def a_history(cast: Cast, version: str) -> None:
    for tenant, calls in ((cast.acme, 40), (cast.rival, 4_711)):
        history = History()
        history.fold(Seen([Sample(120, 7_000)] * 30, calls=calls, failed=10), 0.0)
        SkillHistory.objects.create(tenant=tenant, skill="http_call", version=version, known=history.to_text(), learned_at=timezone.now())


def test_each_role_sees_and_tries_what_it_may(cast: Cast) -> None:
    a_history(cast, registry.versions("http_call")[0])
    for role in EVERYBODY:
        browser, seen = SignIn(role), role != "stranger"
        shown = browser.get(f"{PAGE}?tenant={cast.acme.slug}")
        assert {shown.status_code, browser.get(LIST).status_code} == {200 if seen else 403}, role
        assert ("Simulate one step" in text_of(shown)) == (role in TRYING), role
        assert ("Half cost at most" in text_of(shown)) == (role in COSTS), role
        assert attempt(browser, cast, {"url": "https://example.com/"}).status_code == (200 if role in TRYING else 403), role


def test_it_shows_no_page_to_who_is_not_signed_in(client: Client, db: None) -> None:
    assert {client.get(LIST).status_code, client.get(PAGE).status_code, client.post(PAGE).status_code} == {302}


def test_it_tells_what_a_skill_says_of_itself(cast: Cast) -> None:
    record_versions(registry)
    shown = text_of(SignIn("viewer").get(PAGE))
    for text in (
        "Call an HTTP(S) URL",
        "must be there",
        '"GET" or "HEAD"',
        "integer or null",
        "at least 1 · at most 600000",
        "HTTP_5XX",
        "of run, step and parameters",
        registry.versions("http_call")[0],
        "No run has shown anything",
    ):
        assert text in shown
    rows = SignIn("viewer").get(PAGE).context["aos_parameters"]
    assert [(row["name"], row["depth"], row["is_required"]) for row in rows[:2]] == [("url", 0, True), ("method", 0, False)]
    assert ("url", 1, True) in [(row["name"], row["depth"], row["is_required"]) for row in rows], "what a probe asks"
    for name in registry.names():
        assert SignIn("viewer").get(reverse("console-skill", args=[name])).status_code == 200


def test_it_shows_what_ones_own_runs_have_shown(cast: Cast) -> None:
    a_history(cast, registry.versions("http_call")[0])
    shown = text_of(SignIn("auditor").get(PAGE))
    for text in ("75.0 %", "120 ms", "$0.0070"):
        assert text in shown
    for role in Role.values:
        for url in (PAGE, LIST, f"{PAGE}?tenant={cast.rival.slug}"):
            answer = text_of(SignIn(role).get(url))
            assert "4,711" not in answer
            assert CANARY not in answer


def test_it_keeps_what_versions_that_are_gone_said(cast: Cast) -> None:
    SkillVersion.objects.create(name="departed", version="0.9.0", digest="cd" * 32, metadata={"description": NAUGHTY})
    listed = text_of(SignIn("viewer").get(LIST))
    assert "Registered once, and no more" in listed
    shown = SignIn("developer").get(reverse("console-skill", args=["departed"]))
    assert "not registered any more" in text_of(shown)
    assert "<script>alert" not in text_of(shown)
    assert "Simulate one step" not in text_of(shown)
    old = text_of(SignIn("viewer").get(PAGE + "?version=1.0.0"))
    assert "Calls a URL." in old, "what the row of the cast says"
    for missing in (reverse("console-skill", args=["no_such"]), PAGE + "?version=77.0.0", PAGE + "?version=%00"):
        assert SignIn("viewer").get(missing).status_code == 404


def test_a_step_is_tried_without_calling_anybody(cast: Cast) -> None:
    browser, before = SignIn("developer"), (Run.objects.count(), RunEvent.objects.count())
    answer = attempt(browser, cast, {"url": "https://example.com/"})
    assert (answer.context["aos_simulation"]["feasible"], answer.context["aos_tried"]["faults"]) == (True, [])
    assert "Never more than" in text_of(answer)
    assert (Run.objects.count(), RunEvent.objects.count()) == before
    assert StoredSimulation.objects.filter(tenant=cast.acme).count() == 1, "what a simulation keeps, and no more"


WRONG = {
    "a type": ({"url": 3}, "/url"),
    "a field nobody knows": ({"url": "https://example.com/", "metod": "GET"}, ""),
    "deep inside": ({"url": "https://example.com/", "probe": {"url": "https://example.com/", "happened_status": [1]}}, "/probe"),
    "nothing": ("", ""),
    "no JSON": ("{", ""),
    "no object": ("[1]", ""),
    "too deep": ("[" * 9_000, ""),
    "no exact number": ('{"url": 99999999999999999}', "/url"),
}


def test_it_points_at_what_is_wrong_and_keeps_what_was_typed(cast: Cast) -> None:
    for what, (params, pointer) in WRONG.items():
        answer = attempt(SignIn("developer"), cast, params, agent=NAUGHTY[:20] if what == "nothing" else "")
        faults = answer.context["aos_tried"]["faults"]
        assert faults, what
        assert any(fault["pointer"].startswith(pointer) for fault in faults), what
        typed = params if isinstance(params, str) else json.dumps(params)
        assert answer.context["aos_tried"]["params"] == typed, what
        assert "would run" not in text_of(answer), what
        assert "<script>alert" not in text_of(answer)


def test_it_holds_the_step_against_the_agents_means(cast: Cast) -> None:
    blocked = attempt(SignIn("developer"), cast, {"url": "http://10.0.0.1/"})
    assert "BLOCKED_TARGET" in text_of(blocked)
    assert "there is no such agent" in text_of(attempt(SignIn("developer"), cast, {"url": "https://example.com/"}, agent="nobody"))
    assert "no such agent" in text_of(attempt(SignIn("developer"), cast, {"url": "https://example.com/"}, agent=f"agent-{CANARY}"))


def test_a_form_asks_for_its_own_token_and_nothing_is_simulated_by_a_get(cast: Cast) -> None:
    browser: Any = SignIn("developer")
    browser.get(f"{PAGE}?params=%7B%7D&tenant={cast.acme.slug}")
    browser.handler.enforce_csrf_checks = True
    assert attempt(browser, cast, {"url": "https://example.com/"}).status_code == 403
    assert browser.post(LIST).status_code in (403, 405)
    assert not StoredSimulation.objects.exists()


def test_a_long_list_asks_no_more_questions(cast: Cast, django_assert_max_num_queries: Any) -> None:
    SkillVersion.objects.bulk_create(
        SkillVersion(name="http_call", version=f"0.{n}.0", digest=f"{n:064}", metadata={"description": "old"}) for n in range(60)
    )
    browser = SignIn("developer")
    for url in (LIST, PAGE):
        with django_assert_max_num_queries(14):
            assert browser.get(url).status_code == 200
