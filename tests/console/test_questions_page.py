"""The pages of questions: a form from a JSON Schema, answered by who may, once, checked by the schema, whatever somebody types."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.urls import reverse

from agents.models import Membership, Role, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES
from runs.models import Run, RunEvent, Signal
from tests.api.cast import make_caller
from tests.api.described import described
from tests.console.conftest import CANARY, SignIn
from tests.integration.conftest import set_up
from tests.integration.workshop import Workshop, a_worker, as_person, over, parked, step, step_of

ANSWERS = frozenset({"operator", "approver", "tenant_admin"})
SEES = ANSWERS | {"developer"}
EVERYBODY = [*Role.values, "root", "stranger"]
LIST = "/admin/questions/"
NAUGHTY = "<script>alert(1)</script>\u202e{{ aos_one }} \"'&"
FORM: dict[str, Any] = {
    "type": "object",
    "title": "Delivery",
    "properties": {
        "colour": {"enum": ["red", "blue"], "title": "Which colour?"},
        "cups": {"type": "integer", "minimum": 1, "maximum": 9, "default": 2},
        "note": {"type": "string", "maxLength": 10_000},
        "gift": {"type": "boolean"},
        "extras": {"type": "array", "items": {"enum": ["milk", "sugar"]}},
        "where": {"type": "object", "properties": {"street": {"type": "string", "minLength": 3}}, "required": ["street"]},
        "anything": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["colour", "cups"],
}


@pytest.fixture
def workshop(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Workshop:
    shop = set_up(monkeypatch, settings)
    for role in Role.values:
        Membership.objects.create(user=User.objects.create_user(role, is_staff=True), tenant=shop.tenant, role=role)
    User.objects.create_user("stranger", is_staff=True)
    User.objects.create_superuser("root")
    return shop


@pytest.fixture
def asked(workshop: Workshop) -> Run:
    return asking(workshop)


def asking(workshop: Workshop, question: str = "Which cups shall it be?", form: Any = None) -> Run:
    """Return a run that waits for the answer to its first question; the second step says what was answered."""
    ask = step("a", "ask_human", question=question, form=FORM if form is None else form)
    run = workshop.submit(ask, step("b", "say", "a", said="${steps.a.result}"), goal="a goal nobody else reads")
    with a_worker():
        return parked(run, "input")


def one_url(run: Run) -> str:
    return reverse("console-question", args=[run.public_id, "a"])


def seen(role: str, url: str) -> str:
    page = SignIn(role).get(url)
    assert page.status_code == 200
    return page.content.decode()


GOOD = {"f0": "1", "f1": "3", "f2": "", "f3": "true", "f4": ["0", "1"], "f5-0": "High Street 1", "f6": ""}
ANSWER = {"colour": "blue", "cups": 3, "gift": True, "extras": ["milk", "sugar"], "where": {"street": "High Street 1"}}


def test_each_role_sees_and_answers_what_it_may(asked: Run) -> None:
    for role in EVERYBODY:
        browser = SignIn(role)
        assert browser.get(LIST).status_code == (200 if role in SEES else 403), role
        assert browser.get(one_url(asked)).status_code == (200 if role in ANSWERS else 403), role
        index = browser.get(reverse("admin:index")).content.decode()
        assert (f'href="{LIST}"' in index) == (role in SEES), role
        if role not in ANSWERS:
            assert browser.post(one_url(asked), GOOD).status_code == 403, role
            assert asked.public_id not in (browser.get(LIST).content.decode()), role
    assert not Signal.objects.exists()


def test_an_answer_by_the_form_becomes_the_steps_result(asked: Run) -> None:
    page = seen("operator", one_url(asked))
    for text in ("Which cups shall it be?", "Delivery", "Which colour?", "At least 1, at most 9.", 'value="2"', "as JSON", "where"):
        assert text in page, text
    assert "a goal nobody else reads" not in page
    answered = SignIn("operator").post(one_url(asked), GOOD, follow=True)
    assert "Answered: a goes on with it" in answered.content.decode()
    assert "Already answered by <strong>operator" in seen("approver", one_url(asked))
    again = SignIn("approver").post(one_url(asked), GOOD, follow=True).content.decode()
    assert "already decided by operator" in again
    with a_worker():
        over(asked)
    assert step_of(asked, "b")["result"]["said"] == ANSWER
    assert "asks nothing any more" in SignIn("approver").post(one_url(asked), GOOD, follow=True).content.decode()
    assert SignIn("approver").get(one_url(asked)).status_code == 404
    assert Signal.objects.count() == 1


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing chosen": ({"f0": ""}, "this must be given"),
    "an option that is none": ({"f0": "7"}, "this must be given"),
    "words for a number": ({"f1": "three"}, "this is no whole number"),
    "a part of one": ({"f1": "2.5"}, "this is no whole number"),
    "too many": ({"f1": "10"}, "greater than the maximum"),
    "digits without end": ({"f1": "9" * 5_000}, "this is no whole number"),
    "more than JSON can say": ({"f1": str(2**60)}, "2^53"),
    "a text too long": ({"f2": "x" * 10_001}, "longer than 10000"),
    "too short within": ({"f5-0": "ab"}, "shorter than 3"),
    "no JSON": ({"f6": "{"}, "this is no JSON"),
    "other JSON": ({"f6": "[1]"}, "is not valid under any"),
}


def test_it_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(asked: Run) -> None:
    browser = SignIn("operator")
    for what, (given, says) in BAD.items():
        answered = browser.post(one_url(asked), {**GOOD, **given})
        page, name = answered.content.decode(), next(iter(given))
        assert answered.status_code == 422, what
        assert says in page and f'id="{name}-fault"' in page, what
        assert name == "f5-0" or "High Street 1" in page, what
    assert not Signal.objects.exists()


def test_odd_forms_are_shown_as_text_and_answered_as_json(workshop: Workshop) -> None:
    odd = {
        "type": "object",
        "title": NAUGHTY,
        "properties": {
            NAUGHTY: {"title": NAUGHTY * 900, "description": NAUGHTY, "enum": [NAUGHTY, "x"]},
            "many": {"enum": [f"option {number}" for number in range(20_000)]},
            "deep": {"type": "object", "properties": {"deeper": {"type": "object", "properties": {"x": {"type": "integer"}}}}},
            "wild": True,
        },
    }
    run = asking(workshop, NAUGHTY, odd)
    page = seen("operator", one_url(run)) + seen("operator", LIST)
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page and "\u202e{{" not in page.partition("<form")[0]
    assert "option 19999" not in page and page.count("(as JSON)") == 3
    given = {"f0": "1", "f1": '"option 19999"', "f2-0": '{"x": 1}', "f3": '{"any": "thing"}'}
    assert "Answered" in SignIn("operator").post(one_url(run), given, follow=True).content.decode()
    with a_worker():
        over(run)
    assert step_of(run, "b")["result"]["said"] == {
        NAUGHTY: "x",
        "many": "option 19999",
        "deep": {"deeper": {"x": 1}},
        "wild": {"any": "thing"},
    }


def test_what_cannot_be_a_form_says_so_or_takes_json(workshop: Workshop) -> None:
    for form, given, answer in (
        ({}, '["any", "thing"]', ["any", "thing"]),
        ({"type": "string", "title": "Your name"}, "田中", "田中"),
        ({"oneOf": [{"type": "integer"}, {"type": "null"}]}, "null", None),
    ):
        run = asking(workshop, form=form)
        assert "Answered" in SignIn("operator").post(one_url(run), {"f": given}, follow=True).content.decode()
        with a_worker():
            over(run)
        assert step_of(run, "b")["result"]["said"] == answer
    run = asking(workshop, form={"type": "no such type"})
    page = seen("operator", one_url(run))
    assert "is no JSON Schema" in page and "Your answer" not in page
    assert "cannot be used" in SignIn("operator").post(one_url(run), {"f": "1"}, follow=True).content.decode()


def test_a_failure_is_retried_changed_or_given_up(workshop: Workshop) -> None:
    broken = step("a", "json_transform", input={"x": 1, "api_key": "sk_live_1234567890abcdef1234"}, path="$.y", on_error="escalate")
    run = workshop.submit(broken)
    with a_worker():
        parked(run, "input")
    page = seen("operator", one_url(run))
    assert (
        "What becomes of it" in page and "a failed: " in page and "sk_live" not in page and "&quot;api_key&quot;: &quot;***&quot;" in page
    )
    changed = {"f0": "1", "f1": '{"input": {"x": 1, "api_key": "***"}, "path": "$.x"}'}
    assert "write out what is masked" in SignIn("operator").post(one_url(run), changed).content.decode()
    wrong = SignIn("operator").post(one_url(run), {**changed, "f1": '{"nonsense": 1}'})
    assert wrong.status_code == 422 and 'id="f1-fault"' in wrong.content.decode()
    assert not Signal.objects.exists()
    changed["f1"] = changed["f1"].replace("***", "sk_live_1234567890abcdef1234")
    assert "Answered" in SignIn("operator").post(one_url(run), changed, follow=True).content.decode()
    with a_worker():
        assert over(run).status == "succeeded"


def test_nothing_of_another_tenant_is_seen_or_answered(workshop: Workshop) -> None:
    rival = Tenant.objects.create(slug="rival", name=CANARY)
    shop = Workshop(rival, create_agent(tenant=rival, name=CANARY), as_person(rival, CANARY), as_person(rival, "eve"))
    run = asking(shop, CANARY, {})
    for role in ("operator", "approver", "tenant_admin"):
        assert CANARY not in seen(role, LIST)
        assert SignIn(role).get(one_url(run)).status_code == 404
        assert SignIn(role).post(one_url(run), {"f": "1"}).status_code == 404
    assert not Signal.objects.exists()


def test_looking_changes_nothing_and_a_damaged_journal_hides_no_other(
    asked: Run, workshop: Workshop, django_assert_max_num_queries: Any
) -> None:
    browser: Any = SignIn("operator")
    assert browser.get(f"{one_url(asked)}?f0=1&f1=3").status_code == 200
    assert browser.post(LIST).status_code == 405
    browser.handler.enforce_csrf_checks = True
    assert browser.post(one_url(asked), GOOD).status_code == 403
    assert not Signal.objects.exists()
    with django_assert_max_num_queries(18):
        assert "?page=2" not in browser.get(LIST).content.decode()
    RunEvent.objects.filter(run_id=asked.pk, seq=1)._raw_delete("default")
    page = seen("operator", LIST)
    assert "cannot be read" in page and one_url(asked) not in page
    assert browser.get(one_url(asked)).headers["Location"] == reverse("admin:runs_run_change", args=[asked.public_id])
    told = described("questions_list", make_caller(workshop.tenant, "program", SCOPES).get("/api/v1/questions"))
    assert (told["data"], [each["run_id"] for each in told["unreadable"]]) == ([], [asked.public_id])
    Run.objects.filter(pk=asked.pk).delete()
    assert "Nothing asks for an answer" in seen("operator", LIST)
    assert "Nobody asked you anything" in seen("developer", LIST)
