"""`aos simulate`: what a plan or a goal would cost and take, and all that would stop it."""

from __future__ import annotations

from typing import Any

import click

from aos_sdk.cli import exits
from aos_sdk.cli.printing import duration, money
from aos_sdk.cli.reading import pairs, plan_in
from aos_sdk.cli.refusals import usage
from aos_sdk.cli.submitting import only_agent
from aos_sdk.cli.verbs import Session, verb


@click.command()
@click.argument("plan", required=False)
@click.option("--goal", metavar="G", help="Have a plan made for this goal and simulate that.")
@click.option("--agent", metavar="A", help="Name or id of the agent it is for.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="An input; @file.json gives several.")
@click.option("--budget-cents", metavar="N", help="At most so much.")
@verb
def simulate(session: Session, /, *, plan: str | None, goal: str | None, agent: str | None, inputs: tuple[str, ...], **money_: Any) -> int:
    """Tell what a PLAN (a file, - is standard input) or a goal would cost and take. Exit: 0 feasible, 5 not."""
    if (goal is None) == (plan is None):
        raise usage("give a plan or --goal, and not both", "aos simulate plan.json", "aos simulate --goal G --agent A")
    found = session.client.simulate(
        plan=None if plan is None else plan_in(plan),
        goal=goal,
        agent=agent or session.settings.agent or only_agent(session),
        inputs=pairs(inputs, "--input") or None,
        budget_cents=money_["budget_cents"],
    )
    cost, time = found.cost, found.duration
    rows = [("simulation", found.simulation_id), ("verdict", found.verdict)]
    costs, times = (cost.low_micro_usd, cost.expected_micro_usd, cost.worst_micro_usd), (time.low_ms, time.expected_ms, time.worst_ms)
    rows.append(("cost", _range([money(each) or "?" for each in costs])))
    rows.append(("time", _range([duration(each) or "?" for each in times])))
    rows += [("blocked by", f"{' '.join(filter(None, (each.code, each.step_id)))}: {each.detail}") for each in found.blockers]
    rows += [("approval", f"{each.step_id}: {each.reason}") for each in found.approvals]
    rows += [("risk", each.detail) for each in found.get("risks") or ()]
    session.paper.one(found, name="simulation_id", rows=rows)
    return exits.OK if found.feasible else exits.REFUSED


def _range(told: list[str]) -> str:
    if set(told) == {"?"}:
        return "not known"
    low, expected, worst = told
    return f"{low} at least, {expected} probably, {worst} at most"
