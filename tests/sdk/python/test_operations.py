"""Every operation of the API has a method, on both clients, that asks for what the document says."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import pytest
from aos_sdk import AOS, AsyncAOS, types
from aos_sdk._events import EventCall
from aos_sdk._operation import Group, _Method
from aos_sdk._request import Request
from aos_sdk.resources import Groups

from tests.conftest import PROJECT

DOCUMENT = json.loads((PROJECT / "docs/reference/openapi.json").read_text())
SIX = ("execute", "describe_skill", "query", "simulate", "get_resource_contract", "failure_catalog")
SENT_OTHERWISE = {
    "runtime_capabilities": {"agent_id", "tenant_id"},  # asked by the first SDK only
    "runs_rerun": {"dry_run"},  # a method of its own: preview_rerun
}
NOT_OF_THE_API = {"idempotency_key", "wait", "secret", "message_id"}
ROUTES = """
GET whoami · GET api-keys · POST api-keys · GET api-keys/{} · POST api-keys/{}/revoke · GET webhooks · POST webhooks · GET webhooks/{} ·
PATCH webhooks/{} · DELETE webhooks/{} · POST webhooks/{}/rotate-secret · POST webhooks/{}/test · GET webhooks/{}/deliveries ·
GET webhooks/{}/deliveries/{} · POST webhooks/{}/deliveries/{}/redeliver · GET events · GET runs/{}/events · GET approvals ·
GET approvals/{}/{} · POST approvals/{}/{}/approve · POST approvals/{}/{}/reject
"""


class Documented(NamedTuple):
    method: str
    path: str
    parameters: set[str]


def documented() -> dict[str, Documented]:
    """Return the operations of the document, with all that can be given to them."""
    return {
        operation["operationId"]: Documented(method.upper(), path, set(_parameters(operation)))
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    yield from (each["name"] for each in operation.get("parameters", ()) if each["in"] != "header")
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        if "$ref" in schema:
            schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        yield from schema.get("properties", ())


def methods_of(group: type[Group[Any]]) -> Iterator[_Method[Any, Any]]:
    """Yield the methods of a group and of the groups that hang on it."""
    for name in dir(group):
        member = inspect.getattr_static(group, name)
        if isinstance(member, _Method):
            yield member
        elif isinstance(member, cached_property):
            kind = inspect.signature(member.func).return_annotation.partition("[")[0]
            yield from methods_of(member.func.__globals__[kind])


METHODS = [each for each in methods_of(Groups) if each.operation_id]
OPERATIONS = documented()


def made(method: _Method[Any, Any]) -> Any:
    """Return what a method asks for, when it is given what it must be given."""
    given = {name: "given" for name, each in _signature(method).items() if each.default is each.empty}
    if method.operation_id == "webhooks_answer":
        given["secret"] = "whsec_c2VjcmV0"
    return method.made(None, **given)


def asked(method: _Method[Any, Any]) -> tuple[str, str]:
    """Return the verb and the path a method asks for, with `{}` for each part that is given."""
    wanted = made(method)
    if isinstance(wanted, EventCall):
        wanted = Request("GET", "/api/v1/" + "/".join(wanted.parts), lambda body: body)
    return wanted.method, re.sub(r"(?<=/)given(?=/|$)", "{}", wanted.path)


def _signature(method: _Method[Any, Any]) -> dict[str, inspect.Parameter]:
    return {name: each for name, each in inspect.signature(method.build).parameters.items() if name != "self"}


def test_every_operation_of_the_document_has_a_method() -> None:
    assert set(OPERATIONS) - {each.operation_id for each in METHODS} == set()


@pytest.mark.parametrize("method", METHODS, ids=lambda each: f"{each.operation_id}:{each.name}")
def test_a_method_asks_for_what_the_document_says(method: _Method[Any, Any]) -> None:
    found = OPERATIONS.get(method.operation_id)
    if found is None:  # a route that is documented later; which ones there are is tested below
        assert any(method.operation_id.startswith(name) for name in ("whoami", "api_keys", "webhook", "events", "approvals", "service_acc"))
        return
    assert asked(method) == (found.method, re.sub(r"\{\w+\}", "{}", found.path))
    if method.executed_by != "_stream":
        taken = {name.rstrip("_") for name in _signature(method)}
        assert found.parameters - taken - SENT_OTHERWISE.get(method.operation_id, set()) == set()
        assert taken - found.parameters - NOT_OF_THE_API == set()


@pytest.mark.parametrize("method", METHODS, ids=lambda each: f"{each.operation_id}:{each.name}")
def test_a_method_gives_what_the_document_says(method: _Method[Any, Any]) -> None:
    schemas = set(_answers(method.operation_id))
    if not schemas:  # a file, nothing, or an object of no one shape
        return
    wanted = made(method)
    assert kind_of(wanted) in schemas


def _answers(operation_id: str) -> Iterator[str]:
    """Yield the kinds of answers of an operation: of a list, the kind of its entries too, of one with several forms each."""
    every = (each for methods in DOCUMENT["paths"].values() for each in methods.values())
    operation = next((each for each in every if each["operationId"] == operation_id), {"responses": {}})
    for status, response in operation["responses"].items():
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        if status < "4" and "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            answer = DOCUMENT["components"]["schemas"][name]
            entries = answer.get("properties", {}).get("data", {}).get("items", {})
            forms = [form.get("$ref") for form in answer.get("anyOf", ())]
            yield from (each.rpartition("/")[2] for each in (schema["$ref"], entries.get("$ref"), *forms) if each)


def kind_of(wanted: Any) -> str:
    """Return the kind of record a method gives."""
    kind = wanted.kind if isinstance(wanted, EventCall) else wanted.read.args[0]
    return str(kind.__name__)


def test_what_the_server_remembers_by_key_is_sent_with_one() -> None:
    keyed = {each.operation_id for each in METHODS if getattr(made(each), "creates", False)}
    assert types.KEYED_OPERATIONS - keyed == set()
    # What it does not remember is sent once only, unless it surely did not arrive.
    assert {each.operation_id for each in METHODS if not getattr(made(each), "repeatable", True)} == keyed - types.KEYED_OPERATIONS


def test_it_asks_for_every_route_that_was_agreed() -> None:
    found = {asked(each) for each in METHODS}
    for route in ROUTES.split("·"):
        verb, _, path = route.strip().partition(" ")
        assert (verb, f"/api/v1/{path}") in found


def test_the_six_names_are_on_both_clients() -> None:
    with AOS("aos_x") as client:
        assert all(callable(getattr(client, name)) for name in SIX)
    assert all(isinstance(inspect.getattr_static(AsyncAOS, name), _Method) for name in SIX)


def test_every_method_says_what_it_does() -> None:
    assert [each.name for each in METHODS if not (each.__doc__ or "").strip().endswith(".")] == []


def test_both_clients_offer_the_same() -> None:
    assert {name for name in dir(AOS) if not name.startswith("_")} - {"close"} == {
        name for name in dir(AsyncAOS) if not name.startswith("_")
    } - {"aclose"}
