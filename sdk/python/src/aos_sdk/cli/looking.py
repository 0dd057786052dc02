"""`aos trace`, `aos explain`, `aos diff`: what is known of a run, and how it differs from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from aos_sdk.cli import exits
from aos_sdk.cli.following import Follower, interrupted, tell_end
from aos_sdk.cli.printing import duration, money, shown
from aos_sdk.cli.reading import Duration
from aos_sdk.cli.refusals import suggested
from aos_sdk.cli.verbs import Session, verb
from aos_sdk.resources.runs import TERMINAL


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--follow", is_flag=True, help="Tell what happens as it happens, to the end; with --jsonl, an event a line.")
@click.option("--tree", is_flag=True, help="The steps as a tree of what waits for what.")
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Follow from this event on.")
@click.option("--timeout", type=Duration(), metavar="TIME", help="How long to follow; the run goes on after it.")
@verb
def trace(session: Session, /, *, run_id: str, follow: bool, tree: bool, after: int, timeout: float | None) -> int:
    """Show all that is known of RUN, or follow it. Exit with --follow: as aos run."""
    if follow:
        return _follow(session, run_id, after, timeout)
    found = session.client.runs.trace(run_id)
    if session.paper.form != "text":
        session.paper.one(found, name="run_id") if session.paper.form != "ids" else session.paper.line(found.run.run_id)
    elif tree:
        for line in branches(found.steps):
            session.paper.line(line)
    else:
        _tell(session, found)
    return exits.OK


def _follow(session: Session, run_id: str, after: int, timeout: float | None) -> int:
    tell = session.paper.document if session.paper.form in ("json", "jsonl") else None
    if tell is not None:
        session.paper.form = "jsonl"
    follower = Follower(session.client, run_id, session.paper, after=after, tell=tell)
    try:
        run = follower.follow(timeout, until=lambda run: run["status"] in TERMINAL)
    except KeyboardInterrupt:
        return interrupted(session.paper, run_id, follower.after)
    if tell is None:
        tell_end(session.paper, run)
    return exits.exit_of_run(run)


def _tell(session: Session, found: Any) -> None:
    run, paper = found.run, session.paper
    rows = [(name, run.get(name)) for name in ("run_id", "status", "waiting_for", "goal", "agent", "planner", "summary", "failure_code")]
    paper.pairs([(name, value) for name, value in rows if value] + [("spent", money(run.cost.spent_micro_usd))])
    paper.line()
    steps = [_step_row(step) for step in found.steps]
    paper.table(["step", "skill", "status", "attempts", "time", "cost"], steps)
    for step in found.steps:
        if step.failure is not None:
            paper.line(f"{shown(step.step_id)}: {shown(step.failure.code)}: {shown(step.failure.message)}")
    if run.get("result") is not None:
        paper.line()
        paper.pairs([("result", run["result"])])


def _step_row(step: Any) -> list[str]:
    took = step.finished_at_ms - step.started_at_ms if step.finished_at_ms is not None and step.started_at_ms is not None else None
    cells = (step.step_id, step.skill, step.status, len(step.attempts), duration(took), money(step.cost_micro_usd))
    return [shown(cell) for cell in cells]


def branches(steps: list[Any]) -> Iterator[str]:
    """Yield the steps as a tree: below each, those that wait for it. One that waits for several stands below the last of them."""
    below: dict[str | None, list[Any]] = {}
    known = {step.step_id for step in steps}
    for step in steps:
        parents = [each for each in step.depends_on if each in known]
        below.setdefault(parents[-1] if parents else None, []).append(step)
    yield from _below(below, None, "")


def _below(below: Mapping[str | None, list[Any]], parent: str | None, indent: str) -> Iterator[str]:
    for at, step in enumerate(below.get(parent, ())):
        last = at == len(below[parent]) - 1
        yield f"{indent}{'└─' if last else '├─'} {shown(step.step_id)}  {shown(step.skill)}  {shown(step.status)}"
        yield from _below(below, step.step_id, indent + ("   " if last else "│  "))


@click.command()
@click.argument("run_id", metavar="RUN")
@verb
def explain(session: Session, /, *, run_id: str) -> None:
    """Tell what holds RUN up, and why it failed."""
    found = session.client.runs.explain(run_id)
    rows = [("run", found.run_id), ("status", found.status), ("summary", found.summary)]
    for each in found.blocked_by:
        rows.append(("held up", f"{each.what} {each.step_id or ''}: {each.detail}"))
        rows.append(("cleared by", each.action.detail))
        rows += [("try", command) for command in (_settling(each, run_id),) if command]
    for cause in found.because:
        rows.append(("because", f"{cause.code} {cause.step_id or ''}: {cause.message}"))
        last = [failure for failure in found.failures if (failure.step_id, failure.code) == (cause.step_id, cause.code)][-1:]
        rows += [("try", suggested(text)) for failure in last for text in failure.suggestions]
    session.paper.one(found, name="run_id", rows=rows)


def _settling(obstacle: Any, run_id: str) -> str | None:
    """Return the command that goes about what holds a run up, where there is one."""
    if obstacle.what in ("approval", "in_doubt") and obstacle.step_id:
        return f"aos {'approvals' if obstacle.what == 'approval' else 'in-doubt'} get {run_id} {obstacle.step_id}"
    if obstacle.what == "budget" and str(obstacle.get("scope")).startswith("run:"):
        return f"aos runs top-up {run_id} CENTS"
    return f"aos runs resume {run_id}" if obstacle.what == "paused" else None


@click.command()
@click.argument("run_id", metavar="A")
@click.argument("other_id", metavar="B")
@verb
def diff(session: Session, /, *, run_id: str, other_id: str) -> int:
    """Hold run A against run B. Exit: 0 the same, 1 different."""
    found = session.client.runs.diff(run_id, other_id)
    rows: list[tuple[str, Any]] = [("same", found.same)]
    if found.divergence is not None:
        rows.append(("first difference", f"{found.divergence.step_id or ''} {found.divergence.detail}".strip()))
    # How they differ is a structure for programs: `--json`.
    rows += [("differ in", [each.name for each in found.invariants if not each.held])] if not found.same else []
    rows += [(f"made of {each.what}", each.detail) for each in found.made_of]
    rows += [(f"step {each.step_id}", _difference(each)) for each in found.steps if not each.same]
    session.paper.one(found, name="other_run_id", rows=rows)
    return exits.OK if found.same else exits.RUN_FAILED


def _difference(step: Any) -> str:
    if step.within != "both":
        return f"only in the {step.within} run"
    return ", ".join(aspect.what for aspect in step.aspects)
