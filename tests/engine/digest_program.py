"""Prints the two hashes of one eventful run. Started by test_digests.py under several hash seeds."""

from __future__ import annotations

from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.script import Fail, Lost, Ok, ScriptWorld, accepted, approve
from runs.engine.virtual import drive
from tests.engine.story import PINS, plan, s

PLAN = plan(
    *(s(name, "look", on_error="continue") for name in ("alpha", "beta", "gamma", "delta")),
    s("never", condition="false"),
    s("joins", params={"x": "${steps.delta.result}", "y": ["${steps.alpha.result}", "${steps.beta.result}"]}),
    s("torn", params={"x": "${steps.never.result}", "y": "${steps.gamma.result}"}),
    s("each", "model", for_each="${steps.alpha.result}", on_error="continue"),
    s("final", "wipe", "joins", "torn", "each"),
)


def main() -> None:
    world = ScriptWorld(
        outcomes={
            "alpha": Ok(["x", "y", "z"]),
            "beta": [Fail("TIMEOUT", phase="acked"), Lost(), Ok({"b": 1, "a": 2})],
            "gamma": Fail("NOT_FOUND"),
            "each#1": Fail("LLM_REFUSED", cost_micro_usd=3),
        },
        pins=PINS,
        bounds={"each": 10},
        granted=15,
        people={"final": approve()},
    )
    state, _ = drive(accepted(PLAN, max_parallel=2), world)
    print(state.status, behaviour_hash(state), content_hash(state))  # noqa: T201 -- its output is what the test reads


if __name__ == "__main__":
    main()
