"""Agents on the console: seen by their tenant, changed by developers and tenant admins, each version of a profile kept and told apart."""

from __future__ import annotations

import json
import re
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from agents import audit, ledger
from agents.contracts import AgentProfile
from agents.models import Agent, AgentVersion, Role
from agents.services import create_agent, update_agent
from runs.models import Run
from tests.console.conftest import CANARY, Cast, SignIn, a_run

OWNING = ("developer", "tenant_admin")
EVERYBODY = (*Role.values, "root", "stranger")
NAUGHTY = "<script>alert('ключ')</script>{{ 7 }}\u202e"
LIST = reverse("console-agents")


def own(cast: Cast) -> Agent:
    """Return the agent that has a run."""
    return Agent.objects.get(tenant=cast.acme, name="agent-of-acme")


def page(agent: Agent, what: str = "") -> str:
    return reverse(f"console-agent{what}", args=[agent.public_id])


def fresh(cast: Cast, name: str = "fresh", **profile: Any) -> Agent:
    return create_agent(tenant=cast.acme, name=name, profile=profile)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("&#x27;", "'").replace("&quot;", '"')


def form_of(browser: Client, agent: Agent) -> dict[str, Any]:
    """Return what the browser would send of the editor as it stands, generated from the page, not from the contract."""
    fields = [entry for _, group in browser.get(page(agent, "-edit")).context["aos_form"]["groups"] for entry in group]
    sent: dict[str, Any] = {"as": "form", "expected_version": agent.version}
    for entry in fields:
        sent[entry.pointer] = list(entry.chosen) if entry.kind in ("ticks", "flag") else entry.text
        sent |= {f"null:{entry.pointer}": "1"} if entry.is_null and entry.kind == "lines" else {}
    return sent


def edit(browser: Client, agent: Agent, **fields: Any) -> Any:
    return browser.post(page(agent, "-edit"), {**form_of(browser, agent), "action": "preview", **fields})


def save(browser: Client, agent: Agent, **fields: Any) -> Any:
    """Preview a change, then save what was previewed."""
    form = {**form_of(browser, agent), **fields}
    seen = browser.post(page(agent, "-edit"), {**form, "action": "preview"}).context["aos_form"]["seen"]
    return browser.post(page(agent, "-edit"), {**form, "action": "save", "seen": seen, "reason": "it was too slow"})


def test_each_role_sees_and_changes_what_it_may(cast: Cast) -> None:
    agent = own(cast)
    for role in EVERYBODY:
        browser, seen = SignIn(role), role != "stranger"
        assert browser.get(f"{LIST}?tenant={cast.acme.slug}").status_code == (200 if seen else 403), role
        shown = browser.get(page(agent))
        assert shown.status_code == (200 if seen else 403), role
        assert ('name="action"' in text_of(shown)) == (role in OWNING), role
        assert browser.get(page(agent, "-versions")).status_code == (200 if seen else 403), role
        assert browser.get(page(agent, "-edit")).status_code == (200 if role in OWNING else 403), role
        if role not in OWNING:
            for what, form in (("", {"action": "state", "status": "paused", "reason": "because"}), ("-edit", {}), ("-versions", {})):
                assert browser.post(page(agent, what), form).status_code == 403, (role, what)
            assert browser.post(LIST, {"tenant": cast.acme.slug, "name": "sneaked"}).status_code in (403, 404), role
    agent.refresh_from_db()
    assert (agent.status, agent.version, Agent.objects.filter(name="sneaked").count()) == ("active", 1, 0)


def test_it_shows_no_page_to_who_is_not_signed_in(client: Client, cast: Cast) -> None:
    assert {client.get(url).status_code for url in (LIST, *(page(own(cast), what) for what in ("", "-edit", "-versions")))} == {302}


def test_it_shows_nothing_of_another_tenant(cast: Cast) -> None:
    rivals = Agent.objects.get(tenant=cast.rival)
    for role in Role.values:
        browser = SignIn(role)
        for query in ("", f"?tenant={cast.rival.slug}", f"?q={rivals.public_id}", f"?q={rivals.name}", "?show=paused&page=9"):
            assert f">{rivals.name}<" not in text_of(browser.get(LIST + query))
        assert CANARY not in text_of(browser.get(LIST))
        assert {browser.get(page(rivals, what)).status_code for what in ("", "-versions", "-edit")} == {404}
        assert browser.post(page(rivals), {"action": "delete"}).status_code == 404
    assert SignIn("developer").post(LIST, {"tenant": cast.rival.slug, "name": "sneaked"}).status_code == 404


def test_it_lists_state_version_runs_and_budget(cast: Cast) -> None:
    agent = own(cast)
    Run.objects.filter(pk=a_run(cast.acme, agent, "now").pk).update(status="running")
    ledger.set_budget(tenant=cast.acme, kind="agent", key=agent.name, period="day", limit_micro_usd=500_000)
    shown = text_of(SignIn("developer").get(LIST))
    for text in (agent.name, "version 1", "1 now · 2 in 24 h", "of $0.5000 today", agent.public_id):
        assert text in shown
    listed = SignIn("viewer").get(SignIn("viewer").get(LIST).context["aos_lines"][0]["runs"])
    assert {run.agent_id for run in listed.context["cl"].result_list} == {agent.pk}
    assert "today" not in text_of(SignIn("viewer").get(LIST)), "what it costs is not everybody's to see"
    assert "$0.5000 today" in text_of(SignIn("auditor").get(page(agent)))


def test_it_makes_an_agent_once_and_keeps_what_was_typed(cast: Cast) -> None:
    browser = SignIn("developer")
    made = browser.post(LIST, {"tenant": cast.acme.slug, "name": "reader", "description": NAUGHTY})
    agent = Agent.objects.get(tenant=cast.acme, name="reader")
    assert made["Location"] == page(agent, "-edit")
    assert [(kept.version, kept.saved_by) for kept in AgentVersion.objects.filter(agent=agent)] == [(1, "developer")]
    shown = text_of(browser.get(LIST))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown
    for name, status, why in (("reader", 409, "already"), ("Not A Name", 422, "pattern"), ("agt_" + "0" * 32, 422, "look like")):
        refused = browser.post(LIST, {"tenant": cast.acme.slug, "name": name, "description": "typed before"})
        assert refused.status_code == status, name
        assert why in text_of(refused), name
        assert "typed before" in text_of(refused)


def test_the_form_has_every_field_of_the_contract(cast: Cast) -> None:
    form = form_of(SignIn("developer"), own(cast))
    for name, value in AgentProfile().model_dump(mode="json").items():
        inner = value if name in ("planner", "budget") else None
        for pointer in [f"/{name}"] if inner is None else [f"/{name}/{field}" for field in inner]:
            assert pointer in form


def test_it_previews_field_by_field_and_saves_what_was_previewed(cast: Cast) -> None:
    browser, agent = SignIn("developer"), fresh(cast)
    changed = {"/max_parallel_steps": "3", "/allowed_skills": "http_call\n json_transform ", "/budget/per_run_micro_usd": "2_500_000"}
    form = {name: value for name, value in form_of(browser, agent).items() if name != "null:/allowed_skills"} | changed
    seen = browser.post(page(agent, "-edit"), {**form, "action": "preview"})
    found = {each.pointer: (each.before, each.after) for each in seen.context["aos_form"]["differences"]}
    assert found == {
        "/allowed_skills": ("all", "http_call, json_transform"),
        "/budget/per_run_micro_usd": ("$1.00", "$2.50"),
        "/max_parallel_steps": ("8", "3"),
    }
    assert Agent.objects.get(pk=agent.pk).version == 1, "a preview saves nothing"
    form |= {"action": "save", "seen": seen.context["aos_form"]["seen"]}
    unexplained = browser.post(page(agent, "-edit"), {**form, "reason": " "})
    assert (unexplained.status_code, "3 to 500 characters" in text_of(unexplained)) == (422, True)
    other = browser.post(page(agent, "-edit"), {**form, "/max_parallel_steps": "4", "reason": "it was too slow"})
    assert "not what was looked at" in text_of(other)
    assert Agent.objects.get(pk=agent.pk).version == 1, "what was not previewed is not saved"
    saved = browser.post(page(agent, "-edit"), {**form, "reason": "it was too slow"})
    assert saved["Location"] == page(agent)
    agent.refresh_from_db()
    assert (agent.version, agent.profile["max_parallel_steps"], agent.profile["budget"]["per_run_micro_usd"]) == (2, 3, 2_500_000)
    kept = AgentVersion.objects.get(agent=agent, version=2)
    assert (kept.profile, kept.saved_by, kept.reason) == (agent.profile, "developer", "it was too slow")
    entry = audit.entries_of(cast.acme, action="agent.update", target=agent.public_id).get()
    assert (entry.actor, entry.via, entry.reason) == ("developer", "console", "it was too slow")


WRONG = {
    "a number that is none": ({"/max_parallel_steps": "many"}, "/max_parallel_steps", "many"),
    "too many": ({"/max_parallel_steps": "201"}, "/max_parallel_steps", "201"),
    "a skill nobody knows": ({"/blocked_skills": "http_call\nno_such_skill"}, "/blocked_skills", "no_such_skill"),
    "an option no planner knows": ({"/planner/options": '{"x": 1}'}, "/planner/options", '"x": 1'),
    "no JSON": ({"/rate_limits": "[{"}, "/rate_limits", "[{"),
    "a rule about nothing": ({"/rate_limits": '[{"per_minute": 5}]'}, "/rate_limits", '"per_minute": 5'),
    "all, and those": ({"/allowed_skills": "http_call"}, "/allowed_skills", "http_call"),
    "no choice": ({"/budget/on_exhausted": "pray"}, "/budget/on_exhausted", ""),
    "half a character": ({"/skill_config": '{"http_call": "\\ud800"}'}, "/skill_config", "ud800"),
}


def test_it_points_at_what_is_wrong_and_loses_nothing_of_what_was_typed(cast: Cast) -> None:
    browser, agent = SignIn("developer"), own(cast)
    for what, (fields, pointer, kept) in WRONG.items():
        answer = edit(browser, agent, **{"/max_attempts": "77"}, **fields)
        assert answer.status_code == 422, what
        fields_shown = {entry.pointer: entry for _, group in answer.context["aos_form"]["groups"] for entry in group}
        assert [entry.pointer for entry in fields_shown.values() if entry.faults] == [pointer], what
        assert answer.context["aos_form"]["faults"] == [], what
        assert kept in text_of(answer), what
        assert fields_shown["/max_attempts"].text == "77", what
    assert Agent.objects.get(pk=agent.pk).version == 1


def test_the_profile_is_edited_as_json_too(cast: Cast) -> None:
    browser, agent = SignIn("tenant_admin"), fresh(cast)
    as_json = browser.post(page(agent, "-edit"), {**form_of(browser, agent), "/max_attempts": "77", "turn": "json"})
    assert json.loads(as_json.context["aos_form"]["whole"])["max_attempts"] == 77
    form = {"as": "json", "expected_version": agent.version, "action": "preview"}
    for whole, pointer in (
        ("{", "/profile"),
        ("[1]", "/profile"),
        ('{"max_atempts": 1}', "/profile/max_atempts"),
        ("[" * 9_000, "/profile"),
    ):
        refused = browser.post(page(agent, "-edit"), {**form, "profile": whole})
        assert refused.status_code == 422
        assert pointer in [fault["pointer"] for fault in refused.context["aos_form"]["faults"]]
        assert refused.context["aos_form"]["whole"] == whole
    lost = browser.post(page(agent, "-edit"), {**form, "profile": '{"max_atempts": 1}', "turn": "form"})
    assert lost.status_code == 422, "turning to the form would lose the field nobody knows"
    previewed = browser.post(page(agent, "-edit"), {**form, "profile": '{"max_attempts": 9}'})
    seen = previewed.context["aos_form"]["seen"]
    browser.post(page(agent, "-edit"), {**form, "profile": '{"max_attempts":9}', "action": "save", "seen": seen, "reason": "as agreed"})
    assert Agent.objects.get(pk=agent.pk).profile["max_attempts"] == 9


def test_it_tells_who_saved_meanwhile_and_overwrites_nothing(cast: Cast) -> None:
    browser, agent = SignIn("developer"), fresh(cast)
    form = {**form_of(browser, agent), "/max_parallel_steps": "3", "action": "preview"}
    form["seen"] = browser.post(page(agent, "-edit"), form).context["aos_form"]["seen"]
    audit.act_as("somebody", via="api")
    theirs = {**agent.profile, "max_attempts": 5}
    update_agent(tenant=cast.acme, agent_id=agent.public_id, changes={"profile": theirs}, reason="by night")
    answer = browser.post(page(agent, "-edit"), {**form, "action": "save", "reason": "it was too slow"})
    assert answer.status_code == 409
    told = answer.context["aos_form"]
    assert (told["meanwhile"]["last"]["by"], told["meanwhile"]["last"]["reason"]) == ("somebody", "by night")
    assert [each.pointer for each in told["meanwhile"]["theirs"]] == ["/max_attempts"]
    assert {each.pointer for each in told["differences"]} == {"/max_attempts", "/max_parallel_steps"}, "saving would take theirs back"
    assert "Somebody saved version 2 meanwhile" in text_of(answer)
    agent.refresh_from_db()
    assert (agent.version, agent.profile) == (2, theirs)


def test_versions_are_compared_and_brought_back(cast: Cast) -> None:
    browser, agent = SignIn("developer"), fresh(cast)
    save(browser, agent, **{"/max_parallel_steps": "3"})
    agent.refresh_from_db()
    save(browser, agent, **{"/max_parallel_steps": "5", "/max_attempts": "9"})
    shown = SignIn("auditor").get(page(agent, "-versions") + "?from=1&to=3")
    found = {each.pointer: (each.before, each.after) for each in shown.context["aos_differences"]}
    assert found == {"/max_attempts": ("unlimited", "9"), "/max_parallel_steps": ("8", "5")}
    for nonsense in ("?from=x&to=9", "?from=-1", "?to=99999999999999999999", "?page=0", "?from=%00"):
        assert browser.get(page(agent, "-versions") + nonsense).status_code == 200
    form = {"to_version": "1", "expected_version": "3", "reason": "it was better"}
    assert "Version 4 says what version 1 said" in said(browser.post(page(agent, "-versions"), form))
    assert "already; nothing was changed" in said(browser.post(page(agent, "-versions"), form))
    agent.refresh_from_db()
    assert (agent.version, agent.profile["max_parallel_steps"]) == (4, 8)
    assert AgentVersion.objects.get(agent=agent, version=4).reason == "as in version 1: it was better"
    stale = browser.post(page(agent, "-versions"), {**form, "to_version": "2"})
    assert "at version 4 by now" in said(stale)
    assert "no such version" in said(browser.post(page(agent, "-versions"), {**form, "to_version": "77"}))


def test_it_pauses_resumes_and_disables_with_a_reason(cast: Cast) -> None:
    browser, agent = SignIn("tenant_admin"), own(cast)
    for status in ("paused", "active", "disabled"):
        assert f"is {status} now" in said(browser.post(page(agent), {"action": "state", "status": status, "reason": "the night shift"}))
        assert Agent.objects.get(pk=agent.pk).status == status
    assert "already" in said(browser.post(page(agent), {"action": "state", "status": "disabled", "reason": "the night shift"}))
    assert "3 to 500 characters" in said(browser.post(page(agent), {"action": "state", "status": "active", "reason": ""}))
    assert browser.post(page(agent), {"action": "state", "status": "gone", "reason": "because"}).status_code == 302
    assert browser.post(page(agent), {"action": "explode"}).status_code == 404
    assert {entry.reason for entry in audit.entries_of(cast.acme, action="agent.update")} == {"the night shift"}
    assert Agent.objects.get(pk=agent.pk).version == 1, "a state is no version of the profile"


def test_it_clones_renames_and_deletes(cast: Cast) -> None:
    browser, agent = SignIn("developer"), fresh(cast, max_attempts=7)
    browser.post(page(agent), {"action": "clone", "name": "twin", "description": "the other"})
    twin = Agent.objects.get(tenant=cast.acme, name="twin")
    assert (twin.profile, twin.version) == (agent.profile, 1)
    assert AgentVersion.objects.get(agent=twin).reason == "as fresh in version 1"
    taken = browser.post(page(agent), {"action": "clone", "name": "twin", "description": "typed before"})
    assert (taken.status_code, "typed before" in text_of(taken)) == (409, True)
    browser.post(page(twin), {"action": "rename", "name": "sister", "description": NAUGHTY})
    shown = text_of(browser.get(page(twin)))
    assert "sister" in shown
    assert "<script>alert" not in shown
    browser.post(page(twin), {"action": "delete"})
    assert not Agent.objects.filter(pk=twin.pk).exists()
    assert "has runs" in said(browser.post(page(own(cast)), {"action": "delete"}))


def test_forms_ask_for_their_own_token_and_nothing_changes_by_a_get(cast: Cast) -> None:
    browser: Any = SignIn("developer")
    agent, before = own(cast), list(Agent.objects.values())
    for url in (LIST, *(page(agent, what) for what in ("", "-edit", "-versions"))):
        browser.get(url + "?action=state&status=paused&reason=because&to_version=1")
    form = form_of(browser, agent)
    browser.handler.enforce_csrf_checks = True
    for url, sent in (
        (page(agent), {"action": "delete"}),
        (page(agent, "-edit"), form),
        (page(agent, "-versions"), {}),
        (LIST, {"name": "x"}),
    ):
        assert browser.post(url, sent).status_code == 403
    assert list(Agent.objects.values()) == before


def test_a_long_list_is_paged_and_asks_no_more_questions(cast: Cast, django_assert_max_num_queries: Any) -> None:
    Agent.objects.bulk_create(Agent(tenant=cast.acme, name=f"z-{n:02}", profile=AgentProfile().model_dump(mode="json")) for n in range(40))
    browser, agent = SignIn("developer"), own(cast)
    with django_assert_max_num_queries(18):
        first = browser.get(LIST)
    assert (len(first.context["aos_lines"]), len(browser.get(LIST + "?page=2").context["aos_lines"])) == (25, 16)
    AgentVersion.objects.bulk_create(AgentVersion(agent=agent, version=n, profile={}, saved_by="x") for n in range(2, 70))
    with django_assert_max_num_queries(14):
        shown = browser.get(page(agent, "-versions"))
    assert len(shown.context["aos_versions"]) == 50


def test_an_empty_page_says_what_would_stand_there(cast: Cast) -> None:
    Agent.objects.filter(tenant=cast.acme).update(tenant=cast.rival)
    shown = text_of(SignIn("developer").get(LIST))
    assert "There is no agent" in shown
    assert "aos agents create" in shown
    assert "No agent is paused" in text_of(SignIn("viewer").get(f"{LIST}?show=paused"))
    assert not re.search(r"\bNone\b", shown)
