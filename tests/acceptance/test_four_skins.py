"""The six interfaces give one answer, whoever asks: REST, manage.py, the console's page, and runs.runtime itself."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from rest_framework.utils.encoders import JSONEncoder

from agents.models import Membership, Tenant
from agents.tenancy import operator_principal
from runs import runtime
from tests.acceptance.conftest import Site
from tests.conftest import PROJECT

pytestmark = pytest.mark.acceptance

PLAN = {"steps": [{"step_id": "take", "skill": "json_transform", "params": {"input": {"a": [1, 2]}, "path": "$.a[1]"}}]}
CALL = {"skill": "json_transform", "params": PLAN["steps"][0]["params"]}


@pytest.fixture
def environment(live_environment: dict[str, str]) -> dict[str, str]:
    # The skills this process has, so that lists of them can be compared.
    return live_environment


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, cls=JSONEncoder))


class Skins:
    """The ways to ask."""

    def __init__(self, site: Site, tenant: Tenant, environment: dict[str, str], folder: Path) -> None:
        self._site, self._tenant, self._environment, self._folder = site, tenant, environment, folder
        self._browser = Client()
        person = User.objects.create_user("root", is_staff=True)
        Membership.objects.create(user=person, tenant=tenant, role="tenant_admin")
        self._browser.force_login(person)

    def own(self, name: str, /, **arguments: Any) -> Any:
        """Ask runs.runtime."""
        who = {"principal": operator_principal(self._tenant, "root")} if name in ("execute", "simulate") else {"tenant": self._tenant}
        return plain(getattr(runtime, name)(**({} if name == "describe_skill" else who), **arguments))

    def console(self, name: str, /, **arguments: Any) -> Any:
        """Ask the console's page, as a browser does."""
        form = {"interface": name, "tenant": self._tenant.pk, "arguments": json.dumps(arguments)}
        page = self._browser.post(reverse("console-runtime"), form).content.decode()
        _, found, rest = page.partition('id="aos-answer" tabindex="0">')
        assert found, page
        return json.loads(html.unescape(rest.partition("</pre>")[0]))

    def command(self, *words: str) -> Any:
        """Ask manage.py in a process of its own."""
        command = [sys.executable, "manage.py", *words, "--json"]
        done = subprocess.run(command, cwd=PROJECT, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def file(self, name: str, value: Any) -> str:
        path = self._folder / name
        path.write_text(json.dumps(value))
        return str(path)

    def get(self, path: str) -> Any:
        return self._site.get(f"runtime/{path}")

    def post(self, path: str, body: Any) -> Any:
        return self._site.post(f"runtime/{path}", body)


def same(answers: dict[str, Any], but_for: Callable[[Any], Any] = lambda answer: answer) -> Any:
    """Check that all answers are the same; return it."""
    first, *others = [(skin, but_for(answer)) for skin, answer in answers.items()]
    for skin, answer in others:
        assert answer == first[1], f"{skin} says otherwise than {first[0]}"
    return first[1]


def but_for_the_call(outcome: dict[str, Any]) -> dict[str, Any]:
    """Return an outcome without what every call has of its own."""
    own = ("timestamp", "latency_ms", "trace_id", "span_id")
    execution = {name: value for name, value in outcome["execution"].items() if name not in own}
    return {**outcome, "execution": execution, "run_id": None}


def test_it_gives_one_answer_to_all(site: Site, tenant: Tenant, environment: dict[str, str], tmp_path: Path) -> None:
    skins = Skins(site, tenant, environment, tmp_path)
    executed = {
        "runtime": skins.own("execute", **CALL),
        "REST": skins.post("execute", CALL),
        "console": skins.console("execute", **CALL),
        "manage.py": skins.command("execute", "json_transform", "--params", skins.file("params.json", CALL["params"])),
    }
    assert same(executed, but_for_the_call)["result"]["value"] == 2
    run_id = executed["runtime"]["run_id"]
    described = {
        "runtime": skins.own("describe_skill", name="http_call"),
        "REST": skins.get("skills/http_call"),
        "console": skins.console("describe_skill", name="http_call"),
        "manage.py": skins.command("describe_skill", "http_call"),
    }
    assert same(described)["name"] == "http_call"
    asked = {"what": "allowed_skills", "filters": {"agent": "worker"}}
    answered = {
        "runtime": skins.own("query", **asked),
        "REST": skins.post("query", asked),
        "console": skins.console("query", **asked),
        "manage.py": skins.command("query", "allowed_skills", "--filter", "agent=worker"),
    }
    assert same(answered)
    # The worker learns from the calls above when it has time; now there is nothing left for it to learn between two answers.
    call_command("learn_history", stdout=StringIO())
    simulated = {
        "runtime": skins.own("simulate", plan=PLAN),
        "REST": skins.post("simulate", {"plan": PLAN}),
        "console": skins.console("simulate", plan=PLAN),
        "manage.py": skins.command("simulate_plan", skins.file("plan.json", PLAN)),
    }
    assert same(simulated)["verdict"] == "feasible"
    contracts = {
        "runtime": skins.own("get_resource_contract", run_id=run_id),
        "REST": skins.get(f"resource-contract/{run_id}"),
        "console": skins.console("get_resource_contract", run_id=run_id),
        "manage.py": skins.command("resource_contract", run_id),
    }
    assert same(contracts)["run_id"] == run_id
    catalogs = {
        "runtime": skins.own("failure_catalog", code="TIMEOUT"),
        "REST": skins.get("failure-catalog?code=TIMEOUT"),
        "console": skins.console("failure_catalog", code="TIMEOUT"),
        "manage.py": skins.command("failure_catalog", "--code", "TIMEOUT"),
    }
    assert same(catalogs)["data"]
