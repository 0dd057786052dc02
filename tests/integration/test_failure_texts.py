"""What a skill says about its failure is cut and cleared of credentials before anything of it is stored, whatever its size."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder

from agents.models import Tenant
from catalog.models import FailureMatch
from catalog.services import record_matches
from skills.base import Skill, SkillFailure, skill
from skills.contracts import Effect, FailureDetails, FaultDetail, SideEffect
from skills.execution import LONGEST_TEXT
from skills.ports import SkillContext
from skills.registry import registry
from tests.fakes.skills import ANY_FAILURE, NoParams, Said
from tests.integration.test_catalog_rows import a_match
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, matches, over, step, step_of, trace

CANARY = "SECRET1canary"
LEAKS = [
    pytest.param(f"401 for Authorization: Bearer {CANARY}", id="a header"),
    pytest.param(f"GET /?api_key={CANARY}&page=2 failed", id="a key in a query"),
    pytest.param(f'{{"password": "{CANARY}"}} was refused', id="a password in JSON"),
    pytest.param(f"https://bob:{CANARY}@db.example/ is down", id="a password in a URL"),
    pytest.param("x" * 2**20 + f" password={CANARY}", id="behind a mebibyte"),
    pytest.param("x " * 980 + f" password={CANARY} " + "y" * 2**20, id="where the text is cut"),
]


def a_skill_that_says(text: str, version: str = "1.0.0") -> type[Skill]:
    @skill(name="blurts", version=version, description="Fails, in so many words.", effect=Effect.READ, failure_modes=ANY_FAILURE)
    class Blurts(Skill):
        Params = NoParams
        Result = Said

        async def run(self, params: NoParams, context: SkillContext) -> Said:
            sent = SideEffect(type="HTTP_REQUEST", target="GET https://a.example/", effect=Effect.READ, phase="acked")
            context.report.side_effects.append(sent)
            details = FailureDetails(target="https://a.example/", errors=[FaultDetail(pointer="/url", code="upstream_said", detail=text)])
            raise SkillFailure("HTTP_4XX", text, phase="acked", details=details, suggestions=[text])

    return Blurts


def everything_stored() -> str:
    """Return all rows of all tables as one text."""
    rows = [list(model.objects.values()) for model in apps.get_models()]
    return json.dumps(rows, cls=DjangoJSONEncoder, default=str)


@pytest.mark.parametrize("text", LEAKS)
def test_it_stores_no_credential_a_skill_blurts_out(workshop: Workshop, text: str) -> None:
    registry.add(a_skill_that_says(text))
    run = workshop.submit(step("try", "blurts"))
    with a_worker():
        run = over(run)
    assert_is_whole(workshop, run)
    [failure] = matches(run)
    assert (failure.code, failure.host) == ("HTTP_4XX", "a.example")
    assert "***" in failure.message + failure.cause or len(text) > 500
    assert CANARY not in everything_stored()
    assert CANARY not in json.dumps(trace(run))
    assert len(step_of(run, "try")["failure"]["message"]) <= LONGEST_TEXT + 1
    assert len(everything_stored()) < 500_000


def test_it_groups_long_texts_by_how_they_begin(workshop: Workshop) -> None:
    signatures = set()
    for version in ("1.0.0", "1.0.1"):
        registry.add(a_skill_that_says("no room left. " * 2**16 + version, version))
        run = workshop.submit(step("try", "blurts"))
        with a_worker():
            run = over(run)
        [failure] = matches(run)
        signatures.add((failure.signature, failure.cause))
    assert len(signatures) == 1


@pytest.mark.django_db
def test_it_masks_what_comes_by_another_way() -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    words = f"/steps/0: password={CANARY}"
    record_matches([a_match(tenant, message=words, cause=words, entry_id=None)])
    row = FailureMatch.objects.get()
    assert (row.message, row.cause) == ("/steps/0: password=***", "/steps/0: password=***")
