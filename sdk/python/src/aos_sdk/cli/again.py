"""`aos replay` and `aos rerun`: proving a run again, and doing it again."""

from __future__ import annotations

from typing import Any

import click

from aos_sdk.cli import exits
from aos_sdk.cli.following import Follower, interrupted, tell_end
from aos_sdk.cli.reading import Duration, object_in, pairs
from aos_sdk.cli.refusals import usage
from aos_sdk.cli.verbs import Session, verb


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--mode", type=click.Choice(["verify", "tape", "live", "what-if"]), default="verify", show_default=True)
@click.option("--changes", metavar="FILE", help="What is otherwise, for what-if; - is standard input.")
@click.option("--allow-effects", is_flag=True, help="Let a live replay call skills that change something.")
@click.option("--wait", type=Duration(), default="20s", show_default=True, metavar="TIME", help="How long to wait for a live replay.")
@verb
def replay(session: Session, /, *, run_id: str, mode: str, changes: str | None, allow_effects: bool, wait: float) -> int:
    """Prove RUN again. Exit: 0 it behaves as recorded, 1 it does not, 124 a live one still goes on."""
    if (mode == "what-if") != (changes is not None):
        raise usage("--mode what-if and --changes FILE go together", f"aos replay {run_id} --mode what-if --changes changes.json")
    report = session.client.runs.replay(
        run_id,
        mode=mode.replace("-", "_"),
        changes=None if changes is None else object_in(changes),
        allow_effects=allow_effects or None,
        wait=min(wait, 60.0) if mode == "live" else None,
    )
    rows: list[tuple[str, Any]] = [("run", report.run_id), ("mode", report.mode), ("matched", report.matched)]
    rows += [("✓" if each.held else "✕", each.name) for each in report.invariants]
    if report.divergence is not None:
        rows.append(("diverged", f"{report.divergence.step_id or ''} {report.divergence.detail}".strip()))
    if report.what_if is not None:
        rows += [("before", report.what_if.before), ("after", report.what_if.after)]
    if report.get("child_run_id"):
        rows.append(("replayed as", report.child_run_id))
    session.paper.one(report, name="run_id", rows=rows)
    if report.get("status") == "running":
        return exits.TIMED_OUT
    return exits.RUN_FAILED if report.matched is False and mode != "what-if" else exits.OK


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--from-step", metavar="S", help="Keep what was done before this step.")
@click.option("--versions", type=click.Choice(["current", "pinned"]), help="The versions of today, or those of then.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="Other inputs; @file.json gives several.")
@click.option("--plan-anew", is_flag=True, help="Have another plan made; its planner is told what failed or was refused.")
@click.option("--repeat-effects", is_flag=True, help="Agree to calls again whose effect happened already.")
@click.option("--dry-run", is_flag=True, help="Tell what it would mean, and do nothing.")
@click.option("--follow/--detach", default=True, help="Tell what happens as it happens (the default), or submit and leave.")
@click.option("--timeout", type=Duration(), default="5m", show_default=True, metavar="TIME", help="How long to follow; the run goes on.")
@verb
def rerun(
    session: Session,
    /,
    *,
    run_id: str,
    from_step: str | None,
    versions: str | None,
    inputs: tuple[str, ...],
    plan_anew: bool,
    repeat_effects: bool,
    dry_run: bool,
    follow: bool,
    timeout: float,
) -> int:
    """Do RUN again, all of it or from a step on. Exit: as aos run."""
    wanted: dict[str, Any] = {"from_step": from_step, "versions": versions, "inputs": pairs(inputs, "--input") or None}
    wanted |= {"plan_anew": plan_anew or None, "repeat_effects": repeat_effects or None}
    if dry_run:
        preview = session.client.runs.preview_rerun(run_id, **wanted)
        rows = [("run", preview.run_id), ("kept", preview.carried), ("done again", preview.again)]
        rows += [("tells the planner", f"{each['pointer']} {each['code']}: {each['detail']}") for each in preview.tells_planner or []]
        rows += [("effect again", f"{each.step_id}: {each.detail}") for each in preview.effects_again]
        rows += [("version", f"{each.step_id}: {each.skill} {each.then} → {each.now}") for each in preview.version_changes]
        session.paper.one(preview, name="run_id", rows=rows)
        return exits.OK
    made = session.client.runs.rerun(run_id, **wanted)
    if session.paper.form != "ids":
        session.paper.note(f"run {made.run_id}", "bright_black")
    if not follow:
        session.paper.one(made, name="run_id", rows=[("run", made.run_id), ("status", made.status)])
        return exits.OK
    follower = Follower(session.client, made.run_id, session.paper)
    try:
        ended = follower.follow(timeout)
    except KeyboardInterrupt:
        return interrupted(session.paper, made.run_id, follower.after)
    tell_end(session.paper, ended)
    return exits.exit_of_run(ended)
