"""`aos run`: gives an agent a goal or a plan, and follows what happens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from aos_sdk.cli import exits
from aos_sdk.cli.following import Follower, interrupted, tell_end
from aos_sdk.cli.reading import Duration, pairs, plan_in
from aos_sdk.cli.refusals import usage
from aos_sdk.cli.verbs import Session, verb


@click.command()
@click.argument("goal", required=False)
@click.option("--agent", metavar="A", help="Name or id of the agent. Else AOS_AGENT, aos.toml, the profile, or the only one there is.")
@click.option("--plan", metavar="FILE", help="Run this plan instead of having one made; - is standard input.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="An input; @file.json gives several.")
@click.option("--budget-cents", metavar="N", help="At most so much for this run.")
@click.option("--deadline", type=Duration(), metavar="TIME", help="The run ends as failed if it takes longer.")
@click.option("--follow/--detach", default=True, help="Tell what happens as it happens (the default), or submit and leave.")
@click.option("--idempotency-key", metavar="K", help="The same key again gives the same run.")
@click.option("--timeout", type=Duration(), default="5m", show_default=True, metavar="TIME", help="How long to follow; the run goes on.")
@verb
def run(session: Session, /, *, follow: bool, timeout: float, **options: Any) -> int:
    """Give an agent a GOAL or a plan and follow it.

    Exit: 0 succeeded, 1 failed, 5 refused, 6 waits for a person, 8 outcome unknown, 124 time-out.
    """
    due = time.monotonic() + timeout
    submitted = _submit(session, options)
    if session.paper.form != "ids":
        session.paper.note(f"run {submitted['run_id']}", "bright_black")
    if not follow:
        session.paper.one(submitted, name="run_id", rows=[("run", submitted["run_id"]), ("status", submitted["status"])])
        return exits.OK
    follower = Follower(session.client, submitted["run_id"], session.paper)
    try:
        ended = follower.follow(max(0.0, due - time.monotonic()))
    except KeyboardInterrupt:
        return interrupted(session.paper, submitted["run_id"], follower.after)
    _tell(session, ended)
    return exits.exit_of_run(ended)


def _submit(session: Session, options: Mapping[str, Any]) -> Mapping[str, Any]:
    goal, plan = options["goal"], options["plan"]
    if (goal is None) == (plan is None):
        raise usage("give a goal or --plan, and not both", "aos run 'Fetch https://example.com and summarize it' --agent A")
    if goal is not None and goal.endswith(".json") and not any(sign.isspace() for sign in goal):
        raise usage(f"'{goal}' is the name of a file; a plan is given by --plan", f"aos run --plan {goal}")
    deadline = options["deadline"]
    submitted: Mapping[str, Any] = session.client.runs.submit(
        options["agent"] or session.settings.agent or only_agent(session),
        goal=goal,
        plan=None if plan is None else plan_in(plan),
        inputs=pairs(options["inputs"], "--input") or None,
        budget_cents=options["budget_cents"],
        deadline_ms=None if deadline is None else max(1, round(deadline * 1_000)),
        idempotency_key=options["idempotency_key"],
    )
    return submitted


def only_agent(session: Session) -> str:
    """Return the agent where none is named: the only one there is. Raises Refusal where there are several."""
    names = [agent.name for agent in session.client.agents.list(limit=20).first().data]
    if len(names) == 1:
        return str(names[0])
    if not names:
        raise usage("there is no agent yet", "aos agents create NAME")
    raise usage("say which agent", *(f"--agent {name}" for name in names[:3]), "aos config set agent NAME")


def _tell(session: Session, ended: Mapping[str, Any]) -> None:
    more = []
    if session.paper.form == "text" and ended["status"] == "succeeded":
        more.append(("result", session.client.runs.trace(ended["run_id"]).run.result))
    tell_end(session.paper, ended, more)
