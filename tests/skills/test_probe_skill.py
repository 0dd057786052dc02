"""A probe that raises, hangs or answers nonsense has found out nothing: its call is no less in doubt than before."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from skills.base import Params, Skill, SkillFailure
from skills.contracts import Effect
from skills.execution import probe_skill
from skills.ports import SkillContext
from skills.testing import DictSecrets, RefusingHttp


class PayParams(Params):
    how: str


class Pay(Skill):
    name, version, description, effect, failure_modes = "pay", "1.0.0", "Pays.", Effect.IRREVERSIBLE, []
    Params, Result = PayParams, BaseModel
    probe_description = "Looks into the books."

    async def probe(self, params: PayParams, context: SkillContext) -> Any:
        if params.how == "raises":
            raise RuntimeError("nobody anticipated this")
        if params.how == "fails":
            raise SkillFailure("TIMEOUT", "no answer")
        if params.how == "hangs":
            await asyncio.Event().wait()
        return {"yes": "happened", "no": "did_not_happen", "shrugs": "unknown", "lies": "of course", "is silent": None, "says true": True}[
            params.how
        ]


FOUND = {
    "yes": "happened",
    "no": "did_not_happen",
    "shrugs": "unknown",
    "raises": "unknown",
    "fails": "unknown",
    "hangs": "unknown",
    "lies": "unknown",
    "is silent": "unknown",
    "says true": "unknown",
}


def found_out(params: dict[str, Any]) -> str:
    context = SkillContext(http=RefusingHttp(), secrets=DictSecrets({}), config={}, idempotency_key="k", timeout_ms=100)
    return asyncio.run(probe_skill(Pay(), params, context))


@pytest.mark.parametrize(("how", "expected"), FOUND.items())
def test_a_probe_that(how: str, expected: str) -> None:
    assert found_out({"how": how}) == expected


def test_parameters_no_skill_takes_find_out_nothing() -> None:
    assert found_out({"nonsense": 1}) == "unknown"
