"""The runtime page calls the six interfaces for who may, for their own tenants, and shows the answer as JSON."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.urls import reverse

from catalog.selectors import catalog_json
from runs.console.operation.runtime_page import INTERFACES, call
from skills.refusal import Refusal
from tests.console.conftest import CANARY, Cast, SignIn


def ask(browser: SignIn, interface: str, tenant: Any, arguments: str) -> Any:
    answer = browser.post(reverse("console-runtime"), {"interface": interface, "tenant": tenant.pk, "arguments": arguments})
    _, found, rest = answer.content.decode().partition('id="aos-answer" tabindex="0">')
    return json.loads(html.unescape(rest.partition("</pre>")[0])) if found else answer.status_code


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor", "stranger"])
def test_it_is_for_developers_and_admins(role: str, cast: Cast) -> None:
    assert SignIn(role).get(reverse("console-runtime")).status_code == 403


def test_it_is_for_nobody_who_is_not_signed_in(client: Any, db: None) -> None:
    assert client.get(reverse("console-runtime")).status_code == 302


def test_it_shows_an_example_of_each_interface(cast: Cast) -> None:
    page = SignIn("developer").get(reverse("console-runtime")).content.decode()
    assert all(f"<dt>{name}</dt>" in page for name in INTERFACES)
    assert CANARY not in page


def test_it_answers_with_the_same_json_as_everybody_else(cast: Cast) -> None:
    shown = ask(SignIn("developer"), "failure_catalog", cast.acme, '{"code": "TIMEOUT"}')
    held = catalog_json(tenant=cast.acme, code="TIMEOUT")
    assert [entry["suggestions"] for entry in shown["data"]] == [entry["suggestions"] for entry in held["data"]]


def test_it_asks_for_no_other_tenant(cast: Cast) -> None:
    assert ask(SignIn("developer"), "failure_catalog", cast.rival, "{}") == 200


@pytest.mark.parametrize(
    ("interface", "arguments", "code"),
    [
        pytest.param("query", "{", "INVALID_INPUT", id="no JSON"),
        pytest.param("query", "[]", "SCHEMA_VALIDATION_FAILED", id="no object"),
        pytest.param("query", "{}", "MISSING_REQUIRED_FIELD", id="an argument is missing"),
        pytest.param("describe_skill", '{"nmae": "http_call"}', "SCHEMA_VALIDATION_FAILED", id="an argument is misspelt"),
        pytest.param("describe_skill", '{"name": "a", "name": "b"}', "INVALID_INPUT", id="an argument is given twice"),
        pytest.param("describe_skill", '{"name": "\ud800"}', "INVALID_INPUT", id="half a surrogate pair"),
        pytest.param("simulate", "[" * 100_000, "INVALID_INPUT", id="too deep"),
    ],
)
def test_it_refuses_arguments_it_cannot_read(interface: str, arguments: str, code: str, cast: Cast) -> None:
    with pytest.raises(Refusal) as refused:
        call(interface, cast.acme, "alice", arguments)
    assert refused.value.code == code
    assert refused.value.errors


def test_it_shows_a_refusal_as_an_answer(cast: Cast) -> None:
    assert ask(SignIn("developer"), "query", cast.acme, "{}")["code"] == "MISSING_REQUIRED_FIELD"
