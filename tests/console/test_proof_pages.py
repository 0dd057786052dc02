"""The pages that prove something about a run: replay, compare, what if, do it again, evidence; each by role, none writes by GET."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.urls import reverse

from agents.models import Agent, Role, Tenant
from agents.tenancy import operator_principal
from runs.console.run.proof_view import bom_of, comparison_of, replay_of, rerun_of
from runs.models import Run, RunEvent, Signal
from runs.services import submit
from tests.console.conftest import CANARY, Cast, SignIn

PLAN = {
    "goal": "two steps",
    "steps": [
        {"step_id": "a", "skill": "json_transform", "params": {"input": {"note": "<script>alert(1)</script>"}}},
        {"step_id": "b", "skill": "json_transform", "params": {"input": "${steps.a.result}"}},
    ],
}
EVERYBODY = {*Role.values, "root"}
PLAYERS = {"developer", "operator", "tenant_admin"}
OPERATORS = {"operator", "tenant_admin"}
MAY = {
    "replay": EVERYBODY,
    "compare": EVERYBODY,
    "contract": PLAYERS | {"auditor"},
    "what-if": PLAYERS,
    "rerun": OPERATORS,
    "evidence": PLAYERS | {"auditor"},
}


def submitted(tenant: Tenant) -> Run:
    agent = Agent.objects.get(tenant=tenant)
    return submit(principal=operator_principal(tenant, "alice"), agent_ref=agent.name, plan=PLAN)[0]


def address(run: Run, what: str) -> str:
    return reverse("admin:runs_run_proof", args=[run.public_id, what])


def counted() -> tuple[int, int, int]:
    return Run.objects.count(), RunEvent.objects.count(), Signal.objects.count()


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_page_is_open_to_whom_it_is_for(role: str, cast: Cast) -> None:
    run, somebody = submitted(cast.acme), SignIn(role)
    before = counted()
    shown = somebody.get(reverse("admin:runs_run_change", args=[run.public_id])).content.decode()
    for what, roles in MAY.items():
        answer = somebody.get(address(run, what))
        assert answer.status_code == (200 if role in roles else 403), what
        assert "<script>alert" not in answer.content.decode()
        assert (address(run, what) in shown) == (role in roles)
    assert counted() == before, "a page writes nothing"


def test_another_tenants_run_is_not_there(cast: Cast) -> None:
    run, stranger = submitted(cast.rival), SignIn("tenant_admin")
    for what in MAY:
        for method in ("get", "post"):
            answer = getattr(stranger, method)(address(run, what))
            assert answer.status_code == 404
            assert CANARY not in answer.content.decode()


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_only_who_may_do_a_run_again_is_led_there_and_only_once_it_is_over(role: str, cast: Cast) -> None:
    run, somebody = submitted(cast.acme), SignIn(role)
    page = reverse("admin:runs_run_change", args=[run.public_id])
    assert somebody.get(page).context["aos_again"] is None
    Run.objects.filter(pk=run.pk).update(status="failed")
    expected = {"link": address(run, "rerun"), "has_planner": False} if role in OPERATORS else None
    assert somebody.get(page).context["aos_again"] == expected


def test_a_run_says_that_its_agent_takes_no_more(cast: Cast) -> None:
    run = submitted(cast.acme)
    page = reverse("admin:runs_run_change", args=[run.public_id])
    for status, says in (("active", False), ("paused", True), ("disabled", True)):
        Agent.objects.filter(tenant=cast.acme).update(status=status)
        assert (f"is {status}: it takes no new run." in SignIn("viewer").get(page).content.decode()) == says, status


def test_there_is_no_other_page(cast: Cast) -> None:
    assert SignIn("operator").get(address(submitted(cast.acme), "magic")).status_code == 404


@pytest.mark.parametrize("mode", ["verify", "tape", "nonsense"])
def test_it_tells_what_a_replay_found(mode: str, cast: Cast) -> None:
    page = SignIn("operator").get(address(submitted(cast.acme), "replay") + f"?mode={mode}").content.decode()
    assert "as recorded" in page and "Side effects" in page


def test_it_says_where_a_journal_was_touched(cast: Cast) -> None:
    run = submitted(cast.acme)
    RunEvent.objects.filter(run_id=run.pk).update(data='{"v":1,"fact":{"kind":"dreamt"}}')
    for page in ("replay", "compare", "contract", "what-if", "rerun", ""):
        opened = address(run, page) if page else reverse("admin:runs_run_change", args=[run.public_id])
        answer = SignIn("operator").get(opened)
        assert answer.status_code == 200
        assert "REPLAY_DIVERGED" in answer.content.decode() and "/events/1" in answer.content.decode()
    assert SignIn("operator").post(address(run, "evidence"), {}).status_code == 302


def test_it_compares_with_another_run(cast: Cast) -> None:
    one, two = submitted(cast.acme), submitted(cast.acme)
    page = SignIn("viewer").get(address(one, "compare") + f"?with={two.public_id}").content.decode()
    assert "alike" in page and "What it was made of" in page
    for other in ("run_" + "0" * 32, "nonsense"):
        page = SignIn("viewer").get(address(one, "compare") + f"?with={other}").content.decode()
        assert "aos-failure" in page
    rival = submitted(cast.rival)
    page = SignIn("viewer").get(address(one, "compare") + f"?with={rival.public_id}").content.decode()
    assert "there is no such run" in page


def test_what_follows_from_the_first_difference_is_dimmed() -> None:
    status = {"what": "status", "counts": True, "first": "succeeded", "second": "failed"}
    found = {
        "divergence": {"seq": 5, "step_id": "b", "detail": "it failed", "expected": None, "actual": None},
        "other_seq": 5,
        "same": False,
        "complete": True,
        "other_run_id": "run_1",
        "aspects": [status],
        "steps": [{"step_id": key, "within": "both", "content": "none", "aspects": [status]} for key in ("c", "b", "never", "a")],
        "made_of": [],
    }
    rows = comparison_of(found, {"a": 2, "b": 4, "c": 7}, shows_costs=True, shows_payloads=True, shows_targets=True)["rows"]
    assert [(row["step"], row["is_dim"]) for row in rows] == [
        ("the run", False),
        ("b", False),
        ("a", False),
        ("c", True),
        ("never", True),
    ]


def test_neither_a_replay_nor_a_comparison_tells_where_calls_went_or_what_was_said_to_whom_no_page_tells_it() -> None:
    held = {"name": "side_effects", "held": False, "detail": "recorded https://secret.example/"}
    decided = [{"type": "deny", "rule": "policy", "step": "a", "code": "NOT_ALLOWED", "message": "secret", "worst_micro_usd": 1}]
    parting = {"seq": 3, "step_id": "a", "detail": "other decisions", "expected": decided, "actual": []}
    empty = dict.fromkeys(("recorded_behaviour_hash", "behaviour_hash", "recorded_content_hash", "content_hash", "child_run_id"), "")
    empty |= {"waiting_for": None, "content": None, "missing": [], "events": 3, "status": "done", "matched": False, "mode": "verify"}
    report = {**empty, "invariants": [held], "divergence": parting}
    effects = {"what": "effects", "counts": True, "first": ["https://secret.example/"], "second": []}
    digests = [{"what": what, "counts": False, "first": "secret", "second": "another"} for what in ("params", "params/name")]
    step = {"step_id": "a", "within": "both", "content": "none", "aspects": [effects, *digests]}
    found = {"divergence": None, "other_seq": None, "same": False, "complete": True, "other_run_id": "run_1", "aspects": [], "made_of": []}
    planner = dict.fromkeys(("name", "version", "model"), "")
    bom = {"release": "", "planner": planner, "policies_hash": "", "skills": [], "advice": [], "prices": []}
    bom |= dict.fromkeys(("plan_hash", "inputs_hash", "bom_hash"), "secret")
    changed = {"what": "inputs_hash", "before": "secret", "after": "another", "detail": "the inputs changed"}
    made_of = {"bom": bom, "detail": "", "against": {"run_id": "", "found_by": "", "detail": "", "changes": [changed]}}
    for shown in (True, False):
        assert str(bom_of(made_of, shows_payloads=shown)).count("secret") == (4 if shown else 0)
        rights = dict.fromkeys(("shows_costs", "shows_payloads", "shows_targets"), shown)
        told = str(replay_of(report, **rights)), str(comparison_of({**found, "steps": [step]}, {}, **rights)["rows"])
        assert [text.count("secret") for text in told] == ([2, 3] if shown else [0, 0])
        assert ("differs" in told[1]) == (not shown)
        assert "NOT_ALLOWED" in told[0]


def test_the_button_says_on_which_version_it_reruns() -> None:
    change = {"step_id": "get", "skill": "http_call", "then": "1.3.0", "now": "1.4.0", "changes": ["a", "b"]}
    preview = {name: [] for name in ("carried", "tells_planner", "again", "effects_again")}
    preview |= {"simulation": None, "from_step": "get", "versions": "current", "version_changes": [change]}
    assert rerun_of(preview, None)["on"] == " on http_call 1.4.0 (current, 2 changes)"
    assert rerun_of({**preview, "version_changes": [{**change, "changes": []}]}, None)["on"] == ""


def test_a_contract_says_what_the_run_may_use(cast: Cast) -> None:
    run = submitted(cast.acme)
    page = SignIn("auditor").get(address(run, "contract")).context["aos_contract"]
    facts = dict(page["facts"])
    assert facts["Money"].startswith("$0.0000 spent and $0.0000 held of ")
    assert facts["Hosts it may call"] == "every one outside local networks"
    assert "json_transform" in facts["Skills it may call"]
    assert next(whose for whose, *_ in page["scopes"]).startswith("Tenant")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("step=a&becomes=TIMEOUT&assume=stop", "As it would be", id="an outcome"),
        pytest.param("limit=0.01", "As it would be", id="a limit"),
        pytest.param("step=zz&becomes=TIMEOUT", "the run has no step", id="no such step"),
        pytest.param("limit=lots", "SCHEMA_VALIDATION_FAILED", id="no number"),
        pytest.param("limit=-1", "SCHEMA_VALIDATION_FAILED", id="below zero"),
        pytest.param("fault=meteor&step=a", "SCHEMA_VALIDATION_FAILED", id="no such fault"),
        pytest.param("percent_of=gold&percent=50", "charged nothing to", id="no such price"),
        pytest.param("percent_of=json_transform&percent=half", "SCHEMA_VALIDATION_FAILED", id="no percent"),
        pytest.param("recovery=rec_1", "SCHEMA_VALIDATION_FAILED", id="no recovery"),
    ],
)
def test_it_plays_what_if(asked: str, expected: str, cast: Cast) -> None:
    answer = SignIn("operator").get(address(submitted(cast.acme), "what-if") + "?" + asked)
    assert answer.status_code == 200 and expected in answer.content.decode()


def test_an_operator_starts_a_rerun_and_a_replay(cast: Cast) -> None:
    run, operator = submitted(cast.acme), SignIn("operator")
    assert operator.post(address(run, "replay"), {"once": "0"}).status_code == 302
    assert not Run.objects.filter(relation="replay").exists(), "what goes on has no end to compare with"
    Run.objects.filter(pk=run.pk).update(status="succeeded")
    assert operator.post(address(run, "rerun"), {"versions": "pinned", "once": "1"}).status_code == 302
    answer = operator.post(address(run, "rerun"), {"versions": "current", "once": "2"})
    child = Run.objects.get(relation="rerun", parent=run, public_id__in=[answer.url.rstrip("/").split("/")[-2]])
    assert child.created_by.endswith("operator")
    assert operator.post(address(run, "replay"), {"once": "3"}).status_code == 302
    assert Run.objects.filter(relation="replay", parent=run).count() == 1
    assert operator.post(address(run, "replay"), {"once": "3"}).status_code == 302
    assert Run.objects.filter(relation="replay", parent=run).count() == 1, "sent twice, it is done once"


@pytest.mark.parametrize("role", sorted(EVERYBODY - OPERATORS))
def test_nobody_else_starts_one(role: str, cast: Cast) -> None:
    run, somebody = submitted(cast.acme), SignIn(role)
    before = counted()
    for what in ("rerun", "replay"):
        assert somebody.post(address(run, what), {"once": "1"}).status_code == 403
    assert counted() == before


def test_edited_parameters_go_along_where_one_may_see_them(cast: Cast) -> None:
    run, admin = submitted(cast.acme), SignIn("tenant_admin")
    form = {"versions": "current", "params-a": '{"input": {"x": 1}}', "shown-a": "{}", "once": "1"}
    assert admin.post(address(run, "rerun"), form).status_code == 302
    told = RunEvent.objects.get(run_id=Run.objects.get(relation="rerun").pk, seq=1).data
    assert '"input":{"x":1}' in told
    for broken in ("{", "[1]", '{"nonsense": 1}'):
        before = counted()
        assert admin.post(address(run, "rerun"), form | {"params-a": broken, "once": broken}, follow=True).status_code == 200
        assert counted() == before


def test_the_evidence_holds_what_the_role_may_see(cast: Cast) -> None:
    run = submitted(cast.acme)

    def taken(role: str, **form: Any) -> bytes:
        answer = SignIn(role).post(address(run, "evidence"), form)
        assert answer["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
            return b"".join(bundle.read(name) for name in bundle.namelist())

    assert b"alert(1)" in taken("tenant_admin")
    assert b"alert(1)" not in taken("tenant_admin", without_payloads="yes")
    assert b"alert(1)" not in taken("auditor") and b"alert(1)" not in taken("operator")
